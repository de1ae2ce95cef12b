"""The reducer as tables: events in, commands out; and the same papers in any order bring about the same postings."""

from __future__ import annotations

import itertools

import pytest
from msgspec.structs import replace

from orchestrator.workflows import messages as m
from tests.orchestrator.papers import (
    DAY,
    NOW,
    NUMBER,
    Story,
    approved,
    captured,
    decided,
    invoice,
    order,
    received,
    short,
)

POST = "inv:ap_automation:INV-1:post"


def test_the_happy_path_in_order() -> None:
    story = Story()
    assert short(story.tell(approved())) == [f"po:H1:{NUMBER}:1", "tell order interfaced"]
    assert short(story.tell(received())) == ["gr:H1:GRN-1"]
    assert short(story.tell(captured(invoice()))) == [POST, "tell INV-1 posted"]


def test_nothing_goes_before_what_it_stands_on() -> None:
    """The order before its receipts, receipts before the invoices that they cover, each only when the last is done."""
    story = Story(answer=False)
    assert short(story.tell(captured(invoice()))) == ["start invoice:INV-1"]
    assert short(story.tell(received())) == ["start receipt:GRN-1"]
    assert short(story.tell(approved())) == [f"po:H1:{NUMBER}:1"]
    assert short(story.tell(m.EffectDone(NOW, f"po:H1:{NUMBER}:1", "EPO-1"))) == [
        "tell order interfaced",
        "gr:H1:GRN-1",
    ]
    assert short(story.tell(m.EffectDone(NOW, "gr:H1:GRN-1", "ERC-1"))) == ["stop invoice:INV-1", POST]
    last = story.tell(m.EffectDone(NOW, POST, "AP-1"))
    assert short(last) == ["tell INV-1 posted"]
    assert isinstance(last[0], m.TellInvoice)
    assert last[0].voucher == "AP-1"


@pytest.mark.parametrize("name", ["a:b", "a:post", "x:status:held", ":again1", "\n:"])
def test_an_id_may_hold_whatever_keys_are_made_of(name: str) -> None:
    """Keys are put together with colons, and ids are their source's own affair."""
    story = Story()
    told = short(story.tell(approved(), received(name), captured(invoice(name))))
    assert told[2:] == [f"gr:H1:{name}", f"inv:ap_automation:{name}:post", f"tell {name} posted"]
    assert story.state.receipts[name].stage == story.state.invoices[name].stage == "posted"


def test_what_is_known_already_changes_nothing() -> None:
    story = Story()
    events = [approved(), received(), captured(invoice())]
    story.tell(*events)
    before = story.state
    assert story.tell(*events, m.EffectDone(NOW, f"po:H1:{NUMBER}:1", "EPO-2")) == []
    assert story.state is before


def test_a_revision_counts_until_the_order_is_on_its_way() -> None:
    story = Story(answer=False)
    story.tell(approved())
    assert story.tell(m.OrderApproved(NOW, NUMBER, order(revision=2))) == []


PAPERS = {
    "whole": [approved(), received(), captured(invoice())],
    "split": [
        approved(),
        received("GRN-1", 5, 2),
        received("GRN-2", 5, 2),
        captured(invoice("INV-1", 5, 2)),
        captured(invoice("INV-2", 5, 2, number="78", at=5)),
    ],
    "uneven": [
        approved(),
        received("GRN-1", 7, 4),
        received("GRN-2", 3, 0),
        captured(invoice("INV-1", 7, 4)),
        captured(invoice("INV-2", 3, 0, number="78", at=5)),
    ],
}


@pytest.mark.parametrize("name", PAPERS)
def test_any_order_of_arrival_ends_the_same(name: str) -> None:
    """All permutations: the same postings, the same final word to invoice capture, no case, nothing left waiting."""
    outcomes = set()
    for events in itertools.permutations(PAPERS[name]):
        story = Story()
        story.tell(*events)
        kept = [line for line in short(story.commands) if "held" not in line and not line.startswith(("start", "stop"))]
        assert len(kept) == len(set(kept))
        outcomes.add(frozenset(kept))
        assert {entry.stage for entry in story.state.invoices.values()} == {"posted"}
        assert not any(entry.timed or entry.telling for entry in story.state.invoices.values())
    assert len(outcomes) == 1


def test_an_invoice_before_its_receipt_is_held_then_posted() -> None:
    story = Story()
    story.tell(approved())
    assert short(story.tell(captured(invoice()))) == ["start invoice:INV-1", "tell INV-1 held"]
    assert short(story.tell(received())) == ["gr:H1:GRN-1", "stop invoice:INV-1", POST, "tell INV-1 posted"]


def test_statuses_never_overtake_each_other() -> None:
    """While *held* is on its way, *posted* waits for it."""
    story = Story(answer=False)
    story.tell(approved(), m.EffectDone(NOW, f"po:H1:{NUMBER}:1", "EPO-1"), captured(invoice()))
    story.tell(received(), m.EffectDone(NOW, "gr:H1:GRN-1", "ERC-1"))
    assert story.tell(m.EffectDone(NOW, POST, "AP-1")) == []
    said = story.tell(m.EffectDone(NOW, "inv:ap_automation:INV-1:status:held", ""))
    assert short(said) == ["tell INV-1 posted"]


@pytest.mark.parametrize(
    ("price", "last"),
    [
        (1250, "tell INV-1 posted"),
        (1300, "tell INV-1 posted"),
        (1307, "tell INV-1 posted"),
        (1308, "case price-variance/ap_automation:INV-1"),
        (1193, "tell INV-1 posted"),
        (1192, "case price-variance/ap_automation:INV-1"),
        (1500, "case price-variance/ap_automation:INV-1"),
    ],
)
def test_a_price_is_a_variance_beyond_both_tolerances(price: int, last: str) -> None:
    """2 % of an order of 285.00 are 5.70, more than 5.00: ten gloves may be off by 57 cents each, to either side."""
    story = Story()
    assert short(story.tell(approved(), received(), captured(invoice(price=price))))[-1] == last


def test_an_accepted_price_is_posted_as_billed_and_a_rejected_one_never() -> None:
    key = "price-variance/ap_automation:INV-1"
    for answer, expected in (("accept", [POST, "tell INV-1 posted"]), ("reject", ["tell INV-1 rejected"])):
        story = Story()
        story.tell(approved(), received(), captured(invoice(price=1500)))
        assert short(story.tell(decided(key, answer))) == expected  # type: ignore[arg-type]
        assert story.tell(decided(key, "accept")) == []


def test_a_rebill_under_the_same_number_is_posted() -> None:
    story = Story()
    story.tell(approved(), received(), captured(invoice(price=1500)))
    story.tell(decided("price-variance/ap_automation:INV-1", "reject"))
    said = story.tell(captured(invoice("INV-2", number="77", at=DAY)))
    assert short(said) == ["inv:ap_automation:INV-2:post", "tell INV-2 posted"]


def test_a_rebill_that_overtakes_the_rejection_waits_for_it() -> None:
    story = Story()
    story.tell(approved(), received(), captured(invoice(price=1500)))
    assert short(story.tell(captured(invoice("INV-2", at=DAY)))) == ["start invoice:INV-2"]
    said = short(story.tell(decided("price-variance/ap_automation:INV-1", "reject")))
    assert said == ["tell INV-1 rejected", "stop invoice:INV-2", "inv:ap_automation:INV-2:post", "tell INV-2 posted"]


@pytest.mark.parametrize("number", ["77", "77-R", "0077", "7-7"])
def test_a_copy_is_a_duplicate_whatever_number_it_carries(number: str) -> None:
    story = Story()
    story.tell(approved(), received(), captured(invoice()))
    said = story.tell(captured(invoice("INV-2", number=number, at=DAY)))
    assert short(said) == ["case duplicate-invoice/ap_automation:INV-2"]
    assert isinstance(said[0], m.OpenCase)
    assert said[0].case.subjects == ("ap_automation:INV-2", "ap_automation:INV-1")
    assert short(story.tell(decided("duplicate-invoice/ap_automation:INV-2", "reject"))) == ["tell INV-2 rejected"]


def test_a_copy_of_an_invoice_that_waits_for_its_goods_is_a_duplicate_at_once() -> None:
    story = Story()
    story.tell(approved(), captured(invoice()))
    said = short(story.tell(captured(invoice("INV-2", at=5))))
    assert said == ["case duplicate-invoice/ap_automation:INV-2"]
    assert POST in short(story.tell(received()))


def test_two_halves_that_look_alike_are_no_duplicates() -> None:
    """The second waits for its own receipt."""
    story = Story()
    story.tell(approved(), received("GRN-1", 5, 2), captured(invoice("INV-1", 5, 2)))
    said = short(story.tell(captured(invoice("INV-2", 5, 2, number="78", at=5))))
    assert said == ["start invoice:INV-2", "tell INV-2 held"]
    assert "inv:ap_automation:INV-2:post" in short(story.tell(received("GRN-2", 5, 2)))


def test_a_third_half_is_a_duplicate() -> None:
    story = Story()
    story.tell(approved(), received(), captured(invoice("INV-1", 5, 2)), captured(invoice("INV-2", 5, 2, at=1)))
    said = short(story.tell(captured(invoice("INV-3", 5, 2, at=2))))
    assert said == ["case duplicate-invoice/ap_automation:INV-3"]


def test_too_much_that_looks_like_nothing_earlier_is_a_quantity_variance() -> None:
    story = Story()
    said = short(story.tell(approved(), received(), captured(invoice(first=12))))
    assert said[-1] == "case quantity-variance/ap_automation:INV-1"
    assert short(story.tell(decided("quantity-variance/ap_automation:INV-1", "accept")))[0] == POST


def test_no_receipt_for_ten_days_is_asked_about_and_a_late_one_still_posts() -> None:
    story = Story()
    started = story.tell(approved(), captured(invoice()))
    timer = next(command for command in started if isinstance(command, m.StartTimer))
    assert timer.due_ms == NOW + 10 * DAY
    said = short(story.tell(m.TimerDue(NOW + 10 * DAY, timer.name)))
    assert said == ["case invoice-without-receipt/ap_automation:INV-1"]
    assert POST in short(story.tell(received()))
    assert story.tell(decided("invoice-without-receipt/ap_automation:INV-1", "reject")) == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("accept", [POST, "tell INV-1 posted"]), ("reject", ["tell INV-1 rejected"]), ("wait", ["start invoice:INV-1"])],
)
def test_what_people_say_about_a_missing_receipt(answer: str, expected: list[str]) -> None:
    story = Story()
    story.tell(approved(), captured(invoice()), m.TimerDue(NOW, "invoice:INV-1"))
    said = story.tell(decided("invoice-without-receipt/ap_automation:INV-1", answer))  # type: ignore[arg-type]
    assert short(said) == expected


def test_people_who_want_to_wait_are_asked_again_after_the_wait() -> None:
    story = Story()
    story.tell(approved(), received(), captured(invoice(price=1500)))
    key = "price-variance/ap_automation:INV-1"
    assert short(story.tell(decided(key, "wait"))) == ["start invoice:INV-1"]
    assert short(story.tell(m.TimerDue(NOW, "invoice:INV-1"))) == [f"case {key}/again1"]
    assert short(story.tell(decided(f"{key}/again1", "accept")))[0] == POST


def test_an_order_that_nobody_knows_is_asked_about_and_posts_when_it_comes() -> None:
    story = Story()
    story.tell(captured(invoice()), received())
    assert short(story.tell(m.TimerDue(NOW, "invoice:INV-1"))) == ["case unknown-order/ap_automation:INV-1"]
    assert short(story.tell(m.TimerDue(NOW, "receipt:GRN-1"))) == ["case unknown-order/inventory:GRN-1"]
    assert POST in short(story.tell(approved()))
    assert story.tell(m.TimerDue(NOW, "receipt:GRN-1"), m.TimerDue(NOW, "invoice:INV-1")) == []


def test_a_closed_period_is_asked_about_and_redated_under_a_new_key() -> None:
    """A new key, because the bytes differ."""
    story = Story(answer=False)
    story.tell(approved(), m.EffectDone(NOW, f"po:H1:{NUMBER}:1", "EPO-1"), received())
    story.tell(m.EffectDone(NOW, "gr:H1:GRN-1", "ERC-1"), captured(invoice()))
    said = short(story.tell(m.EffectRejected(NOW, POST, "AP-PERIOD-CLOSED", "closed")))
    assert said == ["case period-closed/ap_automation:INV-1"]
    posted = story.tell(decided("period-closed/ap_automation:INV-1", "re-date", "2026-11-01"))
    assert short(posted) == [f"{POST}:again1"]
    assert isinstance(posted[0], m.PostInvoice)
    assert posted[0].on == "2026-11-01"
    assert short(story.tell(m.EffectDone(NOW, f"{POST}:again1", "AP-9"))) == ["tell INV-1 posted"]


@pytest.mark.parametrize(
    ("key", "about", "again"),
    [
        (f"po:H1:{NUMBER}:1", f"procurement:{NUMBER}", f"po:H1:{NUMBER}:1:again1"),
        ("gr:H1:GRN-1", "inventory:GRN-1", "gr:H1:GRN-1:again1"),
        (POST, "ap_automation:INV-1", f"{POST}:again1"),
    ],
)
def test_a_refusal_by_the_target_goes_to_people_and_on_when_they_say_so(key: str, about: str, again: str) -> None:
    story = Story(answer=False)
    for event in (
        approved(),
        m.EffectDone(NOW, f"po:H1:{NUMBER}:1", "EPO-1"),
        received(),
        m.EffectDone(NOW, "gr:H1:GRN-1", "ERC-1"),
        captured(invoice()),
    ):
        if isinstance(event, m.EffectDone) and event.key == key:
            break
        story.tell(event)
    said = short(story.tell(m.EffectRejected(NOW, key, "SOMETHING", "no")))
    assert said == [f"case rejected-by-target/{about}"]
    assert short(story.tell(decided(f"rejected-by-target/{about}", "accept"))) == [again]


def test_a_refused_status_is_asked_about() -> None:
    story = Story()
    story.tell(approved(), received(), captured(invoice()))
    refused = m.EffectRejected(NOW, "inv:ap_automation:INV-1:status:posted", "FINAL", "no")
    assert short(story.tell(refused)) == ["case rejected-by-target/ap_automation:INV-1/status"]


def test_a_dead_letter_is_asked_about_and_revived_as_it_was() -> None:
    story = Story(answer=False)
    story.tell(approved())
    key = f"po:H1:{NUMBER}:1"
    assert short(story.tell(m.EffectDead(NOW, key, "no reply"))) == [f"case undeliverable/{key}"]
    assert short(story.tell(decided(f"undeliverable/{key}", "accept"))) == [f"revive {key}"]
    assert story.tell(decided(f"undeliverable/{key}", "reject")) == []


def test_a_duplicate_that_people_let_pass_is_posted_without_cover() -> None:
    story = Story()
    story.tell(approved(), received(), captured(invoice()), captured(invoice("INV-2", at=5)))
    said = short(story.tell(decided("duplicate-invoice/ap_automation:INV-2", "accept")))
    assert said == ["inv:ap_automation:INV-2:post", "tell INV-2 posted"]


def test_the_reducer_keeps_no_state_of_its_own() -> None:
    """The same state and event give the same answer, and the old state is as it was."""
    story = Story()
    story.tell(approved(), received())
    before = story.state
    copy = replace(before)
    story.tell(captured(invoice()))
    assert before == copy
