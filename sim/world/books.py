"""The controller: opens the books, opens each new month, closes the old one, each hospital by its own clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Generator
from typing import Any, Final

import simpy

from contracts.journal import Posting
from contracts.scenario import Calendar, Hospital
from sim.world.calendar import local_ms
from sim.world.hands import Hands
from sim.world.truth import CURRENCY

INVENTORY: Final = ("1400", "inventory")
EQUITY: Final = ("3000", "equity")
STOCK_PER_DAILY_ORDER_MINOR: Final = 2_500_000
"""Stock on hand at the start, per order that a hospital places a day: about three weeks of deliveries. Assumption."""


def month_of(day: dt.date) -> str:
    """The period that a date belongs to."""
    return day.isoformat()[:7]


def next_month(period: str) -> dt.date:
    """The first day after a period."""
    first = dt.date.fromisoformat(f"{period}-01")
    return (first + dt.timedelta(days=31)).replace(day=1)


def ended_months(calendar: Calendar) -> list[str]:
    """The periods that are over when a calendar is, in order: those that its close closes."""
    months, first = [], calendar.start.replace(day=1)
    while next_month(month_of(first)) <= calendar.end + dt.timedelta(days=1):
        months.append(month_of(first))
        first = next_month(month_of(first))
    return months


class Books:
    """The periods of one hospital, as its controller opens and closes them."""

    def __init__(
        self,
        env: simpy.Environment,
        hands: Hands,
        hospital: Hospital,
        calendar: Calendar,
        closed: Callable[[str, str, int], None],
    ) -> None:
        """Know the dates, and who wants to hear that payables have closed: entity, period, when the ledger locks."""
        self._heard = closed
        self._lock_ms = local_ms(hospital.time_zone, calendar.lock) if calendar.lock else 0
        self._env = env
        self._hands = hands
        self._hospital = hospital
        self._calendar = calendar
        self._open: list[str] = []
        self._closed: set[str] = set()
        self.over = False

    def open(self) -> None:
        """Open the books of a hospital that is there from the start."""
        if self._hospital.joins is None:
            self._begin(self._calendar.start)

    def _begin(self, start: dt.date) -> None:
        """Opening balances, and the month in which it all starts for this hospital."""
        entity = self._hospital.id
        self._open_month(month_of(start))
        stock = round(self._hospital.orders_per_day * STOCK_PER_DAILY_ORDER_MINOR)
        lines = (Posting(*INVENTORY, stock, CURRENCY), Posting(*EQUITY, -stock, CURRENCY))
        self._hands.opening_balances(entity, start.isoformat(), lines)

    def keep(self) -> Generator[simpy.Event, Any, None]:
        """Turn the months, close at the scenario's hour, and say when the calendar is over."""
        calendar, zone = self._calendar, self._hospital.time_zone
        horizon = calendar.end + dt.timedelta(days=calendar.run_off_days)
        agenda: list[tuple[int, str, str]] = []
        begins = self._hospital.joins or calendar.start
        if self._hospital.joins is not None:
            agenda.append((local_ms(zone, dt.datetime.combine(begins, dt.time())), "begin", begins.isoformat()))
        first = next_month(month_of(begins))
        while first <= horizon:
            agenda.append((local_ms(zone, dt.datetime.combine(first, dt.time())), "open", month_of(first)))
            first = next_month(month_of(first))
        close_ms = local_ms(zone, calendar.close)
        agenda.append((close_ms, "close", ""))
        end_ms = local_ms(zone, dt.datetime.combine(calendar.end + dt.timedelta(days=1), dt.time()))
        if self._lock_ms:
            agenda.append((self._lock_ms, "lock", ""))
        agenda.append((max(end_ms, close_ms, self._lock_ms), "over", ""))
        for at_ms, what, period in sorted(agenda):
            yield self._env.timeout(max(0, at_ms - int(self._env.now)))
            if what == "begin":
                self._begin(dt.date.fromisoformat(period))
            elif what == "open":
                self._open_month(period)
            elif what == "close":
                self._close_ended()
            elif what == "lock":
                self._lock_closed()
            else:
                self.over = True

    def redated(self, on: str) -> str:
        """The first open day for something that belongs on a day whose period is closed; empty where it is open."""
        if on[:7] in self._open:
            return ""
        later = [f"{period}-01" for period in self._open if period > on[:7]]
        return min(later, default=self._next_open_day())

    def _next_open_day(self) -> str:
        """Between a close and the new month: the day on which that one opens."""
        return next_month(max(self._closed)).isoformat() if self._closed else self._calendar.start.isoformat()

    def _open_month(self, period: str) -> None:
        self._open.append(period)
        self._hands.open_period(self._hospital.id, period)

    def _close_ended(self) -> None:
        """Close the months that have ended with the calendar; a scenario of one week closes none."""
        for period in ended_months(self._calendar):
            self._open.remove(period)
            self._closed.add(period)
            self._hands.close_period(self._hospital.id, period)
            self._heard(self._hospital.id, period, self._lock_ms)

    def _lock_closed(self) -> None:
        """Lock the ledger of what payables have closed."""
        for period in sorted(self._closed):
            self._hands.lock_period(self._hospital.id, period)
