"""The mocked systems as APIs to fuzz: a fresh estate with something in it, and the words that mean something to it."""

from __future__ import annotations

import json
from typing import Any, Final

from mocks.kit.asgi import asgi_app
from tests.contract_suites.fuzzing import Api, Link, Values
from tests.mocks.doors import ENTITIES, SETUP, Estate, InProcess
from tests.mocks.papers import (
    ORDER,
    captured,
    case,
    erp_accrual,
    erp_credit,
    erp_import,
    erp_invoice,
    erp_order,
    erp_receipt,
    erp_supplier,
    ordered,
    proposed,
    received,
)

_CLIENT, _SECRET = SETUP.clients[0]
_REFS: Final = (f"procurement:{ORDER}", "procurement:SUP-000001", "inventory:GRN-H1-000001", "ap_automation:INV-000001")

KNOWN: Final[dict[str, dict[str, Values]]] = {
    "identity": {
        "body.grant_type": ("client_credentials",),
        "body.client_id": (_CLIENT,),
        "body.client_secret": (_SECRET,),
        "body.scope": ("", "cloud_erp.read", "cloud_erp.read procurement.write"),
    },
    "procurement": {
        "path.number": (ORDER, "PO-H2-000001"),
        "path.id": ("SUP-000001", "SUP-000002"),
        "query.limit": (1,),
    },
    "inventory": {"path.grn": ("GRN-H1-000001", "GRN-H2-000001"), "query.limit": (1,)},
    "ap_automation": {"path.id": ("INV-000001", "INV-000002"), "body.voucher": ("AP-1",)},
    "cloud_erp": {
        "path.id": ("AP-1", "AP-2", "AP-3"),
        "path.number": ("ESUP-1", "ESUP-2"),
        "path.business_unit": ENTITIES,
        "header.If-Match": ("*", '"ESUP-1.1"'),
        "path.journal": ("JE-1",),
        "path.request": ("ESS-1",),
        "path.invoice": ("AP-4",),
        "path.order": ("EPO-1",),
        "body.OperationName": ("importBulkData",),
        "query.SourceRef": _REFS,
        "query.BusinessUnit": ENTITIES,
        "body.BusinessUnit": ("H1",),
        "body.OrderNumber": (ORDER,),
        "body.SourceRef": _REFS,
        "body.AccountingDate": ("2026-10-05",),
        "body.InvoiceAmount": ("25.00",),
        "body.OrderLine": (2,),
        "body.Currency": ("USD",),
        "body.Quantity": (1,),
        "body.Amount": ("9.99",),
        "body.Charges[*].Amount": ("0.00",),
        "body.Lines[*].Line": (1, 2),
        "body.Lines[*].Amount": ("25.00",),
    },
    "service_desk": {"path.case": ("CASE-1", "CASE-2"), "body.entity": ENTITIES},
}

_REVISED: Final = {
    "SourceRef": f"procurement:{ORDER}",
    "Revision": 2,
    "Status": "Open",
    "Lines": [{"Line": 1, "Quantity": 3}],
}

LINKS: Final[dict[str, tuple[Link, ...]]] = {
    "procurement": (
        Link(
            "list_purchase_orders",
            "200",
            "get_purchase_order",
            {"number": "$response.body#/purchase_orders/0/number"},
        ),
        Link("list_purchase_orders", "200", "set_order_status", {"number": "$response.body#/purchase_orders/0/number"}),
        Link("get_purchase_order", "200", "set_order_status", {"number": "$response.body#/number"}),
        Link("set_order_status", "200", "get_purchase_order", {"number": "$response.body#/number"}),
        Link("list_suppliers", "200", "get_supplier", {"id": "$response.body#/suppliers/0/id"}),
        Link("list_suppliers", "200", "set_erp_number", {"id": "$response.body#/suppliers/0/id"}),
        Link("get_supplier", "200", "set_erp_number", {"id": "$response.body#/id"}),
        Link("set_erp_number", "200", "get_supplier", {"id": "$response.body#/id"}),
    ),
    "inventory": (Link("list_receipts", "200", "get_receipt", {"grn": "$response.body#/receipts/0/grn"}),),
    "cloud_erp": (
        Link("create_purchase_order", "201", "find_purchase_orders", {"SourceRef": "$response.body#/SourceRef"}),
        Link(
            "create_purchase_order",
            "201",
            "revise_purchase_order",
            {"order": "$response.body#/OrderHeaderId"},
            _REVISED,
        ),
        Link("find_purchase_orders", "200", "revise_purchase_order", {"order": "EPO-1"}, _REVISED),
        Link("create_receipt", "201", "find_receipts", {"SourceRef": "$response.body#/SourceRef"}),
        Link("create_invoice", "201", "find_invoices", {"SourceRef": "$response.body#/SourceRef"}),
        Link("create_invoice", "201", "cancel_invoice", {"id": "$response.body#/InvoiceId"}),
        Link("create_invoice", "201", "list_periods", {"BusinessUnit": "$response.body#/BusinessUnit"}),
        Link("create_accrual", "201", "reverse_journal", {"journal": "$response.body#/JournalId"}),
        Link("submit_import", "201", "get_import", {"request": "$response.body#/ReqstId"}),
        Link("submit_import", "201", "list_import_rows", {"request": "$response.body#/ReqstId"}),
        Link("create_invoice", "201", "get_invoice", {"id": "$response.body#/InvoiceId"}),
        Link(
            "find_invoices", "200", "create_credit_memo", {"invoice": "$response.body#/items/3/InvoiceId"}, erp_credit()
        ),
        Link("get_invoice", "200", "update_invoice", {"id": "$response.body#/InvoiceId"}),
        Link("reverse_journal", "201", "find_journals", {"SourceRef": "$response.body#/SourceRef"}),
        Link("find_invoices", "200", "cancel_invoice", {"id": "$response.body#/items/0/InvoiceId"}),
        Link("cancel_invoice", "200", "find_invoices", {"SourceRef": "$response.body#/SourceRef"}),
        Link("create_supplier", "201", "find_suppliers", {"SourceRef": "$response.body#/SourceRef"}),
        Link("create_supplier", "201", "get_supplier", {"number": "$response.body#/SupplierNumber"}),
        Link("get_supplier", "200", "update_supplier", {"number": "$response.body#/SupplierNumber"}),
        Link("find_suppliers", "200", "put_site", {"number": "$response.body#/items/0/SupplierNumber"}),
    ),
}
"""Where replies lead, for the systems whose field names do not give it away."""


def api(system: str) -> Api:
    """One system of a fresh estate that has an order, a receipt, an invoice and a case in it."""
    estate = Estate()
    token = stand(estate)
    return Api(
        asgi_app({system: estate.systems[system]}, lambda: estate.now_ms),
        f"/{system}/openapi.json",
        token if system != "identity" else "",
        KNOWN[system],
        LINKS.get(system, ()),
        rule=_is_rule,
    )


def _is_rule(refusal: Any) -> bool:
    """Whether a rule refused, rather than the reader of the request's form.

    One form is beyond JSON Schema: to it 1.0 is an integer, to the systems, as to most servers, it is none.
    """
    said = json.dumps(refusal)
    return "invalid_request" not in said or "Expected `int`, got `float`" in said


def stand(estate: Estate) -> str:
    """Put papers of both hospitals into every system; a token that may do everything."""
    door = InProcess(estate)
    for entity in ENTITIES:
        ordered(estate, entity)
        proposed(estate, entity)
        received(estate, entity)
        captured(estate, entity)
        door.call("service_desk", "POST", "/cases", case(external_key=f"{entity}/first", entity=entity))
    estate.act(estate.cloud_erp, lambda work: estate.cloud_erp.state.open_period(work, "H1", "2026-10"))
    estate.act(estate.service_desk, lambda work: estate.service_desk.state.decide(work, "CASE-2", "accept"))
    papers: tuple[tuple[str, Any], ...] = (
        ("/suppliers", erp_supplier()),
        ("/purchaseOrders", erp_order()),
        ("/receipts", erp_receipt()),
        *(("/invoices", erp_invoice("25.00", (1, 10, "2.50", "25.00"))) for _ in range(4)),
        ("/journals", erp_accrual()),
        ("/erpintegrations", erp_import(("r-1", 2, "19.98"))),
    )
    for path, paper in papers:
        assert door.call("cloud_erp", "POST", path, paper)[0] == 201
    return door.token()
