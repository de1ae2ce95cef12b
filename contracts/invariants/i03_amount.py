"""I03 amount: what stands in the books is what is truly due, to the cent.

At the end each live posting is compared with the truth as it stands then (people may have accepted a variance, which
changes what is due): amount, currency, hospital, supplier and order, and the journal's lines by account role. Goods for
stock: inventory against goods received not invoiced (GRNI) at the receipt; GRNI at the order's prices, the difference in
purchase price variance (PPV), against accounts payable at the invoice. Goods for direct use: nothing at the receipt,
expense against accounts payable at the invoice; expense against accrued receipts where a period ends in between, and back
in the next. Freight and tax are expense. A credit memo is its invoice the other way round. A bill in another currency is booked at its date's rate, goods received at their
order's, and what then is left over is gain or loss on exchange. A reversal mirrors the posting that it undoes, line for
line by role. An order may change: at each version it is what its source says of that version. A bill that people accepted by
mistake, and have not refused since, stands at what it says: it is not the design that erred.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from contracts.invariant import Invariant, Violation
from contracts.invariants._again import Seen, again, still_agreed
from contracts.invariants._desk import let_through
from contracts.invariants._wording import converted, lines_of, money, posting_name
from contracts.journal import Effect, Obligation, Posting
from contracts.provenance import KIND_OF_EFFECT, REVERSALS, Known, Posted

Roles = dict[tuple[str, str], int]


class Count(msgspec.Struct):
    """Postings as they were when they were made; live postings and reversals compared."""

    seen: Seen = msgspec.field(default_factory=Seen)
    judged: int = 0


class Amount(Invariant):
    """Exact minor units per posting, currency, entity and account role."""

    id = "I03"
    name = "amount"
    workflows = ("procure-to-pay",)
    reads = (*KIND_OF_EFFECT, *REVERSALS, "order.changed")

    def start(self) -> Count:
        """None compared."""
        return Count()

    def step(self, state: Count, entry: Effect, known: Known) -> Iterator[Violation]:
        """A reversal must mirror its posting, a changed order come to what its source says at that version."""
        if entry.what in KIND_OF_EFFECT:
            _note(state, known)
            return
        if entry.what == "order.changed":
            state.judged += 1
            yield from _changed(entry, known)
            return
        undone = known.posting(entry.system, entry.reverses)
        if undone is None:
            return
        state.judged += 1
        had, right = _roles(entry.lines), {key: -amount for key, amount in _roles(undone.effect.lines).items()}
        unlike = had != right or _by_line(entry, 1) != _by_line(undone.effect, -1)
        if unlike or entry.entity != undone.effect.entity:
            says = (
                f"{entry.ref} does not mirror {posting_name(undone, known)}, which it reverses in {entry.system}: "
                f"{_spelled(had)} instead of {_spelled(right)}"
            )
            yield Violation(undone.origin, says, (known.line, undone.line), _apart(had, right))

    def end(self, state: Count, known: Known) -> Iterator[Violation]:
        """Each posting that stands must be what is due."""
        state.judged += still_agreed(state.seen, known)
        for posted, obligation in again(state.seen, known):
            state.judged += 1
            yield from _compare(posted, obligation, known)

    def checked(self, state: Count) -> int:
        """Live postings and reversals."""
        return state.judged


def _note(state: Count, known: Known) -> None:
    """Compare a posting. What people were asked about is left for the end: they may let it through, and think better of it."""
    posted, obligation = known.made
    if posted is not None:
        differs = obligation is None or any(_compare(posted, obligation, known))
        state.seen.note(posted, agrees=not differs and posted.paper not in known.cases_about)


def _changed(entry: Effect, known: Known) -> Iterator[Violation]:
    paper = known.documents.get(entry.source_ref)
    right = known.amount_at(paper, entry.version) if paper else entry.amount_minor
    if paper is not None and entry.amount_minor != right:
        says = (
            f"{paper.order} was changed in {entry.system} to {money(entry.amount_minor, entry.currency)} at version "
            f"{entry.version}, which is {money(right, paper.currency)}"
        )
        yield Violation(
            paper.obligation, says, (known.line, *lines_of(known, paper.ref)), abs(entry.amount_minor - right)
        )


def _compare(posted: Posted, obligation: Obligation, known: Known) -> Iterator[Violation]:
    effect = posted.effect
    rule = RULES.get(effect.what)
    due_minor, roles = rule(obligation) if rule else (effect.amount_minor, _roles(effect.lines))
    if effect.what == "order.created" and posted.paper:
        due_minor = known.amount_at(known.documents[posted.paper], effect.version)
    had = _roles(effect.lines)
    wrong = [
        f"{label} {said or '(none)'} instead of {right or '(none)'}"
        for label, said, right in (
            ("entity", effect.entity, obligation.entity),
            ("currency", effect.currency or obligation.currency, obligation.currency),
            ("supplier", effect.party or obligation.party, obligation.party),
            ("order", effect.order or obligation.order, obligation.order),
        )
        if said != right
    ]
    unpriced = effect.what == "order.created" and not effect.amount_minor
    accepted = had != roles and let_through(posted, obligation, known)
    if effect.amount_minor != due_minor and not unpriced and not accepted:
        wrong.append(
            f"{money(effect.amount_minor, effect.currency)} instead of {money(due_minor, obligation.currency)}"
        )
    if had != roles and not accepted:
        wrong.append(f"lines {_spelled(had)} instead of {_spelled(roles)}")
    if wrong:
        yield Violation(
            obligation.id,
            f"{posting_name(posted, known)} stands in {effect.system} as {effect.ref} with {'; '.join(wrong)}",
            (posted.line, *lines_of(known, obligation.id)),
            abs(effect.amount_minor - due_minor) or _apart(had, roles) or abs(due_minor),
        )


def _order(obligation: Obligation) -> tuple[int, Roles]:
    """An order moves no money yet; where its effect carries no amount, none is compared."""
    return obligation.amount_minor, {}


def _receipt(obligation: Obligation) -> tuple[int, Roles]:
    value, ledger = _worth(obligation), obligation.ledger or obligation.currency
    due = obligation.order_value_minor or obligation.amount_minor
    return due, _nonzero({("inventory", ledger): value, ("grni", ledger): -value}) if obligation.stock else {}


def _return(obligation: Obligation) -> tuple[int, Roles]:
    """What went back to the supplier before it was billed: a receipt, the other way round."""
    due, roles = _receipt(obligation)
    return due, {key: -amount for key, amount in roles.items()}


def _invoice(obligation: Obligation) -> tuple[int, Roles]:
    amount, charges, ledger = (
        obligation.amount_minor,
        obligation.charges_minor,
        obligation.ledger or obligation.currency,
    )
    due = converted(amount, obligation)
    if not obligation.stock:
        return amount, _nonzero({("expense", ledger): due, ("ap", ledger): -due})
    value, freight = _worth(obligation), converted(charges, obligation)
    variance = converted(amount - charges - obligation.order_value_minor, obligation)
    roles = {("grni", ledger): value, ("expense", ledger): freight, ("ppv", ledger): variance, ("ap", ledger): -due}
    return amount, _nonzero({**roles, ("fx", ledger): due - value - freight - variance})


def _credit(obligation: Obligation) -> tuple[int, Roles]:
    """What a supplier gives back: the invoice, the other way round."""
    due, roles = _invoice(obligation)
    return due, {key: -amount for key, amount in roles.items()}


def _accrual(obligation: Obligation) -> tuple[int, Roles]:
    amount, currency = obligation.amount_minor, obligation.currency
    return amount, _nonzero({("expense", currency): amount, ("accrued", currency): -amount})


def _accrual_reversal(obligation: Obligation) -> tuple[int, Roles]:
    amount, currency = obligation.amount_minor, obligation.currency
    return amount, _nonzero({("expense", currency): -amount, ("accrued", currency): amount})


def _worth(obligation: Obligation) -> int:
    """What its goods are worth in the ledger at the order's price."""
    if obligation.goods:
        return sum(goods.value_minor for goods in obligation.goods)
    return obligation.order_value_minor or obligation.amount_minor


RULES: Final = {
    "order.created": _order,
    "receipt.posted": _receipt,
    "receipt.returned": _return,
    "invoice.posted": _invoice,
    "invoice.credited": _credit,
    "accrual.posted": _accrual,
    "accrual.reversed": _accrual_reversal,
}
"""What each posting must say: its amount, and its lines by role and currency."""


def _roles(lines: Iterable[Posting]) -> Roles:
    sums: Roles = {}
    for line in lines:
        key = (line.role, line.currency)
        sums[key] = sums.get(key, 0) + line.amount_minor
    return _nonzero(sums)


def _by_line(effect: Effect, sign: int) -> dict[int, int]:
    """What an effect moves by line of its order."""
    return {goods.line: sign * goods.value_minor for goods in effect.goods}


def _nonzero(roles: Roles) -> Roles:
    return {key: amount for key, amount in roles.items() if amount}


def _apart(had: Roles, right: Roles) -> int:
    """Half of what the lines differ by: each misplaced amount is missing in one place and too much in another."""
    return (sum(abs(had.get(key, 0) - right.get(key, 0)) for key in had.keys() | right.keys()) + 1) // 2


def _spelled(roles: Roles) -> str:
    return (
        ", ".join(f"{role} {money(amount, currency)}" for (role, currency), amount in sorted(roles.items())) or "none"
    )
