"""Journals in which people at the desk err: a design that did what they said is right, one that did otherwise is not."""

from __future__ import annotations

from collections.abc import Callable

from tests.contracts.journals import Story


def _copy_let_through() -> Story:
    """A copy comes, people are asked, and accept it; so it is posted beside the original."""
    story = Story().delivered().bills().tells("INV-1").paid()
    story.copies("INV-2", "INV-1", number="4711-A").tells("INV-2")
    story.asks("CASE-1", "duplicate-invoice", "INV-2", "INV-1").wait(3).decides("CASE-1", "accept").tells("CASE-1")
    return story.paid("INV-2", "AP-2")


def _price_let_through() -> Story:
    """A bill is 8 % too high, and people accept what they should have refused: the truth is what was agreed."""
    story = Story().delivered().bills(captured=108_000, expect="case").tells("INV-1").reads("INV-1")
    return story.asks("CASE-1", "price-variance", "INV-1").wait(3).decides("CASE-1", "accept").tells("CASE-1")


def _refused_by_mistake() -> Story:
    """A bill with the contract's price is refused, and the capture is told so."""
    story = Story().delivered().bills(captured=108_000, expect="case").tells("INV-1").reads("INV-1")
    story.asks("CASE-1", "price-variance", "INV-1").wait(3).decides("CASE-1", "reject").tells("CASE-1")
    return story.says("INV-1", "rejected").wait(6)


def _dated_wrongly() -> Story:
    """A bill comes too late for its month; people give it the fourth of the next, and mean the first."""
    story = Story().delivered().bills().tells("INV-1").truth_changes("INV-1", on="2026-11-01")
    return (
        story.asks("CASE-1", "period-closed", "INV-1")
        .wait(3)
        .decides("CASE-1", "re-date", "2026-11-04")
        .tells("CASE-1")
    )


# -- what is right ------------------------------------------------------------------------------------------------------


def copy_accepted_and_taken_out_again() -> Story:
    """The copy stands for some hours beside the original, until somebody looks again and cancels it by hand."""
    story = _copy_let_through().wait(6).cancels("AP-2").says("INV-2", "rejected")
    return story.decides("CASE-1", "reject").tells("CASE-1").ends()


def price_accepted_by_mistake_stands() -> Story:
    """The run ends before anybody has looked again: the bill stands as it was accepted."""
    return _price_let_through().paid(amount=108_000).ends()


def price_accepted_taken_out_and_rebilled() -> Story:
    """Somebody looks again, cancels the bill and refuses it; the supplier sends the right one under the same number."""
    story = _price_let_through().paid(amount=108_000).wait(6).cancels("AP-1").says("INV-1", "rejected")
    story.decides("CASE-1", "reject").tells("CASE-1").wait(24)
    return story.paper("INV-2", "PAY:INV-1", number="4711").tells("INV-2").paid("INV-2", "AP-2").ends()


def refused_by_mistake_and_booked_after_all() -> Story:
    """Somebody looks again, and the bill that was rejected is booked."""
    story = _refused_by_mistake().decides("CASE-1", "accept").truth_changes("INV-1", 108_000).tells("CASE-1")
    return story.paid().ends()


def original_booked_while_its_copy_stands() -> Story:
    """The copy came first and was accepted by mistake; the original, of which nobody was in doubt, is booked as well."""
    story = Story().delivered().bills().copies("INV-2", "INV-1", number="4711-A").tells("INV-2").tells("INV-1")
    story.asks("CASE-1", "duplicate-invoice", "INV-2", "INV-1").wait(3).decides("CASE-1", "accept").tells("CASE-1")
    story.paid("INV-2", "AP-1").paid("INV-1", "AP-2").wait(6).cancels("AP-1").says("INV-2", "rejected")
    return story.decides("CASE-1", "reject").tells("CASE-1").ends()


def wrong_date_stands() -> Story:
    """The run ends before anybody has looked again: the bill stands on the day that people gave."""
    return _dated_wrongly().paid(on="2026-11-04").ends()


def wrong_date_taken_out_and_booked_anew() -> Story:
    """Somebody looks again, cancels the bill by hand and gives the right day; it is booked once more, on that."""
    story = _dated_wrongly().paid(on="2026-11-04").wait(6).cancels("AP-1").says("INV-1", "rejected")
    story.decides("CASE-1", "re-date", "2026-11-01").tells("CASE-1")
    return story.paid("INV-1", "AP-2", on="2026-11-01").ends()


# -- and what is not ----------------------------------------------------------------------------------------------------


def accepted_copy_posted_twice() -> Story:
    """People let the copy through once, and the design books it two times."""
    story = _copy_let_through().posts("INV-2", "AP-3").wait(6).cancels("AP-2").cancels("AP-3", by="CN-2")
    return story.says("INV-2", "rejected").decides("CASE-1", "reject").tells("CASE-1").ends()


def copy_posted_because_the_original_was_accepted() -> Story:
    """People accept the price of the original; that says nothing of its copy, of which nobody was asked."""
    story = Story().delivered().bills(captured=108_000, expect="case").tells("INV-1")
    story.asks("CASE-1", "price-variance", "INV-1").wait(3).decides("CASE-1", "accept").tells("CASE-1")
    story.truth_changes("INV-1", 108_000).paid().copies("INV-2", "INV-1", number="4711-A").tells("INV-2")
    return story.paid("INV-2", "AP-2").wait(6).cancels("AP-2").says("INV-2", "rejected").ends()


def copy_posted_before_anybody_accepted_it() -> Story:
    """The case is open, the design does not wait, and the accept comes when the copy stands already."""
    story = Story().delivered().bills().tells("INV-1").paid().copies("INV-2", "INV-1", number="4711-A").tells("INV-2")
    story.asks("CASE-1", "duplicate-invoice", "INV-2", "INV-1").paid("INV-2", "AP-2")
    story.wait(3).decides("CASE-1", "accept").tells("CASE-1").wait(6).cancels("AP-2").says("INV-2", "rejected")
    return story.decides("CASE-1", "reject").tells("CASE-1").ends()


def original_booked_beside_a_copy_that_was_posted_unasked() -> Story:
    """The copy stood before anybody accepted it; that somebody did so later makes no room for the original."""
    story = Story().delivered().bills().copies("INV-2", "INV-1", number="4711-A").tells("INV-2").tells("INV-1")
    story.asks("CASE-1", "duplicate-invoice", "INV-2", "INV-1").paid("INV-2", "AP-1")
    story.wait(3).decides("CASE-1", "accept").tells("CASE-1").paid("INV-1", "AP-2").wait(6).cancels("AP-1")
    return story.says("INV-2", "rejected").decides("CASE-1", "reject").tells("CASE-1").ends()


def copy_booked_again_after_it_was_taken_out() -> Story:
    """People have thought better of it and cancelled it by hand; the design, which knows, books it once more."""
    story = _copy_let_through().wait(6).cancels("AP-2").says("INV-2", "rejected")
    story.decides("CASE-1", "reject").tells("CASE-1").paid("INV-2", "AP-3")
    return story.wait(1).cancels("AP-3", by="CN-2").says("INV-2", "rejected").ends()


def accepted_price_posted_at_another() -> Story:
    """People accept 1,080.00, and 1,070.00 is booked: neither what is due nor what they said."""
    return _price_let_through().paid(amount=107_000).ends()


def price_let_through_refused_after_all_and_left_standing() -> Story:
    """Somebody looks again and refuses what he had accepted; the bill is in the books already, and stays there."""
    return _price_let_through().paid(amount=108_000).wait(6).decides("CASE-1", "reject").tells("CASE-1").ends()


def second_thought_ignored() -> Story:
    """The bill that was refused by mistake is accepted after all, the design hears of it, and nothing follows."""
    story = _refused_by_mistake().decides("CASE-1", "accept").truth_changes("INV-1", 108_000).tells("CASE-1")
    return story.ends()


def posted_between_mistake_and_second_thought() -> Story:
    """The bill is booked against a refusal; that somebody then thinks better of it does not make that right."""
    story = _refused_by_mistake().paid(amount=108_000).wait(3).decides("CASE-1", "accept")
    return story.truth_changes("INV-1", 108_000).tells("CASE-1").ends()


def wrong_date_used_again() -> Story:
    """The right day has been given, and the design books the bill anew on the wrong one."""
    story = _dated_wrongly().paid(on="2026-11-04").wait(6).cancels("AP-1").says("INV-1", "rejected")
    story.decides("CASE-1", "re-date", "2026-11-01").tells("CASE-1")
    return story.paid("INV-1", "AP-2", on="2026-11-04").ends()


def right_date_ignored() -> Story:
    """The right day has been given, the bill is out of the books, and nobody books it anew."""
    story = _dated_wrongly().paid(on="2026-11-04").wait(6).cancels("AP-1").says("INV-1", "rejected")
    return story.decides("CASE-1", "re-date", "2026-11-01").tells("CASE-1").ends()


GOOD_DESK: tuple[Callable[[], Story], ...] = (
    copy_accepted_and_taken_out_again,
    price_accepted_by_mistake_stands,
    price_accepted_taken_out_and_rebilled,
    refused_by_mistake_and_booked_after_all,
    original_booked_while_its_copy_stands,
    wrong_date_stands,
    wrong_date_taken_out_and_booked_anew,
)
BAD_DESK: tuple[tuple[Callable[[], Story], str], ...] = (
    (accepted_copy_posted_twice, "I01"),
    (copy_posted_because_the_original_was_accepted, "I01 I12"),
    (copy_posted_before_anybody_accepted_it, "I01 I12"),
    (original_booked_beside_a_copy_that_was_posted_unasked, "I01"),
    (copy_booked_again_after_it_was_taken_out, "I01 I12"),
    (accepted_price_posted_at_another, "I03 I07"),
    (price_let_through_refused_after_all_and_left_standing, "I03 I07"),
    (second_thought_ignored, "I11 I20"),
    (posted_between_mistake_and_second_thought, "I12"),
    (wrong_date_used_again, "I06"),
    (right_date_ignored, "I11 I20"),
)
