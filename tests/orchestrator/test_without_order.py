"""Bills without an order: coded where they are captured, posted as they stand, and compared with their like."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from orchestrator.canonical import Invoice, InvoiceLine
from orchestrator.store.sqlite import SqliteStore
from orchestrator.workflows import messages as m
from orchestrator.workflows.likeness import keys_of
from orchestrator.workflows.state import ProcureToPay
from tests.orchestrator.papers import NOW, Story, decided, invoice, short

POST = "inv:ap_automation:INV-1:post"


def bill(name: str = "INV-1", number: str = "1043", on: str = "2026-10-05") -> Invoice:
    """A service of 90.00, coded to a cost centre."""
    lines = (InvoiceLine(1, 1, 9_000, 9_000),)
    return replace(
        invoice(name, number=number), order="", cost_centre="00412", lines=lines, total_minor=9_000, invoice_date=on
    )


def alone() -> Story:
    """The process of a bill without an order."""
    story = Story()
    story.state = ProcureToPay("H1", "")
    return story


def test_it_is_posted_as_it_stands() -> None:
    story = alone()
    commands = story.tell(m.InvoiceCaptured(NOW, "INV-1", bill()))
    assert short(commands) == [POST, "tell INV-1 posted"]
    assert isinstance(commands[0], m.PostInvoice)
    assert commands[0].invoice.cost_centre == "00412"


def test_the_same_service_of_another_week_is_no_copy() -> None:
    event = m.InvoiceCaptured(NOW, "INV-1", bill(), (bill("INV-0", "1038", "2026-09-28"), bill("INV-9", "1044")))
    assert short(alone().tell(event)) == [POST, "tell INV-1 posted"]


def test_a_copy_is_asked_about_and_its_refusal_is_remembered() -> None:
    story = alone()
    event = m.InvoiceCaptured(NOW, "INV-1", bill(), (bill("INV-9", "1099", "2026-09-01"), bill("INV-0", "001043")))
    commands = story.tell(event)
    assert short(commands) == ["case duplicate-invoice/ap_automation:INV-1"]
    assert isinstance(commands[0], m.OpenCase)
    assert commands[0].case.subjects == ("ap_automation:INV-1", "ap_automation:INV-0")
    refused = story.tell(decided("duplicate-invoice/ap_automation:INV-1", "reject"))
    assert short(refused) == ["forget INV-1", "tell INV-1 rejected"]


def test_people_may_let_it_through() -> None:
    story = alone()
    story.tell(m.InvoiceCaptured(NOW, "INV-1", bill(), (bill("INV-0"),)))
    assert short(story.tell(decided("duplicate-invoice/ap_automation:INV-1", "accept"))) == [POST, "tell INV-1 posted"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """An empty store."""
    made = SqliteStore(tmp_path, "w1")
    yield made
    made.close()


def test_likely_copies_are_found_by_key_and_never_by_looking_at_all(store: SqliteStore) -> None:
    filed, half = bill("INV-0"), replace(bill("INV-2", "1043A"), total_minor=4_500)

    def fill() -> None:
        for n in range(500):
            other = replace(bill(f"INV-X{n}", f"{7000 + n}"), total_minor=20_000 + n)
            store.file_bill("H1", keys_of(other), other.id, "{}")
        store.file_bill("H1", keys_of(filed), filed.id, "whole")
        store.file_bill("H2", keys_of(filed), "INV-H2", "another hospital's")

    store.run(fill)
    assert {paper for paper, _ in store.bills_under("H1", keys_of(bill("INV-1", "9003821077")))} == {"INV-0"}, (
        "by amount"
    )
    assert {paper for paper, _ in store.bills_under("H1", keys_of(half))} == {"INV-0"}, "by the digits of its number"
    store.run(store.drop_bill, "H1", keys_of(filed), filed.id)
    assert store.bills_under("H1", keys_of(filed)) == []
    plan = store._db.execute(
        "EXPLAIN QUERY PLAN SELECT paper FROM bill WHERE entity=? AND key=?", ("H1", "=1")
    ).fetchall()
    assert "SEARCH bill USING PRIMARY KEY" in str(plan[0][3])
