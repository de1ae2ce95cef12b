"""What the wire may rely on: whom a crossing is about, and which crossings brought nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.wire import Request, Subject
from tests.mocks.doors import Estate, InProcess
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
    erp_return,
    erp_reversal,
    erp_revision,
    erp_supplier,
    ordered,
    proposed,
    received,
)

NOBODY = Subject()
SUBJECTS: list[tuple[str, str, str, dict[str, str], Any, Subject]] = [
    ("procurement", "GET", f"/purchase_orders/{ORDER}", {}, None, Subject("", ORDER)),
    ("procurement", "GET", "/purchase_orders", {}, None, NOBODY),
    (
        "procurement",
        "PUT",
        f"/purchase_orders/{ORDER}/status",
        {},
        {"status": "interfaced", "erp_number": "EPO-1"},
        Subject("", ORDER),
    ),
    ("procurement", "PUT", f"/purchase_orders/{ORDER}/exported", {}, {"exported": True}, Subject("", ORDER)),
    ("inventory", "GET", "/receipts/GRN-H1-000001", {}, None, Subject("", "GRN-H1-000001")),
    ("inventory", "GET", "/receipts", {}, None, NOBODY),
    ("ap_automation", "GET", "/invoices/INV-000001", {}, None, Subject("", "INV-000001")),
    ("ap_automation", "GET", "/invoices", {}, None, NOBODY),
    ("ap_automation", "PUT", "/invoices/INV-000001/status", {}, {"status": "held"}, Subject("", "INV-000001")),
    ("cloud_erp", "POST", "/purchaseOrders", {}, erp_order(), Subject("H1", f"procurement:{ORDER}")),
    ("cloud_erp", "PUT", "/purchaseOrders/EPO-1", {}, erp_revision(), Subject("", f"procurement:{ORDER}")),
    ("cloud_erp", "POST", "/receipts", {}, erp_receipt(), Subject("H1", "inventory:GRN-H1-000001")),
    (
        "cloud_erp",
        "POST",
        "/invoices",
        {},
        erp_invoice("1.00", (2, 1, "1.00", "1.00")),
        Subject("H1", "ap_automation:INV-000001"),
    ),
    ("cloud_erp", "GET", "/purchaseOrders", {"SourceRef": "a:b"}, None, Subject("", "a:b")),
    ("cloud_erp", "GET", "/receipts", {"SourceRef": "a:b"}, None, Subject("", "a:b")),
    ("cloud_erp", "GET", "/invoices", {"SourceRef": "a:b"}, None, Subject("", "a:b")),
    ("cloud_erp", "GET", "/invoices", {}, None, NOBODY),
    ("cloud_erp", "POST", "/invoices/AP-1/cancel", {}, None, Subject("", "AP-1")),
    ("cloud_erp", "POST", "/erpintegrations", {}, erp_import(), Subject("H1", "period-end:2026-10")),
    ("cloud_erp", "GET", "/erpintegrations/ESS-1", {}, None, Subject("", "ESS-1")),
    ("cloud_erp", "GET", "/erpintegrations/ESS-1/rows", {}, None, Subject("", "ESS-1")),
    ("cloud_erp", "POST", "/returns", {}, erp_return(), Subject("H1", "inventory:RTV-1")),
    ("cloud_erp", "POST", "/invoices/AP-1/creditMemos", {}, erp_credit(), Subject("", "ap_automation:CM-1")),
    ("cloud_erp", "GET", "/creditMemos", {"SourceRef": "ap_automation:CM-1"}, None, Subject("", "ap_automation:CM-1")),
    ("cloud_erp", "GET", "/invoices/AP-1", {}, None, Subject("", "AP-1")),
    ("cloud_erp", "PATCH", "/invoices/AP-1", {}, {"PaymentHold": True}, Subject("", "AP-1")),
    ("cloud_erp", "POST", "/journals", {}, erp_accrual(), Subject("H1", f"period-end:2026-10/{ORDER}/2")),
    (
        "cloud_erp",
        "POST",
        "/journals/JE-1/reverse",
        {},
        erp_reversal(),
        Subject("", f"period-end:2026-10/{ORDER}/2/reversal"),
    ),
    ("cloud_erp", "GET", "/journals", {"SourceRef": "p:1"}, None, Subject("", "p:1")),
    ("cloud_erp", "GET", "/periods", {"BusinessUnit": "H1"}, None, NOBODY),
    ("procurement", "GET", "/suppliers/SUP-000001", {}, None, Subject("", "SUP-000001")),
    ("procurement", "GET", "/suppliers", {}, None, NOBODY),
    ("procurement", "GET", "/lookup_values", {}, None, NOBODY),
    ("procurement", "PUT", "/suppliers/SUP-1/erp_number", {}, {"erp_number": "ESUP-1"}, Subject("", "SUP-1")),
    ("cloud_erp", "POST", "/suppliers", {}, erp_supplier(), Subject("H1", "procurement:SUP-000001")),
    ("cloud_erp", "GET", "/suppliers", {"SourceRef": "a:b"}, None, Subject("", "a:b")),
    ("cloud_erp", "GET", "/suppliers/ESUP-1", {}, None, Subject("", "ESUP-1")),
    ("cloud_erp", "PATCH", "/suppliers/ESUP-1", {}, {"SourceRef": "a:b", "SourceVersion": 2}, Subject("", "a:b")),
    ("cloud_erp", "PUT", "/suppliers/ESUP-1/sites/H2", {}, {"SourceRef": "a:b"}, Subject("", "a:b")),
    ("service_desk", "POST", "/cases", {}, case(), Subject("H1", "inv-1:price")),
    ("service_desk", "GET", "/cases/CASE-1", {}, None, Subject("", "CASE-1")),
    ("service_desk", "GET", "/cases/decisions", {}, None, NOBODY),
    ("cloud_erp", "POST", "/invoices", {}, {"SourceRef": "a:b"}, NOBODY),
]
LISTS = [
    ("procurement", "/purchase_orders", {}),
    ("procurement", "/suppliers", {}),
    ("inventory", "/receipts", {}),
    ("ap_automation", "/invoices", {}),
    ("cloud_erp", "/invoices", {}),
    ("cloud_erp", "/periods", {"BusinessUnit": "H1"}),
    ("service_desk", "/cases/decisions", {}),
]


@pytest.mark.parametrize(("system", "method", "path", "query", "body", "subject"), SUBJECTS)
def test_whom_a_crossing_is_about(
    estate: Estate, system: str, method: str, path: str, query: dict[str, str], body: Any, subject: Subject
) -> None:
    content = b"" if body is None else json.dumps(body).encode()
    assert estate.systems[system].read(Request(method, path, query, {}, content)).subject == subject


def test_every_operation_says_whom_it_is_about(estate: Estate) -> None:
    shown = {
        (name, operation.name)
        for name, method, path, query, _, _ in SUBJECTS
        if (operation := estate.systems[name].read(Request(method, path, query)).operation) is not None
    }
    every = {(name, operation.name) for name, system in estate.systems.items() for operation in system.operations}
    assert {(name, operation) for name, operation in every - shown if name != "identity"} == set()


@pytest.mark.parametrize(("system", "path", "query"), LISTS)
def test_a_list_is_idle_only_while_it_brings_nothing(
    estate: Estate, system: str, path: str, query: dict[str, str]
) -> None:
    door = InProcess(estate)
    request = Request("GET", path, query, {"authorization": f"Bearer {door.token()}"})
    assert door.outcome(system, request).idle
    ordered(estate)
    proposed(estate)
    received(estate)
    captured(estate)
    erp, desk = estate.cloud_erp, estate.service_desk
    estate.act(erp, lambda work: erp.state.open_period(work, "H1", "2026-10"))
    door.call("cloud_erp", "POST", "/purchaseOrders", erp_order())
    door.call("cloud_erp", "POST", "/invoices", erp_invoice("1.00", (2, 1, "1.00", "1.00")))
    door.call("service_desk", "POST", "/cases", case())
    estate.act(desk, lambda work: desk.state.decide(work, "CASE-1", "accept"))
    assert not door.outcome(system, request).idle


def test_only_operations_that_say_so_commit(estate: Estate) -> None:
    commits = {f"{name}.{op.name}" for name, system in estate.systems.items() for op in system.operations if op.commits}
    assert commits == {
        "procurement.set_order_status",
        "procurement.set_exported",
        "procurement.set_erp_number",
        "ap_automation.set_invoice_status",
        "cloud_erp.create_purchase_order",
        "cloud_erp.revise_purchase_order",
        "cloud_erp.create_receipt",
        "cloud_erp.create_invoice",
        "cloud_erp.cancel_invoice",
        "cloud_erp.create_accrual",
        "cloud_erp.create_credit_memo",
        "cloud_erp.create_return",
        "cloud_erp.submit_import",
        "cloud_erp.update_invoice",
        "cloud_erp.reverse_journal",
        "cloud_erp.create_supplier",
        "cloud_erp.update_supplier",
        "cloud_erp.put_site",
        "service_desk.open_case",
    }
    for system in estate.systems.values():
        for operation in system.operations:
            assert operation.scope.endswith(".write" if operation.commits else ".read") or not operation.scope
