"""The pay run of the ERP: what it takes up, whom it pays and where, what it keeps back, and what it does to the books."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec
import pytest
import simpy

from contracts.journal import Effect
from mocks import cloud_erp
from mocks.cloud_erp.models import NewInvoice
from mocks.cloud_erp.payments import Payments
from mocks.cloud_erp.processes import PAY_RUN
from mocks.cloud_erp.state import CloudErp, Invoice
from mocks.kit.operation import Work
from mocks.kit.system import PayDay
from tests.mocks.doors import NOW_MS, SETUP, Door, Estate
from tests.mocks.papers import erp_credit, erp_invoice, erp_order, erp_receipt, erp_supplier

ERP = "cloud_erp"
INVOICE = erp_invoice("27.00", (1, 10, "2.70", "27.00"))
DUE = dt.date(2026, 10, 14)
"""Ten days after the date on the bill."""


@pytest.fixture(autouse=True)
def billed(estate: Estate, door: Door) -> None:
    """An order for ten at 2.50, received, and billed at 2.70 by a supplier whose account is known."""
    state = estate.cloud_erp.state
    estate.act(estate.cloud_erp, lambda work: state.open_period(work, "H1", "2026-10"))
    papers = (("/suppliers", erp_supplier()), ("/purchaseOrders", erp_order()), ("/receipts", erp_receipt()))
    for path, paper in (*papers, ("/invoices", INVOICE)):
        assert door.call(ERP, "POST", path, paper)[0] == 201
    state.suppliers.know_as("ESUP-1", "S001")


@pytest.fixture
def payments(estate: Estate) -> Payments:
    """Bills are due ten days after their date."""
    return Payments(estate.cloud_erp.state, 10)


def run(estate: Estate, payments: Payments, on: dt.date = DUE) -> list[Effect]:
    """A pay run of H1; what it brought about."""
    before = len(estate.commits)
    for invoice in payments.due("H1", on):
        estate.act(estate.cloud_erp, partial(_pay, payments, invoice, on))
    return [effect for _, effects, _ in estate.commits[before:] for effect in effects]


def _pay(payments: Payments, invoice: Invoice, on: dt.date, work: Work) -> None:
    payments.pay(work, invoice, on)


def roles(effect: Effect) -> dict[str, int]:
    """A payment's journal."""
    return {line.role: line.amount_minor for line in effect.lines}


def test_a_due_invoice_is_paid_to_the_account_on_file_and_taken_off_payables(
    estate: Estate, payments: Payments, door: Door
) -> None:
    (paid,) = run(estate, payments)
    assert (paid.ref, paid.party, paid.number) == ("PAY-1", "ESUP-1", erp_supplier()["BankAccount"])
    assert (paid.amount_minor, paid.currency, paid.on) == (2700, "USD", "2026-10-14")
    assert (paid.source_ref, paid.about, paid.order) == (
        "ap_automation:INV-000001",
        ("cloud_erp:AP-1",),
        INVOICE["OrderNumber"],
    )
    assert roles(paid) == {"ap": 2700, "in-transit": -2700}
    assert door.call(ERP, "GET", "/invoices/AP-1")[1]["PaymentStatus"] == "Paid"
    books = estate.cloud_erp.state.trial_balance()["H1", "USD"]
    assert (books["2100"], books["1050"]) == (0, -2700)


def test_nothing_is_paid_twice(estate: Estate, payments: Payments) -> None:
    assert len(run(estate, payments)) == 1
    assert run(estate, payments, dt.date(2026, 10, 21)) == []


@pytest.mark.parametrize(("on", "paid"), [(dt.date(2026, 10, 13), 0), (DUE, 1), (dt.date(2026, 11, 4), 0)])
def test_what_is_not_due_waits_and_so_does_everything_without_an_open_period(
    estate: Estate, payments: Payments, on: dt.date, paid: int
) -> None:
    assert len(run(estate, payments, on)) == paid


def test_what_is_on_hold_is_not_paid(estate: Estate, payments: Payments, door: Door) -> None:
    """Neither an invoice nor a supplier."""
    etag = {"If-Match": '"AP-1.1"'}
    assert door.call(ERP, "PATCH", "/invoices/AP-1", {"PaymentHold": True}, headers=etag)[0] == 200
    assert run(estate, payments) == []
    etag = {"If-Match": '"AP-1.2"'}
    assert door.call(ERP, "PATCH", "/invoices/AP-1", {"PaymentHold": False}, headers=etag)[0] == 200
    suppliers = estate.cloud_erp.state.suppliers
    estate.act(estate.cloud_erp, lambda work: suppliers.hold(work, "ESUP-1", on_hold=True))
    assert run(estate, payments) == []
    estate.act(estate.cloud_erp, lambda work: suppliers.hold(work, "ESUP-1", on_hold=False))
    assert len(run(estate, payments)) == 1


def test_a_supplier_that_has_ended_is_not_paid(estate: Estate, payments: Payments) -> None:
    estate.cloud_erp.state.suppliers.supplier("ESUP-1").status = "INACTIVE"
    assert run(estate, payments) == []


def test_the_account_is_that_of_the_moment(estate: Estate, payments: Payments, door: Door) -> None:
    """Whoever changes it the evening before is paid in the morning."""
    edit = {"SourceRef": "procurement:SUP-000001", "SourceVersion": 2, "BankAccount": "66600066"}
    assert door.call(ERP, "PATCH", "/suppliers/ESUP-1", edit, headers={"If-Match": '"ESUP-1.1"'})[0] == 200
    assert run(estate, payments)[0].number == "66600066"


def test_a_supplier_that_the_books_do_not_hold_gets_a_check(estate: Estate, payments: Payments, door: Door) -> None:
    other = {**INVOICE, "Supplier": "S777", "SourceRef": "ap_automation:INV-2"}
    assert door.call(ERP, "POST", "/invoices", other)[0] == 201
    paid = run(estate, payments)[1]
    assert (paid.party, paid.number) == ("S777", "")


def test_a_credit_memo_is_not_paid(estate: Estate, payments: Payments, door: Door) -> None:
    """8.10 of 27.00 were given back."""
    assert door.call(ERP, "POST", "/invoices/AP-1/creditMemos", erp_credit())[0] == 201
    assert [paid.amount_minor for paid in run(estate, payments)] == [1890]


def test_what_was_given_back_after_the_payment_is_kept_from_the_next(
    estate: Estate, payments: Payments, door: Door
) -> None:
    run(estate, payments)
    assert door.call(ERP, "POST", "/invoices/AP-1/creditMemos", erp_credit())[0] == 201
    for number, amount in enumerate(("5.00", "25.00"), 2):
        bill = erp_invoice(amount, (1, 1, amount, amount), SourceRef=f"ap_automation:INV-{number}")
        assert door.call(ERP, "POST", "/invoices", bill)[0] == 201
    assert [(paid.about, paid.amount_minor) for paid in run(estate, payments)] == [(("cloud_erp:AP-3",), 2190)]


def test_a_bill_from_abroad_is_paid_at_the_days_rate(estate: Estate, payments: Payments, door: Door) -> None:
    """100.00 EUR, owed at 1.10, paid at 1.20: ten dollars lost."""
    state = estate.cloud_erp.state
    rates = {("EUR", "2026-10-05"): 1_100_000, ("EUR", "2026-10-14"): 1_200_000}
    estate.act(estate.cloud_erp, lambda work: state.load_rates(work, rates))
    lines: Any = (1, 1, "100.00", "100.00")
    bill = erp_invoice("100.00", lines, Currency="EUR", OrderNumber="", CostCenter="00412", Supplier="S777")
    assert door.call(ERP, "POST", "/invoices", bill)[0] == 201
    paid = run(estate, payments)[1]
    assert (paid.amount_minor, paid.currency, paid.ledger_minor) == (10_000, "EUR", 11_000)
    assert roles(paid) == {"ap": 11_000, "in-transit": -12_000, "fx": 1_000}


def test_what_is_paid_is_not_cancelled(estate: Estate, payments: Payments, door: Door) -> None:
    run(estate, payments)
    status, error = door.call(ERP, "POST", "/invoices/AP-1/cancel")
    assert (status, error["o:errorCode"]) == (409, "AP-PAID")


def test_the_run_is_the_systems_own_work() -> None:
    """On its day and at its hour, one commit for each payment; without days there is no such work."""
    assert cloud_erp.build(SETUP).processes == ()
    day = PayDay(NOW_MS + 3_600_000, "H1", DUE)
    system = cloud_erp.build(replace(SETUP, pay_days=(day,), terms_days=10))
    books, commits = system.state, list[list[Effect]]()
    system.sink = lambda effects, _events: commits.append(list(effects))
    env = simpy.Environment(initial_time=NOW_MS)
    for process in system.processes:
        env.process(process(env))
    system.perform(NOW_MS, "clerk", lambda work: books.open_period(work, "H1", "2026-10"))
    for _ in range(2):
        new = erp_invoice("5.00", (1, 1, "5.00", "5.00"), OrderNumber="", CostCenter="00412")
        bill = msgspec.convert(new, NewInvoice)
        system.perform(NOW_MS, "design", partial(_create, books, bill))
    commits.clear()
    env.run()
    assert env.now == day.at_ms
    made = [[(each.what, each.actor, each.at) for each in effects] for effects in commits]
    assert made == [[("payment.issued", PAY_RUN, day.at_ms)]] * 2


def _create(books: CloudErp, bill: NewInvoice, work: Work) -> None:
    books.create_invoice(work, bill)
