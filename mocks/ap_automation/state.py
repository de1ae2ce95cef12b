"""Captured invoices and what became of them.

captured → held, rejected or posted; held and rejected may still change, posted never. No two captures are compared:
whether a bill came before is for its reader to find out.
"""

from __future__ import annotations

import datetime as dt
from typing import Final, Literal

import msgspec

from contracts.wire import Subject
from mocks.ap_automation.models import (
    ChargeShown,
    ConfidenceShown,
    InvoiceShown,
    LineShown,
    StatusTold,
    StatusWord,
    SupplierShown,
)
from mocks.kit.dialect import decimal, stamp
from mocks.kit.operation import Refused, Work
from mocks.kit.paging import Changes

CURRENCY: Final = "USD"


class CapturedLine(msgspec.Struct, frozen=True, gc=False):
    """One billed line, as read from the paper; `unit` where the paper says one."""

    line: int
    item: str
    quantity: int
    unit_price_minor: int
    amount_minor: int
    unit: str = ""


class CapturedCharge(msgspec.Struct, frozen=True, gc=False):
    """What is billed beside the goods: `freight` or `tax`."""

    kind: Literal["freight", "tax"]
    amount_minor: int


class CapturedInvoice(msgspec.Struct, frozen=True, gc=False):
    """What the capture read from a supplier's bill. One without an order has been coded to a cost centre, and approved.

    On a credit memo quantities and amounts are negative; `credits` is the number of the bill that it says it gives back.
    """

    entity: str
    channel: Literal["email", "portal"]
    supplier_id: str
    supplier_name: str
    number: str
    invoice_date: str
    order: str
    lines: tuple[CapturedLine, ...]
    total_minor: int
    currency: str = CURRENCY
    charges: tuple[CapturedCharge, ...] = ()
    cost_centre: str = ""
    confidence: ConfidenceShown | msgspec.UnsetType = msgspec.UNSET
    """How sure the reading was, where the bill was read from paper."""
    type: Literal["invoice", "credit_memo"] = "invoice"
    credits: str = ""


class Invoice(msgspec.Struct, gc=False):
    """A captured invoice and what became of it."""

    id: str
    paper: CapturedInvoice
    captured_at: str
    status: str = "captured"
    voucher: str = ""
    reason: str = ""


class ApAutomation:
    """All captured invoices of the estate."""

    def __init__(self, entities: tuple[str, ...], *, all_topics: bool = False) -> None:
        """Nothing captured yet for these organisations. `all_topics`: it also tells what others made of an invoice."""
        self._all_topics = all_topics
        self.invoices: dict[str, Invoice] = {}
        self.captures = Changes()
        self._entities = frozenset(entities)

    def capture(self, work: Work, paper: CapturedInvoice) -> str:
        """Capture a bill; the id it got."""
        _check(paper, known=paper.entity in self._entities)
        invoice_id = f"INV-{len(self.invoices) + 1:06d}"
        at = stamp(work.now_ms)
        invoice = self.invoices[invoice_id] = Invoice(invoice_id, paper, at)
        self.captures.touch(work.now_ms, invoice_id)
        work.effect(
            "invoice.captured",
            invoice_id,
            entity=paper.entity,
            party=paper.supplier_id,
            number=paper.number,
            amount_minor=paper.total_minor,
            currency=paper.currency,
            order=paper.order,
            on=paper.invoice_date,
        )
        work.event("invoice.captured", Subject(paper.entity, invoice_id), 1, shown(invoice))
        return invoice_id

    def invoice(self, invoice_id: str) -> Invoice:
        """An invoice, or a 404."""
        invoice = self.invoices.get(invoice_id)
        if invoice is None:
            raise Refused(404, "not_found", f"no invoice {invoice_id}")
        return invoice

    def set_status(self, work: Work, invoice: Invoice, status: StatusWord, voucher: str, reason: str) -> None:
        """Take what became of an invoice. What it says already is no change."""
        if (invoice.status, invoice.voucher, invoice.reason) == (status, voucher, reason):
            return
        if invoice.status == "posted":
            raise Refused(409, "invoice_final", f"{invoice.id} is posted as {invoice.voucher}; that is final")
        if status == "posted" and not voucher:
            raise Refused(400, "voucher_missing", "a posted invoice needs its voucher")
        self._become(work, invoice, status, voucher, reason)

    def take_back(self, work: Work, invoice_id: str, reason: str) -> None:
        """Somebody who has cancelled it in the books rejects an invoice at the screen, even one that is called posted."""
        self._become(work, self.invoice(invoice_id), "rejected", "", reason)

    def _become(self, work: Work, invoice: Invoice, status: StatusWord, voucher: str, reason: str) -> None:
        invoice.status = status
        invoice.voucher = voucher
        invoice.reason = reason
        paper = invoice.paper
        work.effect(
            "invoice.status",
            invoice.id,
            entity=paper.entity,
            number=voucher,
            order=paper.order,
            state=status,
        )
        if self._all_topics:
            told = StatusTold(invoice.id, paper.entity, status, voucher, stamp(work.now_ms))
            work.event("invoice.status_changed", Subject(paper.entity, invoice.id), 1, told)


def shown(invoice: Invoice) -> InvoiceShown:
    """The invoice as the wire shows it."""
    paper = invoice.paper
    lines = tuple(
        [
            LineShown(
                line.line,
                line.item,
                line.quantity,
                decimal(line.unit_price_minor),
                decimal(line.amount_minor),
                line.unit,
            )
            for line in paper.lines
        ]
    )
    return InvoiceShown(
        invoice.id,
        paper.entity,
        paper.channel,
        SupplierShown(paper.supplier_id, paper.supplier_name),
        paper.number,
        paper.invoice_date,
        paper.order,
        paper.currency,
        lines,
        decimal(paper.total_minor),
        invoice.status,
        invoice.voucher,
        invoice.captured_at,
        [ChargeShown(charge.kind, decimal(charge.amount_minor)) for charge in paper.charges],
        paper.cost_centre,
        paper.confidence,
        paper.type,
        paper.credits,
    )


def _check(paper: CapturedInvoice, *, known: bool) -> None:
    if not known:
        raise Refused(400, "unknown_organisation", f"no organisation {paper.entity}")
    if bool(paper.order) == bool(paper.cost_centre):
        raise Refused(400, "not_coded", "an invoice names its order, or else the cost centre that it is coded to")
    if not paper.lines:
        raise Refused(400, "no_lines", "an invoice needs at least one line")
    sign = -1 if paper.type == "credit_memo" else 1
    for line in paper.lines:
        if sign * line.quantity <= 0:
            raise Refused(400, "bad_quantity", "a billed quantity must be positive, a credited one negative")
    if sign * paper.total_minor < 0:
        raise Refused(400, "bad_amount", "an invoice bills something, a credit memo gives something back")
    try:
        dt.date.fromisoformat(paper.invoice_date)
    except ValueError:
        raise Refused(400, "bad_date", f"{paper.invoice_date!r} is not a date") from None
