"""The ERP's posting rules, to the cent, its periods, and its trial balance."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.journal import Posting
from contracts.wire import Request
from mocks.kit.dialect import decimal
from mocks.kit.operation import Refused, Work
from tests.mocks.doors import Estate, InProcess
from tests.mocks.papers import erp_invoice, erp_order, erp_receipt

Lines = list[tuple[str, str, int]]


def books(estate: Estate) -> InProcess:
    """An open October and the order: line 1 stock at 2.50, line 2 expense at 9.99."""
    estate.act(estate.cloud_erp, lambda work: estate.cloud_erp.state.open_period(work, "H1", "2026-10"))
    door = InProcess(estate)
    assert door.call("cloud_erp", "POST", "/purchaseOrders", erp_order())[0] == 201
    return door


def journal(estate: Estate) -> Lines:
    """The lines of the newest effect, as (account, role, amount)."""
    (effect,), _ = estate.last()
    return [(line.account, line.role, line.amount_minor) for line in effect.lines]


@pytest.mark.parametrize(
    ("lines", "amount_minor", "expected"),
    [
        ([(1, 10)], 2500, [("1400", "inventory", 2500), ("2150", "grni", -2500)]),
        ([(1, 3), (2, 2)], 750 + 1998, [("1400", "inventory", 750), ("2150", "grni", -750)]),
        ([(2, 1)], 999, []),
    ],
)
def test_a_receipt_accrues_stock_at_the_orders_price_and_expense_not_at_all(
    estate: Estate, lines: list[tuple[int, int]], amount_minor: int, expected: Lines
) -> None:
    books(estate).call("cloud_erp", "POST", "/receipts", erp_receipt(*lines))
    assert journal(estate) == expected
    assert estate.last()[0][0].amount_minor == amount_minor


@pytest.mark.parametrize(
    ("total", "lines", "expected"),
    [
        ("25.00", [(1, 10, "2.50", "25.00")], [("2150", "grni", 2500), ("2100", "ap", -2500)]),
        ("27.13", [(1, 10, "2.71", "27.13")], [("2150", "grni", 2500), ("5290", "ppv", 213), ("2100", "ap", -2713)]),
        ("24.99", [(1, 10, "2.50", "24.99")], [("2150", "grni", 2500), ("5290", "ppv", -1), ("2100", "ap", -2499)]),
        ("21.4", [(2, 2, "10.70", "21.4")], [("6100-00412", "expense", 2140), ("2100", "ap", -2140)]),
        (
            "31.01",
            [(1, 4, "2.75", "11"), (2, 2, "9.99", "20.01")],
            [("2150", "grni", 1000), ("6100-00412", "expense", 2001), ("5290", "ppv", 100), ("2100", "ap", -3101)],
        ),
    ],
)
def test_an_invoice_posts_grni_at_the_orders_price_expense_as_billed_and_the_difference_to_ppv(
    estate: Estate, total: str, lines: list[tuple[int, int, str, str]], expected: Lines
) -> None:
    assert books(estate).call("cloud_erp", "POST", "/invoices", erp_invoice(total, *lines))[0] == 201
    assert journal(estate) == expected


def test_expense_without_a_cost_centre_goes_to_the_natural_account(estate: Estate) -> None:
    door = books(estate)
    door.call("cloud_erp", "POST", "/purchaseOrders", erp_order(OrderNumber="PO-X", CostCenter=""))
    door.call("cloud_erp", "POST", "/invoices", erp_invoice("1.00", (2, 1, "1.00", "1.00"), OrderNumber="PO-X"))
    assert journal(estate) == [("6100", "expense", 100), ("2100", "ap", -100)]


def test_two_headers_of_one_number_are_priced_by_the_first(estate: Estate) -> None:
    door = books(estate)
    dearer = [{"Line": 1, "Item": "I-1", "Kind": "stock", "Quantity": 10, "UnitPrice": "99.00"}]
    door.call("cloud_erp", "POST", "/purchaseOrders", erp_order(Lines=dearer))
    door.call("cloud_erp", "POST", "/receipts", erp_receipt((1, 1)))
    assert journal(estate) == [("1400", "inventory", 250), ("2150", "grni", -250)]


def test_a_matched_purchase_leaves_stock_against_payables(estate: Estate) -> None:
    door = books(estate)
    door.call("cloud_erp", "POST", "/receipts", erp_receipt((1, 10), (2, 2)))
    door.call("cloud_erp", "POST", "/invoices", erp_invoice("44.98", (1, 10, "2.50", "25.00"), (2, 2, "9.99", "19.98")))
    assert estate.cloud_erp.state.trial_balance() == {
        ("H1", "USD"): {"1400": 2500, "2150": 0, "6100-00412": 1998, "2100": -4498}
    }


def test_the_trial_balance_is_a_copy(estate: Estate) -> None:
    books(estate).call("cloud_erp", "POST", "/receipts", erp_receipt())
    estate.cloud_erp.state.trial_balance()["H1", "USD"]["1400"] = 0
    assert estate.cloud_erp.state.trial_balance()["H1", "USD"]["1400"] == 2500


BILLED = st.tuples(st.sampled_from([1, 2]), st.integers(1, 50), st.integers(0, 100_000))


@given(st.lists(st.lists(BILLED, min_size=1, max_size=6), max_size=6), st.lists(st.integers(1, 20), max_size=4))
def test_whatever_is_posted_every_journal_and_the_trial_balance_balance(
    invoices: list[list[tuple[int, int, int]]], receipts: list[int]
) -> None:
    estate = Estate()
    door = books(estate)
    for quantity in receipts:
        assert door.call("cloud_erp", "POST", "/receipts", erp_receipt((1, quantity)))[0] == 201
    for lines in invoices:
        total = decimal(sum(amount for _, _, amount in lines))
        billed = [(line, quantity, "1.00", decimal(amount)) for line, quantity, amount in lines]
        assert door.call("cloud_erp", "POST", "/invoices", erp_invoice(total, *billed))[0] == 201
    summed: dict[str, int] = {}
    for _, effects, _ in estate.commits:
        for effect in effects:
            assert sum(line.amount_minor for line in effect.lines) == 0
            for line in effect.lines:
                summed[line.account] = summed.get(line.account, 0) + line.amount_minor
    assert estate.cloud_erp.state.trial_balance().get(("H1", "USD"), {}) == summed
    assert sum(summed.values()) == 0


def test_opening_balances_are_a_journal_of_their_own(estate: Estate) -> None:
    lines = (Posting("1400", "inventory", 90_000, "USD"), Posting("3000", "equity", -90_000, "USD"))
    opened = estate.act(
        estate.cloud_erp, lambda work: estate.cloud_erp.state.opening_balances(work, "H1", "2026-09-30", lines)
    )
    (effect,), _ = estate.last()
    assert (opened, effect.what, effect.ref, effect.lines) == ("JE-1", "journal.posted", "JE-1", lines)
    assert (effect.on, effect.amount_minor, effect.state) == ("2026-09-30", 90_000, "opening")
    assert estate.cloud_erp.state.trial_balance() == {("H1", "USD"): {"1400": 90_000, "3000": -90_000}}


Action = Callable[[Estate, Work], Any]
STOCK = Posting("1400", "inventory", 5, "USD")


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (lambda e, w: e.cloud_erp.state.opening_balances(w, "H1", "2026-09-30", (STOCK,)), "UNBALANCED"),
        (lambda e, w: e.cloud_erp.state.opening_balances(w, "H1", "2026-09-30", ()), "UNBALANCED"),
        (lambda e, w: e.cloud_erp.state.opening_balances(w, "H9", "2026-09-30", (STOCK,)), "BU-INVALID"),
        (lambda e, w: e.cloud_erp.state.opening_balances(w, "H1", "late", ()), "UNBALANCED"),
        (
            lambda e, w: e.cloud_erp.state.opening_balances(
                w, "H1", "late", (STOCK, Posting("3000", "equity", -5, "USD"))
            ),
            "DATE-INVALID",
        ),
        (
            lambda e, w: e.cloud_erp.state.opening_balances(
                w, "H1", "2026-09-30", (STOCK, Posting("3000", "equity", -5, "CAD"))
            ),
            "UNBALANCED",
        ),
        (lambda e, w: e.cloud_erp.state.open_period(w, "H1", "2026-10"), "PERIOD-OPEN"),
        (lambda e, w: e.cloud_erp.state.open_period(w, "H1", "2026-13"), "PERIOD-INVALID"),
        (lambda e, w: e.cloud_erp.state.open_period(w, "H9", "2026-10"), "BU-INVALID"),
        (lambda e, w: e.cloud_erp.state.close_period(w, "H1", "2026-11"), "PERIOD-NOT-OPEN"),
        (lambda e, w: e.cloud_erp.state.close_period(w, "H2", "2026-10"), "PERIOD-NOT-OPEN"),
    ],
)
def test_what_accountants_cannot_do(estate: Estate, action: Action, code: str) -> None:
    books(estate)
    before = estate.snapshot()
    with pytest.raises(Refused) as refused:
        estate.act(estate.cloud_erp, lambda work: action(estate, work))
    assert refused.value.code == code
    assert estate.snapshot() == before


def _step(step: Callable[[Work, str, str], None], work: Work) -> None:
    step(work, "H1", "2026-12")


def test_a_period_goes_from_never_opened_to_open_to_closed_and_open_again(estate: Estate) -> None:
    state = estate.cloud_erp.state
    seen = []
    for step in (state.open_period, state.close_period, state.open_period):
        estate.act(estate.cloud_erp, partial(_step, step))
        (effect,), _ = estate.last()
        seen.append((effect.what, effect.entity, effect.state, state.periods["H1"]["2026-12"]))
    assert seen == [
        ("period.opened", "H1", "2026-12", "Open"),
        ("period.closed", "H1", "2026-12", "Closed"),
        ("period.opened", "H1", "2026-12", "Open"),
    ]
    assert state.periods["H1"]["2027-01"] == "Never Opened"


def test_a_poll_that_brings_nothing_is_idle_and_a_lookup_is_not(estate: Estate) -> None:
    door = books(estate)
    headers = {"authorization": f"Bearer {door.token()}"}

    def idle(query: dict[str, str]) -> bool:
        return door.outcome("cloud_erp", Request("GET", "/invoices", query, headers)).idle

    assert idle({})
    assert not idle({"SourceRef": "none"})
    body = json.dumps(erp_invoice("1.00", (2, 1, "1.00", "1.00"))).encode()
    assert door.outcome("cloud_erp", Request("POST", "/invoices", {}, headers, body)).committed
    assert not idle({})
