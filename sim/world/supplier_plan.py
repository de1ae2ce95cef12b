"""What will happen to supplier master data: proposals and edits, each drawn whole from a stream of its own.

How many come on which day follows from the scenario's rates and surges; what each will be is drawn by its day and number,
so it is the same whatever the design does. What follows from it, and when, is for `suppliers`.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from math import floor
from typing import Final

import msgspec

from contracts.scenario import Masters, Scenario
from sim.world.calendar import Hours
from sim.world.trade import Seeded

WORKING_DAYS: Final = 252
"""In a year."""
BEFORE_PAY_RUN: Final = 0.82
"""How late in the day before a pay run who hopes to slip through makes the change. Assumption."""
JOINING_DAYS: Final = 3
"""A hospital that joins brings its suppliers in within so many working days. Assumption."""

NEW: Final = "supplier-proposed"
DUPLICATE: Final = "duplicate-supplier"
TAX_ID_MISSING: Final = "tax-id-missing"
NAMESAKE: Final = "same-name"
SUBSIDIARY: Final = "parent-account"
RENAMED: Final = "supplier-renamed"
MOVED: Final = "supplier-moved"
MERGED: Final = "supplier-merged"
ACCOUNT: Final = "bank-change"
FRAUD: Final = "bank-fraud"
REWRITTEN: Final = "bank-rewritten"


class Turn(msgspec.Struct, frozen=True, gc=False):
    """One thing that will happen: what, when, in which hospital, and draws for which supplier it befalls."""

    at_ms: int
    key: str
    what: str
    entity: str
    share: float
    other_share: float


def turns(scenario: Scenario, seed: Seeded, hours: dict[str, Hours], scale: float, known: int) -> list[Turn]:
    """Everything that will happen, in order. `known` suppliers are there at the start."""
    masters = scenario.masters
    yearly = masters.identity_changes_per_year, masters.bank_changes_per_year
    rates = (
        ("proposal", masters.proposals_per_day * scale, _proposals(masters)),
        ("identity", yearly[0] * known / WORKING_DAYS, _identity(masters)),
        ("account", yearly[1] * known / WORKING_DAYS, _accounts(masters)),
    )
    here = tuple(hospital.id for hospital in scenario.hospital if hospital.joins is None)
    found = [
        turn
        for place, (name, per_day, kinds) in enumerate(rates)
        for turn in _over_the_month(scenario, seed, hours, here, (name, per_day, kinds), (place + 0.5) / len(rates))
    ]
    found += _joining(scenario, seed, hours, scale)
    return sorted(found, key=lambda turn: (turn.at_ms, turn.key))


Kinds = tuple[tuple[str, float], ...]


def _over_the_month(  # noqa: PLR0913 - where, when, how often and what
    scenario: Scenario,
    seed: Seeded,
    hours: dict[str, Hours],
    here: tuple[str, ...],
    rate: tuple[str, float, Kinds],
    offset: float,
) -> Iterator[Turn]:
    """So many a working day, more in a surge; rounded along the running sum, so that no scale loses the total."""
    name, per_day, kinds = rate
    table = hours[here[0]]
    first, last = scenario.calendar.start.isoformat(), scenario.calendar.end.isoformat()
    wanted = 0.0
    for day, date in enumerate(table.dates):
        if not first <= date <= last:
            continue
        before = floor(wanted + offset)
        wanted += per_day * _factor(scenario.masters, dt.date.fromisoformat(date))
        for number in range(floor(wanted + offset) - before):
            key = f"{name}-{date}-{number:03d}"
            draw = seed.stream("master", key).random
            what, entity = _kind(kinds, draw()), here[int(draw() * len(here))]
            at_ms, late = table.moment(day, draw()), draw()
            if what in (ACCOUNT, FRAUD) and late < scenario.masters.before_pay_run_share:
                at_ms = _eve_of_pay_run(scenario.masters, table, day, late)
            yield Turn(at_ms, key, what, entity, draw(), draw())


def _joining(scenario: Scenario, seed: Seeded, hours: dict[str, Hours], scale: float) -> Iterator[Turn]:
    """What a hospital that joins brings along: companies that are known under other words, and new ones."""
    for hospital in scenario.hospital:
        if hospital.joins is None:
            continue
        table = hours[hospital.id]
        first = bisect_right(table.dates, (hospital.joins - dt.timedelta(days=1)).isoformat())
        for number in range(round(hospital.brings_suppliers * scale)):
            key = f"joining-{hospital.id}-{number:03d}"
            draw = seed.stream("master", key).random
            what = DUPLICATE if draw() < hospital.overlap_share else NEW
            day = first + int(JOINING_DAYS * draw())
            yield Turn(table.moment(day, draw()), key, what, hospital.id, draw(), draw())


def next_pay_run_ms(masters: Masters, table: Hours, at_ms: int) -> int:
    """When suppliers are paid next: on the pay run's day of the week, in the morning; a holiday moves it on."""
    day = table.day_at(at_ms)
    while True:
        runs_ms = table.moment(day, 0.2)
        weekday = dt.date.fromisoformat(table.dates[day]).weekday()
        if weekday == masters.pay_run_weekday and runs_ms > at_ms:
            return runs_ms
        day += 1


def _eve_of_pay_run(masters: Masters, table: Hours, day: int, share: float) -> int:
    """Late on the working day before the next pay run."""
    runs = table.day_at(next_pay_run_ms(masters, table, table.closes[day]))
    return table.moment(runs - 1, BEFORE_PAY_RUN + (1 - BEFORE_PAY_RUN) * share)


def _factor(masters: Masters, day: dt.date) -> float:
    factor = 1.0
    for surge in masters.surge:
        if surge.start <= day <= surge.end:
            factor *= surge.factor
    return factor


def _kind(kinds: Kinds, draw: float) -> str:
    edges = list(accumulate(share for _, share in kinds))
    return kinds[min(bisect_right(edges, draw), len(kinds) - 1)][0]


def _proposals(masters: Masters) -> Kinds:
    return (
        (DUPLICATE, masters.duplicate_share),
        (TAX_ID_MISSING, masters.tax_id_missing_share),
        (NAMESAKE, masters.same_name_share),
        (SUBSIDIARY, masters.parent_account_share),
        (NEW, 1.0),
    )


def _identity(masters: Masters) -> Kinds:
    return ((MERGED, masters.merger_share), (RENAMED, (1 - masters.merger_share) / 2), (MOVED, 1.0))


def _accounts(masters: Masters) -> Kinds:
    return ((FRAUD, masters.fraud_share), (REWRITTEN, masters.rewritten_share), (ACCOUNT, 1.0))
