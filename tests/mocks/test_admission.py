"""Tokens, scopes and entity grants: the same at every operation of every system."""

from __future__ import annotations

from typing import Any

import pytest

from mocks.kit.tokens import Claims, KeyRing, issue
from tests.mocks.doors import NOW_MS, SECRET, SETUP, Door, Estate
from tests.mocks.papers import (
    ORDER,
    captured,
    case,
    erp_invoice,
    erp_order,
    erp_receipt,
    ordered,
    received,
)

SCOPES = ("cloud_erp.read", "cloud_erp.write")
FORGED = issue(KeyRing(b"another key"), Claims("reference", SCOPES, ("*",), NOW_MS // 1000, NOW_MS // 1000 + 3600))
GENUINE = issue(SETUP.ring, Claims("reference", SCOPES, ("*",), NOW_MS // 1000, NOW_MS // 1000 + 3600))

GUARDED: list[tuple[str, str, str, Any]] = [
    ("procurement", "GET", f"/purchase_orders/{ORDER}", None),
    ("procurement", "PUT", f"/purchase_orders/{ORDER}/status", {"status": "interfaced", "erp_number": "EPO-1"}),
    ("inventory", "GET", "/receipts/GRN-H1-000001", None),
    ("ap_automation", "GET", "/invoices/INV-000001", None),
    ("ap_automation", "PUT", "/invoices/INV-000001/status", {"status": "held"}),
    ("cloud_erp", "POST", "/purchaseOrders", erp_order()),
    ("cloud_erp", "POST", "/receipts", erp_receipt()),
    ("cloud_erp", "POST", "/invoices", erp_invoice("25.00", (1, 10, "2.50", "25.00"))),
    ("cloud_erp", "POST", "/invoices/AP-1/cancel", None),
    ("service_desk", "POST", "/cases", case(external_key="fresh")),
    ("service_desk", "POST", "/cases", case(external_key="another hospital's", entity="H2")),
    ("service_desk", "GET", "/cases/CASE-1", None),
]
"""Every operation that concerns one entity: H1, whose papers `stand` has put there."""
LISTS = [
    ("procurement", "/purchase_orders", {}, "purchase_orders"),
    ("inventory", "/receipts", {}, "receipts"),
    ("ap_automation", "/invoices", {}, "invoices"),
    ("cloud_erp", "/purchaseOrders", {"SourceRef": f"procurement:{ORDER}"}, "items"),
    ("cloud_erp", "/receipts", {"SourceRef": "inventory:GRN-H1-000001"}, "items"),
    ("cloud_erp", "/invoices", {"SourceRef": "ap_automation:INV-000001"}, "items"),
    ("cloud_erp", "/invoices", {}, "items"),
    ("service_desk", "/cases/decisions", {}, "decisions"),
]


def stand(door: Door, estate: Estate) -> None:
    """One paper of H1 in every system."""
    ordered(estate)
    received(estate)
    captured(estate)
    erp, desk = estate.cloud_erp, estate.service_desk
    estate.act(erp, lambda work: erp.state.open_period(work, "H1", "2026-10"))
    for path, body in (
        ("/purchaseOrders", erp_order()),
        ("/receipts", erp_receipt()),
        ("/invoices", erp_invoice("25.00", (1, 10, "2.50", "25.00"))),
    ):
        assert door.call("cloud_erp", "POST", path, body)[0] == 201
    for key in ("decided", "another hospital's"):
        door.call("service_desk", "POST", "/cases", case(external_key=key))
    estate.act(desk, lambda work: desk.state.decide(work, "CASE-1", "accept"))


def every_operation(estate: Estate) -> list[tuple[str, str, str, str]]:
    return [
        (name, operation.method, operation.path.replace("{", "").replace("}", ""), operation.scope)
        for name, system in estate.systems.items()
        for operation in system.operations
        if operation.scope
    ]


@pytest.mark.parametrize(
    "token",
    ["", FORGED, GENUINE[:-1] + ("A" if GENUINE[-1] != "A" else "B"), "nonsense", "a.b.c", "..", GENUINE + ".x"],
)
def test_without_a_genuine_token_nothing_is_answered(door: Door, estate: Estate, token: str) -> None:
    for system, method, path, _ in every_operation(estate):
        door.refused(401, "invalid_token", system, method, path, token=token)


@pytest.mark.parametrize("header", ["Basic cmVm", "Bearer", f"Token {GENUINE}"])
def test_other_credentials_are_none(door: Door, header: str) -> None:
    door.refused(401, "invalid_token", "cloud_erp", "GET", "/invoices", token="", headers={"authorization": header})


def test_an_expired_token_is_refused_from_the_second_it_says(door: Door, estate: Estate) -> None:
    token = door.token()
    estate.later(86_399)
    assert door.call("cloud_erp", "GET", "/invoices", token=token)[0] == 200
    estate.later(1)
    for _ in range(2):
        door.refused(401, "invalid_token", "cloud_erp", "GET", "/invoices", token=token)


def test_the_scope_must_be_in_the_token(door: Door, estate: Estate) -> None:
    for system, method, path, scope in every_operation(estate):
        other = scope.replace(".read", ".write") if scope.endswith(".read") else scope.replace(".write", ".read")
        door.refused(403, "insufficient_scope", system, method, path, token=door.token(scope=other))


def test_a_bad_request_without_a_token_is_a_401(door: Door) -> None:
    door.refused(401, "invalid_token", "cloud_erp", "POST", "/invoices", {}, token="")


@pytest.mark.parametrize(("system", "method", "path", "body"), GUARDED)
def test_an_entity_that_was_not_granted(
    door: Door, estate: Estate, system: str, method: str, path: str, body: Any
) -> None:
    stand(door, estate)
    estate.identity.state.register("second", SECRET, entities=("H2",))
    door.refused(403, "entity_not_granted", system, method, path, body, token=door.token("second"))


@pytest.mark.parametrize(("system", "path", "query", "rows"), LISTS)
def test_lists_show_only_what_was_granted(
    door: Door, estate: Estate, system: str, path: str, query: dict[str, str], rows: str
) -> None:
    stand(door, estate)
    seen = []
    for grant in ("H1", "H2"):
        estate.identity.state.register(grant, SECRET, entities=(grant,))
        status, page = door.call(system, "GET", path, query=query, token=door.token(grant))
        assert status == 200
        seen.append(len(page[rows]))
    assert seen == [1, 0]


def test_periods_of_an_entity_that_was_not_granted(door: Door, estate: Estate) -> None:
    estate.identity.state.register("second", SECRET, entities=("H2",))
    query = {"BusinessUnit": "H1"}
    door.refused(403, "entity_not_granted", "cloud_erp", "GET", "/periods", query=query, token=door.token("second"))
