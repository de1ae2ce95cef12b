"""The scenario file: what happens, as data. Its JSON Schema is published beside the scenarios."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import msgspec
from msgspec import Meta

from contracts.plan import Front, Weather

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Positive = Annotated[float, Meta(gt=0.0)]
TaxRate = Annotated[float, Meta(ge=0.0, le=0.25)]
Count = Annotated[int, Meta(ge=1)]


class Calendar(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From `start` to `end`, both included, local dates; books of the period close at `close`, local; then the run-off.

    `close` is for payables. Where the period's end is in play, the ledger takes accruals until `lock`, local, too.
    The run ends when nothing is due and nothing took effect for `quiet_hours`, at the latest `run_off_days` after `end`.
    `us_holidays` adds the federal holidays of the United States to the `holidays` that are listed.
    """

    start: dt.date
    end: dt.date
    close: dt.datetime
    run_off_days: Count = 10
    quiet_hours: Positive = 14.0
    holidays: tuple[dt.date, ...] = ()
    us_holidays: bool = False
    lock: dt.datetime | None = None


class Hospital(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One hospital: an entity in every system.

    One that `joins` in the middle of it all does nothing before that day, and then brings its suppliers along, of which a
    share is known already under other words. Its papers bear codes of its own, for cost centres, its docks, and as many
    suppliers as it brings; their meaning changes on the day on which it `recodes`, and on its eve nothing is approved.

    `sales_tax` is the sales tax on what it buys, 0 for one that is exempt; orders then say it. `new_sales_tax` holds from
    `new_sales_tax_from` on. Without a rate orders say nothing, and what tax suppliers charge is theirs to know.
    """

    id: str
    name: str
    time_zone: str
    orders_per_day: Positive
    open_orders: Annotated[int, Meta(ge=0)] = 0
    joins: dt.date | None = None
    recodes: dt.date | None = None
    brings_suppliers: Annotated[int, Meta(ge=0)] = 0
    overlap_share: Share = 0.0
    sales_tax: TaxRate | None = None
    new_sales_tax: TaxRate | None = None
    new_sales_tax_from: dt.date | None = None


class Surge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A season in which `factor` times the ordinary is wanted, at the ordinary pace, both ends included."""

    start: dt.date
    end: dt.date
    factor: Positive


class Peak(Surge, frozen=True, forbid_unknown_fields=True):
    """A surge that everybody is in a hurry about: its days are worked whatever day they are, and most comes at once."""


class Trade(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How buying goes: suppliers, catalogue, and how often each turn is taken.

    `packs`: goods are ordered by the box or case, and the order says how many pieces that is. `own_series_share`: suppliers
    who number the bills of each hospital apart. `standing_orders` for each hospital, delivered every `standing_days`
    working days, each time the same for the same price. Orders change, or are cancelled, within the hour of their approval.
    `returned_share`: orders for stock of which some goes back before it is billed. `unordered_share`: bills without an order, for each order; from a few contracts, so that equal bills come again.
    `charges_share` of the bills carry freight and tax;
    `foreign_share` of the suppliers deliver and bill in Canadian dollars or euros.
    `unsure_share` of the bills that come by mail are read rightly, but the capture is not sure of it.
    `receive_all_share` of the orders for stock are received, rightly, with one key for all of it, and counted days later.
    """

    suppliers: Count = 60
    items: Count = 400
    stock_share: Share = 0.7
    split_delivery_share: Share = 0.1
    lead_days_max: Count = 6
    packs: bool = False
    own_series_share: Share = 0.0
    standing_orders: Annotated[int, Meta(ge=0)] = 0
    standing_days: Count = 5
    changed_order_share: Share = 0.0
    unordered_share: Share = 0.0
    returned_share: Share = 0.0
    cancelled_order_share: Share = 0.0
    charges_share: Share = 0.0
    foreign_share: Share = 0.0
    unsure_share: Share = 0.0
    receive_all_share: Share = 0.0


class Anomalies(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shares of invoices that carry something a person must see, and of lookalikes that nobody must be bothered with."""

    price_variance: Share = 0.0
    duplicate_renumbered: Share = 0.0
    duplicate_second_channel: Share = 0.0
    invoice_before_receipt: Share = 0.0
    price_within_tolerance: Share = 0.0
    quantity_variance: Share = 0.0
    stale_order_price: Share = 0.0
    unit_variance: Share = 0.0
    billed_in_pieces: Share = 0.0
    misread: Share = 0.0
    tax_variance: Share = 0.0
    blanket_receipt: Share = 0.0


class Approvals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who must agree: a manager up to the first level, a director up to the second, and so on; above the last, the top.

    Without levels a manager may approve anything. `away_share` of them are away and have delegated.
    """

    levels_minor: Annotated[tuple[Count, ...], Meta(max_length=3)] = ()
    away_share: Share = 0.0


class Disguises(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Shares of invoices that come again in a disguise: one of those that designs may be tuned on, or one held out.

    What is held out is scored apart; at 0 it is left out.
    """

    tuned: Share = 0.0
    held_out: Share = 0.0


class Credits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bills that their suppliers find wrong after they were booked: a credit memo gives one back, and it is billed again.

    `share` is of the last bills of orders with which nothing else is the matter; `misapplied_share` of bills without an
    order went to the wrong hospital, which they are given back by, and are billed to another. The new bill is off the old one's amount in
    `repriced_share` of them, and repeats its number in `same_number_share`: a lookalike. Of credit memos `twice_share` come
    twice, and `misreferred_share` name a bill that nobody has: both are for people.
    """

    share: Share = 0.0
    repriced_share: Share = 0.5
    same_number_share: Share = 0.5
    twice_share: Share = 0.0
    misreferred_share: Share = 0.0
    misapplied_share: Share = 0.0


class Masters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Supplier master data: how often suppliers are proposed and edited, what is wrong with them, and what only looks so.

    `duplicate`, `tax_id_missing`, `same_name` and `parent_account` are shares of proposals, the last two of them
    lookalikes; `merger` is a share of identity changes, `fraud` and `rewritten` (a lookalike) of changes of account.
    Yearly rates are per supplier that was there at the start. A `surge` multiplies all of it.
    """

    proposals_per_day: Annotated[float, Meta(ge=0.0)] = 1.0
    duplicate_share: Share = 0.0
    tax_id_missing_share: Share = 0.0
    same_name_share: Share = 0.0
    parent_account_share: Share = 0.0
    identity_changes_per_year: Share = 0.07
    merger_share: Share = 0.0
    bank_changes_per_year: Share = 0.05
    fraud_share: Share = 0.0
    rewritten_share: Share = 0.0
    pay_run_weekday: Annotated[int, Meta(ge=0, le=4)] = 3
    before_pay_run_share: Share = 0.5
    surge: tuple[Surge, ...] = ()


class Payments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the ERP `runs` payments by itself.

    It does on the weekday of `masters.pay_run_weekday` at the local `hour`, unless that is a holiday, for the last time just
    after the end. What was posted is due `terms_days` after the date on the bill.
    """

    runs: bool = False
    hour: Annotated[int, Meta(ge=10, le=20)] = 10
    terms_days: Count = 30


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom the design's client may act for, and how keys and secrets are changed.

    `granted` names the hospitals; left out, it is all of them. One that joins is granted in the course of its first day. Of
    the others the design sees nothing, and nothing is asked of it.

    Every `key_days` a new key signs; the old one is withdrawn `overlap_hours` later. On `secret_on` the design's client
    gets a new secret, and the former is good for as long. With an overlap of 0 what was changed is refused at once.
    """

    granted: tuple[str, ...] = ()
    key_days: Annotated[int, Meta(ge=0)] = 0
    secret_on: dt.date | None = None
    overlap_hours: Annotated[float, Meta(ge=0.0)] = 24.0


class Desk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The people who decide cases: in business hours, minutes each.

    `errs_share` of what they decide about an invoice is wrong: what should be refused is accepted, and the other way round, or a
    day is not the right one. A second look finds it within `second_look_hours` of working time, and they decide again.
    """

    staff: Count = 3
    minutes_per_case: Positive = 12.0
    rejects_share: Share = 0.4
    errs_share: Share = 0.0
    second_look_hours: Positive = 9.0


class Workers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the design under test is run; `audit` asks the reference to keep a hash-chained account of all it writes."""

    count: Count = 2
    restart_s: Positive = 45.0
    audit: bool = False


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must hold beside the invariants. A threshold left out is not checked."""

    anomalies_missed_max: int | None = None
    false_alarms_max: int | None = None
    post_hours_p95_max: float | None = None
    post_business_hours_p95_max: float | None = None
    open_obligations_max: int | None = None
    missed_close_max: int | None = None
    """Papers that people had to be asked about because their period was closed by then."""


class Load(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `closeproof load` must find, beside sound books. A limit left out is not checked.

    Latencies run from the instant at which an arrival was due to its end. Where the generator itself took arrivals up
    later than `behind_ms_p99_max`, nothing is failed: it could not be judged.
    """

    p95_ms_max: Positive | None = None
    p99_ms_max: Positive | None = None
    error_share_max: Share | None = 0.0
    achieved_share_min: Share | None = None
    behind_ms_p99_max: Positive | None = None


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A scenario. `scope` lists the workflows in play; the world generates only these.

    With `true_limits` systems refuse what is more than their family allows; without, limits are lifted, for throughput.
    `others_use` says of systems which share of what they allow is used up by other programs of the group.
    With `maintenance` they are down when their family's calendar says so. With `all_topics` they tell of everything that
    their family tells of, and not only of what an integration has to act on.
    """

    name: str
    title: str
    scope: Annotated[tuple[str, ...], Meta(min_length=1)]
    calendar: Calendar
    hospital: Annotated[tuple[Hospital, ...], Meta(min_length=1)]
    story: str = ""
    true_limits: bool = False
    maintenance: bool = False
    all_topics: bool = False
    others_use: dict[str, Annotated[float, Meta(ge=0.0, lt=1.0)]] = {}
    peak: tuple[Peak, ...] = ()
    surge: tuple[Surge, ...] = ()
    trade: Trade = Trade()
    approvals: Approvals = Approvals()
    anomalies: Anomalies = Anomalies()
    disguises: Disguises = Disguises()
    credits: Credits = Credits()
    masters: Masters = Masters()
    payments: Payments = Payments()
    identity: Identity = Identity()
    desk: Desk = Desk()
    workers: Workers = Workers()
    weather: tuple[Weather, ...] = ()
    front: tuple[Front, ...] = ()
    thresholds: Thresholds = Thresholds()
    load: Load = Load()


WORKFLOWS = ("procure-to-pay", "supplier-master", "period-end")
"""The workflows that exist; a scope may name these."""
