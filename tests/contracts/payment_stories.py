"""Journals about money that leaves: correct ones that must stay green, and broken ones with what turns red.

`Payments` tells them: a story that says nothing else pays INV-1, which stands as AP-1, with PAY-1.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final, Self

from tests.contracts.credit_stories import Credits
from tests.contracts.journals import Story, line, ref
from tests.contracts.master_stories import Masters


class Payments(Credits):
    """A journal in which the ERP pays."""

    def pays_bill(self, own: str = "PAY-1", bill: str = "AP-1", amount: int | None = None, **fields: object) -> Self:
        """Money leaves for a bill: off payables, into transit."""
        posted = self.posted[bill]
        due = posted.amount_minor if amount is None else amount
        usual = {
            "source_ref": posted.source_ref,
            "party": posted.party,
            "amount_minor": due,
            "currency": "USD",
            "order": posted.order,
            "on": f"{dt.datetime.fromtimestamp(self.at / 1000, dt.UTC):%Y-%m-%d}",
            "about": (f"cloud_erp:{bill}",),
            "lines": (line("ap", due), line("in-transit", -due)),
        }
        return self.effect("cloud_erp", "payment.issued", own, **{**usual, **fields})

    def held(self, paper: str, *others: str, category: str = "price-variance") -> Self:
        """People are asked about a bill."""
        return self.says(paper, "held").asks("CASE-1", category, paper, *others)


# -- correct ------------------------------------------------------------------------------------------------------------


def paid_once() -> Story:
    """Posted, due, paid."""
    return Payments().billed().wait(24 * 10).pays_bill().ends()


def equal_bills_paid_each() -> Story:
    """Two deliveries of one supplier over the same amount: both are paid, and nothing is paid twice."""
    story = Payments().billed().ordered("PO-2").received("GRN-2", order="PO-2")
    story.bills("INV-2", order="PO-2", number="4712").tells("INV-2").paid("INV-2", "AP-2")
    return story.pays_bill().pays_bill("PAY-2", "AP-2").ends()


def accepted_and_paid() -> Story:
    """The price was too high, somebody accepted it, and that is what leaves."""
    story = Payments().delivered().bills(captured=108_000, expect="case").tells("INV-1").held("INV-1")
    story.wait(3).decides("CASE-1", "accept").truth_changes("INV-1", 108_000).tells("CASE-1")
    return story.paid().pays_bill().ends()


def posted_wrong_put_right_and_paid() -> Story:
    """The first posting was cancelled, the second is paid."""
    story = Payments().delivered().bills().tells("INV-1").posts(amount=101_000)
    return story.cancels("AP-1").paid("INV-1", "AP-2").pays_bill("PAY-1", "AP-2").ends()


def paid_in_two_parts() -> Story:
    """Half of a bill leaves with each of two pay runs: twice one bill, and no cent too much."""
    return Payments().billed().pays_bill(amount=60_000).wait(24 * 7).pays_bill("PAY-2", amount=40_000).ends()


def given_back_before_it_was_paid() -> Story:
    """Only the new bill is paid."""
    return Payments().billed().gives_back().credits().billed_again().pays_bill("PAY-1", "AP-2").ends()


def given_back_after_it_was_paid() -> Story:
    """The old bill was paid; what was given back is kept from the next bill of another order."""
    story = Payments().billed().pays_bill().gives_back().credits().billed_again()
    story.ordered("PO-3", 150_000).received("GRN-3", 150_000, order="PO-3")
    story.bills("INV-3", 150_000, order="PO-3", number="4713").tells("INV-3").paid("INV-3", "AP-3")
    return story.pays_bill("PAY-2", "AP-3").ends()


def paid_in_part() -> Story:
    """What an earlier credit left over is kept back from a bill, whose payment is so much less."""
    story = Payments().billed(amount=101_000).pays_bill().gives_back(amount=101_000).credits().billed_again("4711-2")
    story.ordered("PO-3").received("GRN-3", order="PO-3").bills("INV-3", order="PO-3", number="4713")
    return story.tells("INV-3").paid("INV-3", "AP-3").pays_bill("PAY-2", "AP-3", 99_000).ends()


GOOD_PAYMENTS: Final = (
    paid_once,
    equal_bills_paid_each,
    accepted_and_paid,
    posted_wrong_put_right_and_paid,
    given_back_before_it_was_paid,
    given_back_after_it_was_paid,
    paid_in_part,
    paid_in_two_parts,
)


# -- broken -------------------------------------------------------------------------------------------------------------


def paid_twice() -> Story:
    """A pay run that is started again pays again."""
    return Payments().billed().pays_bill().pays_bill("PAY-2").ends()


def paid_in_parts_that_are_too_many() -> Story:
    """Both parts are less than the bill; together they are more."""
    return Payments().billed().pays_bill(amount=60_000).wait(24 * 7).pays_bill("PAY-2", amount=60_000).ends()


def copy_posted_and_paid() -> Story:
    """A late copy is posted, and the next pay run pays it: now the money is gone."""
    story = (
        Payments().billed().pays_bill().copies("INV-2", "INV-1", number="4711-R").tells("INV-2").paid("INV-2", "AP-2")
    )
    return story.wait(24 * 7).pays_bill("PAY-2", "AP-2").ends()


def refused_and_paid() -> Story:
    """People refuse a copy that was posted before they were asked, and it is paid all the same."""
    story = Payments().billed().copies("INV-2", "INV-1", number="4711-R").tells("INV-2").paid("INV-2", "AP-2")
    story.asks("CASE-1", "duplicate-invoice", "INV-2", "INV-1").decides("CASE-1", "reject").tells("CASE-1")
    return story.pays_bill("PAY-2", "AP-2").ends()


def paid_before_its_goods() -> Story:
    """A bill is posted and paid for goods that come weeks later."""
    story = Payments().ordered().bills().tells("INV-1").paid().wait(24).pays_bill()
    return story.wait(24 * 14).received().ends()


def dear_and_paid() -> Story:
    """A price that nobody approved is posted, and leaves."""
    return (
        Payments().delivered().bills(captured=120_000).tells("INV-1").paid("INV-1", amount=120_000).pays_bill().ends()
    )


def cancelled_and_paid() -> Story:
    """The bill was cancelled; the pay run had it on its list already."""
    story = Payments().billed().cancels("AP-1").says("INV-1", "rejected").pays_bill()
    return story.ends()


def paid_out_of_nothing() -> Story:
    """Money leaves for an invoice that no ledger has."""
    return Payments().billed().pays_bill(about=("cloud_erp:AP-77",)).ends()


def more_paid_than_was_owed() -> Story:
    """A digit too many, or a cent."""
    return Payments().billed().pays_bill(amount=100_001).ends()


def given_back_and_paid() -> Story:
    """The bill was given back before it was due, and both it and the new one are paid."""
    story = Payments().billed().gives_back().credits().billed_again()
    return story.pays_bill().pays_bill("PAY-2", "AP-2").ends()


def payables_untouched() -> Story:
    """The money is in transit, and the bill still stands as owed."""
    return Payments().billed().pays_bill(lines=(line("expense", 100_000), line("in-transit", -100_000))).ends()


def paid_into_a_closed_month() -> Story:
    """The payment bears a date in a month that payables have closed."""
    story = Payments().billed().wait(24)
    return story.effect("cloud_erp", "period.closed", "H1-2026-10", state="2026-10").pays_bill().ends()


def dated_back() -> Story:
    """A payment is given the date of its bill, ten days before."""
    return Payments().billed().wait(24 * 10).pays_bill(on="2026-10-05").ends()


def out_of_balance() -> Story:
    """More leaves payables than goes into transit."""
    return Payments().billed().pays_bill(lines=(line("ap", 100_000), line("in-transit", -99_999))).ends()


BAD_PAYMENTS: Final[tuple[tuple[Callable[[], Story], str], ...]] = (
    (paid_twice, "I12"),
    (paid_in_parts_that_are_too_many, "I12"),
    (copy_posted_and_paid, "I01 I12"),
    (refused_and_paid, "I01 I12"),
    (paid_before_its_goods, "I12"),
    (dear_and_paid, "I03 I07 I12"),
    (cancelled_and_paid, "I01 I12 I20"),
    (paid_out_of_nothing, "I12"),
    (more_paid_than_was_owed, "I12"),
    (given_back_and_paid, "I12"),
    (payables_untouched, "I05"),
    (paid_into_a_closed_month, "I06"),
    (dated_back, "I06"),
    (out_of_balance, "I04"),
)


# -- to which account ---------------------------------------------------------------------------------------------------


class Accounts(Masters):
    """A journal about suppliers who are paid."""

    def remits(self, number: str, own: str = "PAY-1", party: str = "ESUP-1", amount: int = 77_700) -> Accounts:
        """Money leaves for an account."""
        paid = {"party": party, "number": number, "amount_minor": amount, "currency": "USD"}
        self.effect("cloud_erp", "payment.issued", own, source_ref=ref("INV-1"), **paid)
        return self


def paid_to_the_old_account() -> Masters:
    """While people look into a change, the account on file is paid."""
    story = Accounts()
    story.onboarded().edits(bank="B", expect="case").asks("CASE-1", "bank-change", "SUP-1")
    story.remits("A").decides("CASE-1", "accept").tells("CASE-1")
    story.changes().pays("SUP-1", "ESUP-1", "B")
    return story.remits("B", "PAY-2").over()


def paid_by_check() -> Masters:
    """No account, no impostor."""
    story = Accounts()
    story.onboarded()
    return story.remits("").over()


def someone_else_paid() -> Masters:
    """A supplier of whom no record tells."""
    story = Accounts()
    story.onboarded()
    return story.remits("Q", party="S012").over()


GOOD_ACCOUNTS: Final = (paid_to_the_old_account, paid_by_check, someone_else_paid)


def money_to_an_impostor() -> Masters:
    """An account that nobody asked about takes effect, and the next pay run fills it."""
    story = Accounts()
    story.onboarded().edits(bank="B").changes().pays("SUP-1", "ESUP-1", "B")
    return story.remits("B").over()


def money_to_another_account() -> Masters:
    """The pay run pays to an account that is not the supplier's."""
    story = Accounts()
    story.onboarded()
    return story.remits("Z").over()


BAD_ACCOUNTS: Final[tuple[tuple[Callable[[], Masters], str], ...]] = (
    (money_to_an_impostor, "I16"),
    (money_to_another_account, "I16"),
)
