"""Credit memos in the reducer: which bill one gives back, when it waits, when people are asked, and what it makes room for."""

from __future__ import annotations

import itertools

from msgspec.structs import replace

from orchestrator.workflows import messages as m
from orchestrator.workflows.period_state import received_not_invoiced
from tests.orchestrator.papers import DAY, NOW, Story, approved, captured, decided, invoice, memo, received, short

CREDIT = "inv:ap_automation:CM-1:credit"
AGAIN = "inv:ap_automation:INV-2:post"


def posted(*, answer: bool = True) -> Story:
    """An order that was received, billed and booked."""
    story = Story()
    story.tell(approved(), received(), captured(invoice()))
    story._answer = answer
    return story


def rebill(number: str = "77", at: int = 20) -> m.InvoiceCaptured:
    """The same again, which is no copy."""
    return captured(invoice("INV-2", number=number, at=at))


def test_a_memo_is_posted_against_the_bill_that_it_names() -> None:
    story = posted()
    commands = story.tell(captured(memo()))
    assert short(commands) == [CREDIT, "tell CM-1 posted"]
    assert isinstance(commands[0], m.PostCredit)
    assert commands[0].voucher == "R-inv:ap_automation:INV-1:post"


def test_the_number_may_be_written_otherwise() -> None:
    assert short(posted().tell(captured(memo(names=" 0077 ")))) == [CREDIT, "tell CM-1 posted"]


def test_the_new_bill_goes_when_the_old_one_is_given_back_and_not_before() -> None:
    """Also under the old number and over the same amount."""
    story = posted(answer=False)
    assert short(story.tell(captured(memo()))) == [CREDIT]
    assert short(story.tell(rebill())) == ["start invoice:INV-2"]
    assert short(story.tell(m.EffectDone(NOW, CREDIT, "APM-1"))) == ["tell CM-1 posted", "stop invoice:INV-2", AGAIN]


def test_any_order_of_arrival_ends_the_same() -> None:
    """Memo and bills in all orders in which the new bill is younger than the memo: both bills booked, no question."""
    events = [approved(), received(), captured(invoice()), captured(memo())]
    for order in itertools.permutations(events):
        story = Story()
        story.tell(*order, rebill())
        assert {name: entry.stage for name, entry in story.state.invoices.items()} == dict.fromkeys(
            ("INV-1", "CM-1", "INV-2"), "posted"
        )
        assert not any(isinstance(command, m.OpenCase) for command in story.commands)


def test_a_memo_that_comes_twice_is_asked_about_and_refused() -> None:
    story = posted()
    story.tell(captured(memo()))
    key = "duplicate-credit/ap_automation:CM-2"
    again = replace(memo("CM-2", at=30), number="C-CM-1")
    assert short(story.tell(captured(again))) == [f"case {key}"]
    assert short(story.tell(decided(key, "reject"))) == ["tell CM-2 rejected"]


def test_a_memo_about_a_bill_that_was_given_back_is_asked_about() -> None:
    """Also under a number of its own; and people may say that it is meant."""
    story = posted()
    story.tell(captured(memo()))
    key = "duplicate-credit/ap_automation:CM-2"
    assert short(story.tell(captured(memo("CM-2", 5, 2, at=30)))) == [f"case {key}"]
    assert short(story.tell(decided(key, "accept"))) == ["inv:ap_automation:CM-2:credit", "tell CM-2 posted"]


def test_a_copy_of_a_memo_does_not_give_back_the_new_bill() -> None:
    """Old and new bill have one number, and the memo's copy names it."""
    story = posted()
    story.tell(captured(memo()), rebill())
    again = replace(memo("CM-2", at=30), number="C-CM-1")
    assert short(story.tell(captured(again))) == ["case duplicate-credit/ap_automation:CM-2"]


def test_the_new_bill_may_be_given_back_in_its_turn() -> None:
    story = posted()
    story.tell(captured(memo()), rebill())
    another = replace(memo("CM-2", at=3 * DAY), number="C-9", invoice_date="2026-10-09")
    commands = story.tell(captured(another))
    assert isinstance(commands[0], m.PostCredit)
    assert commands[0].voucher == f"R-{AGAIN}"


def test_a_part_is_given_back_and_only_that_may_be_billed_again() -> None:
    story = posted()
    story.tell(captured(memo(first=4, second=0)))
    assert short(story.tell(captured(invoice("INV-2", 5, 0, number="78", at=20)))) == [
        "case quantity-variance/ap_automation:INV-2"
    ]
    assert short(story.tell(captured(invoice("INV-3", 4, 0, number="79", at=21)))) == ["start heard:INV-3"]
    assert short(story.tell(m.TimerDue(NOW + DAY, "heard:INV-3"))) == [
        "inv:ap_automation:INV-3:post",
        "tell INV-3 posted",
    ]


def test_more_than_was_billed_is_asked_about() -> None:
    story = posted()
    assert short(story.tell(captured(memo(first=11)))) == ["case credit-without-invoice/ap_automation:CM-1"]


def test_a_memo_that_names_nothing_known_waits_a_day_and_is_asked_about() -> None:
    """People name the bill; the memo is posted, and the new bill that waited for it."""
    story = posted()
    assert short(story.tell(captured(memo(names="DN-1")))) == ["start invoice:CM-1"]
    assert short(story.tell(rebill("78"))) == ["start invoice:INV-2"]
    key = "credit-without-invoice/ap_automation:CM-1"
    assert short(story.tell(m.TimerDue(NOW + DAY, "invoice:CM-1"))) == [f"case {key}"]
    told = short(story.tell(decided(key, "correct", "credits=77")))
    assert told == [CREDIT, "tell CM-1 posted", "stop invoice:INV-2", AGAIN, "tell INV-2 posted"]


def test_a_memo_that_people_refuse_frees_nothing() -> None:
    story = posted()
    story.tell(captured(memo(names="DN-1")), m.TimerDue(NOW + DAY, "invoice:CM-1"), rebill("78"))
    refused = story.tell(decided("credit-without-invoice/ap_automation:CM-1", "reject"))
    assert short(refused) == [
        "tell CM-1 rejected",
        "stop invoice:INV-2",
        "case duplicate-invoice/ap_automation:INV-2",
    ]


def test_a_memo_waits_for_its_bill_without_bothering_people() -> None:
    """The bill is known and not booked yet: the clock is set again, and nobody asked."""
    story = Story()
    story.tell(approved(), captured(invoice()), captured(memo()))
    assert short(story.tell(m.TimerDue(NOW + DAY, "invoice:CM-1"))) == ["start invoice:CM-1"]
    assert CREDIT in short(story.tell(received()))


def test_a_memo_of_another_supplier_gives_nothing_back() -> None:
    story = posted()
    assert short(story.tell(captured(replace(memo(), supplier_id="S999")))) == ["start invoice:CM-1"]


def test_a_closed_period_is_asked_about_and_the_memo_goes_where_people_date_it() -> None:
    story = posted(answer=False)
    story.tell(captured(memo()))
    key = "period-closed/ap_automation:CM-1"
    assert short(story.tell(m.EffectRejected(NOW, CREDIT, "AP-PERIOD-CLOSED", ""))) == [f"case {key}"]
    assert short(story.tell(rebill())) == ["start invoice:INV-2"]
    (again,) = story.tell(decided(key, "re-date", "2026-11-01"))
    assert isinstance(again, m.PostCredit)
    assert (again.key, again.on) == (f"{CREDIT}:again1", "2026-11-01")


def test_what_is_given_back_stands_open_at_the_end_of_the_month() -> None:
    """Four of direct use were billed and given back, and nobody has billed them again."""
    story = posted(answer=False)
    last = "2026-10-31"
    assert received_not_invoiced(story.state, last) == ([], True)
    story.tell(captured(memo()))
    assert received_not_invoiced(story.state, last)[1] is False
    story.tell(m.EffectDone(NOW, CREDIT, "APM-1"))
    lines, settled = received_not_invoiced(story.state, last)
    assert settled
    assert [(line.line, line.quantity, line.amount_minor) for line in lines] == [(2, 4, 16_000)]


def test_a_memo_without_an_order_is_for_people() -> None:
    story = Story()
    assert short(story.tell(captured(replace(memo(), order="")))) == ["start invoice:CM-1"]
    assert short(story.tell(m.TimerDue(NOW + DAY, "invoice:CM-1"))) == [
        "case credit-without-invoice/ap_automation:CM-1"
    ]
