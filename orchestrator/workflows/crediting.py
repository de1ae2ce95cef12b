"""Credit memos: which bill one gives back, and what is left of a bill. Pure, like all that decides.

A memo is matched by the number that it names, to a bill of the same supplier that stands in the books; it may give back no
more than is left. Nothing else is good enough: a credit on the wrong bill is worse than a question.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from orchestrator.canonical import Invoice
from orchestrator.workflows.asking import FINISHED
from orchestrator.workflows.likeness import number_key
from orchestrator.workflows.matching import Ask, Clear, Finding, Wait, copy_of, exceeds, quantities
from orchestrator.workflows.state import InvoiceEntry, ProcureToPay

TWICE: Final = "duplicate-credit"
UNMATCHED: Final = "credit-without-invoice"
BOOKED: Final = frozenset({"posting", "posted"})


class Match(Clear, frozen=True):
    """Post the memo against the bill of this paper."""

    original: str


def given_back(state: ProcureToPay) -> dict[str, list[InvoiceEntry]]:
    """The credit memos in the books, or on their way there, by the paper of the bill that they give back."""
    found: dict[str, list[InvoiceEntry]] = {}
    for entry in state.invoices.values():
        if entry.original and entry.stage in BOOKED:
            found.setdefault(entry.original, []).append(entry)
    return found


def left_of(invoice: Invoice, memos: Iterable[InvoiceEntry], *, posted: bool = False) -> dict[int, int]:
    """The quantities of a bill that are not given back; with `posted`, only what is in the books counts as such."""
    left = quantities(invoice.lines)
    for memo in memos:
        if memo.stage == "posted" or not posted:
            for line in memo.invoice.lines:
                left[line.line] = left.get(line.line, 0) - line.quantity
    return {line: quantity for line, quantity in left.items() if quantity > 0}


def awaits_credit(state: ProcureToPay) -> bool:
    """Whether some credit memo may still free what bills of this order have taken."""
    return any(
        entry.invoice.credit and entry.stage not in FINISHED and entry.open_case != TWICE
        for entry in state.invoices.values()
    )


def judge_memo(state: ProcureToPay, entry: InvoiceEntry, paper: str) -> Finding:
    """What is to be done with a credit memo: post it against a bill, wait for that, or ask people."""
    memo, place = entry.invoice, (entry.invoice.captured_ms, paper)
    if TWICE not in entry.waived:
        earlier = [
            other.invoice
            for name, other in state.invoices.items()
            if other.invoice.credit and name != paper and _comes_before(other, name, place)
        ]
        twin = copy_of(memo, earlier) if earlier else None
        if twin is not None:
            return _twice(memo, twin)
    return _against(state, memo, allowed=TWICE in entry.waived)


def _against(state: ProcureToPay, memo: Invoice, *, allowed: bool) -> Finding:
    """The bill that a memo names: the first of that number of which enough is left; or, if people `allowed` it, any."""
    bills = {
        name: bill
        for name, bill in state.invoices.items()
        if not bill.invoice.credit and bill.stage != "rejected" and _names(memo, bill.invoice)
    }
    posted = [name for name, bill in bills.items() if bill.stage == "posted"]
    back = given_back(state)
    fitting = [name for name in posted if _fits(memo, bills[name].invoice, back.get(name, []))]
    if fitting or (allowed and posted):
        return Match((fitting or posted)[0])
    spent = next((memos[-1] for name in posted if (memos := back.get(name))), None)
    if spent is not None:
        return _twice(memo, spent.invoice)
    if posted:  # more than was ever billed
        return _unmatched(memo)
    return Wait("bill" if bills else "invoice")


def _fits(memo: Invoice, bill: Invoice, memos: list[InvoiceEntry]) -> bool:
    """Whether so much is left of a bill."""
    left_minor = bill.total_minor - sum(other.invoice.total_minor for other in memos)
    return memo.total_minor <= left_minor and not exceeds(quantities(memo.lines), {}, left_of(bill, memos))


def _names(memo: Invoice, bill: Invoice) -> bool:
    return memo.supplier_id == bill.supplier_id and number_key(memo.credits) == number_key(bill.number)


def _twice(memo: Invoice, other: Invoice) -> Ask:
    evidence = {"number": memo.number, "looks_like": other.number, "credits": memo.credits}
    return Ask(TWICE, memo.total_minor, (f"ap_automation:{other.id}",), evidence)


def _unmatched(memo: Invoice) -> Ask:
    return Ask(UNMATCHED, memo.total_minor, (), {"number": memo.number, "credits": memo.credits})


def _comes_before(other: InvoiceEntry, name: str, place: tuple[int, str]) -> bool:
    """Whether another memo has the first claim: it is in the books, or came first and was not called a copy itself."""
    if other.stage in BOOKED:
        return True
    return other.stage != "rejected" and other.open_case != TWICE and (other.invoice.captured_ms, name) < place
