"""AP automation: captures, statuses, and errors that come as arrays."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from contracts.wire import Subject
from mocks.ap_automation.state import CapturedInvoice, CapturedLine
from mocks.kit.dialect import stamp
from mocks.kit.operation import Refused
from tests.mocks.doors import NOW_MS, Door, Estate
from tests.mocks.papers import ORDER, bill, captured, given_back, memo, read_from_paper

INV = "INV-000001"
STATUS = f"/invoices/{INV}/status"
POSTED = {"status": "posted", "voucher": "AP-1"}


def test_a_capture_brings_its_effect_and_the_whole_invoice(door: Door, estate: Estate) -> None:
    assert captured(estate) == INV
    (effect,), (event,) = estate.last()
    assert (effect.what, effect.ref, effect.entity, effect.party) == ("invoice.captured", INV, "H1", "S001")
    assert (effect.number, effect.amount_minor, effect.order) == ("A-0017", 2500, ORDER)
    assert (event.topic, event.subject, event.version) == ("invoice.captured", Subject("H1", INV), 1)
    status, shown = door.call("ap_automation", "GET", f"/invoices/{INV}")
    assert json.loads(event.body) == shown
    assert (status, shown["total"], shown["status"], shown["voucher"]) == (200, "25.00", "captured", "")
    assert shown["lines"] == [{"line": 1, "item": "I-1", "quantity": 10, "unit_price": "2.50", "amount": "25.00"}]
    assert (shown["channel"], shown["purchase_order"], shown["captured_at"]) == ("email", ORDER, stamp(NOW_MS))


def test_a_credit_memo_is_captured_with_signed_amounts_and_the_number_it_names(door: Door, estate: Estate) -> None:
    """The same event and the same list as a bill; a bill shows neither field."""
    assert given_back(estate) == INV
    (effect,), (event,) = estate.last()
    assert (effect.what, effect.number, effect.amount_minor) == ("invoice.captured", "CM-1", -2500)
    shown = door.call("ap_automation", "GET", f"/invoices/{INV}")[1]
    assert json.loads(event.body) == shown
    assert (shown["type"], shown["credits"], shown["total"]) == ("credit_memo", "A-0017", "-25.00")
    assert [(line["quantity"], line["unit_price"], line["amount"]) for line in shown["lines"]] == [
        (-10, "2.50", "-25.00")
    ]
    captured(estate)
    listed = door.call("ap_automation", "GET", "/invoices")[1]["invoices"]
    assert [row["id"] for row in listed] == [INV, "INV-000002"]
    assert not {"type", "credits"} & door.call("ap_automation", "GET", "/invoices/INV-000002")[1].keys()


def test_only_what_was_read_from_paper_says_how_sure_the_reading_was(door: Door, estate: Estate) -> None:
    assert "confidence" not in door.call("ap_automation", "GET", f"/invoices/{captured(estate)}")[1]
    shown = door.call("ap_automation", "GET", f"/invoices/{read_from_paper(estate)}")[1]
    assert shown["confidence"] == {"number": 97, "lines": 61, "total": 99}


def test_the_same_bill_captured_twice_is_two_invoices(estate: Estate) -> None:
    assert [captured(estate), captured(estate)] == [INV, "INV-000002"]


@pytest.mark.parametrize(
    ("paper", "code"),
    [
        (bill("H9"), "unknown_organisation"),
        (bill(date="soon"), "bad_date"),
        (memo(lines=bill().lines), "bad_quantity"),
        (memo(total_minor=2500), "bad_amount"),
        (replace(bill(), total_minor=-1), "bad_amount"),
        (CapturedInvoice("H1", "email", "S1", "A", "1", "2026-10-05", ORDER, (), 0), "no_lines"),
        (
            CapturedInvoice("H1", "email", "S1", "A", "1", "2026-10-05", ORDER, (CapturedLine(1, "I", 0, 1, 0),), 0),
            "bad_quantity",
        ),
    ],
)
def test_papers_that_cannot_be_captured(estate: Estate, paper: CapturedInvoice, code: str) -> None:
    before = estate.snapshot()
    with pytest.raises(Refused) as refused:
        estate.act(estate.ap_automation, lambda work: estate.ap_automation.state.capture(work, paper))
    assert refused.value.code == code
    assert estate.snapshot() == before


def test_an_invoice_is_held_then_posted(door: Door, estate: Estate) -> None:
    captured(estate)
    assert door.call("ap_automation", "PUT", STATUS, {"status": "held", "reason": "no receipt"})[0] == 200
    status, shown = door.call("ap_automation", "PUT", STATUS, POSTED)
    assert (status, shown) == (200, {"id": INV, "status": "posted", "voucher": "AP-1", "reason": ""})
    (effect,), events = estate.last()
    assert (effect.what, effect.ref, effect.state, effect.number) == ("invoice.status", INV, "posted", "AP-1")
    assert (effect.entity, events) == ("H1", ())


def test_the_same_status_again_commits_nothing(door: Door, estate: Estate) -> None:
    captured(estate)
    for told in ({"status": "held", "reason": "x"}, {"status": "rejected", "reason": "copy"}, POSTED):
        door.call("ap_automation", "PUT", STATUS, told)
        before = estate.snapshot()
        assert door.call("ap_automation", "PUT", STATUS, told)[0] == 200
        assert estate.snapshot() == before


@pytest.mark.parametrize("told", [{"status": "held"}, {"status": "rejected"}, {"status": "posted", "voucher": "AP-2"}])
def test_posted_is_final(door: Door, estate: Estate, told: dict[str, str]) -> None:
    captured(estate)
    door.call("ap_automation", "PUT", STATUS, POSTED)
    door.refused(409, "invoice_final", "ap_automation", "PUT", STATUS, told)


def test_people_take_back_even_what_is_posted(door: Door, estate: Estate) -> None:
    """At the screen, once they have cancelled it in the books; then it is an invoice like any other that was rejected."""
    number = captured(estate)
    door.call("ap_automation", "PUT", STATUS, POSTED)
    capture = estate.ap_automation
    estate.act(capture, lambda work: capture.state.take_back(work, number, "a copy after all"))
    (effect,), _ = estate.last()
    assert (effect.what, effect.ref, effect.state, effect.number) == ("invoice.status", number, "rejected", "")
    shown = door.call("ap_automation", "GET", f"/invoices/{number}")[1]
    assert (shown["status"], shown["voucher"]) == ("rejected", "")


def test_what_is_refused(door: Door, estate: Estate) -> None:
    captured(estate)
    door.refused(400, "voucher_missing", "ap_automation", "PUT", STATUS, {"status": "posted"})
    door.refused(400, "invalid_request", "ap_automation", "PUT", STATUS, {"status": "paid"})
    door.refused(400, "invalid_request", "ap_automation", "PUT", STATUS, {"status": "held", "reason": "x" * 401})
    door.refused(404, "not_found", "ap_automation", "PUT", "/invoices/INV-9/status", POSTED)
    door.refused(404, "not_found", "ap_automation", "GET", "/invoices/INV-9")


def test_errors_are_arrays_with_the_moment(door: Door) -> None:
    status, errors = door.call("ap_automation", "GET", "/invoices/INV-9")
    assert status == 404
    (error,) = errors
    assert (error["timestamp"], error["severity"], error["category"]) == (stamp(NOW_MS), "error", "application")


def test_pages_hold_a_hundred_at_most(door: Door, estate: Estate) -> None:
    for _ in range(103):
        captured(estate)
    first = door.call("ap_automation", "GET", "/invoices", query={"limit": "1000"})[1]
    rest = door.call("ap_automation", "GET", "/invoices", query={"offset": "100", "captured_since": stamp(NOW_MS)})[1]
    assert (len(first["invoices"]), first["total"], len(rest["invoices"])) == (100, 103, 3)
    later = door.call("ap_automation", "GET", "/invoices", query={"captured_since": stamp(NOW_MS + 1)})[1]
    assert later == {"invoices": [], "total": 0}


@pytest.mark.parametrize(("order", "cost_centre"), [("", ""), (ORDER, "00412")])
def test_a_bill_names_its_order_or_else_its_cost_centre(estate: Estate, order: str, cost_centre: str) -> None:
    paper = replace(bill(), order=order, cost_centre=cost_centre)
    with pytest.raises(Refused, match="coded"):
        estate.act(estate.ap_automation, lambda work: estate.ap_automation.state.capture(work, paper))


def test_a_bill_without_an_order_shows_its_coding(door: Door, estate: Estate) -> None:
    paper = replace(bill(), order="", cost_centre="00412")
    estate.act(estate.ap_automation, lambda work: estate.ap_automation.state.capture(work, paper))
    _, shown = door.call("ap_automation", "GET", "/invoices/INV-000001")
    assert (shown["purchase_order"], shown["cost_centre"]) == ("", "00412")
