"""Accruals in the ERP: what they post, when the ledger takes them, and how they are taken back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mocks.doors import Door, Estate
from tests.mocks.papers import ORDER, erp_accrual, erp_invoice, erp_order, erp_reversal

ERP = "cloud_erp"


@pytest.fixture(autouse=True)
def october(estate: Estate, door: Door) -> None:
    """October and November are open at the first hospital, and an order stands: line 2 is used at once, at 9.99."""
    for period in ("2026-10", "2026-11"):
        _controller(estate, "open_period", period)
    assert door.call(ERP, "POST", "/purchaseOrders", erp_order())[0] == 201


def _controller(estate: Estate, step: str, period: str = "2026-10") -> None:
    estate.act(estate.cloud_erp, lambda work: getattr(estate.cloud_erp.state, step)(work, "H1", period))


def _last(estate: Estate) -> Any:
    (effect,), _ = estate.last()
    return effect


def _lines(effect: Any) -> list[tuple[str, str, int]]:
    return [(line.account, line.role, line.amount_minor) for line in effect.lines]


def test_an_accrual_is_expense_against_accrued_receipts(door: Door, estate: Estate) -> None:
    status, made = door.call(ERP, "POST", "/journals", erp_accrual())
    assert (status, made["JournalId"], made["Amount"], made["Reverses"]) == (201, "JE-1", "19.98", "")
    effect = _last(estate)
    assert (effect.what, effect.number, effect.on) == ("accrual.posted", f"2026-10/{ORDER}/2", "2026-10-31")
    assert _lines(effect) == [("6100-00412", "expense", 1998), ("2160", "accrued", -1998)]
    found = door.call(ERP, "GET", "/journals", query={"SourceRef": made["SourceRef"]})[1]
    assert found == {"items": [made], "hasMore": False}


@pytest.mark.parametrize(("on", "what"), [("2026-11-01", "accrual.reversed"), ("2026-10-31", "accrual.cancelled")])
def test_an_accrual_is_reversed_in_the_next_period_and_cancelled_in_its_own(
    door: Door, estate: Estate, on: str, what: str
) -> None:
    door.call(ERP, "POST", "/journals", erp_accrual())
    status, made = door.call(ERP, "POST", "/journals/JE-1/reverse", erp_reversal(on))
    assert (status, made["JournalId"], made["Reverses"]) == (201, "JE-2", "JE-1")
    effect = _last(estate)
    assert (effect.what, effect.reverses, effect.on) == (what, "JE-1", on)
    assert _lines(effect) == [("6100-00412", "expense", -1998), ("2160", "accrued", 1998)]
    books = estate.cloud_erp.state.trial_balance()[("H1", "USD")]
    assert not any(books.values())


def test_a_reversal_without_a_key_is_posted_as_often_as_it_is_sent(door: Door) -> None:
    """The family remembers keys, and nothing else: exactly once is the caller's affair."""
    door.call(ERP, "POST", "/journals", erp_accrual())
    path, paper, key = "/journals/JE-1/reverse", erp_reversal(), {"Idempotency-Key": "rev:1"}
    first = door.call(ERP, "POST", path, paper, headers=key)
    assert door.call(ERP, "POST", path, paper, headers=key) == first
    assert door.call(ERP, "POST", path, paper)[1]["JournalId"] == "JE-3"


def test_the_ledger_takes_accruals_after_payables_have_closed_and_none_once_it_is_locked(
    door: Door, estate: Estate
) -> None:
    _controller(estate, "close_period")
    bill = erp_invoice("25.00", (1, 10, "2.50", "25.00"))
    assert door.call(ERP, "POST", "/invoices", bill)[1]["o:errorCode"] == "AP-PERIOD-CLOSED"
    assert door.call(ERP, "POST", "/journals", erp_accrual())[0] == 201
    _controller(estate, "lock_period")
    assert _last(estate).what == "period.locked"
    before = estate.snapshot()
    for path, paper in (("/journals", erp_accrual()), ("/journals/JE-1/reverse", erp_reversal("2026-10-31"))):
        assert door.call(ERP, "POST", path, paper)[1]["o:errorCode"] == "GL-PERIOD-CLOSED"
    assert estate.snapshot() == before
    shown = door.call(ERP, "GET", "/periods", query={"BusinessUnit": "H1"})[1]["items"]
    assert [item["Status"] for item in shown] == ["Permanently Closed", "Open", "Never Opened"]


def test_a_locked_period_stays_locked_and_an_open_one_is_not_locked(estate: Estate) -> None:
    for step, code in (("lock_period", "PERIOD-NOT-CLOSED"), ("open_period", "PERIOD-OPEN")):
        with pytest.raises(Exception, match="2026-10 of H1") as refused:
            _controller(estate, step)
        assert getattr(refused.value, "code", "") == code
        if step == "lock_period":
            _controller(estate, "close_period")
            _controller(estate, "lock_period")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"BusinessUnit": "H9"}, "entity_not_granted"),
        ({"OrderNumber": "PO-9"}, "PO-UNKNOWN"),
        ({"OrderLine": 7}, "PO-LINE-UNKNOWN"),
        ({"Amount": "19.99"}, "AMOUNT-MISMATCH"),
        ({"Currency": "CAD"}, "AMOUNT-MISMATCH"),
        ({"AccountingDate": "2027-03-31"}, "GL-PERIOD-CLOSED"),
    ],
)
def test_what_cannot_be_accrued_is_refused_and_changes_nothing(
    door: Door, estate: Estate, changes: dict[str, Any], code: str
) -> None:
    before = estate.snapshot()
    refused = door.call(ERP, "POST", "/journals", erp_accrual(**changes))[1]
    assert refused["o:errorCode"] in {code, "BU-INVALID"}
    assert estate.snapshot() == before


def test_what_cannot_be_reversed_is_refused(door: Door) -> None:
    door.call(ERP, "POST", "/journals", erp_accrual())
    door.call(ERP, "POST", "/journals/JE-1/reverse", erp_reversal())
    for path, paper, status in (
        ("/journals/JE-9/reverse", erp_reversal(), 404),
        ("/journals/JE-2/reverse", erp_reversal(), 409),
        ("/journals/JE-1/reverse", erp_reversal("2026-09-30"), 400),
    ):
        assert door.call(ERP, "POST", path, paper)[0] == status
