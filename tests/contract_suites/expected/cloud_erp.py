"""What the orchestrator expects of the cloud ERP: what it creates exists once under its key, and can be found again."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from pact import match

from orchestrator.canonical import GoodsReceipt, Invoice, InvoiceLine, OrderLine, PurchaseOrder, ReceiptLine
from orchestrator.connectors import OPERATIONS
from orchestrator.connectors.base import Lookup, Ok, Operation, Prepared, Rejected, Throttled, Unauthorized
from orchestrator.connectors.cloud_erp import (
    Posted,
    list_query,
    post_credit,
    post_invoice,
    post_order,
    post_receipt,
    revise_order,
)
from orchestrator.engine.caller import Caller
from tests.contract_suites.consumer import SINCE_MS, Ask, Interaction, reads, sends, stamp, turned_away

KEY: Final = "effect-1"
NUMBER: Final = "PO-H1-000001"
ORDER: Final = PurchaseOrder(
    NUMBER, 1, "H1", "00412", "S001", "Acme Medical", "USD", (OrderLine(1, "I-1", "stock", 10, 250),)
)
RECEIPT: Final = GoodsReceipt("GRN-H1-000001", "H1", NUMBER, "2026-10-05", (ReceiptLine(1, 10),))
INVOICE: Final = Invoice(
    "INV-000001",
    "H1",
    NUMBER,
    "email",
    "S001",
    "A-0017",
    "2026-10-04",
    "USD",
    (InvoiceLine(1, 10, 250, 2500),),
    2500,
    0,
    "",
)
MEMO: Final = msgspec.structs.replace(INVOICE, id="CM-1", number="CM-1", credit=True, credits="A-0017")
ON: Final = "2026-10-05"
_AT: Final = {
    "cloud_erp.create_purchase_order": ("POST", "/purchaseOrders"),
    "cloud_erp.create_receipt": ("POST", "/receipts"),
    "cloud_erp.create_invoice": ("POST", "/invoices"),
    "cloud_erp.create_credit_memo": ("POST", "/invoices/AP-1/creditMemos"),
}
_PAGE: Final = {"PostedSince": stamp("2026-09-21T14:13:20.000Z"), "offset": "0", "limit": "500"}
_LIST: Final = reads("cloud_erp.find_invoices", "/invoices", list_query(SINCE_MS, 0))
_POSTED: Final = {
    "InvoiceId": match.str("AP-1"),
    "Status": match.regex("Posted", regex="^(Posted|Cancelled)$"),
    "SourceRef": match.str("ap_automation:INV-000001"),
    "PostedAt": stamp(),
}


def _creates(says: str, given: str, prepared: Prepared, status: int, reply: Any, means: Any) -> Interaction:
    """A document sent in, with its key."""
    body = msgspec.json.decode(prepared.body)
    return Interaction(
        says, given, sends(prepared, KEY), _AT[prepared.operation], status, reply, means, body=body, key=KEY
    )


def _error(code: str) -> dict[str, Any]:
    return {
        "o:errorCode": match.regex(code, regex=f"^{code}$"),
        "title": match.str("Bad Request"),
        "detail": match.str("Invalid operation create."),
    }


def _refused(says: str, given: str, prepared: Prepared, status: int, code: str) -> Interaction:
    return _creates(says, given, prepared, status, _error(code), Rejected(code, "", status))


def _looks_up(says: str, given: str, prepared: Prepared, items: Any, means: Any) -> Interaction:
    """A search for what an unanswered call may have created, as the engine makes it."""
    return Interaction(
        says,
        given,
        search(prepared),
        ("GET", _lookup(prepared).path),
        200,
        {"items": items, "hasMore": False},
        means,
        query={"SourceRef": prepared.ref},
    )


def search(prepared: Prepared) -> Ask:
    """The search that the engine makes before it sends again."""
    created, lookup = OPERATIONS[prepared.operation], _lookup(prepared)
    find = Operation(
        created.system, "find", "GET", lambda body: lookup.read(body, prepared.ref), created.error, is_read=True
    )
    return lambda ports: Caller(ports).call(find, lookup.path, {lookup.parameter: prepared.ref})


def _lookup(prepared: Prepared) -> Lookup:
    lookup = OPERATIONS[prepared.operation].lookup
    assert lookup is not None
    return lookup


_ORDER_SENT: Final = post_order(ORDER)
_SHIPPED: Final = post_order(msgspec.structs.replace(ORDER, ship_to="710"))
_REVISED: Final = revise_order(msgspec.structs.replace(ORDER, revision=2), "EPO-1")
_PAST: Final = revise_order(msgspec.structs.replace(ORDER, revision=1), "EPO-1")
_RECEIPT_SENT: Final = post_receipt(RECEIPT)
_SENT_BACK: Final = post_receipt(msgspec.structs.replace(RECEIPT, id="RTN-H1-000002", corrects="GRN-H1-000001"))
_INVOICE_SENT: Final = post_invoice(INVOICE, ON)
_ALONE: Final = post_invoice(msgspec.structs.replace(INVOICE, order="", cost_centre="00412"), ON)
_UNCODED: Final = post_invoice(msgspec.structs.replace(INVOICE, order=""), ON)
_CREDIT_SENT: Final = post_credit(MEMO, "AP-1", "2026-10-07")
_ORDERED: Final = {"OrderHeaderId": match.str("EPO-1")}
_RECEIVED: Final = {"ReceiptId": match.str("ERC-1")}
_CREDITED: Final = {"MemoId": match.str("APM-1")}
_BOOKED: Final = {"InvoiceId": match.str("AP-1")}
_STANDING: Final = {**_BOOKED, "Status": match.str("Posted")}


def _found(made: dict[str, Any], prepared: Prepared) -> Any:
    return match.each_like({**made, "SourceRef": match.regex(prepared.ref, regex=f"^{prepared.ref}$")}, min=1)


ORDERS: Final = (
    _creates("an order", "the books are open", _ORDER_SENT, 201, _ORDERED, Ok("EPO-1")),
    _creates("an order for the stock of a site", "the books are open", _SHIPPED, 201, _ORDERED, Ok("EPO-1")),
    _creates("an order again, under its key", "the order was sent", _ORDER_SENT, 201, _ORDERED, Ok("EPO-1")),
    _refused(
        "another order under a key that was used", "another order was sent", _ORDER_SENT, 422, "idempotency_mismatch"
    ),
    Interaction(
        "an order at a later revision",
        "the order was sent",
        sends(_REVISED),
        ("PUT", "/purchaseOrders/EPO-1"),
        200,
        _ORDERED,
        Ok("EPO-1"),
        body=msgspec.json.decode(_REVISED.body),
    ),
    Interaction(
        "an order at a revision that is past",
        "the order was revised",
        sends(_PAST),
        ("PUT", "/purchaseOrders/EPO-1"),
        409,
        _error("PO-REVISION-STALE"),
        Rejected("PO-REVISION-STALE", "", 409),
        body=msgspec.json.decode(_PAST.body),
    ),
    _refused(
        "an order of an unknown business unit",
        "the books are open",
        post_order(msgspec.structs.replace(ORDER, entity="H9")),
        400,
        "BU-INVALID",
    ),
    _refused(
        "an order without lines",
        "the books are open",
        post_order(msgspec.structs.replace(ORDER, lines=())),
        400,
        "invalid_request",
    ),
    _refused(
        "an order from a caller without the right to write",
        "the caller may only read",
        _ORDER_SENT,
        403,
        "insufficient_scope",
    ),
    _creates(
        "an order with a token that expired",
        "the caller's token has expired",
        _ORDER_SENT,
        401,
        _error("invalid_token"),
        Unauthorized(),
    ),
    _looks_up("a search for an order", "the order was sent", _ORDER_SENT, _found(_ORDERED, _ORDER_SENT), Ok("EPO-1")),
    _looks_up("a search for an order that is not there", "the books are open", _ORDER_SENT, [], Ok(None)),
)

RECEIPTS: Final = (
    _creates("a receipt", "the order was sent", _RECEIPT_SENT, 201, _RECEIVED, Ok("ERC-1")),
    _refused("a receipt for an order that is not there", "the books are open", _RECEIPT_SENT, 400, "PO-UNKNOWN"),
    _refused(
        "a receipt of a line that was not ordered",
        "the order was sent",
        post_receipt(msgspec.structs.replace(RECEIPT, lines=(ReceiptLine(7, 1),))),
        400,
        "PO-LINE-UNKNOWN",
    ),
    Interaction(
        "goods that go back",
        "all papers were sent",
        sends(_SENT_BACK, KEY),
        ("POST", "/returns"),
        201,
        {"MemoId": match.str("ERT-1")},
        Ok("ERT-1"),
        body=msgspec.json.decode(_SENT_BACK.body),
        key=KEY,
    ),
    _looks_up(
        "a search for a receipt", "all papers were sent", _RECEIPT_SENT, _found(_RECEIVED, _RECEIPT_SENT), Ok("ERC-1")
    ),
    _looks_up("a search for a receipt that is not there", "the order was sent", _RECEIPT_SENT, [], Ok(None)),
)

INVOICES: Final = (
    _creates("an invoice", "the order was sent", _INVOICE_SENT, 201, _BOOKED, Ok("AP-1")),
    _creates("an invoice again, under its key", "all papers were sent", _INVOICE_SENT, 201, _BOOKED, Ok("AP-1")),
    _creates("an invoice without an order", "the books are open", _ALONE, 201, _BOOKED, Ok("AP-1")),
    _refused("an invoice without order or coding", "the books are open", _UNCODED, 400, "CODING-MISSING"),
    _refused("an invoice into a closed period", "the period was closed", _INVOICE_SENT, 400, "AP-PERIOD-CLOSED"),
    _refused("an invoice for an order that is not there", "the books are open", _INVOICE_SENT, 400, "PO-UNKNOWN"),
    _refused(
        "an invoice whose lines do not add up",
        "the order was sent",
        post_invoice(msgspec.structs.replace(INVOICE, total_minor=2600), ON),
        400,
        "AMOUNT-MISMATCH",
    ),
    _looks_up(
        "a search for an invoice", "all papers were sent", _INVOICE_SENT, _found(_STANDING, _INVOICE_SENT), Ok("AP-1")
    ),
    _looks_up("a search for an invoice that is not there", "the order was sent", _INVOICE_SENT, [], Ok(None)),
    Interaction(
        "a page of posted invoices",
        "all papers were sent",
        _LIST,
        ("GET", "/invoices"),
        200,
        {"items": match.each_like(_POSTED, min=1), "hasMore": False},
        Ok(([Posted("AP-1", "ap_automation:INV-000001", "2026-10-05T16:00:00.000Z", "Posted")], False)),
        query=_PAGE,
    ),
    turned_away(
        "an invoice at a busy time",
        sends(_INVOICE_SENT, KEY),
        _AT[_INVOICE_SENT.operation],
        Throttled(60.0, 503),
        503,
        60,
        body=msgspec.json.decode(_INVOICE_SENT.body),
        key=KEY,
    ),
    turned_away(
        "a search at a busy time",
        search(_INVOICE_SENT),
        ("GET", "/invoices"),
        Throttled(15.0, 429),
        429,
        15,
        query={"SourceRef": _INVOICE_SENT.ref},
    ),
)

CREDITS: Final = (
    _creates("a credit memo", "all papers were sent", _CREDIT_SENT, 201, _CREDITED, Ok("APM-1")),
    _creates("a credit memo again, under its key", "a credit memo was sent", _CREDIT_SENT, 201, _CREDITED, Ok("APM-1")),
    _refused("a credit memo about an invoice that is not there", "the books are open", _CREDIT_SENT, 404, "NOT-FOUND"),
    _refused(
        "a credit memo over more than was billed",
        "all papers were sent",
        post_credit(msgspec.structs.replace(MEMO, lines=(InvoiceLine(1, 11, 250, 2750),)), "AP-1", ON),
        400,
        "AMOUNT-MISMATCH",
    ),
    _looks_up(
        "a search for a credit memo",
        "a credit memo was sent",
        _CREDIT_SENT,
        _found(_CREDITED, _CREDIT_SENT),
        Ok("APM-1"),
    ),
    _looks_up("a search for a credit memo that is not there", "the books are open", _CREDIT_SENT, [], Ok(None)),
)

INTERACTIONS: Final = (*ORDERS, *RECEIPTS, *INVOICES, *CREDITS)
