"""The cloud ERP: orders, receipts and invoices go in here. It honours `Idempotency-Key` and can be searched by SourceRef.

It may commit up to `SETTLE_S` after a client gave up waiting, so an unknown outcome is looked up only after that.
"""

from __future__ import annotations

from typing import Final

import msgspec

from orchestrator.canonical import GoodsReceipt, Invoice, PurchaseOrder, decimal, stamp
from orchestrator.connectors.base import Lookup, Operation, Prepared

SYSTEM: Final = "cloud_erp"
SETTLE_S: Final = 300.0
CANCELLED: Final = "Cancelled"
TIMEOUT_S: Final = 60.0
PAGE: Final = 500


class _OrderLine(msgspec.Struct, rename="pascal", gc=False):
    line: int
    item: str
    kind: str
    quantity: int
    unit_price: str


class _Order(msgspec.Struct, rename="pascal", gc=False, omit_defaults=True):
    source_ref: str
    order_number: str
    business_unit: str
    supplier: str
    supplier_name: str
    currency: str
    cost_center: str
    lines: list[_OrderLine]
    revision: int = 1
    status: str = "Open"
    conversion_date: str = ""
    ship_to_location: str = ""


class _RevisedLine(msgspec.Struct, rename="pascal", gc=False):
    line: int
    quantity: int


class _Revision(msgspec.Struct, rename="pascal", gc=False):
    source_ref: str
    revision: int
    status: str
    lines: list[_RevisedLine]


class _ReceiptLine(msgspec.Struct, rename="pascal", gc=False):
    line: int
    quantity: int


class _Receipt(msgspec.Struct, rename="pascal", gc=False):
    source_ref: str
    receipt_number: str
    business_unit: str
    order_number: str
    receipt_date: str
    lines: list[_ReceiptLine]


class _Return(msgspec.Struct, rename="pascal", gc=False):
    source_ref: str
    return_number: str
    business_unit: str
    order_number: str
    return_date: str
    lines: list[_ReceiptLine]


class _InvoiceLine(msgspec.Struct, rename="pascal", gc=False):
    line: int
    quantity: int
    unit_price: str
    amount: str


class _Charge(msgspec.Struct, rename="pascal", gc=False):
    type: str
    amount: str


class _Invoice(msgspec.Struct, rename="pascal", gc=False, omit_defaults=True):
    source_ref: str
    invoice_number: str
    business_unit: str
    supplier: str
    order_number: str
    invoice_date: str
    accounting_date: str
    currency: str
    invoice_amount: str
    lines: list[_InvoiceLine]
    cost_center: str | msgspec.UnsetType = msgspec.UNSET
    charges: list[_Charge] = []


class _CreditLine(msgspec.Struct, rename="pascal", gc=False):
    line: int
    quantity: int
    amount: str


class _Credit(msgspec.Struct, rename="pascal", gc=False, omit_defaults=True):
    source_ref: str
    credit_number: str
    accounting_date: str
    lines: list[_CreditLine]
    charges: list[_Charge] = []


class _OrderMade(msgspec.Struct, rename="pascal", gc=False):
    order_header_id: str
    source_ref: str = ""


class _ReceiptMade(msgspec.Struct, rename="pascal", gc=False):
    receipt_id: str
    source_ref: str = ""


class _MemoMade(msgspec.Struct, rename="pascal", gc=False):
    memo_id: str
    source_ref: str = ""


class Posted(msgspec.Struct, rename="pascal", gc=False):
    """An invoice as the ERP lists it."""

    invoice_id: str
    source_ref: str = ""
    posted_at: str = ""
    status: str = ""


class _Orders(msgspec.Struct):
    items: list[_OrderMade]


class _Receipts(msgspec.Struct):
    items: list[_ReceiptMade]


class _Memos(msgspec.Struct):
    items: list[_MemoMade]


class _Invoices(msgspec.Struct):
    items: list[Posted]
    hasMore: bool = False  # noqa: N815 - the family's spelling


class _Error(msgspec.Struct):
    title: str = ""
    detail: str = ""
    code: str = msgspec.field(default="", name="o:errorCode")


_order_made = msgspec.json.Decoder(_OrderMade)
_memo_made = msgspec.json.Decoder(_MemoMade)
_receipt_made = msgspec.json.Decoder(_ReceiptMade)
_posted = msgspec.json.Decoder(Posted)
_orders = msgspec.json.Decoder(_Orders)
_receipts = msgspec.json.Decoder(_Receipts)
_memos = msgspec.json.Decoder(_Memos)
_invoices = msgspec.json.Decoder(_Invoices)
_error = msgspec.json.Decoder(_Error)
_encode = msgspec.json.Encoder().encode


def post_order(order: PurchaseOrder) -> Prepared:
    """Create an order."""
    ref = f"procurement:{order.number}"
    lines = [_OrderLine(x.line, x.item, x.kind, x.quantity, decimal(x.unit_price_minor)) for x in order.lines]
    body = _Order(
        ref,
        order.number,
        order.entity,
        order.supplier_id,
        order.supplier_name,
        order.currency,
        order.cost_centre,
        lines,
        order.revision,
        _status(order),
        order.priced_on,
        order.ship_to,
    )
    return Prepared("cloud_erp.create_purchase_order", "/purchaseOrders", _encode(body), ref)


def _status(order: PurchaseOrder) -> str:
    return "Canceled" if order.cancelled else "Open"


def revise_order(order: PurchaseOrder, erp_order: str) -> Prepared:
    """Bring an order to a later revision."""
    ref = f"procurement:{order.number}"
    lines = [_RevisedLine(x.line, x.quantity) for x in order.lines]
    body = _Revision(ref, order.revision, _status(order), lines)
    return Prepared("cloud_erp.revise_purchase_order", f"/purchaseOrders/{erp_order}", _encode(body), ref)


def post_receipt(receipt: GoodsReceipt) -> Prepared:
    """Record a receipt against its order, or a return where it corrects another."""
    ref = f"inventory:{receipt.id}"
    lines = [_ReceiptLine(x.line, x.quantity) for x in receipt.lines]
    if receipt.corrects:
        taken = _Return(ref, receipt.id, receipt.entity, receipt.order, receipt.received_on, lines)
        return Prepared("cloud_erp.create_return", "/returns", _encode(taken), ref)
    body = _Receipt(ref, receipt.id, receipt.entity, receipt.order, receipt.received_on, lines)
    return Prepared("cloud_erp.create_receipt", "/receipts", _encode(body), ref)


def post_invoice(invoice: Invoice, accounting_date: str, cost_centre: str = "") -> Prepared:
    """Post an invoice on a date; its expense on a cost centre, where that is not the order's any more."""
    ref = f"ap_automation:{invoice.id}"
    lines = [
        _InvoiceLine(x.line, x.quantity, decimal(x.unit_price_minor), decimal(x.amount_minor)) for x in invoice.lines
    ]
    body = _Invoice(
        ref,
        invoice.number,
        invoice.entity,
        invoice.supplier_id,
        invoice.order,
        invoice.invoice_date,
        accounting_date,
        invoice.currency,
        decimal(invoice.total_minor),
        lines,
        cost_centre or invoice.cost_centre or msgspec.UNSET,
        [_Charge(x.kind.capitalize(), decimal(x.amount_minor)) for x in invoice.charges],
    )
    return Prepared("cloud_erp.create_invoice", "/invoices", _encode(body), ref)


def post_credit(memo: Invoice, invoice: str, accounting_date: str) -> Prepared:
    """Post a credit memo against an invoice in the books, on a date."""
    ref = f"ap_automation:{memo.id}"
    lines = [_CreditLine(x.line, x.quantity, decimal(x.amount_minor)) for x in memo.lines]
    charges = [_Charge(x.kind.capitalize(), decimal(x.amount_minor)) for x in memo.charges]
    body = _Credit(ref, memo.number, accounting_date, lines, charges)
    return Prepared("cloud_erp.create_credit_memo", f"/invoices/{invoice}/creditMemos", _encode(body), ref)


def read_posted_page(body: bytes) -> tuple[list[Posted], bool]:
    """A page of posted invoices, and whether more follow."""
    page = _invoices.decode(body)
    return page.items, page.hasMore


def list_query(since_ms: int, offset: int) -> dict[str, str]:
    """Invoices posted since a moment."""
    return {"PostedSince": stamp(since_ms), "offset": str(offset), "limit": str(PAGE)}


def read_error(body: bytes) -> tuple[str, str]:
    """Code and text of an error."""
    error = _error.decode(body)
    return error.code, error.detail or error.title


def _find_order(body: bytes, ref: str) -> str | None:
    return next((x.order_header_id for x in _orders.decode(body).items if x.source_ref in {"", ref}), None)


def _find_receipt(body: bytes, ref: str) -> str | None:
    return next((x.receipt_id for x in _receipts.decode(body).items if x.source_ref in {"", ref}), None)


def _find_invoice(body: bytes, ref: str) -> str | None:
    """The one that stands: what people have cancelled there, to have it booked anew, is no answer."""
    items = _invoices.decode(body).items
    return next((x.invoice_id for x in items if x.source_ref in {"", ref} and x.status != CANCELLED), None)


def _find_credit(body: bytes, ref: str) -> str | None:
    return next((x.memo_id for x in _memos.decode(body).items if x.source_ref in {"", ref}), None)


def _create(name: str, read: object, path: str, find: object) -> Operation:
    return Operation(
        SYSTEM,
        name,
        "POST",
        read,  # type: ignore[arg-type]
        read_error,
        honours_key=True,
        lookup=Lookup(path, "SourceRef", find),  # type: ignore[arg-type]
        settle_s=SETTLE_S,
        timeout_s=TIMEOUT_S,
    )


OPERATIONS: Final = (
    _create(
        "create_purchase_order", lambda body: _order_made.decode(body).order_header_id, "/purchaseOrders", _find_order
    ),
    # There is no way to look for a return: what is in doubt is sent again under its key.
    Operation(
        SYSTEM,
        "create_return",
        "POST",
        lambda body: _memo_made.decode(body).memo_id,
        read_error,
        honours_key=True,
        settle_s=SETTLE_S,
        timeout_s=TIMEOUT_S,
    ),
    # The same revision again changes nothing, and an earlier one is refused: it may be sent again without a look.
    Operation(
        SYSTEM,
        "revise_purchase_order",
        "PUT",
        lambda body: _order_made.decode(body).order_header_id,
        read_error,
        repeatable=True,
        timeout_s=TIMEOUT_S,
    ),
    _create("create_receipt", lambda body: _receipt_made.decode(body).receipt_id, "/receipts", _find_receipt),
    _create("create_invoice", lambda body: _posted.decode(body).invoice_id, "/invoices", _find_invoice),
    _create("create_credit_memo", lambda body: _memo_made.decode(body).memo_id, "/creditMemos", _find_credit),
    Operation(SYSTEM, "find_invoices", "GET", read_posted_page, read_error, repeatable=True, is_read=True),
)
