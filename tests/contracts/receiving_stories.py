"""Journals about capture, tax and receiving: what was misread, taxed wrongly, or received without being counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tests.contracts.journals import Story, line

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


def _overtaxed() -> Story:
    """Goods of 1,000.00 and a tax of 80.00; the bill charges 120.00."""
    story = Story().delivered().bills(amount=108_000, captured=112_000, charges_minor=8_000, expect="case")
    story.anomaly("A-1", "INV-1", categories=("tax-variance",))
    return story.tells("INV-1").reads("INV-1")


def _with_tax(tax: int) -> dict[str, Any]:
    """A posting of 1,000.00 for goods, and a tax."""
    lines = (line("grni", 100_000), line("expense", tax), line("ap", -100_000 - tax))
    return {"amount": 100_000 + tax, "lines": lines}


def tax_as_it_should_be() -> Story:
    """The bill carries its tax, and that is expense."""
    story = Story().delivered().bills(amount=108_000, captured=108_000, charges_minor=8_000).tells("INV-1")
    return story.paid(**_with_tax(8_000)).ends()


def tax_rounded_by_line() -> Story:
    """The tax is two cents more than that of the whole: this supplier rounds each line. That is what is due."""
    story = Story().delivered().bills(amount=108_002, captured=108_002, charges_minor=8_002).tells("INV-1")
    return story.paid(**_with_tax(8_002)).ends()


def more_tax_than_price_tolerance_lets_pass() -> Story:
    """A tax of twelve per cent is no wrong price, if it is due."""
    story = Story().delivered().bills(amount=112_000, captured=112_000, charges_minor=12_000).tells("INV-1")
    return story.paid(**_with_tax(12_000)).ends()


def overtaxed_and_corrected() -> Story:
    """People say what is due, and that is booked."""
    story = _overtaxed().asks("CASE-1", "tax-variance", "INV-1").wait(3).decides("CASE-1", "correct")
    return story.tells("CASE-1").paid(**_with_tax(8_000)).ends()


def overtaxed_and_accepted() -> Story:
    """The supplier shows that the higher tax is right; the truth follows, tax and all."""
    story = _overtaxed().asks("CASE-1", "tax-variance", "INV-1").wait(3).decides("CASE-1", "accept")
    owed = {"amount": 112_000, "charges_minor": 12_000, "version": 2}
    story.owes("PAY:INV-1", "payable", "cloud_erp/invoice.posted", 100_000, **owed)  # type: ignore[arg-type]
    return story.tells("CASE-1").paid(**_with_tax(12_000)).ends()


def overtaxed_and_posted() -> Story:
    """The tax is booked as it was billed."""
    return _overtaxed().paid(**_with_tax(12_000)).ends()


def tax_cut_without_asking() -> Story:
    """What is due is booked, and nobody knows that the supplier was not paid what it billed."""
    return _overtaxed().paid(**_with_tax(8_000)).ends()


def tax_as_a_price() -> Story:
    """The tax is due and booked as a price variance."""
    story = Story().delivered().bills(amount=108_000, captured=108_000, charges_minor=8_000).tells("INV-1")
    return story.paid(amount=108_000).ends()


GOOD_RECEIVING: Final[tuple[Callable[[], Story], ...]] = (
    misread_and_corrected,
    misread_taken_for_a_wrong_price,
    corrected_at_the_second_look,
    number_corrected,
    doubted_once_in_vain,
    tax_as_it_should_be,
    tax_rounded_by_line,
    more_tax_than_price_tolerance_lets_pass,
    overtaxed_and_corrected,
    overtaxed_and_accepted,
)
BAD_RECEIVING: Final[tuple[tuple[Callable[[], Story], str], ...]] = (
    (misread_and_posted, "I03 I07 I12 I21"),
    (corrected_and_posted_as_read, "I03 I07"),
    (correction_lost, "I11 I20"),
    (misread_seen_too_late, "I20 I21"),
    (doubts_everything, "I21"),
    (overtaxed_and_posted, "I03 I12 I21"),
    (tax_cut_without_asking, "I12 I21"),
    (tax_as_a_price, "I03 I07"),
)
