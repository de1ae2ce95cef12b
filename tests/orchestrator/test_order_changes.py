"""Orders that change after they were approved, and goods that go back: what the reducer makes of them."""

from __future__ import annotations

from msgspec.structs import replace

from orchestrator.canonical import ReceiptLine
from orchestrator.connectors import cloud_erp
from orchestrator.workflows import messages as m
from tests.orchestrator.papers import (
    NOW,
    NUMBER,
    Story,
    approved,
    captured,
    decided,
    invoice,
    order,
    receipt,
    received,
    short,
)

POST = "inv:ap_automation:INV-1:post"


def revised(revision: int, first: int, *, cancelled: bool = False) -> m.OrderApproved:
    """The order at a later revision, with another quantity on its first line."""
    at_first = order(revision)
    lines = (replace(at_first.lines[0], quantity=first), at_first.lines[1])
    return m.OrderApproved(NOW, NUMBER, replace(at_first, lines=lines, cancelled=cancelled))


def test_a_change_after_the_order_was_posted_follows_into_the_erp() -> None:
    story = Story()
    story.tell(approved())
    (command,) = story.tell(revised(2, 6))
    assert isinstance(command, m.ReviseOrder)
    assert (command.key, command.erp_order) == (f"po:H1:{NUMBER}:2", f"R-po:H1:{NUMBER}:1")
    assert story.tell(revised(2, 6), approved()) == [], "news of it again, or of what was before it"
    story.tell(m.EffectDone(NOW, command.key, "EPO-1"))
    assert short(story.tell(received(first=6), captured(invoice(first=6)))) == [
        "gr:H1:GRN-1",
        POST,
        "tell INV-1 posted",
    ]


def test_a_change_while_the_order_is_on_its_way_waits_for_it() -> None:
    story = Story(answer=False)
    story.tell(approved())
    assert story.tell(revised(2, 6), revised(3, 7)) == []
    commands = story.tell(m.EffectDone(NOW, f"po:H1:{NUMBER}:1", "EPO-1"))
    assert short(commands) == ["tell order interfaced", f"po:H1:{NUMBER}:3"]
    assert story.tell(revised(4, 8)) == []
    (command,) = story.tell(m.EffectDone(NOW, f"po:H1:{NUMBER}:3", "EPO-1"))
    assert isinstance(command, m.ReviseOrder)
    assert command.order.lines[0].quantity == 8


def test_news_that_came_out_of_order_is_resolved_by_its_version() -> None:
    """The change is read first: the order is created as it is now, and what was before it changes nothing."""
    story = Story()
    assert short(story.tell(revised(2, 6))) == [f"po:H1:{NUMBER}:2", "tell order interfaced"]
    assert story.tell(approved()) == []


def test_more_than_the_changed_order_is_too_much() -> None:
    story = Story()
    story.tell(approved(), revised(2, 6), m.EffectDone(NOW, f"po:H1:{NUMBER}:2", "EPO-1"), received(first=6))
    assert short(story.tell(captured(invoice())))[-1] == "case quantity-variance/ap_automation:INV-1"


def test_a_refused_change_is_tried_again_as_a_change() -> None:
    story = Story()
    story.tell(approved(), revised(2, 6))
    said = short(story.tell(m.EffectRejected(NOW, f"po:H1:{NUMBER}:2", "X", "")))
    assert said == [f"case rejected-by-target/procurement:{NUMBER}"]
    (command,) = story.tell(decided(f"rejected-by-target/procurement:{NUMBER}", "accept"))
    assert isinstance(command, m.ReviseOrder)
    assert command.key == f"po:H1:{NUMBER}:2:again1"


def test_what_goes_back_follows_what_it_corrects_and_is_not_billed() -> None:
    """News of the return overtakes that of the receipt; the bill is for what stayed."""
    story = Story()
    back = replace(receipt("RTN-2", 4, 0), lines=(ReceiptLine(1, 4),), corrects="GRN-1")
    assert short(story.tell(approved(), m.ReceiptRecorded(NOW, "RTN-2", back))) == [
        f"po:H1:{NUMBER}:1",
        "tell order interfaced",
    ]
    commands = story.tell(received())
    assert short(commands) == ["gr:H1:GRN-1", "gr:H1:RTN-2"]
    assert isinstance(commands[1], m.PostReceipt)
    prepared = cloud_erp.post_receipt(commands[1].receipt)
    assert (prepared.operation, prepared.path) == ("cloud_erp.create_return", "/returns")
    assert short(story.tell(captured(invoice(first=6)))) == [POST, "tell INV-1 posted"]


def test_what_went_back_covers_no_bill() -> None:
    story = Story()
    back = replace(receipt("RTN-2", 4, 0), lines=(ReceiptLine(1, 4),), corrects="GRN-1")
    story.tell(approved(), received(), m.ReceiptRecorded(NOW, "RTN-2", back))
    assert short(story.tell(captured(invoice())))[-1] == "tell INV-1 held"
