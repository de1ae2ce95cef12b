"""Journals about capture, tax and receiving: what was misread, taxed wrongly, or received without being counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tests.contracts.journals import Story, goods, line

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


def _entered(story: Story, came: int = 60_000) -> Story:
    """The dock enters goods for 1,000.00 with one key; so much came."""
    story.owes("GR:GRN-1", "goods-receipt", "cloud_erp/receipt.posted", 100_000).paper("GRN-1", "GR:GRN-1", amount=came)
    story.tells("GRN-1").reads("GRN-1").calls("cloud_erp", "create_receipt", "inventory:GRN-1", status=201)
    return story.posts_receipt("GRN-1")


def _counted(story: Story, missing: int = 40_000) -> Story:
    """Somebody counts, and the ERP takes out what is not there."""
    story.owes("RT:CNT-1", "goods-return", "cloud_erp/receipt.returned", missing, goods=goods(missing))
    story.paper("CNT-1", "RT:CNT-1", amount=0).tells("CNT-1")
    story.calls("cloud_erp", "create_return", "inventory:CNT-1", status=201)
    usual = {"source_ref": "inventory:CNT-1", "order": "PO-1", "amount_minor": missing, "currency": "USD"}
    lines = (line("grni", missing), line("inventory", -missing))
    return story.effect(
        "cloud_erp", "receipt.returned", "ERT-1", on="2026-10-05", lines=lines, goods=goods(missing), **usual
    )


def _short() -> Story:
    """Goods for 600.00 came, the dock entered 1,000.00, and the supplier bills 1,000.00."""
    story = _entered(Story().ordered()).bills(value=60_000, captured=100_000, expect="case")
    return story.tells("INV-1").reads("INV-1")


def less_was_counted_than_billed() -> Story:
    """The bill waits for the count; people refuse it, and it comes again for what came."""
    story = _counted(_short().wait(24)).anomaly("A-1", "INV-1", categories=("quantity-variance",))
    story.asks("CASE-1", "quantity-variance", "INV-1").wait(3).decides("CASE-1", "reject").tells("CASE-1")
    story.says("INV-1", "rejected").wait(20).paper("INV-2", "PAY:INV-1", number="4711").tells("INV-2")
    return story.paid("INV-2").ends()


def asked_before_the_count() -> Story:
    """A design asks people about every bill that nobody has counted the goods of; of this one less had come."""
    story = _short().asks("CASE-1", "quantity-variance", "INV-1")
    story = _counted(story.wait(24)).anomaly("A-1", "INV-1", categories=("quantity-variance",))
    story.wait(3).decides("CASE-1", "reject").tells("CASE-1").says("INV-1", "rejected").wait(20)
    return story.paper("INV-2", "PAY:INV-1", number="4711").tells("INV-2").paid("INV-2").ends()


def right_all_along_and_posted_before_the_count() -> Story:
    """All had come, as the dock said without counting; the bill did not wait, and the hospital owes it."""
    return _entered(Story().ordered(), came=100_000).bills().tells("INV-1").reads("INV-1").paid().ends()


def paid_for_what_never_came() -> Story:
    """The bill is matched with what the dock entered and booked in full; then somebody counts."""
    story = _counted(_short().paid(amount=100_000).wait(24)).anomaly("A-1", "INV-1", categories=("quantity-variance",))
    return story.ends()


def count_forgotten() -> Story:
    """The bill for what came is booked; what the dock entered beyond that stays in stock for ever."""
    story = _entered(Story().ordered()).bills(value=60_000).tells("INV-1").paid()
    story.owes("RT:CNT-1", "goods-return", "cloud_erp/receipt.returned", 40_000, goods=goods(40_000))
    return story.paper("CNT-1", "RT:CNT-1", amount=0).tells("CNT-1").ends()


def billed_in_full_on_a_fantasy() -> Story:
    """Two bills for 600.00 of one order; the dock entered 1,200.00, and half of it came."""
    story = Story().ordered(value=120_000)
    story.owes("GR:GRN-1", "goods-receipt", "cloud_erp/receipt.posted", 120_000).paper(
        "GRN-1", "GR:GRN-1", amount=60_000
    )
    story.tells("GRN-1").posts_receipt("GRN-1").bills(value=60_000).tells("INV-1").paid()
    return story.bills("INV-2", 60_000, number="4712").tells("INV-2").paid("INV-2", "AP-2").ends()


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
    less_was_counted_than_billed,
    asked_before_the_count,
    right_all_along_and_posted_before_the_count,
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
    (paid_for_what_never_came, "I03 I07 I12 I21"),
    (count_forgotten, "I01 I11 I20"),
    (billed_in_full_on_a_fantasy, "I12"),
)
