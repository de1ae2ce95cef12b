"""Returns, credit memos, holds and duplicate warnings in the ERP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mocks.doors import Door, Estate
from tests.mocks.papers import erp_credit, erp_invoice, erp_order, erp_receipt, erp_return

ERP = "cloud_erp"
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
