"""Returns, credit memos, holds and duplicate warnings in the ERP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mocks.doors import Door, Estate
from tests.mocks.papers import erp_credit, erp_invoice, erp_order, erp_receipt, erp_return

ERP = "cloud_erp"
FREIGHT = {"Type": "Freight", "Amount": "3.00"}
INVOICE = erp_invoice("27.00", (1, 10, "2.70", "27.00"))


@pytest.fixture(autouse=True)
def billed(estate: Estate, door: Door) -> None:
    """An order for ten at 2.50, received, and billed at 2.70."""
    estate.act(estate.cloud_erp, lambda work: estate.cloud_erp.state.open_period(work, "H1", "2026-10"))
    for path, paper in (("/purchaseOrders", erp_order()), ("/receipts", erp_receipt()), ("/invoices", INVOICE)):
        assert door.call(ERP, "POST", path, paper)[0] == 201


def _roles(estate: Estate) -> tuple[Any, dict[str, int]]:
    (effect,), _ = estate.last()
    return effect, {line.role: line.amount_minor for line in effect.lines}


def test_a_return_takes_stock_out_at_the_orders_price(door: Door, estate: Estate) -> None:
    status, made = door.call(ERP, "POST", "/returns", erp_return())
    assert (status, made["MemoId"], made["Amount"]) == (201, "ERT-1", "7.50")
    effect, roles = _roles(estate)
    assert (effect.what, roles) == ("receipt.returned", {"grni": 750, "inventory": -750})
    assert [(goods.line, goods.quantity, goods.value_minor) for goods in effect.goods] == [(1, 3, 750)]


def test_a_credit_memo_mirrors_its_part_of_the_invoice(door: Door, estate: Estate) -> None:
    """Three of ten at 2.70: 8.10 less to pay, 7.50 of receipts open again, 0.60 of the variance gone."""
    status, made = door.call(ERP, "POST", "/invoices/AP-1/creditMemos", erp_credit())
    assert (status, made["MemoId"], made["Amount"]) == (201, "APM-1", "8.10")
    effect, roles = _roles(estate)
    assert (effect.what, roles) == ("invoice.credited", {"ap": 810, "grni": -750, "ppv": -60})
    assert effect.goods[0].value_minor == -750


def test_a_credit_memo_takes_back_charges_and_what_was_used_from_where_it_went(door: Door, estate: Estate) -> None:
    """Another cost centre than the order's, freight beside it: all of that is taken back there."""
    billed = erp_invoice("22.98", (2, 2, "9.99", "19.98"), CostCenter="00777", Charges=[FREIGHT])
    assert door.call(ERP, "POST", "/invoices", billed)[1]["InvoiceId"] == "AP-2"
    lines = [{"Line": 2, "Quantity": 2, "Amount": "19.98"}]
    status, made = door.call(ERP, "POST", "/invoices/AP-2/creditMemos", erp_credit(Lines=lines, Charges=[FREIGHT]))
    assert (status, made["Amount"]) == (201, "22.98")
    effect, roles = _roles(estate)
    assert roles == {"ap": 2298, "expense": -2298}
    assert {line.account for line in effect.lines if line.role == "expense"} == {"6100-00777"}
    assert effect.about == ("cloud_erp:AP-2",)


def test_an_invoice_without_an_order_can_be_given_back(door: Door, estate: Estate) -> None:
    alone = erp_invoice("5.00", (1, 1, "5.00", "5.00"), OrderNumber="", CostCenter="00412")
    assert door.call(ERP, "POST", "/invoices", alone)[1]["InvoiceId"] == "AP-2"
    given = erp_credit(Lines=[{"Line": 1, "Quantity": 1, "Amount": "5.00"}])
    assert door.call(ERP, "POST", "/invoices/AP-2/creditMemos", given)[0] == 201
    assert _roles(estate)[1] == {"ap": 500, "expense": -500}


def test_credit_memos_are_found_by_their_source_and_never_compared(door: Door) -> None:
    """Without a key the same memo twice is two memos: the family looks at the invoice alone."""
    for _ in range(2):
        assert door.call(ERP, "POST", "/invoices/AP-1/creditMemos", erp_credit())[0] == 201
    found = door.call(ERP, "GET", "/creditMemos", query={"SourceRef": "ap_automation:CM-1"})[1]
    assert [memo["MemoId"] for memo in found["items"]] == ["APM-1", "APM-2"]
    assert door.call(ERP, "GET", "/creditMemos", query={"SourceRef": "ap_automation:CM-9"})[1]["items"] == []


@pytest.mark.parametrize(
    ("path", "paper", "status"),
    [
        ("/invoices/AP-9/creditMemos", erp_credit(), 404),
        ("/invoices/AP-1/creditMemos", erp_credit(Lines=[{"Line": 1, "Quantity": 1, "Amount": "27.01"}]), 400),
        ("/invoices/AP-1/creditMemos", erp_credit(Lines=[{"Line": 7, "Quantity": 1, "Amount": "1.00"}]), 400),
        ("/invoices/AP-1/creditMemos", erp_credit(AccountingDate="2026-12-01"), 400),
        ("/returns", erp_return(OrderNumber="PO-9"), 400),
    ],
)
def test_what_cannot_be_given_back_is_refused(door: Door, estate: Estate, path: str, paper: Any, status: int) -> None:
    before = estate.snapshot()
    assert door.call(ERP, "POST", path, paper)[0] == status
    assert estate.snapshot() == before


def test_a_change_names_the_version_that_was_read(estate: Estate, door: Door) -> None:
    """428 without an ETag, 412 with a stale one; a change makes a new one."""
    edit = {"PaymentHold": True}
    assert door.call(ERP, "PATCH", "/invoices/AP-1", edit)[0] == 428
    assert door.call(ERP, "PATCH", "/invoices/AP-1", edit, headers={"If-Match": '"AP-1.7"'})[0] == 412
    first = {"If-Match": '"AP-1.1"'}
    assert door.call(ERP, "PATCH", "/invoices/AP-1", edit, headers=first)[1]["PaymentHold"] is True
    effect, _ = _roles(estate)
    assert (effect.what, effect.state) == ("invoice.hold", "held")
    assert door.call(ERP, "PATCH", "/invoices/AP-1", {"PaymentHold": False}, headers=first)[0] == 412
    assert door.call(ERP, "PATCH", "/invoices/AP-1", edit, headers={"If-Match": '"AP-1.2"'})[0] == 200
    assert door.call(ERP, "GET", "/invoices/AP-1")[1]["PaymentHold"] is True


def test_a_number_that_was_there_before_is_warned_about_and_posted(door: Door) -> None:
    again = door.call(ERP, "POST", "/invoices", {**INVOICE, "SourceRef": "ap_automation:INV-2"})[1]
    assert (again["InvoiceId"], again["Warning"]) == ("AP-2", "DUPLICATE-SUSPECT AP-1")
    other = door.call(ERP, "POST", "/invoices", {**INVOICE, "InvoiceNumber": "B-1"})[1]
    assert "Warning" not in other
