"""Business time: weekends, holidays, and the night on which the clocks go back."""

from __future__ import annotations

import datetime as dt

import pytest

from sim.world.calendar import HOUR_MS, MINUTE_MS, Hours, local_ms, working_hours

NEW_YORK, CHICAGO = "America/New_York", "America/Chicago"


def at(text: str) -> int:
    """An ISO moment with an offset as epoch milliseconds."""
    return round(dt.datetime.fromisoformat(text).timestamp() * 1000)


def hours(zone: str = NEW_YORK, *also_worked: dt.date) -> Hours:
    """October and half of November 2026."""
    holidays = frozenset((dt.date(2026, 10, 12), dt.date(2026, 11, 11)))
    return working_hours(zone, dt.date(2026, 10, 1), dt.date(2026, 11, 20), holidays, frozenset(also_worked))


def test_a_day_opens_at_the_same_wall_time_before_and_after_the_change() -> None:
    table = hours()
    friday, monday = table.dates.index("2026-10-30"), table.dates.index("2026-11-02")
    assert monday == friday + 1
    assert table.opens[friday] == at("2026-10-30T08:00-04:00")
    assert table.opens[monday] == at("2026-11-02T08:00-05:00")


def test_work_goes_on_after_the_weekend_with_the_extra_hour() -> None:
    table = hours()
    begun = at("2026-10-30T16:30-04:00")
    assert table.add(begun, HOUR_MS) == at("2026-11-02T08:30-05:00")
    assert table.add(begun, 30 * MINUTE_MS) == at("2026-10-30T17:00-04:00")


def test_work_may_take_days() -> None:
    assert hours().add(at("2026-10-08T12:00-04:00"), 20 * HOUR_MS) == at("2026-10-13T14:00-04:00")


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-10-07T10:00-04:00", "2026-10-07T10:00-04:00"),
        ("2026-10-07T06:00-04:00", "2026-10-07T08:00-04:00"),
        ("2026-10-07T17:00:01-04:00", "2026-10-08T08:00-04:00"),
        ("2026-10-09T20:00-04:00", "2026-10-13T08:00-04:00"),  # Friday; Monday is Columbus Day
        ("2026-11-01T01:30-05:00", "2026-11-02T08:00-05:00"),  # the hour that comes twice, the second time
    ],
)
def test_the_next_moment_at_which_somebody_works(moment: str, opens: str) -> None:
    assert hours().add(at(moment), 0) == at(opens)


def test_a_saturday_can_be_worked_and_is_short() -> None:
    table = hours(NEW_YORK, dt.date(2026, 10, 31))
    saturday = table.dates.index("2026-10-31")
    assert table.closes[saturday] == at("2026-10-31T14:00-04:00")
    assert table.dates[saturday + 1] == "2026-11-02"


def test_two_zones_are_an_hour_apart() -> None:
    for mine, theirs in zip(hours(NEW_YORK).opens, hours(CHICAGO).opens, strict=True):
        assert theirs - mine == HOUR_MS


def test_dates_are_those_on_the_wall() -> None:
    table = hours(CHICAGO)
    assert table.local_date(at("2026-10-31T23:30-05:00")) == "2026-10-31"
    assert table.local_date(at("2026-11-01T06:30+00:00")) == "2026-11-01"
    assert table.local_date(at("2026-10-07T15:00+00:00")) == "2026-10-07"
    assert table.local_date(at("2026-09-30T12:00+00:00")) == "2026-09-30"


def test_due_is_the_end_of_a_working_day() -> None:
    table = hours()
    assert table.close_after(at("2026-10-08T09:00-04:00"), 3) == at("2026-10-14T17:00-04:00")
    assert table.after_days(at("2026-10-08T09:00-04:00"), 1, 0.0) == at("2026-10-09T08:00-04:00")


def test_a_clock_reading_that_comes_twice_means_the_first() -> None:
    assert local_ms(NEW_YORK, dt.datetime(2026, 11, 1, 1, 30)) == at("2026-11-01T01:30-04:00")  # noqa: DTZ001 - local
    assert local_ms(NEW_YORK, dt.datetime(2026, 11, 1, 2, 30)) == at("2026-11-01T02:30-05:00")  # noqa: DTZ001 - local
