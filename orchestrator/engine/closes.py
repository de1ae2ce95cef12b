"""Finance's calendar: when payables close a period of a hospital. Read by whoever works towards a close, or after it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from orchestrator.canonical import milliseconds

NEAR_MS: Final = 86_400_000
NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Close(msgspec.Struct, frozen=True):
    """When payables close a period of a hospital, and when the next period begins there."""

    entity: str
    period: str
    closes_ms: int
    last_day: str
    next_day: str
    turns_ms: int


class Closes:
    """All closes, and whether one is near: within a day from now. Before the first such day it is known at a glance."""

    def __init__(self, calendar: str, zones: dict[str, ZoneInfo]) -> None:
        """Read finance's calendar."""
        self.all = read_closes(calendar, zones)
        days = (datetime.fromtimestamp((close.closes_ms - NEAR_MS) / 1000, UTC) for close in self.all)
        self._from = min(days, default=NEVER)

    def near(self, now: datetime, entity: str = "") -> bool:
        """Whether it is the day before a close of the entity's, or of anybody's: what is booked now belongs before it."""
        if now <= self._from:
            return False
        now_ms = milliseconds(now)
        return any(
            0 <= close.closes_ms - now_ms < NEAR_MS and (not entity or close.entity == entity) for close in self.all
        )


def read_closes(calendar: str, zones: dict[str, ZoneInfo]) -> list[Close]:
    """The calendar: `H1/2026-09=2026-10-02T22:00:00+00:00,…`."""
    return [_close(entry, zones) for entry in calendar.split(",") if entry]


def _close(entry: str, zones: dict[str, ZoneInfo]) -> Close:
    """One entry of the calendar."""
    name, _, moment = entry.strip().partition("=")
    entity, _, period = name.partition("/")
    first = date.fromisoformat(f"{period}-01")
    following = (first + timedelta(days=31)).replace(day=1)
    turns = datetime.combine(following, time(), zones.get(entity, ZoneInfo("UTC"))).astimezone(UTC)
    closes_ms = milliseconds(datetime.fromisoformat(moment))
    last_day = (following - timedelta(days=1)).isoformat()
    return Close(entity, period, closes_ms, last_day, following.isoformat(), milliseconds(turns))
