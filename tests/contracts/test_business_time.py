"""Business time: a clock that only runs while people work."""

from __future__ import annotations

import pytest

from contracts.business_time import HOUR_MS, BusinessTime

DAYS = BusinessTime([8 * HOUR_MS, 32 * HOUR_MS, 104 * HOUR_MS], [17 * HOUR_MS, 41 * HOUR_MS, 113 * HOUR_MS])
"""Monday, Tuesday and Friday, nine hours each."""


@pytest.mark.parametrize(
    ("begins", "ends", "hours"),
    [
        (9, 11, 2),
        (16, 33, 2),
        (0, 8, 0),
        (17, 32, 0),
        (20, 104, 9),
        (9, 200, 26),
        (41, 104, 0),
        (12, 12, 0),
        (8, 17, 9),
    ],
)
def test_nights_and_free_days_take_no_time(begins: float, ends: float, hours: float) -> None:
    assert DAYS.hours_between(round(begins * HOUR_MS), round(ends * HOUR_MS)) == hours


@pytest.mark.parametrize(
    ("at", "works"), [(7.9, False), (8, True), (17, True), (17.1, False), (60, False), (110, True), (200, False)]
)
def test_when_somebody_works(at: float, works: bool) -> None:  # noqa: FBT001 - a table
    assert DAYS.covers(round(at * HOUR_MS)) is works


def test_beyond_the_last_day_nothing_is_known() -> None:
    assert DAYS.ends_before(114 * HOUR_MS)
    assert not DAYS.ends_before(113 * HOUR_MS)
    assert BusinessTime([], []).ends_before(0)
