"""The cloud ERP: what its API creates, finds, cancels and refuses."""

from __future__ import annotations

from typing import Any

import pytest

from mocks.kit.dialect import stamp
from tests.mocks.doors import NOW_MS, SECRET, Door, Estate
from tests.mocks.papers import ORDER, erp_invoice, erp_order, erp_receipt, erp_return

ERP = "cloud_erp"
INVOICE = erp_invoice("25.00", (1, 10, "2.50", "25.00"))
CREATES: list[tuple[str, dict[str, Any]]] = [
    ("/purchaseOrders", erp_order(SourceRef="procurement:again")),
    ("/receipts", erp_receipt()),
    ("/invoices", INVOICE),
]


@pytest.fixture(autouse=True)
def october(estate: Estate) -> None:
    """October is open at both hospitals; an order stands at the first."""
    state = estate.cloud_erp.state
    estate.act(estate.cloud_erp, lambda work: state.open_period(work, "H1", "2026-10"))
    estate.act(estate.cloud_erp, lambda work: state.open_period(work, "H2", "2026-10"))


def test_an_order_is_created_with_its_effect(door: Door, estate: Estate) -> None:
    status, made = door.call(ERP, "POST", "/purchaseOrders", erp_order())
    assert (status, made["OrderHeaderId"], made["SourceRef"]) == (201, "EPO-1", f"procurement:{ORDER}")
    (effect,), events = estate.last()
    assert (effect.what, effect.ref, effect.source_ref, effect.entity) == (
        "order.created",
        "EPO-1",
        made["SourceRef"],
        "H1",
    )
    assert (effect.party, effect.order, effect.amount_minor, effect.currency) == ("S001", ORDER, 4498, "USD")
    assert (effect.actor, events) == ("reference", ())


def test_stock_lies_at_the_site_that_its_order_names_and_goes_from_there(door: Door, estate: Estate) -> None:
    door.call(ERP, "POST", "/purchaseOrders", erp_order(ShipToLocation="710"))
    for path, paper in (("/receipts", erp_receipt()), ("/returns", erp_return())):
        assert door.call(ERP, "POST", path, paper)[0] == 201
        (effect,), _ = estate.last()
        assert [line.account for line in effect.lines if line.role == "inventory"] == ["1400-710"]


def test_the_same_order_without_a_key_is_a_second_header_and_both_are_found(door: Door) -> None:
    for _ in range(2):
        assert door.call(ERP, "POST", "/purchaseOrders", erp_order())[0] == 201
    found = door.call(ERP, "GET", "/purchaseOrders", query={"SourceRef": f"procurement:{ORDER}"})[1]
    assert ([item["OrderHeaderId"] for item in found["items"]], found["hasMore"]) == (["EPO-1", "EPO-2"], False)


def test_a_receipt_and_an_invoice_are_created_and_found(door: Door, estate: Estate) -> None:
    door.call(ERP, "POST", "/purchaseOrders", erp_order())
    assert door.call(ERP, "POST", "/receipts", erp_receipt())[1]["ReceiptId"] == "ERC-1"
    (effect,), _ = estate.last()
    assert (effect.what, effect.number, effect.on) == ("receipt.posted", "GRN-H1-000001", "2026-10-05")
    status, posted = door.call(ERP, "POST", "/invoices", INVOICE)
    assert (status, posted["InvoiceId"], posted["VoucherNumber"], posted["Status"]) == (201, "AP-1", "AP-1", "Posted")
    (effect,), _ = estate.last()
    assert (effect.what, effect.ref, effect.number, effect.on) == ("invoice.posted", "AP-1", "A-0017", "2026-10-05")
    assert (effect.party, effect.amount_minor, effect.order) == ("S001", 2500, ORDER)
    receipts = door.call(ERP, "GET", "/receipts", query={"SourceRef": "inventory:GRN-H1-000001"})[1]
    assert [item["ReceiptNumber"] for item in receipts["items"]] == ["GRN-H1-000001"]
    invoices = door.call(ERP, "GET", "/invoices", query={"SourceRef": "ap_automation:INV-000001"})[1]
    assert invoices == {"items": [posted], "hasMore": False}
    assert posted["PostedAt"] == stamp(NOW_MS)


def test_what_was_never_created_is_not_found(door: Door) -> None:
    for path in ("/purchaseOrders", "/receipts", "/invoices"):
        assert door.call(ERP, "GET", path, query={"SourceRef": "none"}) == (200, {"items": [], "hasMore": False})


@pytest.mark.parametrize(("path", "body"), CREATES)
def test_a_key_gives_the_first_answer_again_and_commits_once(door: Door, estate: Estate, path: str, body: Any) -> None:
    door.call(ERP, "POST", "/purchaseOrders", erp_order())
    key = {"Idempotency-Key": "k-1"}
    first = door.call(ERP, "POST", path, body, headers=key)
    before = estate.snapshot()
    assert door.call(ERP, "POST", path, body, headers=key) == first
    assert first[0] == 201
    assert estate.snapshot() == before
    door.refused(422, "idempotency_mismatch", ERP, "POST", path, {**body, "SourceRef": "other"}, headers=key)
    assert door.call(ERP, "POST", path, body, headers={"Idempotency-Key": "k-2"})[0] == 201


def test_a_key_belongs_to_its_operation_and_its_client(door: Door, estate: Estate) -> None:
    key = {"Idempotency-Key": "k"}
    door.call(ERP, "POST", "/purchaseOrders", erp_order(), headers=key)
    assert door.call(ERP, "POST", "/receipts", erp_receipt(), headers=key)[0] == 201
    estate.identity.state.register("second", SECRET)
    again = door.call(ERP, "POST", "/purchaseOrders", erp_order(), headers=key, token=door.token("second"))
    assert (again[0], again[1]["OrderHeaderId"]) == (201, "EPO-2")


def test_a_refusal_is_not_remembered(door: Door) -> None:
    key = {"Idempotency-Key": "k"}
    door.refused(400, "PO-UNKNOWN", ERP, "POST", "/receipts", erp_receipt(), headers=key)
    door.call(ERP, "POST", "/purchaseOrders", erp_order())
    assert door.call(ERP, "POST", "/receipts", erp_receipt(), headers=key)[0] == 201


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_is_none(door: Door, key: str) -> None:
    headers = {"Idempotency-Key": key}
    door.refused(400, "idempotency_key_invalid", ERP, "POST", "/purchaseOrders", erp_order(), headers=headers)


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/purchaseOrders", erp_order(BusinessUnit="H9"), "BU-INVALID"),
        ("/purchaseOrders", erp_order(Lines=erp_order()["Lines"][:1] * 2), "PO-LINE-DUPLICATE"),
        ("/purchaseOrders", erp_order(Lines=[]), "invalid_request"),
        ("/purchaseOrders", erp_order(Currency="GBP"), "invalid_request"),
        ("/purchaseOrders", erp_order(SourceRef=""), "invalid_request"),
        ("/receipts", erp_receipt(OrderNumber="PO-H1-000009"), "PO-UNKNOWN"),
        ("/receipts", erp_receipt(BusinessUnit="H2"), "PO-UNKNOWN"),
        ("/receipts", erp_receipt(BusinessUnit="H9"), "BU-INVALID"),
        ("/receipts", erp_receipt((3, 1)), "PO-LINE-UNKNOWN"),
        ("/receipts", erp_receipt((1, 0)), "invalid_request"),
        ("/receipts", erp_receipt((1, -1)), "invalid_request"),
        ("/receipts", erp_receipt(ReceiptDate="2026-02-30"), "invalid_request"),
        ("/invoices", {**INVOICE, "OrderNumber": "PO-H1-000009"}, "PO-UNKNOWN"),
        ("/invoices", {**INVOICE, "BusinessUnit": "H2"}, "PO-UNKNOWN"),
        ("/invoices", {**INVOICE, "InvoiceAmount": "25.01"}, "AMOUNT-MISMATCH"),
        ("/invoices", {**INVOICE, "AccountingDate": "2026-09-30"}, "AP-PERIOD-CLOSED"),
        ("/invoices", {**INVOICE, "AccountingDate": "2026-11-01"}, "AP-PERIOD-CLOSED"),
        ("/invoices", erp_invoice("1.00", (9, 1, "1.00", "1.00")), "PO-LINE-UNKNOWN"),
        ("/invoices", {**INVOICE, "InvoiceAmount": "25.001"}, "invalid_request"),
        ("/invoices", {**INVOICE, "InvoiceAmount": "-25.00"}, "invalid_request"),
        ("/invoices", {**INVOICE, "InvoiceAmount": 25.0}, "invalid_request"),
        ("/invoices", {}, "invalid_request"),
    ],
)
def test_what_is_refused_changes_nothing(door: Door, path: str, body: Any, code: str) -> None:
    door.call(ERP, "POST", "/purchaseOrders", erp_order())
    door.refused(400, code, ERP, "POST", path, body)


def test_errors_are_opaque_but_for_their_code(door: Door) -> None:
    assert door.call(ERP, "POST", "/receipts", erp_receipt())[1] == {
        "title": "Bad Request",
        "status": "400",
        "detail": "Invalid operation create: the purchase order is not valid.",
        "o:errorCode": "PO-UNKNOWN",
    }


def test_an_invoice_is_cancelled_once_by_its_mirrored_journal(door: Door, estate: Estate) -> None:
    door.call(ERP, "POST", "/purchaseOrders", erp_order())
    before = estate.cloud_erp.state.trial_balance()
    door.call(ERP, "POST", "/invoices", INVOICE)
    (posted,), _ = estate.last()
    status, shown = door.call(ERP, "POST", "/invoices/AP-1/cancel")
    assert (status, shown["Status"]) == (200, "Cancelled")
    (effect,), _ = estate.last()
    assert (effect.what, effect.reverses, effect.source_ref) == (
        "invoice.cancelled",
        "AP-1",
        "ap_automation:INV-000001",
    )
    assert [line.amount_minor for line in effect.lines] == [-line.amount_minor for line in posted.lines]
    assert all(not any(accounts.values()) for accounts in estate.cloud_erp.state.trial_balance().values())
    assert before == {}
    door.refused(409, "AP-CANCELLED", ERP, "POST", "/invoices/AP-1/cancel")
    door.refused(404, "NOT-FOUND", ERP, "POST", "/invoices/AP-9/cancel")


def test_an_invoice_in_a_closed_period_cannot_be_cancelled(door: Door, estate: Estate) -> None:
    door.call(ERP, "POST", "/purchaseOrders", erp_order())
    door.call(ERP, "POST", "/invoices", INVOICE)
    estate.act(estate.cloud_erp, lambda work: estate.cloud_erp.state.close_period(work, "H1", "2026-10"))
    door.refused(400, "AP-PERIOD-CLOSED", ERP, "POST", "/invoices/AP-1/cancel")
    door.refused(400, "AP-PERIOD-CLOSED", ERP, "POST", "/invoices", INVOICE)


def test_invoices_posted_since_a_moment_come_in_pages(door: Door, estate: Estate) -> None:
    door.call(ERP, "POST", "/purchaseOrders", erp_order())
    for n in range(3):
        door.call(ERP, "POST", "/invoices", {**INVOICE, "SourceRef": f"ap_automation:{n}"})
        estate.later(1)
    since = {"PostedSince": stamp(NOW_MS + 1000), "limit": "1"}
    first = door.call(ERP, "GET", "/invoices", query=since)[1]
    second = door.call(ERP, "GET", "/invoices", query={**since, "offset": "1"})[1]
    assert ([i["InvoiceId"] for i in first["items"]], first["hasMore"]) == (["AP-2"], True)
    assert ([i["InvoiceId"] for i in second["items"]], second["hasMore"]) == (["AP-3"], False)
    assert len(door.call(ERP, "GET", "/invoices")[1]["items"]) == 3


def test_a_page_holds_five_hundred_at_most(door: Door) -> None:
    door.call(ERP, "POST", "/purchaseOrders", erp_order())
    token = door.token()
    for n in range(501):
        door.call(ERP, "POST", "/invoices", {**INVOICE, "SourceRef": f"ap_automation:{n}"}, token=token)
    page = door.call(ERP, "GET", "/invoices", query={"limit": "9999"})[1]
    assert (len(page["items"]), page["hasMore"]) == (500, True)


def test_periods_are_listed_with_the_one_to_come(door: Door) -> None:
    assert door.call(ERP, "GET", "/periods", query={"BusinessUnit": "H1"})[1] == {
        "items": [
            {"BusinessUnit": "H1", "Period": "2026-10", "Status": "Open"},
            {"BusinessUnit": "H1", "Period": "2026-11", "Status": "Never Opened"},
        ],
        "hasMore": False,
    }
    assert door.call(ERP, "GET", "/periods", query={"BusinessUnit": "H9"})[1]["items"] == []
    door.refused(400, "invalid_request", ERP, "GET", "/periods")
