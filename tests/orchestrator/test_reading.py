"""What was read from paper: what contradicts itself is asked about, what is merely unsure is not, and answers are applied."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from orchestrator.canonical import Charge, Confidence, Invoice, InvoiceLine
from orchestrator.workflows import messages as m
from orchestrator.workflows.reading import corrected
from tests.orchestrator.papers import Story, approved, captured, decided, invoice, received, short
from tests.orchestrator.test_without_order import alone, bill

SURE = Confidence(97, 96, 99)
UNSURE = Confidence(97, 61, 99)
CASE = "misread-invoice/ap_automation:INV-1"
POSTED = ["inv:ap_automation:INV-1:post", "tell INV-1 posted"]


def read(confidence: Confidence = SURE, **changes: object) -> Invoice:
    """Ten at 12.50 and four at 40.00, read from paper."""
    return replace(invoice(), confidence=confidence, **changes)


def with_line(first: InvoiceLine, total: int, confidence: Confidence = SURE) -> Invoice:
    """The same with its first line read otherwise."""
    return read(confidence, lines=(first, invoice().lines[1]), total_minor=total)


def delivered() -> Story:
    """Ordered, and received."""
    story = Story()
    story.tell(approved(), received())
    return story


CONTRADICTIONS = {
    "total": (read(total_minor=78_500), "total=285.00"),
    "amount": (with_line(InvoiceLine(1, 10, 1250, 17_500), 28_500), "lines/1/amount=125.00"),
    "quantity": (with_line(InvoiceLine(1, 70, 1250, 12_500), 28_500), "lines/1/quantity=10"),
    "price": (with_line(InvoiceLine(1, 10, 1251, 12_500), 28_500), "lines/1/unit_price=12.50"),
    "worked out, and unsure": (
        with_line(InvoiceLine(1, 10, 1256, 12_560), 28_560, UNSURE),
        "lines/1/unit_price=12.50; lines/1/amount=125.00; total=285.00",
    ),
}


@pytest.mark.parametrize("kind", CONTRADICTIONS)
def test_what_was_misread_is_asked_about_and_posted_as_corrected(kind: str) -> None:
    """However sure the capture was of what contradicts itself."""
    paper, value = CONTRADICTIONS[kind]
    story = delivered()
    assert short(story.tell(captured(paper))) == [f"case {CASE}"]
    commands = story.tell(decided(CASE, "correct", value))
    assert short(commands) == POSTED
    assert isinstance(commands[0], m.PostInvoice)
    assert (commands[0].invoice.lines, commands[0].invoice.total_minor) == (invoice().lines, 28_500)


RIGHT = {
    "unsure of lines": read(UNSURE),
    "unsure of the total": read(Confidence(97, 96, 48)),
    "tolerated, and sure": with_line(InvoiceLine(1, 10, 1256, 12_560), 28_560),
    "priced by the piece": with_line(InvoiceLine(1, 10, 1250, 12_505), 28_505),
    "with freight": read(UNSURE, charges=(Charge("freight", 900),), total_minor=29_400),
    "data that does not add up": replace(read(), confidence=None, total_minor=28_400),
}


@pytest.mark.parametrize("why", RIGHT)
def test_what_only_looks_misread_bothers_nobody(why: str) -> None:
    """What came as data was not misread: its sender is wrong, and the ERP says so."""
    assert short(delivered().tell(captured(RIGHT[why]))) == POSTED


def test_a_wrong_price_is_a_wrong_price_however_unsure_the_reading() -> None:
    dear = with_line(InvoiceLine(1, 10, 1500, 15_000), 31_000, UNSURE)
    story = delivered()
    assert short(story.tell(captured(dear))) == ["case price-variance/ap_automation:INV-1"]
    assert short(story.tell(decided("price-variance/ap_automation:INV-1", "accept"))) == POSTED


def test_people_may_correct_what_was_asked_about_as_a_wrong_price() -> None:
    dear = with_line(InvoiceLine(1, 10, 7250, 72_500), 88_500, UNSURE)
    story = delivered()
    story.tell(captured(dear))
    value = "lines/1/unit_price=12.50; lines/1/amount=125.00; total=285.00"
    assert short(story.tell(decided("price-variance/ap_automation:INV-1", "correct", value))) == POSTED


def test_a_correction_that_does_not_add_up_is_asked_about_again() -> None:
    story = delivered()
    story.tell(captured(CONTRADICTIONS["total"][0]))
    assert short(story.tell(decided(CASE, "correct", "total=286.00"))) == [f"case {CASE}/again1"]
    assert short(story.tell(decided(f"{CASE}/again1", "correct", "total=285.00"))) == POSTED


def test_an_answer_that_names_no_field_waits_to_be_asked_again() -> None:
    story = delivered()
    story.tell(captured(CONTRADICTIONS["total"][0]))
    assert short(story.tell(decided(CASE, "correct", "285.00"))) == ["start invoice:INV-1"]


def test_people_may_say_that_it_is_right_as_it_stands() -> None:
    story = delivered()
    story.tell(captured(CONTRADICTIONS["quantity"][0]))
    asked = short(story.tell(decided(CASE, "accept")))
    assert asked == ["case quantity-variance/ap_automation:INV-1/again1"], "the rest is still looked at"


def test_a_bill_without_an_order_must_add_up_too() -> None:
    story = alone()
    paper = replace(bill(), confidence=SURE, total_minor=4_000)
    assert short(story.tell(captured(paper))) == [f"case {CASE}"]


@pytest.mark.parametrize(
    "value", ["", "285.00", "total=", "total=much", "sum=1.00", "lines/1=3", "lines/x/quantity=3", "lines/1/unit=each"]
)
def test_what_is_no_correction(value: str) -> None:
    assert corrected(invoice(), value) is None


def test_a_line_that_is_not_there_changes_nothing_else() -> None:
    assert corrected(invoice(), "number=78; lines/9/quantity=3") == replace(invoice(), number="78")
