"""What was entered without counting covers no bill until somebody counts it; what then is missing, people decide about."""

from __future__ import annotations

import itertools

from msgspec.structs import replace

from orchestrator.canonical import GoodsReceipt, ReceiptLine
from orchestrator.workflows import messages as m
from tests.orchestrator.papers import NOW, NUMBER, Story, approved, captured, decided, invoice, receipt, received, short

CASE = "quantity-variance/ap_automation:INV-1"
POSTED = ["stop invoice:INV-1", "inv:ap_automation:INV-1:post", "tell INV-1 posted"]


def entered(name: str = "GRN-1", first: int = 10, second: int = 4) -> m.ReceiptRecorded:
    """A delivery is entered with one key for all of it."""
    return m.ReceiptRecorded(NOW, name, replace(receipt(name, first, second), uncounted=True))


def counted(missing: int = 0, name: str = "CNT-2", corrects: str = "GRN-1") -> m.ReceiptRecorded:
    """Somebody counts it, and misses some of the first line, or nothing."""
    lines = (ReceiptLine(1, missing),) if missing else ()
    return m.ReceiptRecorded(NOW, name, GoodsReceipt(name, "H1", NUMBER, "2026-10-07", lines, corrects, counts=True))


def billed() -> Story:
    """Ordered, entered without counting, and billed for all."""
    story = Story()
    story.tell(approved())
    assert short(story.tell(entered())) == ["gr:H1:GRN-1"], "the ERP hears of it at once"
    assert short(story.tell(captured(invoice()))) == ["start invoice:INV-1", "tell INV-1 held"]
    return story


def test_a_bill_waits_for_the_count_and_is_posted_when_all_is_there() -> None:
    assert short(billed().tell(counted())) == POSTED


def test_less_was_there_so_people_are_asked_at_once() -> None:
    story = billed()
    assert short(story.tell(counted(missing=3)))[0] == "gr:H1:CNT-2"
    assert f"case {CASE}" in short(story.commands)
    opened = next(command for command in story.commands if isinstance(command, m.OpenCase))
    assert opened.case.evidence["counted"] == "7"
    assert short(story.tell(decided(CASE, "reject"))) == ["tell INV-1 rejected"]


def test_billed_again_for_what_came_it_is_posted() -> None:
    story = billed()
    story.tell(counted(missing=3), decided(CASE, "reject"))
    again = captured(invoice("INV-2", 7, 4, at=5))
    assert short(story.tell(again)) == ["inv:ap_automation:INV-2:post", "tell INV-2 posted"]


def test_a_bill_for_what_came_bothers_nobody() -> None:
    story = Story()
    story.tell(approved(), entered(), captured(invoice("INV-1", 7, 4)))
    assert short(story.tell(counted(missing=3))) == ["gr:H1:CNT-2", *POSTED]


def test_it_does_not_matter_which_paper_comes_first() -> None:
    """All permutations: one case, nothing posted for the bill, the shortage booked after what it corrects."""
    for events in itertools.permutations([approved(), entered(), counted(missing=3), captured(invoice())]):
        story = Story()
        story.tell(*events)
        said = [line for line in short(story.commands) if not line.startswith(("start", "stop", "tell INV"))]
        assert sorted(said) == sorted(
            [f"po:H1:{NUMBER}:1", "tell order interfaced", "gr:H1:GRN-1", "gr:H1:CNT-2", f"case {CASE}"]
        )
        assert said.index("gr:H1:GRN-1") < said.index("gr:H1:CNT-2")


def test_what_is_counted_at_the_dock_does_not_wait_for_what_is_not() -> None:
    story = Story()
    story.tell(approved(), received("GRN-1", 5, 2), entered("GRN-2", 5, 2))
    assert short(story.tell(captured(invoice("INV-1", 5, 2))))[0] == "inv:ap_automation:INV-1:post"
    assert short(story.tell(captured(invoice("INV-2", 5, 2, number="78", at=5))))[0] == "start invoice:INV-2"
    assert "inv:ap_automation:INV-2:post" in short(story.tell(counted(corrects="GRN-2")))


def test_a_bill_is_not_covered_by_what_is_about_to_be_taken_out() -> None:
    """The shortage is known and not booked yet; the ERP still has ten, and people are asked all the same."""
    story = Story(answer=False)
    story.tell(approved(), m.EffectDone(NOW, f"po:H1:{NUMBER}:1", "EPO-1"), entered())
    story.tell(m.EffectDone(NOW, "gr:H1:GRN-1", "ERC-1"), counted(missing=3))
    assert short(story.tell(captured(invoice()))) == [f"case {CASE}"]


def test_people_may_pay_all_the_same() -> None:
    story = billed()
    story.tell(counted(missing=3))
    assert short(story.tell(decided(CASE, "accept"))) == POSTED[1:]
