"""Entries of the journal as sentences for people who do not know the journal: who did what to which paper, and how it went."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from contracts.journal import (
    Anomaly,
    AnyEntry,
    Call,
    Delivered,
    Document,
    Effect,
    FaultTook,
    Obligation,
    WorkerLife,
)
from reports.entries import in_words
from reports.moments import Clocks, span
from reports.words import money

MEANS: Final = {
    "timeout-before-commit": "nothing was done, and no reply came",
    "timeout-executed-later": "no reply came, and it was done only after the caller had given up",
    "timeout-after-commit": "it was done, and no reply came",
    "error-after-commit": "it was done, and the reply said that it had failed",
    "busy": "turned away for now",
    "webhook-duplicate": "the same message came twice",
    "webhook-reordered": "a later message overtook it",
    "webhook-lost": "the message never arrived, and its sender believes that it did",
    "crash": "a worker died in the middle of it",
    "connection-refused": "nobody listened; nothing was sent",
    "name-not-resolved": "the host's name was not known; nothing was sent",
    "connect-timeout": "no connection came about; nothing was sent",
    "reset-mid-body": "it was done, and the connection broke in the middle of the reply",
    "slow-drip": "it was done, and the reply came in drips",
    "unreadable-reply": "it was done, and the reply could not be read",
    "error-in-200": "the reply said that it went well, over an error",
    "token-expired": "the access token expired before its time",
    "schema-drift": "it came in another form than before",
    "shifting-pages": "a page of the list began elsewhere than the last one ended",
    "stale-read": "the answer was not of the latest",
    "key-ignored": "the idempotency key counted for nothing",
    "batch-in-part": "one row of the batch was not taken",
    "webhook-late": "the message came days late",
    "bad-signature": "the signature did not fit the message",
    "webhook-before-object": "the message came before its paper could be read",
    "crash-loop": "a worker died again and again",
    "pause": "a worker stood still, and another took over",
    "clock-skew": "a worker's clock was wrong",
    "calendar-edge": "the calendar turned",
    "cut-off-race": "it was under way as the books closed, and came a moment late",
}
"""What a fault comes down to, for the one who has to understand a breach by it."""
VERBS: Final = {
    "invoice.posted": "posts",
    "invoice.cancelled": "cancels",
    "invoice.captured": "captures",
    "invoice.status": "is told the status of",
    "order.approved": "has an order approved:",
    "order.revised": "has an order changed or cancelled:",
    "order.flagged": "flags as fetched, or not,",
    "order.created": "creates the order",
    "order.changed": "changes the order",
    "order.cancelled": "cancels the order",
    "order.status": "is told the status of",
    "receipt.recorded": "records the receipt",
    "receipt.posted": "books the receipt",
    "receipt.returned": "takes back out of stock",
    "invoice.credited": "takes the credit",
    "invoice.hold": "is told to pay, or not,",
    "payment.issued": "pays",
    "accrual.posted": "accrues",
    "accrual.reversed": "takes back the accrual",
    "accrual.cancelled": "cancels the accrual",
    "import.taken": "takes the import",
    "rates.loaded": "is told the day rates of",
    "period.opened": "opens the period",
    "period.closed": "closes to payables the period",
    "period.locked": "locks the ledger of the period",
    "supplier.recorded": "records the supplier",
    "supplier.created": "creates the supplier",
    "supplier.changed": "changes the supplier",
    "supplier.bank": "will pay to account",
    "supplier.hold": "payments to",
    "supplier.site": "opens a site of",
    "supplier.linked": "is told what the ERP calls",
    "lookup.published": "is told what a code means:",
    "key.rotated": "signs tokens with a new key,",
    "key.withdrawn": "accepts no tokens any more of",
    "secret.changed": "gives a new secret to",
    "client.granted": "lets act for another hospital",
    "case.opened": "opens case",
    "case.decided": "answers case",
}
OWED: Final = {
    "payable": "{entity} owes supplier {party} {amount}, once, for goods on order {order}",
    "goods-receipt": "Goods worth {amount} arrive at {entity} from supplier {party}, on order {order}",
    "credit-memo": "Supplier {party} gives {amount} back to {entity}, once, that it had billed on order {order}",
    "goods-return": "Goods worth {amount} of order {order} go back to supplier {party}, or never came to {entity}",
    "supplier": "{entity} is to have company {party} as a supplier, once",
    "purchase-order": "{entity} orders for {amount} from supplier {party}: {order}",
    "accrual": "{entity} received {amount} on order {order} and has no invoice of it: to be accrued on {on}",
    "accrual-reversal": "What {entity} accrued on order {order}, {amount}, is to be taken back on {on}",
}
"""What is owed, by its kind."""
OWED_WITHOUT_ORDER: Final = {
    "payable": "{entity} owes supplier {party} {amount}, once, without an order",
    "credit-memo": "Supplier {party} gives {amount} back to {entity}, once, that it had billed without an order",
}
"""The same, where nothing was ordered."""
_WHAT: Final = {
    "purchase-order": "Order",
    "goods-receipt": "Receipt",
    "goods-return": "Return",
    "invoice": "Invoice",
    "credit-memo": "Credit memo",
    "accrual": "Accrual",
    "accrual-reversal": "Reversal of the accrual",
}


class Sentence(NamedTuple):
    """What an entry says: the lane it belongs to, the words, more of them in small print, and how it went."""

    lane: str
    says: str
    more: str = ""
    tone: str = ""


def sentence(entry: AnyEntry, clocks: Clocks) -> Sentence:  # noqa: PLR0911 - one for each kind of entry
    """The entry in words."""
    match entry:
        case Obligation():
            return Sentence("truth", _obligation(entry), _by(entry, clocks))
        case Document():
            return _document(entry)
        case Anomaly():
            at_stake = f"; {money(entry.at_stake_minor, '')} at stake" if entry.at_stake_minor else ""
            more = f"as {' or '.join(entry.categories)}, by {clocks.at(entry.flag_by_ms)}{at_stake}"
            return Sentence("truth", f"A person must see this: {_plain(entry.what)}", more)
        case Effect():
            return _effect(entry)
        case Call():
            return _call(entry)
        case Delivered():
            return _delivered(entry)
        case FaultTook():
            return Sentence("fault", fault_name(entry), fault_words(entry), "" if entry.harmless else "fault")
        case WorkerLife():
            return Sentence("worker", f"Worker {entry.worker} {entry.what}", entry.detail, "bad")
        case _:
            return Sentence("run", in_words(entry))


def _plain(name: str) -> str:
    return name.replace("-", " ")


def _obligation(entry: Obligation) -> str:
    amount = money(entry.amount_minor, entry.currency)
    if entry.version > 1:
        return f"The truth changes: {amount} is now due"
    known = OWED if entry.order else {**OWED, **OWED_WITHOUT_ORDER}
    says = known.get(entry.what, "{entity} has a {what} of {amount} with {party}")
    return says.format(
        entity=entry.entity,
        party=entry.party,
        order=entry.order,
        on=entry.on,
        what=_plain(entry.what),
        amount=amount,
    )


def _by(entry: Obligation, clocks: Clocks) -> str:
    wanted = " and ".join(f"{what} in {system}" for system, _, what in (r.partition("/") for r in entry.required))
    return f"wanted: {wanted}, by {clocks.at(entry.due_ms, entry.entity)}" if wanted else ""


def paper(entry: Document) -> str:
    """`Invoice 4711 of S012 over 1,000.00 USD`."""
    if entry.what == "supplier":
        return f"The record of company {entry.party}, tax id {entry.number}"
    what = _WHAT.get(entry.what, _plain(entry.what).capitalize())
    name = entry.number or entry.ref.partition(":")[2]
    of = f" of {entry.party}" if entry.party else ""
    return f"{what} {name}{of} over {money(entry.amount_minor, entry.currency)}"


def _document(entry: Document) -> Sentence:
    system, _, own = entry.ref.partition(":")
    says = f"{paper(entry)} {'is corrected' if entry.version > 1 else 'stands'} in {system} as {own}"
    wanted = {
        "case": "a person must decide on it",
        "nothing": "it is superseded: nothing is to be done with it",
    }.get(entry.expect, "")
    if entry.bank:
        says += f", to be paid to {entry.bank}"
    copy = "it is a copy: another paper came first for the same thing" if entry.copy else ""
    return Sentence("truth", says, "; ".join(filter(None, (copy, wanted))))


def _effect(entry: Effect) -> Sentence:
    lane = "people" if entry.what.startswith("case.") else "books"
    verb = VERBS.get(entry.what, f"{entry.what.replace('.', ' ')}:")
    words = [entry.system, verb, entry.ref]
    if entry.number and entry.number != entry.ref:
        words[2:] = [entry.number, "as", entry.ref] if entry.lines or entry.source_ref else [entry.ref]
    if entry.reverses:
        words[2:] = [entry.reverses, "by", entry.ref]
    if entry.state:
        words.append(f"→ {entry.state}")
    if entry.currency:
        words.append(f"· {money(entry.amount_minor, entry.currency)}")
    return Sentence(lane, " ".join(words), "; ".join(_effect_more(entry)), "good" if entry.lines else "")


def _effect_more(entry: Effect) -> Iterator[str]:
    if entry.source_ref:
        yield f"from {entry.source_ref}"
    if entry.about:
        yield f"about {', '.join(entry.about)}"
    if entry.lines:
        yield " · ".join(f"{each.role} {money(each.amount_minor, '')}" for each in entry.lines)


def _attempt(number: int) -> str:
    return f", attempt {number}" if number > 1 else ""


def _call(entry: Call) -> Sentence:
    took = span(entry.at - entry.began) if entry.began else ""
    went = {
        "replied": f"answered {entry.status}" + (f" after {took}" if took else ""),
        "timed-out": f"no reply{f' for {took}' if took else ''}; it gave up",
        "not-sent": "the request never left",
        "broken": "the reply broke off",
        "abandoned": f"{entry.worker} died while it waited",
    }.get(entry.outcome, entry.outcome)
    good = entry.outcome == "replied" and entry.status < 400
    says = f"{entry.worker} calls {entry.system}.{entry.operation}{_attempt(entry.attempt)}: {went}"
    return Sentence("wire", says, f"for {entry.key}" if entry.key else "", "" if good else "bad")


def _delivered(entry: Delivered) -> Sentence:
    went = {
        "acknowledged": f"{entry.worker} acknowledged it",
        "refused": f"{entry.worker} refused it ({entry.status})",
        "unanswered": f"{entry.worker or 'nobody'} did not answer",
        "no-worker": "no worker was there to take it",
        "lost": "it never arrived, and its sender believes that it did",
    }.get(entry.outcome, entry.outcome)
    says = f"{entry.source} sends {entry.topic}{_attempt(entry.attempt)}: {went}"
    return Sentence("wire", says, f"for {entry.key}", "" if entry.outcome == "acknowledged" else "bad")


def fault_name(entry: FaultTook) -> str:
    """`timeout-after-commit strikes cloud_erp.create_invoice, attempt 2`."""
    attempt = entry.trigger.get("attempt", 1)
    return f"{entry.kind} strikes {entry.target}{_attempt(attempt if isinstance(attempt, int) else 1)}"


def fault_words(entry: FaultTook) -> str:
    """What the fault came down to."""
    params = ", ".join(_param(name, value) for name, value in entry.params.items())
    said = "; ".join(filter(None, (MEANS.get(entry.kind, ""), params)))
    return f"harmless here: {said}" if entry.harmless else said


def _param(name: str, value: float | str) -> str:
    """`delay_s = 379` is `delay 379 s`."""
    plain, seconds = name.removesuffix("_s").replace("_", " "), name.endswith("_s")
    return f"{plain} {value} s" if seconds else f"{plain} {value}"
