"""People who erred decide again: what the reducer makes of it, whatever it has done by then."""

from __future__ import annotations

import pytest

from contracts.cases import Decision
from orchestrator.workflows import messages as m
from tests.orchestrator.papers import NOW, NUMBER, Story, approved, captured, decided, invoice, received, short

POST = "inv:ap_automation:INV-1:post"
OFF = "price-variance/ap_automation:INV-1"
COPY = "duplicate-invoice/ap_automation:INV-2"


def test_a_bill_that_was_refused_by_mistake_is_posted_after_all() -> None:
    story = Story()
    story.tell(approved(), received(), captured(invoice(price=1500)))
    assert short(story.tell(decided(OFF, "reject"))) == ["tell INV-1 rejected"]
    assert short(story.tell(decided(OFF, "accept", again=True))) == [POST, "tell INV-1 posted"]
    assert story.tell(decided(OFF, "accept", again=True)) == []


def test_what_people_take_out_of_the_books_themselves_counts_no_more() -> None:
    """Nothing is sent: they have cancelled it, and told the capture. The bill that comes in its place is no copy of it."""
    story = Story()
    story.tell(approved(), received(), captured(invoice(price=1500)), decided(OFF, "accept"))
    assert story.tell(decided(OFF, "reject", again=True)) == []
    assert story.state.invoices["INV-1"].stage == "rejected"
    said = short(story.tell(captured(invoice("INV-2", at=1))))
    assert said == ["inv:ap_automation:INV-2:post", "tell INV-2 posted"]


def test_a_copy_that_was_let_through_and_taken_out_leaves_the_original_alone() -> None:
    story = Story()
    story.tell(approved(), received(), captured(invoice()), captured(invoice("INV-2", at=1)), decided(COPY, "accept"))
    assert story.state.invoices["INV-2"].stage == "posted"
    assert story.tell(decided(COPY, "reject", again=True)) == []
    stages = {name: entry.stage for name, entry in story.state.invoices.items()}
    assert stages == {"INV-1": "posted", "INV-2": "rejected"}


def test_people_may_take_out_what_we_have_not_heard_to_be_in() -> None:
    """The reply was lost; they cancel the bill by hand; then the look-up finds that it was posted once. It is not told so."""
    story = Story(answer=False)
    story.tell(approved(), m.EffectDone(NOW, f"po:H1:{NUMBER}:1", "EPO-1"))
    story.tell(received(), m.EffectDone(NOW, "gr:H1:GRN-1", "ERC-1"), captured(invoice(price=1500)))
    assert short(story.tell(decided(OFF, "accept"))) == [POST]
    assert story.tell(decided(OFF, "reject", again=True), m.EffectDone(NOW, POST, "AP-1")) == []
    assert story.state.invoices["INV-1"].stage == "rejected"


def test_a_bill_that_was_given_a_wrong_date_is_booked_anew_once_people_took_it_out() -> None:
    """Under keys of its own: the ERP and the capture would take the old ones for what they did before."""
    story = Story(answer=False)
    story.tell(approved(), m.EffectDone(NOW, f"po:H1:{NUMBER}:1", "EPO-1"))
    story.tell(received(), m.EffectDone(NOW, "gr:H1:GRN-1", "ERC-1"), captured(invoice()))
    late, key = "period-closed/ap_automation:INV-1", f"{POST}:again1"
    story.tell(m.EffectRejected(NOW, POST, "AP-PERIOD-CLOSED", ""))
    assert short(story.tell(decided(late, "re-date", "2026-11-04"))) == [key]
    assert short(story.tell(m.EffectDone(NOW, key, "AP-1"))) == ["tell INV-1 posted"]
    (anew,) = story.tell(decided(late, "re-date", "2026-11-01", again=True))
    assert isinstance(anew, m.PostInvoice)
    assert (anew.key, anew.on) == (f"{POST}:again2", "2026-11-01")
    assert story.tell(m.EffectDone(NOW, key, "AP-1")) == [], "what is known of the old one says nothing of the new"
    (told,) = story.tell(m.EffectDone(NOW, anew.key, "AP-2"))
    assert isinstance(told, m.TellInvoice)
    assert (told.key, told.status, told.voucher) == ("inv:ap_automation:INV-1:status:posted:again1", "posted", "AP-2")


@pytest.mark.parametrize(
    ("answer", "expected"), [("accept", [POST, "tell INV-1 posted"]), ("reject", ["tell INV-1 rejected"])]
)
def test_a_second_thought_whose_first_was_never_heard_is_the_answer(answer: Decision, expected: list[str]) -> None:
    story = Story()
    story.tell(approved(), received(), captured(invoice(price=1500)))
    assert short(story.tell(decided(OFF, answer, again=True))) == expected
