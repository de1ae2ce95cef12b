"""What an order is for and how it is delivered: lines of things, and parts that arrive and are billed apart. All of it drawn.

Who buys when, and what befalls the purchase, is for `trade`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from typing import Final

import msgspec

from sim.world.catalogue import Item

HOURLY: Final = (0.07, 0.14, 0.19, 0.14, 0.07, 0.11, 0.14, 0.10, 0.04)
"""Arrivals over the ninths of a working day: before lunch most, a second rise after it. Assumption."""
_REACHED: Final = (0.0, *accumulate(HOURLY))
INVOICE_DAYS: Final = (0.35, 0.65, 0.85)
"""How many of the invoices come on the delivery's day, by the next, by the one after; the rest a day later. Assumption."""


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line of an order. `agreed_minor` is the contract's price where the order was written at an outdated one."""

    item: Item
    quantity: int
    agreed_minor: int = 0


class Part(msgspec.Struct, frozen=True, gc=False):
    """One delivery and its invoice: how much of each line, working days after the one before, and when in the day."""

    quantities: tuple[int, ...]
    lead_days: int
    dock_share: float
    invoice_days: int
    invoice_share: float


def lines_of(draw: Callable[[], float], assortment: tuple[Item, ...], *, stock: bool, even: bool) -> tuple[Line, ...]:
    """One to three different items, in whole units; even ones where the delivery will come in halves."""
    count = min(1 + int(3 * draw() ** 1.5), len(assortment))
    start = int(len(assortment) * draw())
    most = 30 if stock else 4  # assumption
    lines = []
    for n in range(count):
        quantity = 1 + int(most * draw() ** 1.5)
        item = assortment[(start + n) % len(assortment)]
        lines.append(Line(item, quantity + quantity % 2 if even else quantity))
    return tuple(lines)


def delivery(draw: Callable[[], float], quantities: tuple[int, ...], lead_days: int) -> Part:
    """How a lot arrives and is billed."""
    return Part(
        quantities,
        lead_days,
        0.04 + 0.6 * draw(),  # docks receive mostly before the afternoon. Assumption
        bisect_right(INVOICE_DAYS, draw()),
        arrival(draw()),
    )


def halves(draw: Callable[[], float], whole: Part) -> tuple[Part, Part]:
    """Two deliveries. Every other pair is equal to the unit, so that two invoices look like twins and are none."""
    first = tuple(max(1, round(q * 0.3)) for q in whole.quantities)
    if draw() < 0.5:
        first = tuple(q // 2 for q in whole.quantities)
    second = tuple(q - part for q, part in zip(whole.quantities, first, strict=True))
    lead_days = 1 + int(2 * draw())
    return msgspec.structs.replace(whole, quantities=first), delivery(draw, second, lead_days)


def arrival(share: float) -> float:
    """Where in the working day an even draw falls, by the curve of arrivals."""
    ninth = min(bisect_right(_REACHED, share), len(HOURLY)) - 1
    return (ninth + (share - _REACHED[ninth]) / HOURLY[ninth]) / len(HOURLY)
