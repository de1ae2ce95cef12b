"""What the orchestrator expects of AP automation: captured invoices, pages of them, and what it says became of them."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace
from pact import match

from orchestrator.canonical import Confidence, Invoice, InvoiceLine
from orchestrator.connectors.ap_automation import Notice, invoice_path, list_query, tell_status
from orchestrator.connectors.base import Ok, Rejected, Throttled, Unauthorized
from tests.contract_suites.consumer import SINCE_MS, Interaction, amount, reads, sends, stamp, turned_away

INVOICE: Final = "INV-000001"
CAPTURED_AT: Final = "2026-10-05T16:00:00.000Z"
CAPTURED_MS: Final = 1_791_216_000_000
_READ: Final = reads("ap_automation.get_invoice", invoice_path(INVOICE))
_LIST: Final = reads("ap_automation.list_invoices", "/invoices", list_query(SINCE_MS, 0))
_POSTED: Final = sends(tell_status(INVOICE, "posted", "AP-1", ""))
_POSTED_BODY: Final = {"status": "posted", "voucher": "AP-1", "reason": ""}
_PATH: Final = ("GET", f"/invoices/{INVOICE}")
_STATUS: Final = ("PUT", f"/invoices/{INVOICE}/status")
_PAGE: Final = {"captured_since": stamp("2026-09-21T14:13:20.000Z"), "offset": "0", "limit": "100"}
_ROW: Final = {"id": match.str(INVOICE), "organisation": match.str("H1")}
_DONE: Final = {"id": match.str(INVOICE), "status": match.str("posted")}


def _error(code: str) -> Any:
    """The family's errors: an array."""
    return match.each_like({"code": match.regex(code, regex=f"^{code}$"), "message": match.str("what is wrong")}, min=1)


SHOWN: Final = {
    "id": INVOICE,
    "organisation": "H1",
    "channel": match.regex("email", regex="^(email|portal)$"),
    "supplier": {"id": match.str("S001")},
    "number": match.str("A-0017"),
    "invoice_date": match.regex("2026-10-04", regex=r"^\d{4}-\d\d-\d\d$"),
    "purchase_order": match.str("PO-H1-000001"),
    "currency": match.regex("USD", regex="^[A-Z]{3}$"),
    "lines": match.each_like(
        {
            "line": match.int(1),
            "quantity": match.int(10),
            "unit_price": amount("2.50"),
            "amount": amount("25.00"),
        },
        min=1,
    ),
    "total": amount("25.00"),
    "captured_at": stamp(CAPTURED_AT),
}
"""An invoice as a read shows it, and as its webhook brings it."""
MEANS: Final = Invoice(
    INVOICE,
    "H1",
    "PO-H1-000001",
    "email",
    "S001",
    "A-0017",
    "2026-10-04",
    "USD",
    (InvoiceLine(1, 10, 250, 2500),),
    2500,
    CAPTURED_MS,
    CAPTURED_AT,
)
"""What the orchestrator understands by it."""

SHOWN_BACK: Final = {
    **SHOWN,
    "type": match.regex("credit_memo", regex="^credit_memo$"),
    "credits": match.str("A-0017"),
    "number": match.str("CM-1"),
    "lines": match.each_like(
        {
            "line": match.int(1),
            "quantity": match.int(-10),
            "unit_price": amount("2.50"),
            "amount": match.regex("-25.00", regex=r"^-\d+\.\d\d$"),
        },
        min=1,
    ),
    "total": match.regex("-25.00", regex=r"^-\d+\.\d\d$"),
}
"""A credit memo: an invoice of another type, whose quantities and amounts are negative."""
MEANS_BACK: Final = replace(MEANS, number="CM-1", credit=True, credits="A-0017")

_SURE: Final = {"number": match.int(97), "lines": match.int(61), "total": match.int(99)}

INTERACTIONS: Final = (
    Interaction(
        "a read of a captured credit memo",
        "a credit memo was captured",
        _READ,
        _PATH,
        200,
        SHOWN_BACK,
        Ok(MEANS_BACK),
    ),
    Interaction(
        "a read of an invoice that was read from paper",
        "an invoice was read from paper",
        _READ,
        _PATH,
        200,
        {**SHOWN, "confidence": _SURE},
        Ok(replace(MEANS, confidence=Confidence(97, 61, 99))),
    ),
    Interaction(
        "a read of a captured invoice",
        "an invoice was captured",
        _READ,
        _PATH,
        200,
        SHOWN,
        Ok(MEANS),
    ),
    Interaction(
        "a read of an invoice that does not exist",
        "there is nothing yet",
        _READ,
        _PATH,
        404,
        _error("not_found"),
        Rejected("not_found", "", 404),
    ),
    Interaction(
        "a read with a token that expired",
        "the caller's token has expired",
        _READ,
        _PATH,
        401,
        _error("invalid_token"),
        Unauthorized(),
    ),
    turned_away("a read at a busy time", _READ, _PATH, Throttled(15.0, 429), 429, 15),
    Interaction(
        "a page of invoices",
        "an invoice was captured",
        _LIST,
        ("GET", "/invoices"),
        200,
        {"invoices": match.each_like(_ROW, min=1), "total": match.int(1)},
        Ok(([Notice(INVOICE, "H1")], 1)),
        query=_PAGE,
    ),
    Interaction(
        "a page of invoices where there are none",
        "there is nothing yet",
        _LIST,
        ("GET", "/invoices"),
        200,
        {"invoices": [], "total": 0},
        Ok(([], 0)),
        query=_PAGE,
    ),
    Interaction(
        "word that an invoice was posted",
        "an invoice was captured",
        _POSTED,
        _STATUS,
        200,
        _DONE,
        Ok(""),
        body=_POSTED_BODY,
    ),
    Interaction(
        "word again that an invoice was posted",
        "an invoice was posted",
        _POSTED,
        _STATUS,
        200,
        _DONE,
        Ok(""),
        where={"voucher": "AP-1"},
        body=_POSTED_BODY,
    ),
    Interaction(
        "word that an invoice is held",
        "an invoice was captured",
        sends(tell_status(INVOICE, "held", "", "price-variance")),
        _STATUS,
        200,
        _DONE,
        Ok(""),
        body={"status": "held", "voucher": "", "reason": "price-variance"},
    ),
    Interaction(
        "word that an invoice is rejected which was posted before",
        "an invoice was posted",
        sends(tell_status(INVOICE, "rejected", "", "duplicate")),
        _STATUS,
        409,
        _error("invoice_final"),
        Rejected("invoice_final", "", 409),
        where={"voucher": "AP-1"},
        body={"status": "rejected", "voucher": "", "reason": "duplicate"},
    ),
    Interaction(
        "word that an invoice was posted, without its voucher",
        "an invoice was captured",
        sends(tell_status(INVOICE, "posted", "", "")),
        _STATUS,
        400,
        _error("voucher_missing"),
        Rejected("voucher_missing", "", 400),
        body={"status": "posted", "voucher": "", "reason": ""},
    ),
    Interaction(
        "a status that the service does not know",
        "an invoice was captured",
        sends(tell_status(INVOICE, "lost", "", "")),
        _STATUS,
        400,
        _error("invalid_request"),
        Rejected("invalid_request", "", 400),
        body={"status": "lost", "voucher": "", "reason": ""},
    ),
    Interaction(
        "a status of an invoice that does not exist",
        "there is nothing yet",
        _POSTED,
        _STATUS,
        404,
        _error("not_found"),
        Rejected("not_found", "", 404),
        body=_POSTED_BODY,
    ),
    turned_away("a status at a busy time", _POSTED, _STATUS, Throttled(60.0, 503), 503, 60, body=_POSTED_BODY),
)
