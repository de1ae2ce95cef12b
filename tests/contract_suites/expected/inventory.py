"""What the orchestrator expects of inventory: receipts to read, and pages of them."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace
from pact import match

from orchestrator.canonical import GoodsReceipt, ReceiptLine
from orchestrator.connectors.base import Ok, Rejected, Throttled, Unauthorized
from orchestrator.connectors.inventory import Notice, list_query, receipt_path
from tests.contract_suites.consumer import SINCE_MS, Interaction, reads, stamp, turned_away

RECEIPT: Final = "GRN-H1-000001"
COUNT: Final = "CNT-H1-000002"
ORDER: Final = "PO-H1-000001"
_READ: Final = reads("inventory.get_receipt", receipt_path(RECEIPT))
_LIST: Final = reads("inventory.list_receipts", "/receipts", list_query(SINCE_MS, 0))
_PATH: Final = ("GET", f"/receipts/{RECEIPT}")
_PAGE: Final = {"since": stamp("2026-09-21T14:13:20.000Z"), "offset": "0", "limit": "200"}
_ROW: Final = {"grn": match.str(RECEIPT), "site": match.str("H1"), "order": match.str(ORDER)}
_ERROR: Final = {"error": {"code": match.str("not_found"), "message": match.str("no receipt")}}

SHOWN: Final = {
    "grn": match.str(RECEIPT),
    "site": match.str("H1"),
    "order": match.str(ORDER),
    "received_on": match.regex("2026-10-05", regex=r"^\d{4}-\d\d-\d\d$"),
    "lines": match.each_like({"line": match.int(1), "quantity": match.int(10)}, min=1),
}
MEANS: Final = GoodsReceipt(RECEIPT, "H1", ORDER, "2026-10-05", (ReceiptLine(1, 10),))

INTERACTIONS: Final = (
    Interaction("a read of a receipt", "a receipt was recorded", _READ, _PATH, 200, SHOWN, Ok(MEANS)),
    Interaction(
        "a read of a receipt that nobody has counted",
        "a receipt was entered without counting",
        _READ,
        _PATH,
        200,
        {**SHOWN, "method": match.regex("receive_all", regex="^receive_all$")},
        Ok(replace(MEANS, uncounted=True)),
    ),
    Interaction(
        "a read of a count that found all there",
        "a receipt was counted later",
        reads("inventory.get_receipt", receipt_path(COUNT)),
        ("GET", f"/receipts/{COUNT}"),
        200,
        {
            **SHOWN,
            "grn": match.str(COUNT),
            "lines": [],
            "corrects": match.str(RECEIPT),
            "method": match.regex("count", regex="^count$"),
        },
        Ok(replace(MEANS, id=COUNT, lines=(), corrects=RECEIPT, counts=True)),
    ),
    Interaction(
        "a read of a receipt that does not exist",
        "there is nothing yet",
        _READ,
        _PATH,
        404,
        _ERROR,
        Rejected("", "", 404),
    ),
    Interaction(
        "a read with a token that expired",
        "the caller's token has expired",
        _READ,
        _PATH,
        401,
        _ERROR,
        Unauthorized(),
    ),
    turned_away("a read at a busy time", _READ, _PATH, Throttled(15.0, 429), 429, 15),
    Interaction(
        "a page of receipts, the only one",
        "a receipt was recorded",
        _LIST,
        ("GET", "/receipts"),
        200,
        {"receipts": match.each_like(_ROW, min=1), "more": False},
        Ok(([Notice(RECEIPT, "H1", ORDER)], False)),
        query=_PAGE,
    ),
    Interaction(
        "a page of receipts that another follows",
        "so many receipts were recorded",
        _LIST,
        ("GET", "/receipts"),
        200,
        {"receipts": match.each_like(_ROW, min=1), "more": True},
        Ok(([Notice(RECEIPT, "H1", ORDER)], True)),
        where={"count": 201},
        query=_PAGE,
    ),
    Interaction(
        "a page of receipts where there are none",
        "there is nothing yet",
        _LIST,
        ("GET", "/receipts"),
        200,
        {"receipts": [], "more": False},
        Ok(([], False)),
        query=_PAGE,
    ),
    turned_away("a page at a busy time", _LIST, ("GET", "/receipts"), Throttled(60.0, 503), 503, 60, query=_PAGE),
)
