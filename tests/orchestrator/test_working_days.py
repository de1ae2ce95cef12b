"""Until when people are asked to answer."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from orchestrator.engine.working_days import WorkingDays, holidays

CHICAGO = ZoneInfo("America/Chicago")
DAYS = WorkingDays({"H3": CHICAGO}, holidays("2026-10-12, 2026-11-11"))


@pytest.mark.parametrize(
    ("asked", "by"),
    [
        ("2026-10-05T09:00", "2026-10-07T17:00"),
        ("2026-10-05T18:30", "2026-10-08T17:00"),
        ("2026-10-08T16:00", "2026-10-13T17:00"),
        ("2026-10-09T15:00", "2026-10-14T17:00"),
        ("2026-10-10T11:00", "2026-10-15T17:00"),
        ("2026-10-30T10:00", "2026-11-03T17:00"),
        ("2026-11-10T10:00", "2026-11-13T17:00"),
    ],
)
def test_two_working_days_by_the_hospitals_own_clock(asked: str, by: str) -> None:
    """Over nights, weekends, Columbus Day, Veterans Day, and the night on which the clocks go back."""
    now_ms = round(datetime.fromisoformat(asked).replace(tzinfo=CHICAGO).timestamp() * 1000)
    answer_by = datetime.fromtimestamp(DAYS.answer_by_ms("H3", now_ms) / 1000, CHICAGO)
    assert answer_by.isoformat()[:16] == by


def test_a_hospital_without_a_zone_keeps_utc() -> None:
    monday_ms = round(datetime.fromisoformat("2026-10-05T09:00+00:00").timestamp() * 1000)
    assert DAYS.answer_by_ms("H9", monday_ms) - monday_ms == (2 * 24 + 8) * 3_600_000


def test_no_holidays_are_none() -> None:
    assert holidays("") == frozenset()
