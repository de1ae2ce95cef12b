"""The world with real systems and no design: what it does, and that its truth holds together."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict

import pytest

from contracts.journal import Obligation, encode
from sim.world.disguises import HELD_OUT, RENUMBERED, TUNED
from sim.world.truth import DUE_DAYS
from tests.world.stage import MONTH_END, QUIET_WEEK, Stage


@pytest.fixture(scope="module")
def month() -> Stage:
    """October under seed 7, undisturbed by any design."""
    return Stage(MONTH_END, 7).play()


def latest(stage: Stage) -> dict[str, Obligation]:
    """The newest version of each obligation."""
    return {obligation.id: obligation for obligation in stage.obligations}


def test_one_seed_one_truth() -> None:
    first, second = (Stage(QUIET_WEEK, 11).play() for _ in range(2))
    assert [encode(entry) for entry in first.journal] == [encode(entry) for entry in second.journal]
    other = Stage(QUIET_WEEK, 12).play()
    assert [encode(entry) for entry in first.journal] != [encode(entry) for entry in other.journal]


@pytest.mark.parametrize("seed", [1, 2, 3, 5, 8])
def test_a_month_has_its_invoices_under_every_seed(seed: int) -> None:
    stage = Stage(MONTH_END, seed).play()
    assert len(stage.invoices()) >= 4_000
    assert stage.world.month_over
    assert stage.world.open_intents == 0


def test_everything_points_at_something(month: Stage) -> None:
    owed = latest(month)
    for paper in month.documents:
        obligation = owed[paper.obligation]
        assert (paper.entity, paper.order, paper.currency) == (obligation.entity, obligation.order, "USD")
        assert paper.at >= obligation.at or paper.copy
    papers = {paper.ref for paper in month.documents}
    assert len(papers) == len(month.documents)
    assert papers.issuperset(ref for anomaly in month.anomalies for ref in anomaly.about)
    assert {paper.obligation for paper in month.documents} == set(owed)


def test_papers_are_what_the_systems_hold(month: Stage) -> None:
    orders = month.estate.procurement.state.orders
    receipts = month.estate.inventory.state.receipts
    invoices = month.estate.ap_automation.state.invoices
    assert {f"procurement:{n}" for n in orders} | {f"inventory:{n}" for n in receipts} | {
        f"ap_automation:{n}" for n in invoices
    } == {paper.ref for paper in month.documents}
    for paper in month.invoices():
        captured = invoices[paper.ref.partition(":")[2]].paper
        assert sum(line.amount_minor for line in captured.lines) == captured.total_minor == paper.amount_minor
        assert (captured.number, captured.supplier_id) == (paper.number, paper.party)


def test_amounts_add_up(month: Stage) -> None:
    """Per order: received never exceeds ordered, what is billed at order prices is what was received."""
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for obligation in latest(month).values():
        sums[obligation.order][obligation.what] += obligation.order_value_minor
    assert all(by["goods-receipt"] == by["payable"] <= by["purchase-order"] for by in sums.values())


def test_only_payables_can_differ_from_the_order_and_only_within_tolerance(month: Stage) -> None:
    off = [o for o in month.obligations if o.amount_minor != o.order_value_minor]
    assert len(off) > 100
    for obligation in off:
        assert obligation.what == "payable"
        difference = abs(obligation.amount_minor - obligation.order_value_minor)
        assert difference <= 500 or difference * 50 <= obligation.order_value_minor


def test_variances_are_clear(month: Stage) -> None:
    owed = latest(month)
    papers = {paper.ref: paper for paper in month.documents}
    variances = [a for a in month.anomalies if a.what == "price-variance"]
    assert len(variances) > 80
    for anomaly in variances:
        (ref,) = anomaly.about
        right = owed[papers[ref].obligation].amount_minor
        off = papers[ref].amount_minor - right
        assert off == anomaly.at_stake_minor > 500
        assert off * 50 > right
        assert papers[ref].expect == "case"


def test_every_copy_bills_more_than_was_ordered(month: Stage) -> None:
    """So the evidence is there when it comes: quantities billed on the order by then exceed the order's."""
    invoices = month.estate.ap_automation.state.invoices
    orders = month.estate.procurement.state.orders
    billed: Counter[tuple[str, int]] = Counter()
    copies = {paper.ref: paper for paper in month.invoices() if paper.copy}
    assert len(copies) > 40
    for invoice in invoices.values():
        lines = orders[invoice.paper.order].wanted.lines
        for line in invoice.paper.lines:
            billed[invoice.paper.order, line.line] += line.quantity
        over = any(billed[invoice.paper.order, n] > line.quantity for n, line in enumerate(lines, 1))
        assert over == (f"ap_automation:{invoice.id}" in copies)


def test_copies_are_disguised_in_many_ways(month: Stage) -> None:
    papers = {paper.ref: paper for paper in month.documents}
    renumbered = [a for a in month.anomalies if a.what == "duplicate-renumbered"]
    used: set[str] = set()
    for anomaly in renumbered:
        copy, original = (papers[ref] for ref in anomaly.about)
        assert copy.copy
        assert not original.copy
        assert copy.number != original.number
        assert copy.amount_minor == original.amount_minor
        assert copy.at > original.at
        used.update(d.name for d in RENUMBERED if d.renumber(original.number, copy.entity) == copy.number)
    assert len(used) >= 5
    invoices = month.estate.ap_automation.state.invoices
    for anomaly in month.anomalies:
        if anomaly.what == "duplicate-second-channel":
            second, first = (invoices[ref.partition(":")[2]].paper for ref in anomaly.about)
            assert second.number == first.number
            assert second.channel != first.channel


@pytest.mark.parametrize("number", ["1043", "INV-1100", "0001043", "SO1111", "26/1043"])
def test_every_disguise_changes_one_thing(number: str) -> None:
    """The number, or else the date, the name, the channel or the amounts; and no two numbers come out alike."""
    disguises = [*TUNED, *HELD_OUT]
    renumbered = [d.renumber(number, "H1") for d in disguises if d.renumber(number, "H1") != number]
    assert len(set(renumbered)) == len(renumbered) == 11
    others = [d for d in disguises if d.renumber(number, "H1") == number]
    assert {(bool(d.days_later), d.other_name, d.other_channel, d.halves) for d in others} == {
        (True, False, False, False),
        (False, True, False, False),
        (False, False, True, False),
        (False, False, False, True),
    }


def test_lookalikes_are_there(month: Stage) -> None:
    sound = [paper for paper in month.invoices() if paper.expect == "effect"]
    parties: dict[str, set[str]] = defaultdict(set)
    own: Counter[tuple[str, str]] = Counter()
    amounts: Counter[tuple[str, int]] = Counter()
    for paper in sound:
        parties[paper.number].add(paper.party)
        own[paper.party, paper.number] += 1
        amounts[paper.order, paper.amount_minor] += 1
    assert sum(len(who) > 1 for who in parties.values()) > 20, "one number, two suppliers"
    assert max(own.values()) == 1, "no supplier uses a number twice"
    assert sum(count > 1 for count in amounts.values()) > 50, "two equal invoices of one order"


def test_some_invoices_come_before_their_goods(month: Stage) -> None:
    received = {o.id.replace("receipt", "invoice"): o.at for o in month.obligations if o.what == "goods-receipt"}
    payables = [o for o in month.obligations if o.what == "payable"]
    waiting = [received[o.id] - o.at for o in payables if o.at < received[o.id]]
    assert len(waiting) / len(payables) == pytest.approx(MONTH_END.anomalies.invoice_before_receipt, rel=0.4)
    assert max(waiting) < 10 * 24 * 3_600_000, "none waits so long that a person would have to look"
    for obligation in payables:
        assert obligation.due_ms > max(obligation.at, received[obligation.id])


def test_people_keep_hours(month: Stage) -> None:
    zones = {hospital.id: hospital.time_zone for hospital in MONTH_END.hospital}
    for effect in month.effects("receipt.recorded") + month.effects("order.approved"):
        if effect.at == month.journal[0].at:
            continue  # orders from before
        local = _local(effect.at, zones[effect.entity])
        assert 8 <= local.hour <= 17
        assert local.weekday() < 5 or local.date() == dt.date(2026, 10, 31)
        assert local.date() not in MONTH_END.calendar.holidays


def test_the_close_is_a_peak(month: Stage) -> None:
    days = Counter(_local(paper.at, "America/New_York").date().isoformat() for paper in month.documents)
    ordinary = [count for day, count in days.items() if "2026-10-05" <= day <= "2026-10-28"]
    mean = sum(ordinary) / len(ordinary)
    assert max(days[day] / mean for day in ("2026-10-29", "2026-10-30", "2026-10-31")) > 2.9
    assert all(days[day] / mean > 2 for day in ("2026-10-29", "2026-10-30", "2026-10-31"))


def test_the_books_open_and_close_by_local_clocks(month: Stage) -> None:
    closed = {effect.entity: effect for effect in month.effects("period.closed")}
    assert set(closed) == {"H1", "H2", "H3", "H4"}
    assert closed["H3"].at - closed["H1"].at == 3_600_000
    assert all(
        _local(e.at, "America/New_York").isoformat()[:16] == "2026-10-31T22:00" for e in (closed["H1"], closed["H2"])
    )
    november = [effect for effect in month.effects("period.opened") if effect.state == "2026-11"]
    assert len(november) == 4
    assert _local(november[0].at, "America/New_York").isoformat() == "2026-11-01T00:00:00-04:00"
    assert len(month.effects("journal.posted")) == 4


def test_a_week_closes_nothing() -> None:
    stage = Stage(QUIET_WEEK, 3).play()
    assert stage.effects("period.closed") == []
    assert stage.world.month_over
    assert 100 < len(stage.invoices()) < 300


def test_all_is_settled_before_the_run_must_end(month: Stage) -> None:
    end = dt.datetime(2026, 11, 15, tzinfo=dt.UTC).timestamp() * 1000
    assert max(entry.at for entry in month.journal) < end
    assert month.world.open_obligations == len(latest(month))


def test_a_handful_of_orders_is_a_month_too() -> None:
    stage = Stage(MONTH_END, 7, scale=0.003).play()
    orders = [o for o in stage.obligations if o.what == "purchase-order"]
    assert 5 <= len(orders) <= 20
    assert stage.world.open_intents == 0


def test_due_times_leave_working_days(month: Stage) -> None:
    for obligation in month.obligations:
        assert obligation.due_ms - obligation.at >= (DUE_DAYS - 1) * 24 * 3_600_000


def _local(at_ms: int, zone: str) -> dt.datetime:
    from zoneinfo import ZoneInfo

    return dt.datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone))
