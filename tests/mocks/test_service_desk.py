"""The service desk: one case for one external key, one decision for one case."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from contracts.cases import CaseDecision, NewCase
from contracts.wire import Subject
from mocks.kit.dialect import stamp
from mocks.kit.operation import Refused
from mocks.service_desk.models import CaseSent
from tests.mocks.doors import NOW_MS, Door, Estate
from tests.mocks.papers import case


def decide(estate: Estate, case_id: str, *decision: Any) -> CaseDecision:
    desk = estate.service_desk
    told: CaseDecision = estate.act(desk, lambda work: desk.state.decide(work, case_id, *decision))
    return told


def test_the_wire_takes_the_shared_case_field_for_field() -> None:
    assert CaseSent.__struct_fields__ == NewCase.__struct_fields__
    shared = msgspec.json.encode(msgspec.convert(case(), NewCase))
    assert msgspec.json.encode(msgspec.json.decode(shared, type=CaseSent)) == shared


def test_a_case_is_opened_with_its_effect(door: Door, estate: Estate) -> None:
    assert door.call("service_desk", "POST", "/cases", case()) == (
        201,
        {"case": "CASE-1", "external_key": "inv-1:price", "status": "open"},
    )
    (effect,), events = estate.last()
    assert (effect.what, effect.ref, effect.state) == ("case.opened", "CASE-1", "price-variance")
    assert (effect.about, effect.entity, effect.amount_minor) == (tuple(case()["subjects"]), "H1", 731)
    assert (effect.source_ref, events) == ("inv-1:price", ())


def test_the_same_external_key_gives_the_same_case(door: Door, estate: Estate) -> None:
    door.call("service_desk", "POST", "/cases", case())
    before = estate.snapshot()
    again = door.call("service_desk", "POST", "/cases", case(amount_minor=1, category="unknown-order"))
    assert again == (200, {"case": "CASE-1", "external_key": "inv-1:price", "status": "open"})
    assert estate.snapshot() == before


def test_a_case_is_shown_with_its_decision(door: Door, estate: Estate) -> None:
    door.call("service_desk", "POST", "/cases", case())
    shown = door.call("service_desk", "GET", "/cases/CASE-1")[1]
    assert (shown["status"], shown["evidence"], shown["decision"]) == ("open", case()["evidence"], None)
    decide(estate, "CASE-1", "reject", "", "never ordered")
    shown = door.call("service_desk", "GET", "/cases/CASE-1")[1]
    assert (shown["status"], shown["decision"]["decision"], shown["decision"]["note"]) == (
        "decided",
        "reject",
        "never ordered",
    )


def test_a_decision_comes_by_event_and_by_poll_alike(door: Door, estate: Estate) -> None:
    door.call("service_desk", "POST", "/cases", case())
    estate.later(60)
    told = decide(estate, "CASE-1", "re-date", "2026-11-02")
    (effect,), (event,) = estate.last()
    assert (effect.what, effect.ref, effect.state, effect.source_ref) == (
        "case.decided",
        "CASE-1",
        "re-date",
        "inv-1:price",
    )
    assert (event.topic, event.subject, event.version) == ("case.decided", Subject("H1", "CASE-1"), 1)
    assert msgspec.json.decode(event.body, type=CaseDecision) == told
    since = {"since": stamp(NOW_MS + 60_000)}
    assert door.call("service_desk", "GET", "/cases/decisions", query=since) == (
        200,
        {"decisions": [json.loads(event.body)], "total": 1},
    )


def test_staff_see_open_cases_in_the_order_they_came(door: Door, estate: Estate) -> None:
    for name in ("c", "a", "b"):
        door.call("service_desk", "POST", "/cases", case(external_key=name))
    decide(estate, "CASE-2", "accept")
    assert [(waiting.id, waiting.sent.external_key) for waiting in estate.service_desk.state.open_cases()] == [
        ("CASE-1", "c"),
        ("CASE-3", "b"),
    ]


@pytest.mark.parametrize(
    ("case_id", "decision", "code"),
    [
        ("CASE-9", ("accept",), "not_found"),
        ("CASE-1", ("correct",), "value_missing"),
        ("CASE-1", ("re-date", ""), "value_missing"),
        ("CASE-2", ("reject",), "case_decided"),
    ],
)
def test_decisions_that_cannot_be_taken(
    door: Door, estate: Estate, case_id: str, decision: tuple[str, ...], code: str
) -> None:
    door.call("service_desk", "POST", "/cases", case())
    door.call("service_desk", "POST", "/cases", case(external_key="other"))
    decide(estate, "CASE-2", "accept")
    before = estate.snapshot()
    with pytest.raises(Refused) as refused:
        decide(estate, case_id, *decision)
    assert refused.value.code == code
    assert estate.snapshot() == before


def test_who_asked_does_not_answer(door: Door, estate: Estate) -> None:
    """Whoever opened a case, on whatever screen, leaves it to somebody else."""
    door.call("service_desk", "POST", "/cases", case())
    desk = estate.service_desk
    opened_by = desk.state.case("CASE-1").opened_by
    with pytest.raises(Refused) as refused:
        desk.perform(estate.now_ms, opened_by, lambda work: desk.state.decide(work, "CASE-1", "accept"))
    assert (refused.value.status, refused.value.code) == (403, "own_case")
    assert decide(estate, "CASE-1", "accept").decision == "accept"


def again(estate: Estate, by: str, *decision: Any) -> CaseDecision:
    """Somebody looks at the first case a second time."""
    desk = estate.service_desk
    told: CaseDecision = desk.perform(
        estate.now_ms, by, lambda work: desk.state.decide_again(work, "CASE-1", *decision)
    )
    return told


def test_a_decision_is_taken_again_by_somebody_else(door: Door, estate: Estate) -> None:
    """It comes by event and by poll, as the second revision; the first says nothing of revisions."""
    door.call("service_desk", "POST", "/cases", case())
    first = decide(estate, "CASE-1", "accept")
    assert first.revision is msgspec.UNSET
    estate.later(60)
    told = again(estate, "supervisor", "reject", "", "a copy after all")
    (effect,), (event,) = estate.last()
    assert (effect.what, effect.ref, effect.state, effect.version) == ("case.decided", "CASE-1", "reject", 2)
    assert (event.version, json.loads(event.body)["revision"], told.revision) == (2, 2, 2)
    listed = door.call("service_desk", "GET", "/cases/decisions", query={"since": stamp(NOW_MS + 60_000)})[1]
    assert listed == {"decisions": [json.loads(event.body)], "total": 1}
    assert again(estate, "another", "accept").revision == 3
    assert estate.service_desk.state.open_cases() == []


@pytest.mark.parametrize(
    ("decided", "by", "decision", "code"),
    [
        (False, "supervisor", ("reject",), "case_open"),
        (True, "somebody", ("reject",), "own_decision"),
        (True, "supervisor", ("accept",), "case_decided"),
        (True, "supervisor", ("re-date",), "value_missing"),
        (True, "", ("reject",), "own_case"),
    ],
)
def test_second_thoughts_that_cannot_be_had(
    door: Door, estate: Estate, by: str, decision: tuple[str, ...], code: str, *, decided: bool
) -> None:
    door.call("service_desk", "POST", "/cases", case())
    desk = estate.service_desk
    if decided:
        desk.perform(estate.now_ms, "somebody", lambda work: desk.state.decide(work, "CASE-1", "accept"))
    before = estate.snapshot()
    with pytest.raises(Refused) as refused:
        again(estate, by or desk.state.case("CASE-1").opened_by, *decision)
    assert refused.value.code == code
    assert estate.snapshot() == before


def test_what_is_refused(door: Door) -> None:
    door.refused(400, "unknown_entity", "service_desk", "POST", "/cases", case(entity="H9"))
    door.refused(404, "not_found", "service_desk", "GET", "/cases/CASE-9")
    for bad in (
        case(category="odd"),
        case(external_key=""),
        case(amount_minor=10**30),
        case(amount_minor=1.5),
        case(extra=1),
        case(subjects=["x"] * 51),
    ):
        door.refused(400, "invalid_request", "service_desk", "POST", "/cases", bad)


def test_pages_hold_a_hundred_at_most(door: Door, estate: Estate) -> None:
    for n in range(1, 102):
        door.call("service_desk", "POST", "/cases", case(external_key=f"k{n}"))
        decide(estate, f"CASE-{n}", "accept")
    first = door.call("service_desk", "GET", "/cases/decisions", query={"limit": "500"})[1]
    rest = door.call("service_desk", "GET", "/cases/decisions", query={"offset": "100"})[1]
    assert (len(first["decisions"]), first["total"], len(rest["decisions"])) == (100, 101, 1)
