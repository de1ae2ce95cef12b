"""When people can answer: the end of a working day some days from now, by the clock and calendar of their hospital.

Pure arithmetic over what the design was told of zones and holidays; nothing here reads a clock.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from orchestrator.canonical import milliseconds

CLOSES: Final = time(17)
SATURDAY: Final = 5
ANSWER_DAYS: Final = 2
"""People are given two working days beside the one that has begun."""
UTC_ZONE: Final = ZoneInfo("UTC")


def holidays(text: str) -> frozenset[date]:
    """The holidays in a setting: dates, with commas between them."""
    return frozenset(date.fromisoformat(day.strip()) for day in text.split(",") if day.strip())


class WorkingDays:
    """The calendars of all hospitals."""

    def __init__(self, zones: dict[str, ZoneInfo], free: frozenset[date]) -> None:
        """Know each hospital's zone, and the days on which nobody works anywhere."""
        self._zones = zones
        self._free = free

    def answer_by_ms(self, entity: str, now_ms: int) -> int:
        """The end of the day by which people can be asked to answer what is asked now."""
        zone = self._zones.get(entity, UTC_ZONE)
        local = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone)
        day = local.date() if local.time() < CLOSES else local.date() + timedelta(days=1)
        day = self._worked(day)
        for _ in range(ANSWER_DAYS):
            day = self._worked(day + timedelta(days=1))
        return milliseconds(datetime.combine(day, CLOSES, zone))

    def _worked(self, day: date) -> date:
        """The day itself, or the next on which people work."""
        while day.weekday() >= SATURDAY or day in self._free:
            day += timedelta(days=1)
        return day
