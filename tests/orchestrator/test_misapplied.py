"""Bills without an order that are given back: a credit memo finds the process of its bill, whoever names it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from contracts.cases import CaseDecision
from orchestrator.canonical import Invoice
from orchestrator.engine.steps import Steps
from orchestrator.engine.working_days import WorkingDays
from orchestrator.store.rows import Effect
from orchestrator.store.sqlite import SqliteStore
from orchestrator.workflows import messages as m
from tests.orchestrator.papers import DAY, NOW
from tests.orchestrator.test_without_order import POST, bill

ZONES = {"H1": ZoneInfo("America/New_York"), "H2": ZoneInfo("America/New_York")}
CREDIT = "inv:ap_automation:CM-1:credit"


def given_back(names: str = "1043", name: str = "CM-1", number: str = "C-1") -> Invoice:
    """A memo over the whole bill."""
    return replace(bill(name, number), credit=True, credits=names)


class Desk:
    """A worker's steps over a store of its own; effects succeed when the test says so."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.steps = Steps(store, WorkingDays(ZONES, frozenset()))

    def hears(self, paper: Invoice) -> list[str]:
        """A paper comes in; the keys of the effects that follow."""
        found = replace(paper, captured_on="2026-10-05T12:00:00Z")
        return self._keys(self.store.run(self.steps.hear, found, paper.id, ZONES, NOW))

    def done(self, key: str, remote_id: str) -> list[str]:
        """An effect was carried out."""
        process = self.effect(key).process
        return self._keys(self.store.run(self.steps.for_process, process, m.EffectDone(NOW, key, remote_id)))

    def rings(self, paper: str) -> list[str]:
        """The timer of a paper in a process of its own."""
        row = self.store.process(f"bill/H1/{paper}")
        assert row is not None
        return self._keys(self.store.run(self.steps.for_process, row[0], m.TimerDue(NOW + DAY, f"invoice:{paper}")))

    def answers(self, paper: str, key: str, value: str) -> list[str]:
        """People correct what a memo says."""
        row = self.store.process(f"bill/H1/{paper}")
        assert row is not None
        told = CaseDecision("CASE-1", key, "credit-without-invoice", "H1", (), "correct", f"credits={value}")
        return self._keys(self.store.run(self.steps.for_process, row[0], m.CaseDecided(NOW + DAY, told)))

    def effect(self, key: str) -> Effect:
        """A stored effect."""
        return self._effects[key]

    def _keys(self, effects: list[Effect]) -> list[str]:
        self._effects = {**getattr(self, "_effects", {}), **{effect.key: effect for effect in effects}}
        return [effect.key for effect in effects]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """One bill is in the books."""
    store = SqliteStore(tmp_path, "w1")
    made = Desk(store)
    assert made.hears(bill()) == [POST]
    assert made.done(POST, "AP-1") == ["inv:ap_automation:INV-1:status:posted"]
    yield made
    store.close()


def test_a_memo_goes_to_the_bill_that_it_names(desk: Desk) -> None:
    assert desk.hears(given_back(" 001043")) == [CREDIT]
    assert desk.effect(CREDIT).path == "/invoices/AP-1/creditMemos"
    assert desk.effect(CREDIT).process == desk.effect(POST).process


def test_what_is_billed_again_here_is_no_copy_and_in_another_hospital_never_was(desk: Desk) -> None:
    assert desk.hears(replace(bill("INV-3"), entity="H2")) == ["inv:ap_automation:INV-3:post"]
    desk.hears(given_back())
    desk.done(CREDIT, "APM-1")
    assert desk.hears(bill("INV-2")) == ["inv:ap_automation:INV-2:post"]


def test_a_memo_that_comes_again_finds_the_first(desk: Desk) -> None:
    """Although the bill of its number is forgotten as something to be copied."""
    desk.hears(given_back())
    desk.done(CREDIT, "APM-1")
    desk.hears(bill("INV-2"))
    assert desk.hears(given_back(name="CM-2")) == ["case:duplicate-credit/ap_automation:CM-2"]


def test_a_memo_that_names_nothing_goes_where_people_send_it(desk: Desk) -> None:
    key = "credit-without-invoice/ap_automation:CM-1"
    assert desk.hears(given_back("DN-7")) == []
    assert desk.rings("CM-1") == [f"case:{key}"]
    assert desk.answers("CM-1", key, "1043") == [CREDIT]
    assert desk.effect(CREDIT).process == desk.effect(POST).process
    assert desk.rings("CM-1") == [], "the timer of a memo that has moved"


def test_a_number_that_nobody_has_is_asked_about_again(desk: Desk) -> None:
    key = "credit-without-invoice/ap_automation:CM-1"
    desk.hears(given_back("DN-7"))
    desk.rings("CM-1")
    assert desk.answers("CM-1", key, "4711") == []
    assert desk.rings("CM-1") == [f"case:{key}/again1"]
