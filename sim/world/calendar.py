"""Business time: when a place works, in tables of epoch milliseconds.

Local clocks are consulted once, when a table is made; afterwards a moment is an index and an addition, so that a change
to winter time costs nothing and cannot be forgotten. Who works when is not decided here but by the scenario.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from contracts.scenario import Scenario

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS

OPENS: Final = dt.time(8)  # assumption: offices and docks of a hospital's supply chain, one shift
CLOSES: Final = dt.time(17)  # assumption, as above
CLOSES_SHORT: Final = dt.time(14)  # assumption: a Saturday that is worked only because the month ends
SATURDAY: Final = 5
TABLE_DAYS: Final = 45
"""Working hours are known this long after the run-off, and longer where deliveries take longer: for due times."""


def local_ms(time_zone: str, moment: dt.datetime) -> int:
    """The epoch milliseconds of a local clock's reading; where the clock shows it twice, the first time."""
    return round(moment.replace(tzinfo=ZoneInfo(time_zone)).timestamp() * 1000)


def local_date(time_zone: str, at_ms: int) -> str:
    """The date on a local clock."""
    return dt.datetime.fromtimestamp(at_ms / 1000, ZoneInfo(time_zone)).date().isoformat()


def utc_date(at_ms: int) -> str:
    """The date at Greenwich."""
    return _utc_day(at_ms // DAY_MS)


@lru_cache(maxsize=512)
def _utc_day(day: int) -> str:
    return dt.datetime.fromtimestamp(day * DAY_MS / 1000, dt.UTC).date().isoformat()


class Hours:
    """The working days of one place in order: day `n` is `dates[n]`, from `opens[n]` to `closes[n]`."""

    __slots__ = ("_zone", "closes", "dates", "opens")

    def __init__(self, time_zone: str, worked: Sequence[dt.date]) -> None:
        """Make the table for the days that are worked."""
        self._zone = ZoneInfo(time_zone)
        self.dates = tuple(day.isoformat() for day in worked)
        self.opens = [self._clock_ms(day, OPENS) for day in worked]
        self.closes = [self._clock_ms(day, CLOSES_SHORT if day.weekday() >= SATURDAY else CLOSES) for day in worked]

    def moment(self, day: int, share: float) -> int:
        """The moment at which this share of a day's hours has passed."""
        opens = self.opens[day]
        return opens + int((self.closes[day] - opens) * share)

    def day_at(self, at_ms: int) -> int:
        """The working day in which a moment lies, or else the next."""
        return bisect_left(self.closes, at_ms)

    def add(self, at_ms: int, work_ms: int) -> int:
        """When work that starts now and takes so long is done, with nobody working in between days."""
        day = self.day_at(at_ms)
        at_ms = max(at_ms, self.opens[day])
        while at_ms + work_ms > self.closes[day]:
            work_ms -= self.closes[day] - at_ms
            day += 1
            at_ms = self.opens[day]
        return at_ms + work_ms

    def after_days(self, at_ms: int, days: int, share: float) -> int:
        """A moment so many working days later."""
        return self.moment(self.day_at(at_ms) + days, share)

    def close_after(self, at_ms: int, days: int) -> int:
        """The end of the working day that is so many after this one."""
        return self.closes[self.day_at(at_ms) + days]

    def midnight(self, day: dt.date) -> int:
        """When a day begins at this place."""
        return self._clock_ms(day, dt.time())

    def local_date(self, at_ms: int) -> str:
        """The date on the wall of this place."""
        day = bisect_right(self.opens, at_ms) - 1
        if day >= 0 and at_ms <= self.closes[day]:
            return self.dates[day]
        return dt.datetime.fromtimestamp(at_ms / 1000, self._zone).date().isoformat()

    def _clock_ms(self, day: dt.date, clock: dt.time) -> int:
        return round(dt.datetime.combine(day, clock, self._zone).timestamp() * 1000)


def us_holidays(first: dt.date, last: dt.date) -> frozenset[dt.date]:
    """The federal holidays of the United States from one date to another, by 5 U.S.C. 6103.

    One that falls on a Saturday is kept on the Friday before (there, too), on a Sunday on the Monday after (Executive
    Order 11582).
    """
    days = (day for year in range(first.year - 1, last.year + 2) for day in _federal(year))
    return frozenset(day for day in days if first <= day <= last)


def holidays_of(scenario: Scenario) -> frozenset[dt.date]:
    """The holidays of a scenario, from its start to long after its end."""
    calendar = scenario.calendar
    days = frozenset(calendar.holidays)
    if calendar.us_holidays:
        last = calendar.end + dt.timedelta(days=calendar.run_off_days + TABLE_DAYS + 2 * scenario.trade.lead_days_max)
        days |= us_holidays(calendar.start, last)
    return days


def _federal(year: int) -> Iterator[dt.date]:
    for month, day in ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25)):
        date = dt.date(year, month, day)
        yield date + dt.timedelta(days={5: -1, 6: 1}.get(date.weekday(), 0))
    for month, weekday, nth in ((1, 0, 3), (2, 0, 3), (9, 0, 1), (10, 0, 2), (11, 3, 4)):
        first = dt.date(year, month, 1)
        yield first + dt.timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))
    end = dt.date(year, 5, 31)
    yield end - dt.timedelta(days=end.weekday())


@lru_cache(maxsize=64)
def working_hours(
    time_zone: str, first: dt.date, last: dt.date, holidays: frozenset[dt.date], also_worked: frozenset[dt.date]
) -> Hours:
    """The table from one date to another: Monday to Friday without the holidays, and the days worked all the same.

    Kept, because thousands of small runs of one scenario need the same few tables.
    """
    days = (first + dt.timedelta(days=n) for n in range((last - first).days + 1))
    worked = [day for day in days if day in also_worked or (day.weekday() < SATURDAY and day not in holidays)]
    return Hours(time_zone, worked)
