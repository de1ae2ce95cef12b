"""Journals about capture, tax and receiving: what was misread, taxed wrongly, or received without being counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.contracts.journals import Story

MISREAD: Final = ("misread-invoice", "price-variance", "quantity-variance")


def _misread() -> Story:
    """A bill of 1,000.00 is read as 1,080.00."""
    story = Story().delivered().bills(captured=108_000, expect="case")
    story.anomaly("A-1", "INV-1", categories=MISREAD)
    return story.tells("INV-1").reads("INV-1")


def misread_and_corrected() -> Story:
    """Somebody looks at the paper and says what the total is; that is what is posted."""
    story = _misread().asks("CASE-1", "misread-invoice", "INV-1").wait(3).decides("CASE-1", "correct")
    return story.tells("CASE-1").paid().ends()


def misread_taken_for_a_wrong_price() -> Story:
    """The design takes the misread total for a price that is too high; people correct it all the same."""
    story = _misread().asks("CASE-1", "price-variance", "INV-1", "PO-1").wait(3).decides("CASE-1", "correct")
    return story.tells("CASE-1").paid().ends()


def corrected_at_the_second_look() -> Story:
    """The first correction does not add up either; people are asked again, and look again."""
    story = _misread().asks("CASE-1", "misread-invoice", "INV-1").wait(3).decides("CASE-1", "correct").tells("CASE-1")
    story.asks("CASE-2", "misread-invoice", "INV-1").wait(3).decides("CASE-2", "correct")
    return story.tells("CASE-2").paid().ends()


def number_corrected() -> Story:
    """People find that the number was misread, too: it is posted under the one that the paper bears."""
    story = _misread().asks("CASE-1", "misread-invoice", "INV-1").wait(3).decides("CASE-1", "correct")
    return story.tells("CASE-1").paid(number="4771").ends()


def doubted_once_in_vain() -> Story:
    """The capture was not sure of a bill, somebody is asked, and it was right; once is nobody's fault."""
    story = Story().delivered().bills().tells("INV-1").asks("CASE-1", "misread-invoice", "INV-1")
    return story.decides("CASE-1", "accept").tells("CASE-1").paid().ends()


def misread_and_posted() -> Story:
    """The total is booked as it was read, and nobody is asked."""
    return _misread().paid(amount=108_000).ends()


def corrected_and_posted_as_read() -> Story:
    """Somebody corrects the total, and what was read is booked."""
    story = _misread().asks("CASE-1", "misread-invoice", "INV-1").wait(3).decides("CASE-1", "correct")
    return story.tells("CASE-1").paid(amount=108_000).ends()


def correction_lost() -> Story:
    """Somebody corrects the total; the answer is acknowledged, and nothing comes of it."""
    story = _misread().asks("CASE-1", "misread-invoice", "INV-1").wait(3).decides("CASE-1", "correct")
    return story.tells("CASE-1").ends()


def misread_seen_too_late() -> Story:
    """Five days go by before anybody is asked."""
    story = _misread().wait(120).asks("CASE-1", "misread-invoice", "INV-1").decides("CASE-1", "correct")
    return story.tells("CASE-1").paid().ends()


def doubts_everything() -> Story:
    """Whatever the capture was not sure of is asked about, and all of it is right."""
    story = Story().ordered()
    for n in range(1, 4):
        story.received(f"GRN-{n}", 25_000).bills(f"INV-{n}", 25_000, number=f"10{n}").tells(f"INV-{n}")
        story.asks(f"CASE-{n}", "misread-invoice", f"INV-{n}").decides(f"CASE-{n}", "accept").tells(f"CASE-{n}")
        story.paid(f"INV-{n}", f"AP-{n}")
    return story.ends()


GOOD_RECEIVING: Final[tuple[Callable[[], Story], ...]] = (
    misread_and_corrected,
    misread_taken_for_a_wrong_price,
    corrected_at_the_second_look,
    number_corrected,
    doubted_once_in_vain,
)
BAD_RECEIVING: Final[tuple[tuple[Callable[[], Story], str], ...]] = (
    (misread_and_posted, "I03 I07 I12 I21"),
    (corrected_and_posted_as_read, "I03 I07"),
    (correction_lost, "I11 I20"),
    (misread_seen_too_late, "I20 I21"),
    (doubts_everything, "I21"),
)
