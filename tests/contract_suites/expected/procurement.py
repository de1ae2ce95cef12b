"""What the orchestrator expects of procurement: orders to read, pages of them, and a status that it sets."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace
from pact import match

from orchestrator.canonical import OrderLine, PurchaseOrder, TaxRate
from orchestrator.connectors.base import Ok, Rejected, Throttled, Unauthorized
from orchestrator.connectors.procurement import Notice, list_query, order_path, tell_interfaced
from tests.contract_suites.consumer import SINCE_MS, Interaction, amount, reads, sends, stamp, turned_away

ORDER: Final = "PO-H1-000001"
NOBODY: Final = "PO-H1-000009"
_PATH: Final = ("GET", f"/purchase_orders/{ORDER}")
_STATUS: Final = ("PUT", f"/purchase_orders/{ORDER}/status")
_LIST: Final = ("GET", "/purchase_orders")
_PAGE: Final = {"updated_after": stamp("2026-09-21T14:13:20.000Z"), "offset": "0", "limit": "50"}
_ROW: Final = {
    "number": match.str(ORDER),
    "revision": match.int(1),
    "business_unit": match.str("H1"),
}


def _error(code: str) -> dict[str, Any]:
    """The family's errors: messages by code."""
    return {"errors": {code: match.each_like("what is wrong", min=1)}}


SHOWN: Final = {
    "number": ORDER,
    "revision": match.int(1),
    "business_unit": "H1",
    "cost_centre": match.str("00412"),
    "currency": match.regex("USD", regex="^[A-Z]{3}$"),
    "supplier": {"id": match.str("S001"), "name": match.str("Acme Medical")},
    "lines": match.each_like(
        {
            "line": match.int(1),
            "item": match.str("I-1"),
            "kind": match.regex("stock", regex="^(stock|expense)$"),
            "quantity": match.int(10),
            "unit_price": amount("2.50"),
        },
        min=1,
    ),
}
MEANS: Final = PurchaseOrder(
    ORDER, 1, "H1", "00412", "S001", "Acme Medical", "USD", (OrderLine(1, "I-1", "stock", 10, 250),)
)
_TAX: Final = {
    "valid_from": match.regex("2026-01-01", regex=r"^\d{4}-\d\d-\d\d$"),
    "rate": match.regex("8.8750", regex=r"^\d+(\.\d{1,4})?$"),
}

INTERACTIONS: Final = (
    Interaction(
        "a read of an approved order",
        "an order was approved",
        reads("procurement.get_purchase_order", order_path(ORDER)),
        _PATH,
        200,
        SHOWN,
        Ok(MEANS),
    ),
    Interaction(
        "a read of an order that says what tax may be charged",
        "a taxed order was approved",
        reads("procurement.get_purchase_order", order_path(ORDER)),
        _PATH,
        200,
        {**SHOWN, "taxes": match.each_like(_TAX, min=1)},
        Ok(replace(MEANS, taxes=(TaxRate("2026-01-01", 88_750),))),
    ),
    Interaction(
        "a read of an order in a hospital's own codes",
        "an order in a hospital's own codes was approved",
        reads("procurement.get_purchase_order", order_path(ORDER)),
        _PATH,
        200,
        {
            **SHOWN,
            "supplier": {"id": match.str("H1-7001"), "name": match.str("Acme Medical")},
            "ship_to": match.str("H1-D1"),
            "written_on": match.regex("2026-10-21", regex=r"^\d{4}-\d\d-\d\d$"),
        },
        Ok(replace(MEANS, supplier_id="H1-7001", written_on="2026-10-21", ship_to="H1-D1")),
    ),
    Interaction(
        "a read of an order that does not exist",
        "an order was approved",
        reads("procurement.get_purchase_order", order_path(NOBODY)),
        ("GET", f"/purchase_orders/{NOBODY}"),
        404,
        _error("not_found"),
        Rejected("", "", 404),
    ),
    Interaction(
        "a read with a token that expired",
        "the caller's token has expired",
        reads("procurement.get_purchase_order", order_path(ORDER)),
        _PATH,
        401,
        _error("invalid_token"),
        Unauthorized(),
    ),
    turned_away(
        "a read at a busy time",
        reads("procurement.get_purchase_order", order_path(ORDER)),
        _PATH,
        Throttled(15.0, 429),
        429,
        15,
    ),
    Interaction(
        "a page of orders, the only one",
        "an order was approved",
        reads("procurement.list_purchase_orders", "/purchase_orders", list_query(SINCE_MS, 0)),
        _LIST,
        200,
        {"purchase_orders": match.each_like(_ROW, min=1), "next_offset": None},
        Ok(([Notice(ORDER, 1, "H1")], False)),
        query=_PAGE,
    ),
    Interaction(
        "a page of orders that another follows",
        "so many orders were approved",
        reads("procurement.list_purchase_orders", "/purchase_orders", list_query(SINCE_MS, 0)),
        _LIST,
        200,
        {"purchase_orders": match.each_like(_ROW, min=1), "next_offset": match.int(50)},
        Ok(([Notice(ORDER, 1, "H1")], True)),
        where={"count": 51},
        query=_PAGE,
    ),
    Interaction(
        "a page of orders where there are none",
        "there is nothing yet",
        reads("procurement.list_purchase_orders", "/purchase_orders", list_query(SINCE_MS, 0)),
        _LIST,
        200,
        {"purchase_orders": [], "next_offset": None},
        Ok(([], False)),
        query=_PAGE,
    ),
    Interaction(
        "word that the ERP has the order",
        "an order was approved",
        sends(tell_interfaced(ORDER, "EPO-1")),
        _STATUS,
        200,
        {"number": match.str(ORDER), "status": match.str("interfaced")},
        Ok(""),
        body={"status": "interfaced", "erp_number": "EPO-1"},
    ),
    Interaction(
        "word that the ERP has an order that does not exist",
        "an order was approved",
        sends(tell_interfaced(NOBODY, "EPO-1")),
        ("PUT", f"/purchase_orders/{NOBODY}/status"),
        404,
        _error("not_found"),
        Rejected("", "", 404),
        body={"status": "interfaced", "erp_number": "EPO-1"},
    ),
    Interaction(
        "a status without the ERP's number",
        "an order was approved",
        sends(tell_interfaced(ORDER, "")),
        _STATUS,
        400,
        _error("invalid_request"),
        Rejected("", "", 400),
        body={"status": "interfaced", "erp_number": ""},
    ),
    Interaction(
        "a status from a caller without the right to write",
        "the caller may only read",
        sends(tell_interfaced(ORDER, "EPO-1")),
        _STATUS,
        403,
        _error("insufficient_scope"),
        Rejected("", "", 403),
        body={"status": "interfaced", "erp_number": "EPO-1"},
    ),
    turned_away(
        "a status at a busy time",
        sends(tell_interfaced(ORDER, "EPO-1")),
        _STATUS,
        Throttled(60.0, 503),
        503,
        60,
        body={"status": "interfaced", "erp_number": "EPO-1"},
    ),
)
