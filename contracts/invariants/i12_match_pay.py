"""I12 match/pay: the hospital owes for what it received, at the price it agreed, or a person said otherwise.

Judged at each posting of an invoice, with what was true at that moment:

- what has been billed on the order and stands, less what credit memos gave back, valued at the order's prices, exceeds what
  has truly come, whatever the dock entered, by no more than 1 % or 1.00, whichever is more; unless people had accepted that
  invoice before;
- an invoice whose captured amount, without the freight and tax that are due, is off the order's price by more than 2 % and more than 5.00
  was accepted or corrected by a person before it was posted;
- an invoice or a credit memo that a person refused is not posted, unless a person later accepted it.

Judged again at each payment: the invoice paid stands in the books, is matched or approved by now, and is paid once; what was
owed once is paid for once, whichever of its papers was posted; and no supplier is paid more in all than was approved less
what it gave back. What left against one of these is named in money.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from contracts.invariant import NOTHING, Invariant, Violation
from contracts.invariants._payments import Paid, bill_of, cancel, count, give_back, pay
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
    """Per order: value received by obligation, value billed; what each posting billed, and how many were judged.

    `early` are the postings that came before their goods, with their order.
    """

    received: dict[Order, dict[str, int]] = {}
    billed: dict[Order, int] = {}
    billed_by: dict[tuple[str, str], tuple[Order, int]] = {}
    early: dict[tuple[str, str], Order] = {}
    paid: Paid = msgspec.field(default_factory=Paid)
    judged: int = 0


class MatchPay(Invariant):
    """Billed ≤ received + tolerance; beyond the price tolerance only with approval; refused means refused."""

    id = "I12"
    name = "match/pay"
    workflows = ("procure-to-pay",)
    reads = ("document", "invoice.posted", "invoice.cancelled", "invoice.credited", "payment.issued")

    def start(self) -> Matching:
        """Nothing received, nothing billed."""
        return Matching()

    def step(self, state: Matching, entry: Document | Effect, known: Known) -> Iterator[Violation]:
        """A receipt at the dock, an invoice posted, one cancelled, a credit memo, or a payment."""
        if isinstance(entry, Document):
            if entry.what in ("goods-receipt", "goods-return"):
                order = (entry.entity, entry.order)
                came = entry.amount_minor if entry.what == "goods-receipt" else -entry.amount_minor
                state.received.setdefault(order, {})[entry.obligation] = came
        elif entry.reverses:
            _cancelled(state, entry, known)
        elif entry.what == "payment.issued":
            state.judged += 1
            return pay(state.paid, entry, _objection(state, entry, known), known)
        else:
            posted = known.posting(entry.system, entry.ref)
            if posted is not None and posted.origin in known.obligations:
                judge = _judge if entry.what == "invoice.posted" else _given_back
                return judge(state, posted, known)
        return NOTHING

    def checked(self, state: Matching) -> int:
        """Invoices and credit memos posted, and payments."""
        return state.judged


def _cancelled(state: Matching, entry: Effect, known: Known) -> None:
    billed = state.billed_by.pop((entry.system, entry.reverses), None)
    if billed is not None:
        order, value = billed
        state.billed[order] -= value
    undone = known.posting(entry.system, entry.reverses)
    if undone is not None:
        cancel(state.paid, undone, known)


def _given_back(state: Matching, posted: Posted, known: Known) -> Iterator[Violation]:
    """A credit memo frees what it gives back to be billed again, once, however often it is posted."""
    state.judged += 1
    obligation = known.obligations[posted.origin]
    required = f"{posted.effect.system}/{posted.effect.what}"
    if required in obligation.required and len(known.live(obligation.id, required)) == 1:
        give_back(state.paid, posted)
        if obligation.order:
            order = (obligation.entity, obligation.order)
            state.billed[order] = state.billed.get(order, 0) - obligation.order_value_minor
    yield from _refused(posted, known)


def _judge(state: Matching, posted: Posted, known: Known) -> Iterator[Violation]:
    state.judged += 1
    paper = known.documents.get(posted.paper)
    cases = known.cases_about.get(posted.paper, ())
    count(state.paid, posted, known)
    yield from _refused(posted, known)
    approved = any(case.decision in APPROVALS for case in cases)
    yield from _received(state, posted, known, approved=approved)
    if paper is not None and not approved:
        yield from _price(posted, paper, cases, known)


def _refused(posted: Posted, known: Known) -> Iterator[Violation]:
    paper = known.documents.get(posted.paper)
    refused = known.verdict_of_desk(posted.paper)
    if paper is not None and refused is not None and refused.decision == "reject":
        says = f"{paper_name(paper)} was posted in {posted.effect.system} as {posted.effect.ref} although {refused.ref} refused it"
        yield Violation(paper.ref, says, (posted.line, refused.decided_line, refused.line), paper.amount_minor)


def _received(state: Matching, posted: Posted, known: Known, *, approved: bool) -> Iterator[Violation]:
    obligation, key = known.obligations[posted.origin], (posted.effect.system, posted.effect.ref)
    if not obligation.order:
        return
    order = (obligation.entity, obligation.order)
    billed = state.billed[order] = state.billed.get(order, 0) + obligation.order_value_minor
    state.billed_by[key] = (order, obligation.order_value_minor)
    over = _over(state, order)
    if over and not approved:
        state.early[key] = order
        says = (
            f"{posting_name(posted, known)} was posted in {posted.effect.system} as {posted.effect.ref} before its goods "
            f"came: {obligation.order} is billed {money(billed, obligation.currency)} at order prices and received "
            f"{money(billed - over, obligation.currency)}"
        )
        because = (posted.line, *lines_of(known, posted.paper, obligation.id))
        yield Violation(obligation.id, says, because, min(over, obligation.order_value_minor))


def _over(state: Matching, order: Order) -> int:
    """By how much more is billed on an order than was received, if by more than may pass."""
    received = sum(state.received.get(order, {}).values())
    over = state.billed[order] - received
    return over if over > max(RECEIVED_SLACK_MINOR, received // RECEIVED_SLACK_SHARE) else 0


def _objection(state: Matching, entry: Effect, known: Known) -> str:
    """What there is against paying a bill by now, in words that follow *although*; empty where it is in order."""
    bill = bill_of(entry, known)
    if bill is None or bill.origin not in known.obligations:
        return ""
    refused = known.verdict_of_desk(bill.paper)
    if refused is not None and refused.decision == "reject":
        return f"{refused.ref} had refused it"
    cases = known.cases_about.get(bill.paper, ())
    if any(case.decision in APPROVALS for case in cases):
        return ""
    order = state.early.get((bill.effect.system, bill.effect.ref))
    if order is not None and _over(state, order):
        return f"{order[1]} is billed for more than came"
    paper = known.documents.get(bill.paper)
    if paper is not None and any(_price(bill, paper, cases, known)):
        return "nobody had approved its price"
    return ""


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
