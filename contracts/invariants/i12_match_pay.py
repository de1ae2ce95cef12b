"""I12 match/pay: the hospital owes for what it received, at the price it agreed, or a person said otherwise.

Judged at each posting of an invoice, with what was true at that moment:

- what has been billed on the order and stands, valued at the order's prices, exceeds what has truly come, whatever the dock
  entered, by no more than 1 % or 1.00, whichever is more; unless people had accepted that invoice before;
- an invoice whose captured amount, without the freight and tax that are due, is off the order's price by more than 2 % and more than 5.00
  was accepted or corrected by a person before it was posted;
- an invoice that a person refused is not posted, unless a person later accepted it.

Paying out is not in this scope; a posted invoice is what the treasury would pay.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from contracts.invariant import NOTHING, Invariant, Violation
from contracts.invariants._wording import lines_of, money, paper_name, posting_name
from contracts.journal import Document, Effect
from contracts.provenance import Case, Known, Posted

RECEIVED_SLACK_SHARE: Final = 100
RECEIVED_SLACK_MINOR: Final = 100
PRICE_SLACK_SHARE: Final = 50
PRICE_SLACK_MINOR: Final = 500
APPROVALS: Final = ("accept", "correct", "re-date")

Order = tuple[str, str]


class Matching(msgspec.Struct):
    """Per order: value received by obligation, value billed; what each posting billed; and how many were judged."""

    received: dict[Order, dict[str, int]] = {}
    billed: dict[Order, int] = {}
    billed_by: dict[tuple[str, str], tuple[Order, int]] = {}
    judged: int = 0


class MatchPay(Invariant):
    """Billed ≤ received + tolerance; beyond the price tolerance only with approval; refused means refused."""

    id = "I12"
    name = "match/pay"
    workflows = ("procure-to-pay",)
    reads = ("document", "invoice.posted", "invoice.cancelled")

    def start(self) -> Matching:
        """Nothing received, nothing billed."""
        return Matching()

    def step(self, state: Matching, entry: Document | Effect, known: Known) -> Iterator[Violation]:
        """A receipt at the dock, an invoice posted, or one cancelled."""
        if isinstance(entry, Document):
            if entry.what in ("goods-receipt", "goods-return"):
                order = (entry.entity, entry.order)
                came = entry.amount_minor if entry.what == "goods-receipt" else -entry.amount_minor
                state.received.setdefault(order, {})[entry.obligation] = came
        elif entry.reverses:
            undone = state.billed_by.pop((entry.system, entry.reverses), None)
            if undone is not None:
                order, value = undone
                state.billed[order] -= value
        else:
            posted = known.posting(entry.system, entry.ref)
            if posted is not None and posted.origin in known.obligations:
                return _judge(state, posted, known)
        return NOTHING

    def checked(self, state: Matching) -> int:
        """Invoices posted."""
        return state.judged


def _judge(state: Matching, posted: Posted, known: Known) -> Iterator[Violation]:
    state.judged += 1
    paper = known.documents.get(posted.paper)
    cases = known.cases_about.get(posted.paper, ())
    refused = known.verdict_of_desk(posted.paper)
    if paper is not None and refused is not None and refused.decision == "reject":
        says = f"{paper_name(paper)} was posted in {posted.effect.system} as {posted.effect.ref} although {refused.ref} refused it"
        yield Violation(paper.ref, says, (posted.line, refused.decided_line, refused.line), paper.amount_minor)
    approved = any(case.decision in APPROVALS for case in cases)
    yield from _received(state, posted, known, approved=approved)
    if paper is not None and not approved:
        yield from _price(posted, paper, cases, known)


def _received(state: Matching, posted: Posted, known: Known, *, approved: bool) -> Iterator[Violation]:
    obligation = known.obligations[posted.origin]
    if not obligation.order:
        return
    order = (obligation.entity, obligation.order)
    billed = state.billed[order] = state.billed.get(order, 0) + obligation.order_value_minor
    state.billed_by[posted.effect.system, posted.effect.ref] = (order, obligation.order_value_minor)
    received = sum(state.received.get(order, {}).values())
    over = billed - received
    if over > max(RECEIVED_SLACK_MINOR, received // RECEIVED_SLACK_SHARE) and not approved:
        says = (
            f"{posting_name(posted, known)} was posted in {posted.effect.system} as {posted.effect.ref} before its goods "
            f"came: {obligation.order} is billed {money(billed, obligation.currency)} at order prices and received "
            f"{money(received, obligation.currency)}"
        )
        because = (posted.line, *lines_of(known, posted.paper, obligation.id))
        yield Violation(obligation.id, says, because, min(over, obligation.order_value_minor))


def _price(posted: Posted, paper: Document, cases: tuple[Case, ...], known: Known) -> Iterator[Violation]:
    owed = known.obligations[posted.origin]
    ordered = owed.order_value_minor
    off = abs(paper.amount_minor - owed.charges_minor - ordered)
    if off <= max(PRICE_SLACK_MINOR, ordered // PRICE_SLACK_SHARE):
        return
    asked = f"{cases[-1].ref} is undecided" if cases and not cases[-1].decision else "nobody approved it"
    says = (
        f"{paper_name(paper)} was posted in {posted.effect.system} as {posted.effect.ref} although it is "
        f"{money(off, paper.currency)} off its order's price, and {asked}"
    )
    yield Violation(paper.ref, says, (posted.line, *lines_of(known, paper.ref, posted.origin)), off)
