"""Every family says no in its own shape; the connector must read its code and its words, as people will look for them."""

from __future__ import annotations

import pytest

from contracts.wire import Request
from orchestrator.connectors import OPERATIONS
from tests.mocks.doors import Estate, InProcess

REFUSED = [
    ("procurement.get_purchase_order", "/purchase_orders/none", "not_found"),
    ("inventory.get_receipt", "/receipts/none", "not_found"),
    ("ap_automation.get_invoice", "/invoices/none", "not_found"),
    ("cloud_erp.find_invoices", "/invoices?limit=none", "invalid_request"),
    ("service_desk.list_decisions", "/cases/none", "not_found"),
]


@pytest.mark.parametrize(("operation", "path", "code"), REFUSED)
def test_a_connector_reads_its_familys_refusal(operation: str, path: str, code: str) -> None:
    called = OPERATIONS[operation]
    estate = Estate()
    door = InProcess(estate)
    plain, _, query = path.partition("?")
    headers = {"authorization": f"Bearer {door.token()}"}
    pairs = dict(pair.split("=") for pair in query.split("&")) if query else {}
    status, body = door.send(called.system, Request("GET", plain, pairs, headers))
    assert 400 <= status < 500
    read, words = called.error(body)
    assert read == code
    assert words
