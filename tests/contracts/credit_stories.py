"""Journals about credit memos and the bills that follow them: correct ones that must stay green, broken ones with what turns red.

`Credits` tells them: a story that says nothing else is about INV-1, no. 4711, which CM-1 gives back in full and INV-2 bills
again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Self

from contracts.journal import Goods
from tests.contracts.journals import Story, line, ref

OCTOBER: Final = {"state": "2026-10"}


class Credits(Story):
    """A journal in which suppliers give back what they billed."""

    def gives_back(self, memo: str = "CM-1", value: int = 100_000, *, expect: str = "effect", **more: object) -> Self:
        """A supplier gives a bill back; its memo is captured."""
        owed = f"CREDIT:{memo}"
        more = {"goods": (Goods(1, 10, value),), **more}
        self.owes(owed, "credit-memo", "cloud_erp/invoice.credited", value, **more)  # type: ignore[arg-type]
        self.paper(memo, owed, number=f"no. {memo}", expect=expect)
        return self.effect("ap_automation", "invoice.captured", memo).tells(memo)

    def again(self, memo: str = "CM-2", of: str = "CM-1") -> Self:
        """The same memo comes a second time."""
        return self.copies(memo, of, number=self.papers[of].number).tells(memo)

    def credits(self, memo: str = "CM-1", own: str = "APM-1", bill: str = "AP-1", **fields: object) -> Self:
        """The ERP takes a memo against a bill, the other way round than it took the bill."""
        captured = self.papers[memo]
        owed = self.owed[captured.obligation]
        due, value = owed.amount_minor, owed.order_value_minor
        lines = (line("grni", -value), line("ppv", value - due)) if owed.stock else (line("expense", -due),)
        usual = {
            "source_ref": ref(memo),
            "party": captured.party,
            "number": captured.number,
            "amount_minor": due,
            "currency": "USD",
            "order": owed.order,
            "on": owed.on,
            "about": (f"cloud_erp:{bill}",),
            "goods": tuple(Goods(each.line, each.quantity, -each.value_minor * owed.stock) for each in owed.goods),
            "lines": (line("ap", due), *(each for each in lines if each.amount_minor)),
        }
        self.calls("cloud_erp", "create_credit_memo", ref(memo), status=201)
        return self.effect("cloud_erp", "invoice.credited", own, **{**usual, **fields}).says(memo, "posted", own)

    def billed(self, *, stock: bool = True, amount: int = 100_000) -> Self:
        """A delivery, billed and in the books, that its supplier is about to look at again."""
        self.delivered(stock=stock).bills(stock=stock, amount=amount)
        return self.tells("INV-1").paid()

    def billed_again(self, number: str = "4711", own: str = "AP-2", *, stock: bool = True) -> Self:
        """The new bill, rightly in the books."""
        return self.bills("INV-2", number=number, stock=stock).tells("INV-2").paid("INV-2", own)


# -- correct ------------------------------------------------------------------------------------------------------------


def credited_and_billed_again() -> Story:
    """Given back and billed again for the same amount under the same number: it is no duplicate."""
    return Credits().billed().gives_back().credits().billed_again().ends()


def billed_again_at_another_price() -> Story:
    """The first bill was 1 % over the order's price, and the memo takes the variance back with it."""
    story = Credits().billed(amount=101_000).gives_back(amount=101_000).credits()
    return story.billed_again("4711-2").ends()


def expense_given_back() -> Story:
    """Goods for direct use: the memo takes the expense back."""
    return Credits().billed(stock=False).gives_back(stock=False).credits().billed_again(stock=False).ends()


def given_back_and_left() -> Story:
    """Given back in another month, and never billed again while the story lasts: what came stands open, rightly."""
    story = Credits().billed().wait(24 * 28).effect("cloud_erp", "period.closed", "H1-2026-10", **OCTOBER)
    return story.gives_back(on="2026-11-02").credits().ends()


def memo_refused_the_second_time() -> Story:
    """The memo comes twice; people are asked about the second, and refuse it."""
    story = Credits().billed().gives_back().credits().again()
    story.asks("CASE-1", "duplicate-credit", "CM-2", "CM-1")
    return story.wait(3).decides("CASE-1", "reject").tells("CASE-1").says("CM-2", "rejected").billed_again().ends()


def memo_names_no_bill() -> Story:
    """The memo names a delivery note; people say which bill was meant."""
    story = Credits().billed().gives_back(expect="case")
    story.asks("CASE-1", "credit-without-invoice", "CM-1").wait(3).decides("CASE-1", "correct").tells("CASE-1")
    return story.credits().billed_again().ends()


GOOD_CREDITS: Final = (
    credited_and_billed_again,
    billed_again_at_another_price,
    expense_given_back,
    given_back_and_left,
    memo_refused_the_second_time,
    memo_names_no_bill,
)


# -- broken -------------------------------------------------------------------------------------------------------------


def credited_twice() -> Story:
    """The memo comes twice, and the supplier owes the hospital what it has given back once already."""
    return Credits().billed().gives_back().credits().again().credits("CM-2", "APM-2").ends()


def credited_against_a_refusal() -> Story:
    """People refuse the second memo, and it is taken all the same."""
    story = Credits().billed().gives_back().credits().again().asks("CASE-1", "duplicate-credit", "CM-2", "CM-1")
    story.wait(3).decides("CASE-1", "reject").tells("CASE-1")
    return story.credits("CM-2", "APM-2").ends()


def billed_again_before_the_credit() -> Story:
    """The new bill is booked while the old one stands: for that while the goods are owed for twice."""
    return Credits().billed().gives_back().billed_again().credits().ends()


def credit_made_twice_to_make_room() -> Story:
    """A memo that is booked twice frees its goods once: two new bills are one too many."""
    story = Credits().billed().gives_back().credits().again().credits("CM-2", "APM-2").billed_again()
    return story.bills("INV-3", number="4713").tells("INV-3").paid("INV-3", "AP-3").ends()


def memo_forgotten() -> Story:
    """The memo is acknowledged, and the hospital pays what its supplier has given back."""
    return Credits().billed().gives_back().ends()


def too_much_given_back() -> Story:
    """The ERP takes more off than the memo says."""
    lines = (line("ap", 101_000), line("grni", -100_000), line("ppv", -1_000))
    return Credits().billed().gives_back().credits(amount_minor=101_000, lines=lines).ends()


def given_back_to_expense() -> Story:
    """A memo about stock is booked against expense: what came will look invoiced for ever."""
    lines = (line("ap", 100_000), line("expense", -100_000))
    return Credits().billed().gives_back().credits(lines=lines, goods=(Goods(1, 10, 0),)).ends()


def given_back_in_a_closed_month() -> Story:
    """The memo is taken into a month that payables have closed."""
    story = Credits().billed().gives_back(due_hours=24 * 40).wait(24 * 28)
    return story.effect("cloud_erp", "period.closed", "H1-2026-10", **OCTOBER).credits().ends()


def memo_under_a_strange_number() -> Story:
    """The ERP's memo carries a number that no supplier wrote."""
    return Credits().billed().gives_back().credits(number="0815").ends()


def memo_never_reported() -> Story:
    """The memo is in the books, and invoice capture was told that it was refused."""
    return Credits().billed().gives_back().credits().says("CM-1", "rejected").ends()


BAD_CREDITS: Final[tuple[tuple[Callable[[], Story], str], ...]] = (
    (credited_twice, "I01"),
    (credited_against_a_refusal, "I01 I12"),
    (billed_again_before_the_credit, "I12"),
    (credit_made_twice_to_make_room, "I01 I12"),
    (memo_forgotten, "I01 I11 I20"),
    (too_much_given_back, "I03 I07"),
    (given_back_to_expense, "I03 I07"),
    (given_back_in_a_closed_month, "I06"),
    (memo_under_a_strange_number, "I02"),
    (memo_never_reported, "I22"),
)
