"""Materials management: receipts are recorded once, told in full, and never change."""

from __future__ import annotations

import json
from functools import partial

import pytest
from msgspec.structs import replace

from contracts.wire import Subject
from mocks.inventory.models import ReceiptLine
from mocks.inventory.state import Inventory, NewReceipt
from mocks.kit.dialect import stamp
from mocks.kit.operation import Refused, Work
from tests.mocks.doors import NOW_MS, Door, Estate
from tests.mocks.papers import ORDER, arrival, counted, entered, received

GRN = "GRN-H1-000001"


def test_a_receipt_is_recorded_with_its_effect_and_a_fat_event(door: Door, estate: Estate) -> None:
    assert received(estate) == GRN
    (effect,), (event,) = estate.last()
    assert (effect.what, effect.ref, effect.order, effect.on) == ("receipt.recorded", GRN, ORDER, "2026-10-05")
    assert (event.topic, event.subject, event.version) == ("receipt.recorded", Subject("H1", GRN), 1)
    status, shown = door.call("inventory", "GET", f"/receipts/{GRN}")
    assert (status, shown) == (200, json.loads(event.body))
    assert shown == {
        "grn": GRN,
        "site": "H1",
        "order": ORDER,
        "received_on": "2026-10-05",
        "recorded_at": stamp(NOW_MS),
        "lines": [{"line": 1, "item": "I-1", "quantity": 10, "unit": "BX"}],
    }


def test_the_same_delivery_recorded_twice_is_two_receipts(estate: Estate) -> None:
    assert [received(estate), received(estate)] == [GRN, "GRN-H1-000002"]


@pytest.mark.parametrize(
    ("arrived", "code"),
    [
        (arrival("H9"), "unknown_site"),
        (arrival(quantity=0), "bad_quantity"),
        (arrival(on="5 October"), "bad_date"),
        (arrival(on="2026-02-30"), "bad_date"),
        (NewReceipt("H1", ORDER, "2026-10-05", ()), "no_lines"),
        (NewReceipt("H1", ORDER, "2026-10-05", (ReceiptLine(1, "I", 1, "EA"),) * 2), "line_twice"),
    ],
)
def test_receipts_that_cannot_be_recorded(estate: Estate, arrived: NewReceipt, code: str) -> None:
    before = estate.snapshot()
    with pytest.raises(Refused) as refused:
        estate.act(estate.inventory, lambda work: estate.inventory.state.record_receipt(work, arrived))
    assert refused.value.code == code
    assert estate.snapshot() == before


def test_pages_hold_two_hundred_at_most(door: Door, estate: Estate) -> None:
    for _ in range(201):
        received(estate)
    first = door.call("inventory", "GET", "/receipts", query={"limit": "999"})[1]
    rest = door.call("inventory", "GET", "/receipts", query={"limit": "999", "offset": "200"})[1]
    assert (len(first["receipts"]), first["more"], len(rest["receipts"]), rest["more"]) == (200, True, 1, False)


def test_a_list_starts_at_a_moment(door: Door, estate: Estate) -> None:
    received(estate)
    estate.later(1)
    received(estate)
    page = door.call("inventory", "GET", "/receipts", query={"since": stamp(NOW_MS + 1000)})[1]
    assert [row["grn"] for row in page["receipts"]] == ["GRN-H1-000002"]


def test_what_is_refused(door: Door) -> None:
    door.refused(404, "not_found", "inventory", "GET", "/receipts/GRN-H1-000009")
    door.refused(400, "invalid_request", "inventory", "GET", "/receipts", query={"since": "x"})
    door.refused(405, "method_not_allowed", "inventory", "POST", "/receipts", {})


def correction(quantity: int, corrects: str = "GRN-H1-000001", unit: str = "BX") -> NewReceipt:
    """Some of a receipt's first line is taken back."""
    return NewReceipt("H1", ORDER, "2026-10-06", (ReceiptLine(1, "I-1", quantity, unit),), corrects)


def test_what_goes_back_is_a_receipt_that_corrects_another(door: Door, estate: Estate) -> None:
    received(estate)
    dock = estate.inventory
    number = estate.act(dock, lambda work: dock.state.record_receipt(work, correction(4)))
    assert number == "RTN-H1-000002"
    assert estate.last()[1][0].topic == "receipt.recorded"
    _, shown = door.call("inventory", "GET", f"/receipts/{number}")
    assert (shown["corrects"], shown["lines"][0]["quantity"]) == ("GRN-H1-000001", 4)
    _, first = door.call("inventory", "GET", "/receipts/GRN-H1-000001")
    assert "corrects" not in first
    assert first["lines"][0]["quantity"] == 10, "a receipt never changes"
    _, page = door.call("inventory", "GET", "/receipts")
    assert [row["grn"] for row in page["receipts"]] == ["GRN-H1-000001", number]


def _record(state: Inventory, arrived: NewReceipt, work: Work) -> str:
    return state.record_receipt(work, arrived)


def test_no_more_goes_back_than_came(estate: Estate) -> None:
    received(estate)
    dock = estate.inventory
    estate.act(dock, lambda work: dock.state.record_receipt(work, correction(6)))
    for wrong, code in (
        (correction(5), "more_than_counted"),
        (correction(1, unit="each"), "more_than_counted"),
        (correction(1, "RTN-H1-000002"), "not_correctable"),
        (correction(1, "GRN-H9-000001"), "not_found"),
    ):
        with pytest.raises(Refused) as refused:
            estate.act(dock, partial(_record, dock.state, wrong))
        assert refused.value.code == code
    estate.act(dock, lambda work: dock.state.record_receipt(work, correction(4)))


def test_what_was_entered_without_counting_says_so_and_is_counted_once(door: Door, estate: Estate) -> None:
    number = counted(estate)
    assert number == "CNT-H1-000002"
    assert door.call("inventory", "GET", f"/receipts/{GRN}")[1]["method"] == "receive_all"
    _, shown = door.call("inventory", "GET", f"/receipts/{number}")
    assert (shown["method"], shown["corrects"], shown["lines"]) == ("count", GRN, [])
    topic, event = estate.last()[1][0].topic, json.loads(estate.last()[1][0].body)
    assert (topic, event) == ("receipt.recorded", shown)
    received(estate)
    assert "method" not in door.call("inventory", "GET", "/receipts/GRN-H1-000003")[1]


def test_a_count_names_what_is_missing(door: Door, estate: Estate) -> None:
    entered(estate)
    short = replace(correction(4), method="count")
    number = estate.act(estate.inventory, lambda work: estate.inventory.state.record_receipt(work, short))
    assert door.call("inventory", "GET", f"/receipts/{number}")[1]["lines"][0]["quantity"] == 4
    for wrong, code in (
        (short, "counted_before"),
        (correction(7), "more_than_counted"),
    ):
        with pytest.raises(Refused) as refused:
            estate.act(estate.inventory, partial(_record, estate.inventory.state, wrong))
        assert refused.value.code == code


def test_what_cannot_be_counted(estate: Estate) -> None:
    received(estate)
    entered(estate)
    nothing = NewReceipt("H1", ORDER, "2026-10-06", (), "GRN-H1-000002", "count")
    for wrong, code in (
        (replace(nothing, corrects=GRN), "counted_before"),
        (replace(nothing, corrects=""), "bad_method"),
        (replace(correction(1), method="receive_all"), "bad_method"),
        (replace(nothing, method="counted"), "no_lines"),
        (replace(nothing, lines=correction(11).lines), "more_than_counted"),
    ):
        with pytest.raises(Refused) as refused:
            estate.act(estate.inventory, partial(_record, estate.inventory.state, wrong))
        assert refused.value.code == code
    estate.act(estate.inventory, partial(_record, estate.inventory.state, nothing))
