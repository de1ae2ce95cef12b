"""Three-way match: what was ordered, what arrived, what is billed. Pure arithmetic over papers; it decides no next step.

Tolerances and the rule for duplicates are policy, and stand here as constants with their names.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from orchestrator.canonical import Invoice, InvoiceLine, PurchaseOrder

TOLERANCE_PERCENT: Final = 2
TOLERANCE_MINOR: Final = 500
"""A price difference is a variance only when it exceeds both."""


class Clear(msgspec.Struct, frozen=True):
    """Everything agrees: post it."""


class Wait(msgspec.Struct, frozen=True):
    """Not yet: `order` is unknown, `receipt` has not come, `posting` is under way, a `decision` is due."""

    reason: str


class Ask(msgspec.Struct, frozen=True):
    """People must decide. `others` are further papers it is about; `amount_minor` is what is at stake."""

    category: str
    amount_minor: int
    others: tuple[str, ...]
    evidence: dict[str, str]


Finding = Clear | Wait | Ask
CLEAR: Final = Clear()


def quantities(lines: Iterable[InvoiceLine]) -> dict[int, int]:
    """Billed quantity for each order line."""
    total: dict[int, int] = {}
    for line in lines:
        total[line.line] = total.get(line.line, 0) + line.quantity
    return total


def exceeds(wanted: dict[int, int], taken: dict[int, int], available: dict[int, int]) -> bool:
    """Whether a line wants more than is left of it."""
    return any(quantity + taken.get(line, 0) > available.get(line, 0) for line, quantity in wanted.items())


def variance(order: PurchaseOrder, invoice: Invoice) -> tuple[int, int]:
    """How far the billed amounts are off the order's prices, without netting lines; and the value at those prices."""
    prices = {line.line: line.unit_price_minor for line in order.lines}
    off = value = 0
    for line in invoice.lines:
        at_order_price = line.quantity * prices.get(line.line, 0)
        off += abs(line.amount_minor - at_order_price)
        value += at_order_price
    return off, value


def beyond_tolerance(off_minor: int, value_minor: int) -> bool:
    """Whether a difference is a variance: more than the percentage and more than the amount."""
    return off_minor > TOLERANCE_MINOR and off_minor * 100 > value_minor * TOLERANCE_PERCENT


def looks_like(one: Invoice, other: Invoice) -> bool:
    """Whether two invoices bill the same thing: the same lines, quantities and amounts, whatever number they carry."""
    return one.total_minor == other.total_minor and one.lines == other.lines
