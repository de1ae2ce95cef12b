"""Procurement: requisition → approval → order, and what the API shows and takes."""

from __future__ import annotations

import json
from typing import cast

import pytest

from contracts.wire import Subject
from mocks.kit.dialect import stamp
from mocks.kit.operation import Refused
from mocks.procurement.state import Requisition, RequisitionLine
from tests.mocks.doors import NOW_MS, Door, Estate
from tests.mocks.papers import ORDER, ordered, ordered_in_codes, requisition


def test_an_approval_makes_an_order_its_effect_and_its_event_in_one_commit(estate: Estate) -> None:
    assert ordered(estate) == ORDER
    assert len(estate.commits) == 1, "a requisition alone commits nothing"
    (effect,), (event,) = estate.last()
    assert (effect.what, effect.ref, effect.entity, effect.party) == ("order.approved", ORDER, "H1", "S001")
    assert (effect.amount_minor, effect.version, effect.actor) == (10 * 250 + 2 * 999, 1, "somebody")
    assert (event.topic, event.subject, event.version) == ("purchase_order.approved", Subject("H1", ORDER), 1)
    assert json.loads(event.body) == {
        "number": ORDER,
        "revision": 1,
        "business_unit": "H1",
        "status": "approved",
        "occurred_at": stamp(NOW_MS),
    }


def test_numbers_count_within_each_hospital(estate: Estate) -> None:
    assert [ordered(estate, entity) for entity in ("H1", "H2", "H1")] == [ORDER, "PO-H2-000001", "PO-H1-000002"]


def test_an_order_is_shown_in_the_familys_dialect(door: Door, estate: Estate) -> None:
    ordered(estate)
    status, order = door.call("procurement", "GET", f"/purchase_orders/{ORDER}")
    assert status == 200
    assert order["supplier"] == {"id": "S001", "name": "Acme Medical"}
    assert [line["unit_price"] for line in order["lines"]] == ["2.50", "9.99"]
    assert [line["line"] for line in order["lines"]] == [1, 2]
    assert (order["approved_at"], order["erp_number"], order["invoice_status"]) == (stamp(NOW_MS), "", "none")


def test_an_order_says_what_tax_may_be_charged_where_that_is_known(door: Door, estate: Estate) -> None:
    assert "taxes" not in door.call("procurement", "GET", f"/purchase_orders/{ordered(estate)}")[1]
    number = ordered(estate, taxes=(("2026-01-01", 0), ("2026-10-01", 102_500)))
    shown = door.call("procurement", "GET", f"/purchase_orders/{number}")[1]["taxes"]
    assert shown == [
        {"valid_from": "2026-01-01", "rate": "0.0000"},
        {"valid_from": "2026-10-01", "rate": "10.2500"},
    ]


def test_an_order_in_a_hospitals_own_codes_says_by_which_day_to_read_them(door: Door, estate: Estate) -> None:
    plain = door.call("procurement", "GET", f"/purchase_orders/{ordered(estate)}")[1]
    assert not {"written_on", "ship_to"}.intersection(plain)
    shown = door.call("procurement", "GET", f"/purchase_orders/{ordered_in_codes(estate)}")[1]
    said = shown["supplier"]["id"], shown["ship_to"], shown["written_on"]
    assert said == ("H1-7001", "H1-D1", "2026-10-21")


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (requisition("H9"), "unknown_business_unit"),
        (Requisition("H1", "1", "S1", "A", "n", ()), "no_lines"),
        (requisition(quantity=0), "bad_line"),
        (requisition(price_minor=-1), "bad_line"),
        (Requisition("H1", "1", "S1", "A", "n", (RequisitionLine("I", "d", "stock", -3, "EA", 1),)), "bad_line"),
    ],
)
def test_requisitions_that_cannot_be_raised(estate: Estate, wanted: Requisition, code: str) -> None:
    before = estate.snapshot()
    with pytest.raises(Refused) as refused:
        estate.act(estate.procurement, lambda work: estate.procurement.state.raise_requisition(work, wanted))
    assert refused.value.code == code
    assert estate.snapshot() == before


@pytest.mark.parametrize(("name", "code"), [("REQ-H1-000001", "not_submitted"), ("REQ-H1-000009", "not_found")])
def test_only_a_submitted_requisition_can_be_approved(estate: Estate, name: str, code: str) -> None:
    ordered(estate)
    before = estate.snapshot()
    with pytest.raises(Refused) as refused:
        estate.act(estate.procurement, lambda work: estate.procurement.state.approve(work, name, "head"))
    assert refused.value.code == code
    assert estate.snapshot() == before


def test_the_status_goes_from_approved_to_interfaced_to_invoiced(door: Door, estate: Estate) -> None:
    ordered(estate)
    path = f"/purchase_orders/{ORDER}/status"
    interfaced = {"status": "interfaced", "erp_number": "EPO-1"}
    assert door.call("procurement", "PUT", path, interfaced)[0] == 200
    (effect,), events = estate.last()
    assert (effect.what, effect.ref, effect.state, effect.number) == ("order.status", ORDER, "interfaced", "EPO-1")
    assert (effect.actor, events) == ("reference", ())
    status, shown = door.call("procurement", "PUT", path, {"status": "invoiced", "erp_number": "EPO-1"})
    assert (status, shown["status"], shown["invoice_status"]) == (200, "interfaced", "invoiced")


def test_the_same_status_again_commits_nothing(door: Door, estate: Estate) -> None:
    ordered(estate)
    path = f"/purchase_orders/{ORDER}/status"
    for word in ("interfaced", "invoiced"):
        told = {"status": word, "erp_number": "EPO-1"}
        door.call("procurement", "PUT", path, told)
        before = estate.snapshot()
        assert door.call("procurement", "PUT", path, told)[0] == 200
        assert estate.snapshot() == before


def test_another_erp_number_is_a_change(door: Door, estate: Estate) -> None:
    ordered(estate)
    for number in ("EPO-1", "EPO-2"):
        door.call(
            "procurement", "PUT", f"/purchase_orders/{ORDER}/status", {"status": "interfaced", "erp_number": number}
        )
    assert [effects[0].number for _, effects, _ in estate.commits[1:]] == ["EPO-1", "EPO-2"]


def test_what_is_refused(door: Door, estate: Estate) -> None:
    ordered(estate)
    path = f"/purchase_orders/{ORDER}/status"
    good = {"status": "invoiced", "erp_number": "EPO-1"}
    door.refused(409, "not_interfaced", "procurement", "PUT", path, good)
    door.refused(404, "not_found", "procurement", "PUT", "/purchase_orders/PO-H1-000009/status", good)
    door.refused(404, "not_found", "procurement", "GET", "/purchase_orders/PO-H1-000009")
    for bad in cast(
        "list[object]", [{}, {"status": "lost", "erp_number": "1"}, {"status": "invoiced", "erp_number": ""}, [], None]
    ):
        door.refused(400, "invalid_request", "procurement", "PUT", path, bad)
    for query in (
        {"limit": "0"},
        {"offset": "-1"},
        {"updated_after": "yesterday"},
        {"updated_after": "1759276800.5"},
        {"updated_after": "2026-10-05T00:00:00"},
    ):
        door.refused(400, "invalid_request", "procurement", "GET", "/purchase_orders", query=query)


def test_changes_made_through_the_api_do_not_show_an_order_as_changed(door: Door, estate: Estate) -> None:
    ordered(estate)
    estate.later(60)
    door.call("procurement", "PUT", f"/purchase_orders/{ORDER}/status", {"status": "interfaced", "erp_number": "EPO-1"})
    query = {"updated_after": stamp(NOW_MS + 1)}
    assert door.call("procurement", "GET", "/purchase_orders", query=query)[1]["purchase_orders"] == []
    (row,) = door.call("procurement", "GET", "/purchase_orders", query={"updated_after": stamp(NOW_MS)})[1][
        "purchase_orders"
    ]
    assert (row["updated_at"], row["status"]) == (stamp(NOW_MS), "interfaced")


def test_pages_hold_fifty_at_most_and_say_where_the_next_begins(door: Door, estate: Estate) -> None:
    for _ in range(120):
        ordered(estate)
    seen: list[str] = []
    offset: int | None = 0
    sizes = []
    while offset is not None:
        status, page = door.call(
            "procurement", "GET", "/purchase_orders", query={"offset": str(offset), "limit": "1000"}
        )
        assert (status, page["total"]) == (200, 120)
        sizes.append(len(page["purchase_orders"]))
        seen += [row["number"] for row in page["purchase_orders"]]
        offset = page["next_offset"]
    assert sizes == [50, 50, 20]
    assert seen == [f"PO-H1-{n:06d}" for n in range(1, 121)]
    beyond = door.call("procurement", "GET", "/purchase_orders", query={"offset": "500"})[1]
    assert (beyond["purchase_orders"], beyond["next_offset"]) == ([], None)
