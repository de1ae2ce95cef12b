"""Finance's calendar: when payables close a period of a hospital. Read by whoever works towards a close, or after it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from orchestrator.canonical import milliseconds


class Close(msgspec.Struct, frozen=True):
    """When payables close a period of a hospital, and when the next period begins there."""

    entity: str
    period: str
    closes_ms: int
    last_day: str
    next_day: str
    turns_ms: int


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
