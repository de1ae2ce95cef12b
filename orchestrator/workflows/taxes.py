"""Whether a bill charges more tax than is due: the order says the rates, the bill's date which of them. Pure arithmetic.

Suppliers round the whole or each line; the tolerance is wide enough for both. That too little is charged is no reason not to
pay the bill.
"""

from __future__ import annotations

from typing import Final

from orchestrator.canonical import Invoice, PurchaseOrder
from orchestrator.workflows.matching import Ask

TOLERANCE_MINOR: Final = 100
"""A tax that is higher by no more than this is let pass: whatever rounding does, it is far less."""
MILLION: Final = 1_000_000


def overtaxed(order: PurchaseOrder, invoice: Invoice) -> Ask | None:
    """A tax beyond what is due; nothing where the order says no rate."""
    if not order.taxes or not invoice.charges:
        return None
    billed = sum(charge.amount_minor for charge in invoice.charges if charge.kind == "tax")
    due = tax_due(order, invoice)
    if billed - due <= TOLERANCE_MINOR:
        return None
    return Ask("tax-variance", billed - due, (), {"tax_billed_minor": str(billed), "tax_due_minor": str(due)})


def tax_due(order: PurchaseOrder, invoice: Invoice) -> int:
    """The tax on a bill's goods at the rate of its date."""
    rate_ppm = next((each.rate_ppm for each in reversed(order.taxes) if each.valid_from <= invoice.invoice_date), 0)
    return (sum(line.amount_minor for line in invoice.lines) * rate_ppm + MILLION // 2) // MILLION
