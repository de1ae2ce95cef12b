"""Invoice capture: invoices come from here, thin; what became of them goes back. Its errors are arrays."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from orchestrator.canonical import PIECE, Charge, Confidence, Invoice, InvoiceLine, milliseconds, minor, moment, stamp
from orchestrator.connectors.base import Operation, Prepared, accepted

SYSTEM: Final = "ap_automation"
PAGE: Final = 100
CREDIT_MEMO: Final = "credit_memo"
"""A paper whose quantities and amounts are negative."""


class _Supplier(msgspec.Struct, gc=False):
    id: str


class _Line(msgspec.Struct, gc=False):
    line: int
    quantity: int
    unit_price: str
    amount: str
    unit: str = ""


class _Charge(msgspec.Struct, gc=False):
    kind: str
    amount: str


class _Confidence(msgspec.Struct, gc=False):
    number: int
    lines: int
    total: int


class _Invoice(msgspec.Struct, gc=False):
    id: str
    organisation: str
    supplier: _Supplier
    number: str
    invoice_date: str
    purchase_order: str
    lines: list[_Line]
    total: str
    captured_at: str
    channel: str = ""
    currency: str = "USD"
    charges: list[_Charge] = []
    cost_centre: str = ""
    confidence: _Confidence | None = None
    type: str = "invoice"
    credits: str = ""


class Notice(msgspec.Struct, gc=False):
    """What a webhook or a list says of an invoice: enough to go and read it."""

    id: str
    organisation: str


class _Page(msgspec.Struct):
    invoices: list[Notice]
    total: int


class _Error(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Status(msgspec.Struct):
    status: str
    voucher: str
    reason: str


EVENT: Final = _Invoice
"""A webhook brings the whole invoice."""

_invoice = msgspec.json.Decoder(_Invoice)
_page = msgspec.json.Decoder(_Page)
_errors = msgspec.json.Decoder(list[_Error])
_encode = msgspec.json.Encoder().encode


def read_invoice(body: bytes) -> Invoice:
    """An invoice as the orchestrator speaks of it; its local date of capture is set where the zones are known."""
    raw = _invoice.decode(body)
    sure = raw.confidence
    credit = raw.type == CREDIT_MEMO
    sign = -1 if credit else 1
    lines = tuple(
        [
            InvoiceLine(x.line, sign * x.quantity, minor(x.unit_price), sign * minor(x.amount), x.unit == PIECE)
            for x in raw.lines
        ]
    )
    return Invoice(
        raw.id,
        raw.organisation,
        raw.purchase_order,
        raw.channel,
        raw.supplier.id,
        raw.number,
        raw.invoice_date,
        raw.currency,
        lines,
        sign * minor(raw.total),
        milliseconds(moment(raw.captured_at)),
        raw.captured_at,
        tuple([Charge(x.kind, sign * minor(x.amount)) for x in raw.charges]),
        raw.cost_centre,
        None if sure is None else Confidence(sure.number, sure.lines, sure.total),
        credit,
        raw.credits,
    )


def localised(invoice: Invoice, zones: dict[str, ZoneInfo]) -> Invoice:
    """The invoice with the date it was captured on by its hospital's calendar; UTC where no zone is configured."""
    at = moment(invoice.captured_on)
    zone = zones.get(invoice.entity)
    day = (at if zone is None else at.astimezone(zone)).date().isoformat()
    return msgspec.structs.replace(invoice, captured_on=day)


def read_page(body: bytes) -> tuple[list[Notice], int]:
    """A page of invoices, and how many there are in all."""
    page = _page.decode(body)
    return page.invoices, page.total


def list_query(since_ms: int, offset: int) -> dict[str, str]:
    """Invoices captured since a moment."""
    return {"captured_since": stamp(since_ms), "offset": str(offset), "limit": str(PAGE)}


def read_error(body: bytes) -> tuple[str, str]:
    """Code and text of the first of the errors."""
    errors = _errors.decode(body)
    return (errors[0].code, errors[0].message) if errors else ("", "")


def invoice_path(invoice: str) -> str:
    """Where an invoice is read."""
    return f"/invoices/{invoice}"


def tell_status(invoice: str, status: str, voucher: str, reason: str) -> Prepared:
    """What became of an invoice."""
    body = _encode(_Status(status, voucher, reason))
    return Prepared("ap_automation.set_invoice_status", f"/invoices/{invoice}/status", body, f"{SYSTEM}:{invoice}")


OPERATIONS: Final = (
    Operation(SYSTEM, "get_invoice", "GET", read_invoice, read_error, repeatable=True, is_read=True),
    Operation(SYSTEM, "list_invoices", "GET", read_page, read_error, repeatable=True, is_read=True),
    # A status that is sent twice does no harm, but a late one could overwrite its successor: it settles first.
    Operation(SYSTEM, "set_invoice_status", "PUT", accepted("id"), read_error, repeatable=True, settle_s=90.0),
)
