"""Three-way match: what was ordered, what arrived, what is billed. Pure arithmetic over papers; it decides no next step.

Tolerances and the rule for duplicates are policy, and stand here as constants with their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from orchestrator.canonical import GoodsReceipt, Invoice, InvoiceLine, PurchaseOrder
from orchestrator.workflows.likeness import contained, same_bill

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


def agrees(one: dict[int, int], other: dict[int, int]) -> bool:
    """Whether both are as much of every line."""
    return one == other or all(one.get(line, 0) == other.get(line, 0) for line in one.keys() | other.keys())


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


def copy_of(invoice: Invoice, others: Sequence[Invoice]) -> Invoice | None:
    """The earlier bill on the same order that this one repeats, in whole or in part, though the order has room for both.

    That the dock has received enough for both proves nothing: bills lag behind deliveries.
    """
    for other in others:
        if looks_like(invoice, other) and same_bill(invoice, other):
            return other
        if contained(invoice.number, other.number) and _is_part(invoice, other):
            return other
    return None


def _is_part(invoice: Invoice, whole: Invoice) -> bool:
    """Whether a bill takes part of what another bills, at the same prices and on the same day."""
    if invoice.total_minor >= whole.total_minor or invoice.invoice_date != whole.invoice_date:
        return False
    billed = {line.line: (line.quantity, line.unit_price_minor) for line in whole.lines}
    return all(
        line.quantity <= billed.get(line.line, (0, 0))[0] and line.unit_price_minor == billed[line.line][1]
        for line in invoice.lines
    )


# -- units of measure -------------------------------------------------------------------------------------------------


def is_packed(order: PurchaseOrder) -> bool:
    """Whether some of an order is bought in packs, so that quantities may have to be converted."""
    return any(line.pack > 1 for line in order.lines)


def receipt_in_packs(receipt: GoodsReceipt, order: PurchaseOrder) -> GoodsReceipt:
    """What arrived in the order's units. Of a pack that is not all there nothing is taken in yet."""
    packs = {line.line: line.pack for line in order.lines}
    lines = [
        replace(line, quantity=line.quantity // packs.get(line.line, 1), pieces=False) if line.pieces else line
        for line in receipt.lines
    ]
    return replace(receipt, lines=tuple(line for line in lines if line.quantity))


def invoice_in_packs(invoice: Invoice, order: PurchaseOrder) -> Invoice:
    """What is billed in the order's units, where a line's amount shows that pieces were meant; other lines stay marked."""
    ordered = {line.line: (line.pack, line.unit_price_minor) for line in order.lines}
    lines = tuple(
        _line_in_packs(line, *ordered.get(line.line, (1, 0))) if line.pieces else line for line in invoice.lines
    )
    return replace(invoice, lines=lines)


def _line_in_packs(line: InvoiceLine, pack: int, price_minor: int) -> InvoiceLine:
    if pack == 1:
        return replace(line, pieces=False)
    quantity, rest = divmod(line.quantity, pack)
    nearer = abs(line.amount_minor - quantity * price_minor) < abs(line.amount_minor - line.quantity * price_minor)
    if rest or not nearer:
        return line
    return replace(line, quantity=quantity, unit_price_minor=round(line.amount_minor / quantity), pieces=False)
