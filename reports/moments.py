"""Times as people at a hospital read them: by the clock of the entity where it is known, else UTC."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from contracts.scenario import Scenario

EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
DAY_MS: Final = 86_400_000
DAYS_MAX: Final = 400
"""What comes later counts to the last day: no scenario is longer, and a picture of years shows nothing."""


class Clocks:
    """The wall clocks of the hospitals. The first hospital's also divides the run into days."""

    def __init__(self, zones: dict[str, str]) -> None:
        """Know each entity's time zone by its name."""
        self._zones: dict[str, dt.tzinfo] = {entity: ZoneInfo(zone) for entity, zone in zones.items()}
        self.name = next(iter(zones.values()), "UTC")
        self._days: dt.tzinfo = ZoneInfo(self.name) if zones else dt.UTC

    def zone(self, entity: str = "") -> dt.tzinfo:
        """An entity's zone; that of the first hospital where an entity is none."""
        return self._zones.get(entity, self._days)

    def at(self, at_ms: int, entity: str = "") -> str:
        """`Sat 31 Oct 21:58:04 EDT`."""
        moment = (EPOCH + dt.timedelta(milliseconds=at_ms)).astimezone(self.zone(entity))
        return f"{moment:%a} {moment.day} {moment:%b %H:%M:%S %Z}"

    def day(self, at_ms: int) -> dt.date:
        """The day on which a moment falls."""
        return (EPOCH + dt.timedelta(milliseconds=at_ms)).astimezone(self._days).date()

    def midnight(self, day: dt.date) -> int:
        """When a day begins."""
        begin = dt.datetime.combine(day, dt.time(), self._days)
        return round((begin - EPOCH).total_seconds() * 1000)


class Days:
    """Which day of a run a moment belongs to, told quickly: the boundaries are worked out once for each day."""

    def __init__(self, clocks: Clocks) -> None:
        """No day yet."""
        self._clocks = clocks
        self._begins: list[int] = []
        self.first: dt.date | None = None
        self._from = 0
        self._until = -1
        self._place = 0

    def place(self, at_ms: int) -> int:
        """The day's number, the first entry's day being 0. An earlier moment counts to the first."""
        if self._from <= at_ms < self._until:
            return self._place
        if self._begins:
            at_ms = min(at_ms, self._begins[0] + DAYS_MAX * DAY_MS)
        if self.first is None:
            self.first = self._clocks.day(at_ms)
            self._begins.append(self._clocks.midnight(self.first))
        while self._begins[-1] <= at_ms:
            self._begins.append(self._clocks.midnight(self.first + dt.timedelta(days=len(self._begins))))
        self._place = max(0, bisect_right(self._begins, at_ms) - 1)
        self._from, self._until = self._begins[self._place], self._begins[self._place + 1]
        return self._place

    @property
    def dates(self) -> list[dt.date]:
        """All days so far."""
        first = self.first
        return [] if first is None else [first + dt.timedelta(days=n) for n in range(len(self._begins) - 1)]

    def along(self, at_ms: int) -> float:
        """Where a moment lies on an axis of days."""
        place = self.place(at_ms)
        return place + min(1.0, max(0.0, (at_ms - self._from) / (self._until - self._from)))


def read_scenario(directory: Path) -> Scenario | None:
    """The scenario that a run directory keeps a copy of, if it can still be read."""
    try:
        return msgspec.toml.decode((directory / "scenario.toml").read_bytes(), type=Scenario)
    except (OSError, msgspec.DecodeError):
        return None


def clocks_of(scenario: Scenario | None) -> Clocks:
    """The clocks of a scenario's hospitals; UTC without one."""
    return Clocks({hospital.id: hospital.time_zone for hospital in scenario.hospital} if scenario else {})


def span(elapsed_ms: int) -> str:
    """How long something took, in the largest unit that reads well: `380 ms`, `4.2 s`, `7 min`, `3.5 h`, `2.1 days`."""
    for unit, size_ms, upto in (("ms", 1, 1000), ("s", 1000, 120), ("min", 60_000, 120), ("h", 3_600_000, 48)):
        if elapsed_ms < size_ms * upto:
            value = elapsed_ms / size_ms
            return f"{value:.1f}".removesuffix(".0") + f" {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{elapsed_ms / DAY_MS:.1f} days"
