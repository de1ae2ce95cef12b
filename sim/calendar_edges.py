"""The edges of a scenario's calendar: months that end, nights on which clocks change, leap days, by each hospital's own clock.

The kind `calendar-edge` lets a scenario promise one; here stands which there are, and a watch that says whether a run lived
through it with work under way.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from contracts.scenario import Scenario
from sim.clock import Kernel
from sim.faults.kind import Armed

CLOCKS: Final = "clocks-change"
MONTH: Final = "month-end"
LEAP_DAY: Final = "leap-day"
AROUND_MS: Final = 12 * 3_600_000
"""How far before and after an edge there must have been crossings."""


class Edge(NamedTuple):
    """One edge: what it is, the local date it begins, where, and the moment itself."""

    what: str
    on: str
    zone: str
    at_ms: int

    @property
    def trigger(self) -> dict[str, str | int]:
        """How a plan names it."""
        return {"edge": self.what, "on": self.on, "zone": self.zone}


def edges(scenario: Scenario) -> list[Edge]:
    """Every edge from the second day to the end of the run-off's first day, in order."""
    zones = sorted({hospital.time_zone for hospital in scenario.hospital})
    return sorted((edge for zone in zones for edge in _in_zone(scenario, zone)), key=lambda edge: edge.at_ms)


def _in_zone(scenario: Scenario, zone: str) -> Iterator[Edge]:
    place = ZoneInfo(zone)
    days = (scenario.calendar.end - scenario.calendar.start).days + 1
    for number in range(1, days + 1):
        day = scenario.calendar.start + dt.timedelta(days=number)
        midnight = dt.datetime.combine(day, dt.time(), place)
        at_ms = round(midnight.timestamp() * 1000)
        if day.day == 1:
            yield Edge(MONTH, day.isoformat(), zone, at_ms)
        if (day.month, day.day) == (2, 29):
            yield Edge(LEAP_DAY, day.isoformat(), zone, at_ms)
        if midnight.utcoffset() != dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), place).utcoffset():
            yield Edge(CLOCKS, day.isoformat(), zone, at_ms)


class EdgeWatch:
    """Looks on as a run passes its edges."""

    def __init__(self, kernel: Kernel, crossings: Callable[[], int]) -> None:
        """Count crossings."""
        self._kernel = kernel
        self._crossings = crossings

    def wait_for(self, edge: Edge, armed: Armed) -> None:
        """Look twelve hours before it, at it, and twelve hours after."""
        seen: list[int] = []

        def look() -> None:
            seen.append(self._crossings())

        def judge() -> None:
            before, at, after = *seen, self._crossings()
            if before < at < after:
                armed.took_effect()
            else:
                armed.was_harmless()

        now_ms = self._kernel.now_ms
        self._kernel.after(max(0, edge.at_ms - AROUND_MS - now_ms), look)
        self._kernel.after(edge.at_ms - now_ms, look)
        self._kernel.after(edge.at_ms + AROUND_MS - now_ms, judge)
