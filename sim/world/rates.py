"""What other currencies cost on each day, as the treasury enters it: a walk from a usual rate, a little up or down a day.

The rates are assumptions of the right size, not quotations. Amounts are converted as accountants do it: to the cent, half a
cent away from zero.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from contracts.scenario import Calendar
from sim.world.catalogue import ABROAD
from sim.world.trade import Seeded

USUAL_PPM: Final = {"CAD": 730_000, "EUR": 1_150_000}
DAILY_SHARE: Final = 0.006
"""The most that a rate moves in a day, either way. Assumption."""
AFTER_DAYS: Final = 45


class Rates:
    """The table: millionths of a US dollar by currency and date."""

    def __init__(self, seed: Seeded, calendar: Calendar) -> None:
        """Walk from a day before the calendar until well after its run-off."""
        days = (calendar.end - calendar.start).days + calendar.run_off_days + AFTER_DAYS
        self.table: dict[tuple[str, str], int] = {}
        for currency in ABROAD:
            draw, rate = seed.stream("rates", currency).random, USUAL_PPM[currency]
            for n in range(-1, days):
                rate += round(rate * DAILY_SHARE * (2 * draw() - 1))
                self.table[currency, (calendar.start + dt.timedelta(days=n)).isoformat()] = rate

    def on(self, currency: str, date: str) -> int:
        """The rate of a day; 0 for US dollars."""
        return self.table[currency, date] if currency in ABROAD else 0


def in_dollars(amount_minor: int, rate_ppm: int) -> int:
    """An amount at a rate; a rate of 0 leaves it as it is."""
    if not rate_ppm:
        return amount_minor
    return (amount_minor * rate_ppm + 500_000) // 1_000_000
