"""The state of one procure-to-pay process: one purchase order with all that arrived for it, in whatever order it came.

Stored as JSON by position in the process row; new fields go at the end and need a default.
"""

from __future__ import annotations

import msgspec

from orchestrator.canonical import GoodsReceipt, Invoice, PurchaseOrder


class ReceiptEntry(msgspec.Struct, frozen=True, array_like=True):
    """A receipt. `stage`: waiting → posting → posted, or refused. `attempt` counts what people let go again."""

    receipt: GoodsReceipt
    stage: str = "waiting"
    attempt: int = 0


class InvoiceEntry(msgspec.Struct, frozen=True, array_like=True):
    """An invoice or a credit memo, and where it stands.

    `stage`: waiting → posting → posted; `asking` while people decide; `rejected` for good, or
    `moved` to another process. `waived` are the objections that
    people have overruled; `open_case` the category asked about, `asked` how often anything was asked. `told` is the status
    last sent to invoice capture, `tell` the one to send when that has arrived, `telling` whether one is on its way.
    """

    invoice: Invoice
    on: str
    stage: str = "waiting"
    attempt: int = 0
    open_case: str = ""
    asked: int = 0
    waived: tuple[str, ...] = ()
    timed: bool = False
    told: str = ""
    telling: bool = False
    tell: str = ""
    tell_reason: str = ""
    voucher: str = ""
    twin: tuple[str, str] = ("", "")
    """Of a bill without an order: id and number of the one that it repeats."""
    original: str = ""
    """Of a credit memo on its way into the books, or there: the paper of the bill that it gives back."""
    reopened: int = 0
    """How often people took it out of the books to have it booked anew."""
    heard: bool | None = None
    """Whether every earlier bill must have been found by now; None where it has not had to wait for that."""


class ProcureToPay(msgspec.Struct, frozen=True, array_like=True):
    """The whole process. `order_stage`: "" → posting → posted → revising → posted, or refused.

    `packed`: quantities may need converting. `revision` is the one at which the ERP has the order, or is getting it.
    """

    entity: str
    number: str
    order: PurchaseOrder | None = None
    order_stage: str = ""
    order_attempt: int = 0
    erp_order: str = ""
    receipts: dict[str, ReceiptEntry] = {}
    invoices: dict[str, InvoiceEntry] = {}
    packed: bool = False
    revision: int = 0
