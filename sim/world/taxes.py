"""Sales tax on what hospitals buy: which rate holds on which day, how suppliers round it, and which rate they take by mistake.

A hospital that is exempt has a rate of 0. Orders tell their suppliers the rates, those that are announced included.
"""

from __future__ import annotations

from typing import Final

from contracts.scenario import Calendar, Hospital

Rates = tuple[tuple[str, int], ...]
"""From which day on how many millionths of the goods' amount, oldest first."""

MILLION: Final = 1_000_000
SURELY_OVER_MINOR: Final = 300
"""A tax that people must see is at least this much too high; rounding makes cents."""
ELSEWHERE_PPM: Final = (10_000, 20_000)
"""How much higher the rate of the wrong district is: one to three points. Assumption."""
NOT_EXEMPT_PPM: Final = (60_000, 30_000)
"""What is charged to somebody who is exempt: 6 to 9 %. Assumption."""


def rates_of(hospital: Hospital, calendar: Calendar) -> Rates:
    """The rates of a hospital; none where a scenario says nothing of tax."""
    if hospital.sales_tax is None:
        return ()
    first = (f"{calendar.start.year}-01-01", round(hospital.sales_tax * MILLION))
    if hospital.new_sales_tax is None or hospital.new_sales_tax_from is None:
        return (first,)
    return first, (hospital.new_sales_tax_from.isoformat(), round(hospital.new_sales_tax * MILLION))


def rate_on(rates: Rates, date: str) -> int:
    """The rate of a day."""
    return next((rate for since, rate in reversed(rates) if since <= date), 0)


def tax_on(amounts: tuple[int, ...], rate_ppm: int, *, by_line: bool) -> int:
    """The tax on goods, half a cent rounded up: of the whole, or line by line."""
    taxed = amounts if by_line else (sum(amounts),)
    return sum((amount * rate_ppm + MILLION // 2) // MILLION for amount in taxed)


def too_much(amounts: tuple[int, ...], rates: Rates, date: str, size: float) -> int:
    """The tax at a rate that is too high: for somebody exempt, on the wrong side of a change, or of another district."""
    right = rate_on(rates, date)
    least, span = ELSEWHERE_PPM if right else NOT_EXEMPT_PPM
    wrong = right + least + int(span * size)
    higher = max(rate for _, rate in rates)
    if higher > right and size < 0.5:
        wrong = higher
    due = tax_on(amounts, right, by_line=False)
    return max(tax_on(amounts, wrong, by_line=False), due + SURELY_OVER_MINOR)
