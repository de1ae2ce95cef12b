"""The end of a period in the world: who closes what, and what finance finds to accrue, with no design about."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from contracts.journal import Obligation
from sim.scenario_file import load_scenario
from sim.seed import Seed
from sim.world.rates import DAILY_SHARE, Rates, in_dollars
from tests.world.stage import Stage

QUARTER_END = load_scenario("quarter-end")[0]


@cache
def september() -> Stage:
    """A tenth of the quarter's end, and nobody books anything."""
    return Stage(QUARTER_END, 4, 0.1).play()


def _local(hospital: int, at_ms: int) -> str:
    zone = ZoneInfo(QUARTER_END.hospital[hospital].time_zone)
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%m-%d %H:%M")


def test_payables_close_before_the_ledger_locks_each_hospital_by_its_own_clock() -> None:
    for place, hospital in enumerate(QUARTER_END.hospital):
        turns = [
            (effect.what, effect.state, _local(place, effect.at))
            for effect in september().effects("period.closed") + september().effects("period.locked")
            if effect.entity == hospital.id
        ]
        assert turns == [("period.closed", "2026-09", "10-01 18:00"), ("period.locked", "2026-09", "10-06 18:00")]


def test_whatever_came_for_direct_use_is_to_be_accrued_where_nothing_is_booked() -> None:
    """No design books an invoice, so all that came by the last day stands open, line by line, at the order's price."""
    latest = {owed.id: owed for owed in september().obligations}
    came: Counter[tuple[str, int]] = Counter()
    for owed in latest.values():
        if owed.what == "goods-receipt" and not owed.stock and owed.on <= "2026-09-30":
            came.update({(owed.order, goods.line): goods.value_minor for goods in owed.goods})
    accruals = [owed for owed in latest.values() if owed.what == "accrual"]
    assert {(owed.order, owed.goods[0].line): owed.amount_minor for owed in accruals} == dict(came)
    assert {(owed.on, owed.required) for owed in accruals} == {("2026-09-30", ("cloud_erp/accrual.posted",))}


def test_each_accrual_is_to_be_taken_back_on_the_first_day_of_the_next_period() -> None:
    def told(what: str) -> list[tuple[str, int]]:
        return sorted((owed.order, owed.amount_minor) for owed in september().obligations if owed.what == what)

    back = [owed for owed in september().obligations if owed.what == "accrual-reversal"]
    assert told("accrual") == told("accrual-reversal") != []
    assert {(owed.on, owed.required) for owed in back} == {("2026-10-01", ("cloud_erp/accrual.reversed",))}
    assert all(owed.due_ms >= september().effects("period.locked")[0].at for owed in back)


def test_what_is_billed_abroad_says_what_its_day_costs() -> None:
    """The truth of a bill in another currency holds the rate of its accounting date; at home there is none."""
    rates = Rates(Seed(4).child("world"), QUARTER_END.calendar)
    seen = Counter(_abroad(owed, rates) for owed in september().obligations if owed.what == "payable")
    assert set(seen) == {"USD", "CAD", "EUR"}


def _abroad(owed: Obligation, rates: Rates) -> str:
    assert owed.rate_ppm == rates.on(owed.currency, owed.on)
    assert owed.ledger == ("" if owed.currency == "USD" else "USD")
    return owed.currency


def test_rates_move_a_little_each_day_and_amounts_are_rounded_to_the_cent() -> None:
    table = Rates(Seed(1), QUARTER_END.calendar).table
    for currency in ("CAD", "EUR"):
        days = [rate for (name, _), rate in table.items() if name == currency]
        assert all(abs(b - a) <= a * DAILY_SHARE + 1 for a, b in itertools.pairwise(days))
    assert [in_dollars(minor, 735_000) for minor in (0, 1, 100, 101)] == [0, 1, 74, 74]
    assert in_dollars(1234, 0) == 1234
