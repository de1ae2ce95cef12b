"""What crosses the wire of the cloud ERP, in the family's PascalCase."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from mocks.kit.dialect import (
    EPOCH,
    LINES_MAX,
    Ident,
    Limit,
    LineNumber,
    Moment,
    Money,
    Offset,
    Quantity,
    Reference,
    Text,
)
from mocks.kit.operation import Refused

Currency = Literal["USD", "CAD", "EUR"]
"""What suppliers may bill in; the books are kept in US dollars."""
PeriodStatus = Literal["Open", "Closed", "Permanently Closed", "Never Opened"]
"""`Closed` to payables; the ledger takes accruals until the period is `Permanently Closed`."""
Revision = Annotated[int, Meta(ge=1, le=10_000)]
_Lines = Meta(min_length=1, max_length=LINES_MAX)


class NewOrderLine(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """One line of an order; stock accrues at receipt, expense at invoice."""

    line: LineNumber
    item: Ident
    kind: Literal["stock", "expense"]
    quantity: Quantity
    unit_price: Money


class NewOrder(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """An order to create; one that was cancelled before the ERP heard of it is created so."""

    source_ref: Reference
    order_number: Ident
    business_unit: Ident
    supplier: Ident
    supplier_name: Text
    currency: Currency
    cost_center: Annotated[str, Meta(max_length=40)]
    lines: Annotated[tuple[NewOrderLine, ...], _Lines]
    revision: Revision = 1
    status: Literal["Open", "Canceled"] = "Open"
    conversion_date: dt.date | None = None
    """The day whose rate prices what comes on the order, where it is in another currency."""
    ship_to_location: Annotated[str, Meta(max_length=40)] = ""
    """The site whose stock it is for; empty where a business unit keeps all its stock as one."""


class RevisedLine(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """What is ordered on one line now."""

    line: LineNumber
    quantity: Quantity


class NewRevision(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """An order as its source has it at a later revision."""

    source_ref: Reference
    revision: Revision
    status: Literal["Open", "Canceled"]
    lines: Annotated[tuple[RevisedLine, ...], _Lines]


class OrderShown(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """An order header."""

    order_header_id: str
    source_ref: str
    order_number: str
    business_unit: str
    status: str


class NewReceiptLine(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """What arrived for one line of the order."""

    line: LineNumber
    quantity: Quantity


class NewReceipt(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """A receipt to create."""

    source_ref: Reference
    receipt_number: Ident
    business_unit: Ident
    order_number: Ident
    receipt_date: dt.date
    lines: Annotated[tuple[NewReceiptLine, ...], _Lines]


class ReceiptShown(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """A receipt that was posted."""

    receipt_id: str
    source_ref: str
    receipt_number: str
    business_unit: str
    order_number: str
    receipt_date: str
    posted_at: str


class NewInvoiceLine(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """One billed line of the order."""

    line: LineNumber
    quantity: Quantity
    unit_price: Money
    amount: Money


class NewCharge(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """Something billed beside the goods; what is not recoverable is expense."""

    type: Literal["Freight", "Tax"]
    amount: Money


class NewInvoice(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """An invoice to create and post."""

    source_ref: Reference
    invoice_number: Ident
    business_unit: Ident
    supplier: Ident
    order_number: Annotated[str, Meta(max_length=80)]
    """Empty for an invoice without an order: its expense needs a cost centre."""
    invoice_date: dt.date
    accounting_date: dt.date
    currency: Currency
    invoice_amount: Money
    lines: Annotated[tuple[NewInvoiceLine, ...], _Lines]
    cost_center: Annotated[str, Meta(max_length=40)] = ""
    """Where its expense belongs, if not where the order said."""
    charges: Annotated[list[NewCharge], Meta(max_length=10)] = []


class InvoiceShown(msgspec.Struct, frozen=True, gc=False, rename="pascal", omit_defaults=True):
    """An invoice that was posted; `Status` says whether it was cancelled since.

    `Warning` names an earlier invoice under the same number: the family warns, and posts all the same.
    """

    invoice_id: str
    voucher_number: str
    source_ref: str
    invoice_number: str
    business_unit: str
    invoice_amount: str
    accounting_date: str
    status: str
    posted_at: str
    warning: str = ""


class PeriodShown(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """One period of one business unit."""

    business_unit: str
    period: str
    status: PeriodStatus


_MORE: Final = {"has_more": "hasMore"}


class OrderPage(msgspec.Struct, frozen=True, gc=False, rename=_MORE):
    """Orders found."""

    items: list[OrderShown]
    has_more: bool


class ReceiptPage(msgspec.Struct, frozen=True, gc=False, rename=_MORE):
    """Receipts found."""

    items: list[ReceiptShown]
    has_more: bool


class InvoicePage(msgspec.Struct, frozen=True, gc=False, rename=_MORE):
    """Invoices found."""

    items: list[InvoiceShown]
    has_more: bool


class PeriodPage(msgspec.Struct, frozen=True, gc=False, rename=_MORE):
    """The periods of a business unit."""

    items: list[PeriodShown]
    has_more: bool


class SourceQuery(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """What to find: whatever was created from a source."""

    source_ref: Reference


class InvoiceQuery(
    msgspec.Struct, frozen=True, gc=False, rename={"source_ref": "SourceRef", "posted_since": "PostedSince"}
):
    """Which invoices to find: those of one source, or those posted since a moment."""

    source_ref: Annotated[str, Meta(max_length=160)] = ""
    posted_since: Moment = EPOCH
    offset: Offset = 0
    limit: Limit = 500


class PeriodQuery(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """Whose periods to list."""

    business_unit: Ident


class ErrorShown(msgspec.Struct, frozen=True, rename={"code": "o:errorCode"}):
    """The family's error shape: as opaque as theirs, but for the code."""

    title: str
    status: str
    detail: str
    code: str


_TITLES: Final = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    412: "Precondition Failed",
    428: "Precondition Required",
}


def error_shape(refusal: Refused, now_ms: int) -> ErrorShown:
    """A refusal in the family's shape."""
    del now_ms
    title = _TITLES.get(refusal.status, "Bad Request")
    return ErrorShown(title, str(refusal.status), refusal.message, refusal.code)
