"""Journals of the ledgers and of the period's end: correct ones, which may look odd, and broken ones with what must be red."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from contracts.journal import Goods
from tests.contracts.journals import DESIGN, Story, goods, line, ref


class Books(Story):
    """A story of a period's end."""

    def to_accrue(self, line_of: str = "1", value: int = 40_000, *, order: str = "PO-1") -> Self:
        """October is over, and a line is received and not invoiced: to be accrued, and taken back in November."""
        for kind, own, on in (("accrual", "ACC", "2026-10-31"), ("accrual-reversal", "REV", "2026-11-01")):
            what = "posted" if own == "ACC" else "reversed"
            owed, required = f"{own}:{order}/{line_of}", f"cloud_erp/accrual.{what}"
            self.owes(owed, kind, required, value, order=order, party="", stock=False, on=on)
            self.paper(f"{own}-{line_of}", owed, number=f"2026-10/{order}/{line_of}")
        return self

    def accrues(self, paper: str = "ACC-1", own: str = "JE-1", **fields: object) -> Self:
        """The ERP accrues what the truth says, on the period's last day."""
        owed, number = self.owed[self.papers[paper].obligation], self.papers[paper].number
        value = owed.amount_minor
        usual = {
            "source_ref": ref(paper),
            "number": number,
            "amount_minor": value,
            "currency": "USD",
            "order": owed.order,
            "on": owed.on,
            "lines": (line("expense", value), line("accrued", -value)),
        }
        return self.effect("cloud_erp", "accrual.posted", own, **{**usual, **fields})

    def takes_back(self, own: str = "JE-1", by: str = "JE-2", paper: str = "REV-1", **fields: object) -> Self:
        """The ERP reverses an accrual on the first day of the next period; or cancels it, where that is said."""
        accrued = self.posted[own]
        usual = {
            "source_ref": ref(paper),
            "number": accrued.number,
            "amount_minor": accrued.amount_minor,
            "currency": "USD",
            "order": accrued.order,
            "on": "2026-11-01",
            "reverses": own,
            "lines": tuple(line(each.role, -each.amount_minor) for each in accrued.lines),
        }
        what = str(fields.pop("what", "accrual.reversed"))
        return self.effect("cloud_erp", what, by, **{**usual, **fields})


CLOSED = {"state": "2026-10"}


def _used_at_once(value: int = 40_000) -> Books:
    """Ordered, and received for direct use; the bill has not come by the end of October."""
    return Books().ordered(value=value).received(value=value, stock=False).wait(24 * 26)


def open_at_close() -> Story:
    """Half of an order has come, and half of that is billed; the rest stands in GRNI over the close, rightly."""
    story = Story().ordered().received("GRN-1", 60_000).bills("INV-1", 30_000).tells("INV-1").paid()
    return story.wait(24 * 26).effect("cloud_erp", "period.closed", "H1-2026-10", **CLOSED).ends()


def redated_by_people() -> Story:
    """The period is closed when a bill could be booked; people say the first of November, and the truth follows them."""
    story = Story().delivered().bills(due_hours=24 * 30).tells("INV-1")
    story.wait(24 * 26).effect("cloud_erp", "period.closed", "H1-2026-10", **CLOSED)
    story.calls("cloud_erp", "create_invoice", "ap_automation:INV-1", status=400).asks(
        "CASE-1", "period-closed", "INV-1"
    )
    story.wait(3).truth_changes("INV-1", on="2026-11-01").decides("CASE-1", "re-date", "2026-11-01").tells("CASE-1")
    return story.paid().ends()


def redated_before_the_truth() -> Story:
    """People give a date that the truth had not foreseen; what people say is right."""
    story = Story().delivered().bills().tells("INV-1").asks("CASE-1", "period-closed", "INV-1")
    return story.decides("CASE-1", "re-date", "2026-11-02").tells("CASE-1").paid(on="2026-11-02").ends()


def copy_on_its_own_date() -> Story:
    """The copy of a bill is booked in the place of the original, on the date on which the copy came."""
    story = Story().delivered().bills().copies("INV-2", "INV-1", number="4711", on="2026-10-07").tells("INV-2")
    story.paid("INV-2", on="2026-10-07").tells("INV-1").asks("CASE-1", "duplicate-invoice", "INV-1", "INV-2")
    return story.decides("CASE-1", "reject").tells("CASE-1").says("INV-1", "rejected").ends()


def accrued_and_taken_back() -> Story:
    """Received and not invoiced at the cut-off: accrued on the last day, taken back on the first of the next period."""
    return _used_at_once().to_accrue().accrues().wait(30).takes_back().ends()


def accrued_then_billed() -> Story:
    """The bill comes in November: expense accrued, taken back, and billed is expense once."""
    story = _used_at_once().to_accrue().accrues().wait(30).takes_back()
    return story.bills(value=40_000, stock=False, on="2026-11-03").tells("INV-1").paid().ends()


def handed_in_again_for_one_row() -> Story:
    """An import of two lines rejects one; the next takes it. Each stands once, however often it was handed in."""
    story = _used_at_once().to_accrue("1").to_accrue("2", 5_000)
    story.calls("cloud_erp", "submit_import", "period-end:H1/2026-10/1", about=("ACC-1", "ACC-2"))
    story.accrues("ACC-1", "JE-1").wait(1)
    story.calls("cloud_erp", "submit_import", "period-end:H1/2026-10/2", about=("ACC-2",)).accrues("ACC-2", "JE-2")
    return story.wait(30).takes_back("JE-1", "JE-3").takes_back("JE-2", "JE-4", "REV-2").ends()


def saga_compensated_in_full() -> Story:
    """An accrual is booked with a wrong amount, cancelled in its own period, booked right, and taken back once."""
    wrong = (line("expense", 41_000), line("accrued", -41_000))
    story = _used_at_once().to_accrue().accrues(amount_minor=41_000, lines=wrong)
    story.takes_back("JE-1", "JE-2", "ACC-1", what="accrual.cancelled", on="2026-10-31")
    return story.accrues(own="JE-3").wait(30).takes_back("JE-3", "JE-4").ends()


def reversal_not_due_yet() -> Story:
    """The run is over before the next period is: one accrual is taken back already, the other still may be."""
    story = _used_at_once().to_accrue("1").to_accrue("2", 5_000)
    return story.accrues("ACC-1", "JE-1").accrues("ACC-2", "JE-2").takes_back("JE-1", "JE-3").ends(after_hours=20)


def freight_and_tax() -> Story:
    """A bill carries 12.00 of freight and tax beside the goods: nobody need be asked, and it is expense."""
    story = Story().delivered().bills(captured=101_200, amount=101_200, charges_minor=1_200).tells("INV-1")
    return story.paid(lines=(line("grni", 100_000), line("expense", 1_200), line("ap", -101_200))).ends()


ABROAD = {"ledger": "USD", "currency": "CAD"}


def billed_abroad() -> Story:
    """1,000.00 CAD ordered at 0.72 and billed at 0.75: 30.00 USD are lost on exchange, and the price is right."""
    foreign = {"goods": goods(72_000), "rate_ppm": 720_000, **ABROAD}
    story = Story().ordered().arrives(**foreign).tells("GRN-1")  # type: ignore[arg-type]
    story.posts_receipt(currency="CAD", lines=(line("inventory", 72_000), line("grni", -72_000)))
    story.bills(**{**foreign, "rate_ppm": 750_000}).tells("INV-1")  # type: ignore[arg-type]
    lines = (line("grni", 72_000), line("fx", 3_000), line("ap", -75_000))
    return story.paid(currency="CAD", ledger_minor=75_000, lines=lines).ends()


def opening_items() -> Story:
    """Stock and open bills that were there before come in with their balances."""
    lines = (line("inventory", 500_000), line("ap", -200_000), line("equity", -300_000))
    story = Story().effect("cloud_erp", "journal.posted", "JE-0", state="opening", lines=lines)
    return story.delivered().bills().tells("INV-1").paid().ends()


GOOD_BOOKS: tuple[Callable[[], Story], ...] = (
    open_at_close,
    redated_by_people,
    redated_before_the_truth,
    copy_on_its_own_date,
    accrued_and_taken_back,
    accrued_then_billed,
    handed_in_again_for_one_row,
    saga_compensated_in_full,
    reversal_not_due_yet,
    freight_and_tax,
    billed_abroad,
    opening_items,
)


def _billed(**bill: object) -> Story:
    return Story().delivered().bills(**bill).tells("INV-1")  # type: ignore[arg-type]


def by_hand_into_payables() -> Story:
    """Somebody books a round sum from payables to expense by hand; no bill stands behind it."""
    lines = (line("ap", 50_000), line("expense", -50_000))
    return _billed().paid().effect("cloud_erp", "journal.posted", "JE-9", lines=lines).ends()


def credited_out_of_nothing() -> Story:
    """A credit memo stands in the books that no supplier ever gave."""
    story, lines = _billed().paid(), (line("ap", 5_000), line("grni", -5_000))
    given = {"source_ref": "ap_automation:CM-1", "number": "CM-1", "amount_minor": 5_000, "currency": "USD"}
    credit = {**given, "on": "2026-10-06", "order": "PO-1", "lines": lines, "goods": goods(-5_000)}
    return story.effect("cloud_erp", "invoice.credited", "APM-1", **credit).ends()


def cleared_in_the_wrong_list() -> Story:
    """The ledger clears GRNI in full, and the list of open receipts only by half."""
    return _billed().paid(goods=goods(50_000)).ends()


def into_the_closed_month() -> Story:
    """The ERP takes a bill into October after October was closed."""
    story = Story().delivered().bills(due_hours=24 * 30).tells("INV-1").wait(24 * 26)
    return story.effect("cloud_erp", "period.closed", "H1-2026-10", **CLOSED).paid().ends()


def moved_into_the_next_month() -> Story:
    """October is closed; the design books the bill in November and asks nobody."""
    story = Story().delivered().bills(due_hours=24 * 30).tells("INV-1").wait(24 * 26)
    return story.effect("cloud_erp", "period.closed", "H1-2026-10", **CLOSED).paid(on="2026-11-01").ends()


def redated_by_who_posts() -> Story:
    """The design answers its own question about the date, and books the bill on it."""
    story = Story().delivered().bills().tells("INV-1").asks("CASE-1", "period-closed", "INV-1")
    story.effect("service_desk", "case.decided", "CASE-1", actor=DESIGN, state="re-date", on="2026-11-02")
    return story.tells("CASE-1").paid(on="2026-11-02", actor=DESIGN).ends()


def redated_to_another_day() -> Story:
    """People say the first of November; the design books the bill on the second."""
    story = Story().delivered().bills().tells("INV-1").asks("CASE-1", "period-closed", "INV-1")
    story.truth_changes("INV-1", on="2026-11-01").decides("CASE-1", "re-date", "2026-11-01").tells("CASE-1")
    return story.paid(on="2026-11-02").ends()


def receipt_on_the_day_it_was_sent() -> Story:
    """The dock counted on the fifth; the ERP has it on the sixth."""
    return (
        Story().ordered().arrives().tells("GRN-1").posts_receipt(on="2026-10-06").bills().tells("INV-1").paid().ends()
    )


def wrong_line_cleared() -> Story:
    """Two lines are received and the first is billed; the posting clears the second."""
    two = (Goods(1, 10, 60_000), Goods(2, 10, 40_000))
    story = Story().ordered().arrives(goods=two).tells("GRN-1").posts_receipt()
    story.bills(value=60_000, goods=goods(60_000, 1)).tells("INV-1")
    return story.paid(goods=goods(60_000, 2)).ends()


def cleared_at_the_billed_price() -> Story:
    """A price that people accepted clears GRNI as billed; 80.00 stay there for ever."""
    story = _billed(captured=108_000, expect="case").asks("CASE-1", "price-variance", "INV-1")
    story.decides("CASE-1", "accept").truth_changes("INV-1", 108_000).tells("CASE-1")
    return story.paid(lines=(line("grni", 108_000), line("ap", -108_000)), goods=goods(108_000)).ends()


def never_taken_back() -> Story:
    """An accrual stands in October and nothing takes it back in November."""
    return _used_at_once().to_accrue().accrues().ends(after_hours=240)


def taken_back_twice() -> Story:
    """The reversal job runs twice."""
    story = _used_at_once().to_accrue().accrues().wait(30).takes_back()
    return story.takes_back("JE-1", "JE-3").ends()


def taken_back_in_october() -> Story:
    """The reversal is booked on the day of the accrual, so that October has no expense."""
    return _used_at_once().to_accrue().accrues().takes_back(on="2026-10-31").ends()


def taken_back_short() -> Story:
    """A cent too little is taken back."""
    lines = (line("expense", -39_999), line("accrued", 39_999))
    return _used_at_once().to_accrue().accrues().wait(30).takes_back(amount_minor=39_999, lines=lines).ends()


def taken_back_out_of_nothing() -> Story:
    """A reversal names an accrual that was never booked."""
    story = _used_at_once().to_accrue().accrues().wait(30).takes_back()
    lines = (line("expense", -100), line("accrued", 100))
    stray = {"source_ref": "period-end:REV-9", "number": "?", "order": "PO-9", "amount_minor": 100, "lines": lines}
    return story.takes_back("JE-1", "JE-9", "REV-1", reverses="JE-77", **stray).ends()


def not_accrued() -> Story:
    """A line is received and not invoiced, the period closes, and nobody accrues it."""
    story = _used_at_once().to_accrue("1").to_accrue("2", 5_000).accrues("ACC-1", "JE-1").wait(30)
    return story.takes_back("JE-1", "JE-3").ends(after_hours=240)


def handed_in_and_lost() -> Story:
    """Two lines go in by one import, which rejects one of them; the design looks at the job alone."""
    story = _used_at_once().to_accrue("1").to_accrue("2", 5_000)
    story.calls("cloud_erp", "submit_import", "period-end:H1/2026-10/1", about=("ACC-1", "ACC-2"))
    story.accrues("ACC-1", "JE-1").wait(30)
    return story.takes_back("JE-1", "JE-3").ends(after_hours=240)


def accrued_twice() -> Story:
    """The accrual job runs twice, and both are taken back."""
    story = _used_at_once().to_accrue().accrues().accrues(own="JE-2").wait(30)
    return story.takes_back("JE-1", "JE-3").takes_back("JE-2", "JE-4").ends()


def accrued_after_the_lock() -> Story:
    """The ledger is locked, and an accrual goes in all the same."""
    story = _used_at_once().to_accrue().effect("cloud_erp", "period.locked", "H1-2026-10", **CLOSED)
    return story.accrues().wait(30).takes_back().ends()


def lost_on_exchange_as_a_variance() -> Story:
    """What the exchange rate cost is booked as a price variance."""
    foreign = {"goods": goods(72_000), "rate_ppm": 720_000, **ABROAD}
    story = Story().ordered().arrives(**foreign).tells("GRN-1")  # type: ignore[arg-type]
    story.posts_receipt(currency="CAD", lines=(line("inventory", 72_000), line("grni", -72_000)))
    story.bills(**{**foreign, "rate_ppm": 750_000}).tells("INV-1")  # type: ignore[arg-type]
    lines = (line("grni", 72_000), line("ppv", 3_000), line("ap", -75_000))
    return story.paid(currency="CAD", ledger_minor=75_000, lines=lines).ends()


BAD_BOOKS: tuple[tuple[Callable[[], Story], str], ...] = (
    (by_hand_into_payables, "I05"),
    (credited_out_of_nothing, "I02 I07"),
    (cleared_in_the_wrong_list, "I05 I07"),
    (into_the_closed_month, "I06"),
    (moved_into_the_next_month, "I06"),
    (redated_by_who_posts, "I06"),
    (redated_to_another_day, "I06"),
    (receipt_on_the_day_it_was_sent, "I06"),
    (wrong_line_cleared, "I07"),
    (cleared_at_the_billed_price, "I03 I07"),
    (never_taken_back, "I01 I08 I20"),
    (taken_back_twice, "I01 I08"),
    (taken_back_in_october, "I06 I08"),
    (taken_back_short, "I03 I08"),
    (taken_back_out_of_nothing, "I02 I08"),
    (not_accrued, "I01 I20"),
    (handed_in_and_lost, "I01 I11 I20"),
    (accrued_twice, "I01"),
    (accrued_after_the_lock, "I06"),
    (lost_on_exchange_as_a_variance, "I03 I07"),
)
