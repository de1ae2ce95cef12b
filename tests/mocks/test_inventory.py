"""Materials management: receipts are recorded once, told in full, and never change."""

from __future__ import annotations

import json

import pytest

from contracts.wire import Subject
from mocks.inventory.models import ReceiptLine
from mocks.inventory.state import NewReceipt
from mocks.kit.dialect import stamp
from mocks.kit.operation import Refused
from tests.mocks.doors import NOW_MS, Door, Estate
from tests.mocks.papers import ORDER, arrival, received

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
