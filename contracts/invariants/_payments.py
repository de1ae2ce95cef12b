"""Money that leaves, for I12: which bill it pays, how much of what was approved for a supplier is left, what was too much.

What is owed once is approved once, whichever of its papers was posted, and no more than it truly comes to; a credit memo
takes its amount off what the supplier may be paid. Whether a bill is in order is for the match to say.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from contracts.invariant import Violation
from contracts.invariants._wording import lines_of, money, posting_name
from contracts.journal import Effect
from contracts.provenance import Known, Posted

Bill = tuple[str, str]
"""System, and its reference of an invoice."""
Payee = tuple[str, str, str, str]
"""System, entity, supplier as the bill names it, currency."""


class Paid(msgspec.Struct):
    """The line of each bill's payment, what was paid for each obligation, what may still be paid to whom, and for what."""

    bills: dict[Bill, int] = {}
    owed: dict[str, int] = {}
    left: dict[Payee, int] = {}
    counted: dict[Bill, int] = {}


def bill_of(entry: Effect, known: Known) -> Posted | None:
    """The invoice that a payment says it pays."""
    system, _, ref = (entry.about[0] if entry.about else "").partition(":")
    return known.posting(system, ref)


def count(paid: Paid, posted: Posted, known: Known) -> None:
    """An invoice was posted: the supplier may be paid, unless the same debt was counted already."""
    obligation = known.obligations[posted.origin]
    live = known.live(obligation.id, f"{posted.effect.system}/{posted.effect.what}")
    if not any((each.effect.system, each.effect.ref) in paid.counted for each in live):
        amount = min(posted.effect.amount_minor, obligation.amount_minor)
        paid.counted[posted.effect.system, posted.effect.ref] = amount
        _move(paid, posted.effect, amount)


def cancel(paid: Paid, undone: Posted, known: Known) -> None:
    """An invoice was taken back: another posting of the same debt, if one stands, counts in its stead."""
    amount = paid.counted.pop((undone.effect.system, undone.effect.ref), None)
    if amount is not None:
        _move(paid, undone.effect, -amount)
        for other in known.live(undone.origin, f"{undone.effect.system}/{undone.effect.what}")[:1]:
            count(paid, other, known)


def give_back(paid: Paid, posted: Posted) -> None:
    """A credit memo was posted, for the first time."""
    _move(paid, posted.effect, -posted.effect.amount_minor)


def pay(paid: Paid, entry: Effect, objection: str, known: Known) -> Iterator[Violation]:
    """Money leaves for a bill; `objection` is what the match has against that, in words that follow *although*."""
    bill = bill_of(entry, known)
    left = f"{money(entry.amount_minor, entry.currency)} left with {entry.ref}"
    if bill is None or bill.origin not in known.obligations:
        says = f"{left} for {posting_name(bill, known) if bill else 'nothing that was ever posted'}, which nobody owes"
        yield Violation(bill.origin if bill else entry.ref, says, (known.line,), entry.amount_minor)
        return
    obligation, name = known.obligations[bill.origin], posting_name(bill, known)
    key = (bill.effect.system, bill.effect.ref)
    before, first = paid.owed.get(obligation.id, 0), paid.bills.setdefault(key, known.line)
    paid.owed[obligation.id] = before + entry.amount_minor
    wrong = _unlike(entry, bill.effect)
    if wrong:
        yield Violation(obligation.id, f"{left} for {name} with {wrong}", (known.line, bill.line), entry.amount_minor)
    over = max(0, before + entry.amount_minor - max(before, obligation.amount_minor))
    beyond = _beyond(paid, bill.effect, entry.amount_minor - over)
    because = (known.line, bill.line, *lines_of(known, obligation.id))
    if over:
        again = ", which was paid before" if before else ""
        says = f"{left} for {name}{again}: {money(over, entry.currency)} more than is owed"
        yield Violation(obligation.id, says, (known.line, first, *because[1:]), over)
    elif bill.reversed_line or objection:
        says = f"{left} for {name}, although {objection or 'it had been cancelled'}"
        yield Violation(obligation.id, says, because, entry.amount_minor)
    elif beyond:
        says = f"{left} for {name}: {money(beyond, entry.currency)} more than {bill.effect.party} is owed in all, less what it gave back"
        yield Violation(obligation.id, says, because, beyond)


def _unlike(entry: Effect, bill: Effect) -> str:
    """Where a payment does not agree with the bill that it says it pays."""
    return "; ".join(
        f"{label} {said or '(none)'} instead of {right}"
        for label, said, right in (
            ("system", entry.system, bill.system),
            ("entity", entry.entity, bill.entity),
            ("currency", entry.currency, bill.currency),
            ("order", entry.order, bill.order),
        )
        if said != right
    )


def _beyond(paid: Paid, bill: Effect, amount_minor: int) -> int:
    """How far a payment goes beyond all that the supplier may be paid; told once."""
    payee = _payee(bill)
    left = paid.left.get(payee, 0) - amount_minor
    paid.left[payee] = max(0, left)
    return max(0, -left)


def _move(paid: Paid, effect: Effect, amount_minor: int) -> None:
    payee = _payee(effect)
    paid.left[payee] = paid.left.get(payee, 0) + amount_minor


def _payee(effect: Effect) -> Payee:
    return effect.system, effect.entity, effect.party, effect.currency
