"""How much hospitals want, and on which day: weekdays, seasons and peaks, at any scale. What it is, `trade` draws."""

from __future__ import annotations

import datetime as dt
from math import floor
from typing import Final

from contracts.scenario import Hospital, Scenario, Surge
from sim.world.calendar import Hours

WEEKDAYS: Final = (1.15, 1.05, 1.0, 0.95, 0.85, 0.8, 0.8)
"""Orders by weekday, Monday first, mean 1 over a week; the weekend only counts where a peak has it worked. Assumption."""


def in_peak(scenario: Scenario, day: dt.date) -> bool:
    """Whether a peak covers the day."""
    return any(peak.start <= day <= peak.end for peak in scenario.peak)


def volumes(scenario: Scenario, place: int, hours: Hours, scale: float) -> tuple[int, dict[int, int]]:
    """How many orders a hospital has open at the start, and how many come on each working day of the calendar.

    Rounded along the running sum, each hospital from another fraction, so that no scale loses the total.
    """
    hospital: Hospital = scenario.hospital[place]
    offset = (place + 0.5) / len(scenario.hospital)
    first, last = (hospital.joins or scenario.calendar.start).isoformat(), scenario.calendar.end.isoformat()
    wanted, counts = 0.0, {}
    for number, date in enumerate(hours.dates):
        if first <= date <= last:
            before = floor(wanted * scale + offset)
            wanted += hospital.orders_per_day * _weight(scenario, dt.date.fromisoformat(date))
            counts[number] = floor(wanted * scale + offset) - before
    return floor(hospital.open_orders * scale + offset), counts


def standing_orders(scenario: Scenario, place: int, scale: float) -> int:
    """How many standing orders a hospital has, rounded like the others."""
    return floor(scenario.trade.standing_orders * scale + (place + 0.5) / len(scenario.hospital))


def _weight(scenario: Scenario, day: dt.date) -> float:
    weight = WEEKDAYS[day.weekday()]
    spells: tuple[Surge, ...] = (*scenario.peak, *scenario.surge)
    for spell in spells:
        if spell.start <= day <= spell.end:
            weight *= spell.factor
    return weight
