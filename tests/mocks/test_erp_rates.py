"""Bills in other currencies, freight and tax in the ERP, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from mocks.kit.operation import Refused
from tests.mocks.doors import Door, Estate
from tests.mocks.papers import ORDER, erp_accrual, erp_invoice, erp_order, erp_receipt

ERP = "cloud_erp"
RATES = {("CAD", "2026-10-02"): 720_000, ("CAD", "2026-10-05"): 750_001}
"""A Canadian dollar costs 0.72 US dollars on the day of the order, and a little over 0.75 on that of the bill."""


@pytest.fixture(autouse=True)
def books(estate: Estate) -> None:
    """October is open, and the treasury has entered the rates of two days."""
    state = estate.cloud_erp.state
    estate.act(estate.cloud_erp, lambda work: state.open_period(work, "H1", "2026-10"))
    estate.act(estate.cloud_erp, lambda work: state.load_rates(work, RATES))


def _order(door: Door, currency: str = "CAD") -> None:
    paper = erp_order(Currency=currency, ConversionDate="2026-10-02")
    assert door.call(ERP, "POST", "/purchaseOrders", paper)[0] == 201


def _posted(door: Door, estate: Estate, path: str, paper: dict[str, Any]) -> Any:
    assert door.call(ERP, "POST", path, paper)[0] == 201
    (effect,), _ = estate.last()
    assert {line.currency for line in effect.lines} <= {"USD"}
    return {line.role: line.amount_minor for line in effect.lines}, effect


def test_goods_accrue_at_the_orders_price_and_the_rate_of_its_day(door: Door, estate: Estate) -> None:
    """Ten at 2.50 CAD, which is 1.80 USD each."""
    _order(door)
    roles, effect = _posted(door, estate, "/receipts", erp_receipt())
    assert roles == {"inventory": 1800, "grni": -1800}
    assert (effect.amount_minor, effect.currency) == (2500, "CAD")
    assert [(goods.line, goods.quantity, goods.value_minor) for goods in effect.goods] == [(1, 10, -1800)]


def test_a_bill_is_owed_at_its_own_days_rate_and_the_rest_is_lost_on_exchange(door: Door, estate: Estate) -> None:
    """25.00 CAD at 0.750001 are 18.750025 USD: 18.75 owed, 18.00 cleared, 0.75 lost."""
    _order(door)
    bill = erp_invoice("25.00", (1, 10, "2.50", "25.00"), Currency="CAD")
    roles, effect = _posted(door, estate, "/invoices", bill)
    assert roles == {"grni": 1800, "fx": 75, "ap": -1875}
    assert (effect.amount_minor, effect.currency, effect.ledger_minor) == (2500, "CAD", 1875)


def test_a_price_that_differs_is_a_variance_at_the_bills_rate_and_freight_is_expense(
    door: Door, estate: Estate
) -> None:
    """27.00 for the goods, 3.33 freight, 1.01 tax: 31.34 CAD are 23.51 USD; 2.00 over are 1.50, charges 4.34 are 3.26."""
    _order(door)
    charges = [{"Type": "Freight", "Amount": "3.33"}, {"Type": "Tax", "Amount": "1.01"}]
    bill = erp_invoice("31.34", (1, 10, "2.70", "27.00"), Currency="CAD", Charges=charges)
    roles, _ = _posted(door, estate, "/invoices", bill)
    assert roles == {"grni": 1800, "expense": 326, "ppv": 150, "fx": 75 - 0, "ap": -2351}


def test_freight_and_tax_at_home_are_expense(door: Door, estate: Estate) -> None:
    assert door.call(ERP, "POST", "/purchaseOrders", erp_order())[0] == 201
    bill = erp_invoice("26.20", (1, 10, "2.50", "25.00"), Charges=[{"Type": "Freight", "Amount": "1.20"}])
    roles, effect = _posted(door, estate, "/invoices", bill)
    assert roles == {"grni": 2500, "expense": 120, "ap": -2620}
    assert effect.ledger_minor == 0


def test_a_cancelled_bill_gives_back_what_it_took_at_its_own_rate(door: Door, estate: Estate) -> None:
    _order(door)
    _posted(door, estate, "/invoices", erp_invoice("25.00", (1, 10, "2.50", "25.00"), Currency="CAD"))
    assert door.call(ERP, "POST", "/invoices/AP-1/cancel")[0] == 200
    (effect,), _ = estate.last()
    assert effect.ledger_minor == 1875
    assert not any(estate.cloud_erp.state.trial_balance()[("H1", "USD")].values())


def test_an_accrual_is_at_the_orders_rate(door: Door, estate: Estate) -> None:
    """Two at 9.99 CAD: 7.19 USD each."""
    _order(door)
    roles, effect = _posted(door, estate, "/journals", erp_accrual(Currency="CAD"))
    assert roles == {"expense": 1438, "accrued": -1438}
    assert (effect.amount_minor, effect.currency) == (1438, "USD")


@pytest.mark.parametrize(
    ("path", "paper", "code"),
    [
        ("/purchaseOrders", erp_order(Currency="EUR", ConversionDate="2026-10-02"), "RATE-MISSING"),
        ("/invoices", erp_invoice("25.00", (1, 10, "2.50", "25.00")), "CURRENCY-MISMATCH"),
        (
            "/invoices",
            erp_invoice("25.00", (1, 10, "2.50", "25.00"), Currency="CAD", AccountingDate="2026-10-06"),
            "RATE-MISSING",
        ),
        (
            "/invoices",
            erp_invoice("25.00", (1, 10, "2.50", "25.00"), Currency="CAD", Charges=[{"Type": "Tax", "Amount": "1"}]),
            "AMOUNT-MISMATCH",
        ),
    ],
)
def test_what_cannot_be_priced_is_refused(
    door: Door, estate: Estate, path: str, paper: dict[str, Any], code: str
) -> None:
    _order(door)
    before = estate.snapshot()
    assert door.call(ERP, "POST", path, paper)[1]["o:errorCode"] == code
    assert estate.snapshot() == before


@pytest.mark.parametrize("rates", [{("USD", "2026-10-02"): 1}, {("CAD", "2026-10-02"): 0}, {("CAD", "soon"): 1}])
def test_a_rate_that_is_none_is_refused(estate: Estate, rates: dict[tuple[str, str], int]) -> None:
    with pytest.raises(Refused, match="more than nothing"):
        estate.act(estate.cloud_erp, lambda work: estate.cloud_erp.state.load_rates(work, rates))
    assert ORDER not in estate.cloud_erp.state.orders
