"""Intents: drawn whole, keyed by hospital, day and number, and by nothing else."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from msgspec.structs import replace

from contracts.scenario import Scenario
from sim.seed import Seed
from sim.world import _hours
from sim.world.catalogue import Catalogue
from sim.world.trade import Intent, Trade
from sim.world.volume import volumes
from tests.world.stage import MONTH_END, QUIET_WEEK


def trade(scenario: Scenario = MONTH_END, seed: int = 7) -> Trade:
    """What hospitals want under a seed."""
    root = Seed(seed)
    return Trade(scenario, root, Catalogue(root.stream("catalogue"), scenario.trade))


def many(count: int = 6000, scenario: Scenario = MONTH_END) -> list[Intent]:
    """A lot of intents."""
    source = trade(scenario)
    return [source.intent("H1", "2026-10-07", number) for number in range(count)]


def test_an_intent_does_not_depend_on_when_it_is_drawn() -> None:
    keys = [(h, day, n) for h in ("H1", "H2") for day in ("2026-10-07", "2026-10-08", "open") for n in range(5)]
    forwards, backwards = trade(), trade()
    drawn = {key: forwards.intent(*key) for key in keys}
    assert drawn == {key: backwards.intent(*key) for key in reversed(keys)}
    assert len({intent.key for intent in drawn.values()}) == len(keys)


def test_an_intent_does_not_depend_on_its_neighbours() -> None:
    """Taking hospitals, peaks, people or weather away leaves it as it was."""
    alone = replace(MONTH_END, hospital=MONTH_END.hospital[:1], peak=(), weather=(), desk=QUIET_WEEK.desk)
    assert trade(alone).intent("H1", "2026-10-30", 3) == trade().intent("H1", "2026-10-30", 3)


def test_other_seeds_want_other_things() -> None:
    assert trade(seed=7).intent("H1", "2026-10-07", 0) != trade(seed=8).intent("H1", "2026-10-07", 0)


def test_a_rush_changes_only_the_pace() -> None:
    calm, rushed = trade().intent("H1", "2026-10-30", 4), trade().intent("H1", "2026-10-30", 4, rush=True)
    assert replace(rushed, parts=calm.parts) == calm
    assert [part.quantities for part in rushed.parts] == [part.quantities for part in calm.parts]


def test_turns_are_taken_about_as_often_as_the_scenario_says() -> None:
    intents = many()
    invoices = sum(len(intent.parts) for intent in intents)
    turns = Counter(intent.twist for intent in intents)
    shares = MONTH_END.anomalies
    for name, share in (
        ("price-variance", shares.price_variance),
        ("duplicate-renumbered", shares.duplicate_renumbered),
        ("duplicate-second-channel", shares.duplicate_second_channel),
        ("invoice-before-receipt", shares.invoice_before_receipt),
        ("price-within-tolerance", shares.price_within_tolerance),
    ):
        assert turns[name] / invoices == pytest.approx(share, rel=0.35), name
    assert sum(intent.stock for intent in intents) / len(intents) == pytest.approx(0.7, abs=0.03)
    assert sum(len(intent.parts) == 2 for intent in intents) / len(intents) == pytest.approx(
        MONTH_END.trade.split_delivery_share, abs=0.03
    )


def test_deliveries_add_up_to_the_order() -> None:
    for intent in many(3000):
        delivered = [sum(quantities) for quantities in zip(*(part.quantities for part in intent.parts), strict=True)]
        assert delivered == [line.quantity for line in intent.lines]
        assert all(quantity > 0 for part in intent.parts for quantity in part.quantities)
        assert len({line.item.id for line in intent.lines}) == len(intent.lines)
        assert 0 <= intent.asked_share <= 1


def test_some_halves_are_equal() -> None:
    halves = [intent.parts for intent in many(3000) if len(intent.parts) == 2]
    equal = sum(first.quantities == second.quantities for first, second in halves)
    assert 0.3 < equal / len(halves) < 0.8


def test_cost_centres_are_digits_with_their_zeros() -> None:
    assert all(len(intent.cost_centre) == 5 and intent.cost_centre.startswith("00") for intent in many(50))


@pytest.mark.parametrize("place", range(4))
def test_volume_follows_the_week_and_the_peak(place: int) -> None:
    hospital = MONTH_END.hospital[place]
    hours = _hours(MONTH_END, hospital)
    open_orders, days = volumes(MONTH_END, place, hours, 1.0)
    by_date = {hours.dates[day]: count for day, count in days.items()}
    assert open_orders == hospital.open_orders
    assert "2026-10-12" not in by_date
    assert "2026-10-10" not in by_date
    assert max(by_date) == "2026-10-31"
    ordinary = [count for date, count in by_date.items() if date < "2026-10-29"]
    mean = sum(ordinary) / len(ordinary)
    assert mean == pytest.approx(hospital.orders_per_day, rel=0.03)
    for date in ("2026-10-29", "2026-10-30", "2026-10-31"):
        assert by_date[date] / mean == pytest.approx(MONTH_END.peak[0].factor, rel=0.3), date


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.1, 0.02, 0.003])
def test_no_scale_loses_the_total(scale: float) -> None:
    full = sum(sum(_total(MONTH_END, place, 1.0)) for place in range(4))
    scaled = sum(sum(_total(MONTH_END, place, scale)) for place in range(4))
    assert abs(scaled - full * scale) <= 2 * len(MONTH_END.hospital)
    assert scaled > 0


def test_a_smaller_scale_wants_a_part_of_the_larger_ones() -> None:
    for place, hospital in enumerate(MONTH_END.hospital):
        hours = _hours(MONTH_END, hospital)
        small, large = (volumes(MONTH_END, place, hours, scale)[1] for scale in (0.1, 1.0))
        assert all(small[day] <= large[day] for day in large)


def _total(scenario: Scenario, place: int, scale: float) -> tuple[int, int]:
    open_orders, days = volumes(scenario, place, _hours(scenario, scenario.hospital[place]), scale)
    return open_orders, sum(days.values())


def test_names_are_chosen_by_the_seed_and_stay_apart() -> None:
    chosen = [
        {supplier.name for supplier in Catalogue(Seed(seed).stream("catalogue"), MONTH_END.trade).suppliers}
        for seed in (1, 2)
    ]
    assert len(chosen[0]) == MONTH_END.trade.suppliers
    assert chosen[0] != chosen[1]


@pytest.mark.parametrize(
    ("suppliers", "items", "stock_share"), [(1, 1, 0.7), (1, 5, 0.0), (90, 10, 1.0), (300, 40, 0.5)]
)
def test_small_and_odd_catalogues_work(suppliers: int, items: int, stock_share: float) -> None:
    figures = replace(MONTH_END.trade, suppliers=suppliers, items=items, stock_share=stock_share)
    source = trade(replace(MONTH_END, trade=figures))
    intents = [source.intent("H1", "2026-10-07", number) for number in range(200)]
    assert all(intent.lines for intent in intents)
    if stock_share in (0.0, 1.0):
        assert {intent.stock for intent in intents} == {bool(stock_share)}


def test_the_first_days_are_dates_and_not_numbers() -> None:
    assert dt.date.fromisoformat(_hours(MONTH_END, MONTH_END.hospital[0]).dates[0]) == MONTH_END.calendar.start


def test_what_befalls_a_purchase_befalls_about_so_many_and_not_all_alike() -> None:
    """Each thing by its own share; how much goes back, and what is charged, differs."""
    scenario = replace(
        QUIET_WEEK, trade=replace(QUIET_WEEK.trade, returned_share=0.5, charges_share=0.5, receive_all_share=0.5)
    )
    intents = many(scenario=scenario)
    apt = [intent for intent in intents if intent.stock and not intent.twist and intent.parts[-1].quantities[0] >= 2]
    back = [intent.returned for intent in apt if intent.returned]
    assert 0.45 < len(back) / len(apt) < 0.55
    assert len(set(back)) > 3
    charged = [intent.charges for intent in intents if not intent.twist]
    assert 0.45 < sum(any(charges) for charges in charged) / len(charged) < 0.55
    assert len(set(charged)) > 100
    unreturned = [intent for intent in apt if not intent.returned]
    assert 0.45 < sum(intent.received_all for intent in unreturned) / len(unreturned) < 0.55
    assert {intent.received_all for intent in unreturned if any(intent.charges)} == {True, False}
