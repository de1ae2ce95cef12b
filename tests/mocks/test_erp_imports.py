"""Bulk imports into the ERP: the parent succeeds whatever its rows do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.wire import Request
from mocks.cloud_erp.imports import JOURNAL_IMPORT
from mocks.kit.operation import Bend
from tests.mocks.doors import Door, Estate
from tests.mocks.papers import erp_import, erp_order

ERP = "cloud_erp"


@pytest.fixture(autouse=True)
def october(estate: Estate, door: Door) -> None:
    """October is open at the first hospital, and an order stands: line 2 is used at once, at 9.99."""
    estate.act(estate.cloud_erp, lambda work: estate.cloud_erp.state.open_period(work, "H1", "2026-10"))
    assert door.call(ERP, "POST", "/purchaseOrders", erp_order())[0] == 201


def _rows(door: Door, job: str = "ESS-1") -> Any:
    status, page = door.call(ERP, "GET", f"/erpintegrations/{job}/rows")
    assert status == 200
    return [(row["Reference"], row["Status"], row["JournalId"], row["Message"]) for row in page["items"]]


def test_the_parent_succeeds_and_a_row_is_rejected(door: Door, estate: Estate) -> None:
    """A good row, one that names no such line, one whose amount is not the order's: one posts, in a commit of its own."""
    sent = erp_import(("r-1", 2, "19.98"), ("r-2", 7, "19.98"), ("r-3", 2, "19.97"))
    status, made = door.call(ERP, "POST", "/erpintegrations", sent)
    assert (status, made["ReqstId"], made["RequestStatus"]) == (201, "ESS-1", "RUNNING")
    effects, events = estate.last()
    assert [(effect.what, effect.source_ref) for effect in effects] == [
        ("import.taken", "period-end:2026-10"),
        ("accrual.posted", "r-1"),
    ]
    assert effects[0].commit < effects[1].commit
    assert events == ()
    assert _rows(door) == []
    estate.later(120)
    assert door.call(ERP, "GET", "/erpintegrations/ESS-1")[1]["RequestStatus"] == "SUCCEEDED"
    assert _rows(door) == [
        ("r-1", "LOADED", "JE-1", ""),
        ("r-2", "REJECTED", "", "PO-LINE-UNKNOWN"),
        ("r-3", "REJECTED", "", "AMOUNT-MISMATCH"),
    ]


def test_the_same_rows_again_are_another_job_and_die_as_duplicates(door: Door, estate: Estate) -> None:
    sent = erp_import(("r-1", 2, "19.98"))
    for _ in range(2):
        door.call(ERP, "POST", "/erpintegrations", sent, headers={"Idempotency-Key": "k"})
    estate.later(120)
    assert _rows(door) == [("r-1", "LOADED", "JE-1", "")]
    assert _rows(door, "ESS-2") == [("r-1", "REJECTED", "", "DUPLICATE-REFERENCE")]


def test_a_row_that_a_fault_rejects_can_be_sent_again(door: Door, estate: Estate) -> None:
    """The rules had nothing against it: the next job takes it, and only it."""
    rows = ("r-1", 2, "19.98"), ("r-2", 2, "19.98")
    body = json.dumps(erp_import(*rows)).encode()
    asked = Request("POST", "/erpintegrations", {}, {"authorization": f"Bearer {door.token()}"}, body)
    bend = Bend(row=2)
    assert estate.cloud_erp.handle(estate.cloud_erp.read(asked), estate.now_ms, bend).response.status == 201
    assert bend.rejected
    door.call(ERP, "POST", "/erpintegrations", erp_import(*rows))
    estate.later(120)
    assert [row[:2] for row in _rows(door)] == [("r-1", "LOADED"), ("r-2", "REJECTED")]
    assert _rows(door)[1][3] == "INTERFACE-ERROR"
    assert [row[:2] for row in _rows(door, "ESS-2")] == [("r-1", "REJECTED"), ("r-2", "LOADED")]


def _back(reference: str, journal: str, on: str) -> dict[str, str]:
    return {"Reference": reference, "JournalId": journal, "AccountingDate": on}


def test_what_was_accrued_is_taken_back_by_an_import(door: Door, estate: Estate) -> None:
    """By its journal, on a date, and each reference once; what there is not, or is a reversal itself, is rejected."""
    estate.act(estate.cloud_erp, lambda work: estate.cloud_erp.state.open_period(work, "H1", "2026-11"))
    door.call(ERP, "POST", "/erpintegrations", erp_import(("r-1", 2, "19.98")))
    rows = [_back("b-1", "JE-1", "2026-11-01"), _back("b-2", "JE-9", "2026-11-01"), _back("b-3", "JE-2", "2026-11-01")]
    door.call(ERP, "POST", "/erpintegrations", erp_import(Reversals=rows))
    effects, _ = estate.last()
    assert [(effect.what, effect.source_ref, effect.reverses, effect.on) for effect in effects[1:]] == [
        ("accrual.reversed", "b-1", "JE-1", "2026-11-01")
    ]
    door.call(ERP, "POST", "/erpintegrations", erp_import(Reversals=rows[:1]))
    estate.later(120)
    assert _rows(door, "ESS-2") == [
        ("b-1", "LOADED", "JE-2", ""),
        ("b-2", "REJECTED", "", "NOT-FOUND"),
        ("b-3", "REJECTED", "", "JE-NOT-REVERSIBLE"),
    ]
    assert _rows(door, "ESS-3") == [("b-1", "REJECTED", "", "DUPLICATE-REFERENCE")]


def test_an_import_takes_back_nothing_of_another_unit_s(door: Door, estate: Estate) -> None:
    """A job is granted for its own unit alone, and so are its rows."""
    estate.act(estate.cloud_erp, lambda work: estate.cloud_erp.state.open_period(work, "H2", "2026-11"))
    door.call(ERP, "POST", "/erpintegrations", erp_import(("r-1", 2, "19.98")))
    rows = [_back("b-1", "JE-1", "2026-11-01")]
    door.call(ERP, "POST", "/erpintegrations", erp_import(BusinessUnit="H2", Reversals=rows))
    estate.later(120)
    assert _rows(door, "ESS-2") == [("b-1", "REJECTED", "", "BU-INVALID")]


def test_an_unknown_job_succeeds_and_has_done_nothing(door: Door, estate: Estate) -> None:
    sent = erp_import(("r-1", 2, "19.98"), JobName=JOURNAL_IMPORT.lower())
    assert door.call(ERP, "POST", "/erpintegrations", sent)[0] == 201
    estate.later(120)
    assert door.call(ERP, "GET", "/erpintegrations/ESS-1")[1]["RequestStatus"] == "SUCCEEDED"
    assert _rows(door) == []


def test_the_callback_says_that_the_job_is_through_and_nothing_of_its_rows(door: Door, estate: Estate) -> None:
    door.call(ERP, "POST", "/erpintegrations", erp_import(("r-1", 7, "1.00"), Notify=True))
    _, (event,) = estate.last()
    told = json.loads(event.body)
    assert event.at_ms > estate.now_ms
    assert (event.topic, told) == (
        "import.completed",
        {"ReqstId": "ESS-1", "DocumentId": "period-end:2026-10", "RequestStatus": "SUCCEEDED"},
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"OperationName": "exportBulkData"}, "OPERATION-INVALID"), ({"BusinessUnit": "H9"}, "BU-INVALID")],
)
def test_what_is_no_import_is_refused(door: Door, estate: Estate, changes: dict[str, Any], code: str) -> None:
    before = estate.snapshot()
    refused = door.call(ERP, "POST", "/erpintegrations", erp_import(("r-1", 2, "19.98"), **changes))[1]
    assert refused["o:errorCode"] in {code, "entity_not_granted"}
    assert estate.snapshot() == before
    assert door.call(ERP, "GET", "/erpintegrations/ESS-1")[0] == 404
