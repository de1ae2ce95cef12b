"""The journal: all that happened in a run, immutable, in order.

Truth (what the world intended), effects (what systems committed), crossings (calls and deliveries), faults that took
effect, and the lives of workers. A reader needs nothing else to judge a design. One entry is one JSON line; the digest
of a run is the SHA-256 of those lines. Times are integer milliseconds since the Unix epoch, UTC; money is integer minor
units; a posting's amount is signed, debit positive.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec


class Entry(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, tag_field="entry"):
    """Anything in the journal; `at` is when it happened."""

    at: int


class RunStarted(Entry, tag="run", frozen=True, gc=False, omit_defaults=True):
    """The first line: what is being run. The fault plan is not here: the faults that took effect say it.

    `client` is the name under which the design is known to the systems, and `granted` the entities that it may act for, `*`
    being all of them.
    """

    scenario: str
    design: str
    seed: int
    scale: float
    scope: tuple[str, ...]
    client: str = ""
    granted: tuple[str, ...] = ()


class RunEnded(Entry, tag="end", frozen=True, gc=False, omit_defaults=True):
    """The last line. `quiescent`, or why the run had to be cut: `bound`, `livelock`, `design-failed`, `fence`."""

    reason: str
    detail: str = ""


class Milestone(Entry, tag="milestone", frozen=True, gc=False, omit_defaults=True):
    """A moment of the scenario's life: `opened`, `month-over`, `healed`."""

    what: str


class Goods(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Some of one line of an order: how many, and what they are worth in the ledger at the order's price."""

    line: int
    quantity: int
    value_minor: int


class Hours(Entry, tag="hours", frozen=True, gc=False, omit_defaults=True):
    """When people of a hospital work: working day `n` is from `opens[n]` to `closes[n]`. Business time is these hours."""

    entity: str
    opens: tuple[int, ...]
    closes: tuple[int, ...]


class Obligation(Entry, tag="obligation", frozen=True, gc=False, omit_defaults=True):
    """What the world truly owes, or wants recorded, once. Written again with a higher version when the truth changes.

    `what` is `payable`, `purchase-order`, `goods-receipt`, `goods-return`, `credit-memo`, `supplier`, `accrual` or `accrual-reversal`. `amount_minor` is
    what is truly due, or given back; `order_value_minor` is the same quantity at the order's prices, `charges_minor` what of it is
    freight and tax. `required` names the effects a correct design brings about, as `system/effect`, each exactly once, by
    `due_ms`. `on` is the truth's local accounting date. `goods` says what was received or billed, by line of the order.
    `account` is where its expense belongs, or its stock, where codes change their meaning with time. Where the ledger keeps another currency than the paper, `ledger` names it, and `rate_ppm` is what a unit costs on that
    date, in millionths.
    """

    id: str
    what: str
    entity: str
    party: str
    currency: str
    amount_minor: int
    order_value_minor: int
    stock: bool
    on: str
    order: str
    due_ms: int
    required: tuple[str, ...]
    version: int = 1
    goods: tuple[Goods, ...] = ()
    charges_minor: int = 0
    ledger: str = ""
    rate_ppm: int = 0
    account: str = ""


class Document(Entry, tag="document", frozen=True, gc=False, omit_defaults=True):
    """A paper that stands in a source system and points at an obligation; `copy` when another paper came first.

    `ref` is `system:id`, the way a source names it. `expect` says what a correct design does with this paper:
    `effect`, `case` (a person must decide), or `nothing` (superseded before anybody acted). `on` is the accounting date
    of this very paper, where that is not its obligation's: a copy's, say. `amount_minor` of a receipt is what truly came,
    whatever the dock entered, and of a return what truly went: nothing, where a count finds that less had come.

    A supplier record is a paper too, `what` being `supplier`: its obligation is the real supplier, `number` the true tax
    id, `bank` the account to pay to as this version states it. An edit is written as the same paper at a higher version.
    """

    ref: str
    what: str
    obligation: str
    entity: str
    party: str
    number: str
    amount_minor: int
    currency: str
    order: str
    version: int = 1
    copy: bool = False
    expect: str = "effect"
    bank: str = ""
    on: str = ""


class Anomaly(Entry, tag="anomaly", frozen=True, gc=False, omit_defaults=True):
    """Something a correct design must hand to a person: about which papers, in which category, by when.

    `outcomes` are the decisions that people may rightly come to about the first of the papers. `evidence` names the papers
    that show it, all of which were in their systems at this moment. `held_out` marks what nobody should have tuned on.
    """

    id: str
    what: str
    about: tuple[str, ...]
    categories: tuple[str, ...]
    flag_by_ms: int
    at_stake_minor: int
    outcomes: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    held_out: bool = False


class Posting(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One line of a journal in a ledger: account, its role (`ap`, `grni`, …), signed amount (debit positive)."""

    account: str
    role: str
    amount_minor: int
    currency: str


class Effect(Entry, tag="effect", frozen=True, gc=False, omit_defaults=True):
    """Something a system committed. Effects of one commit share `commit`.

    `source_ref` is the reference the caller gave for where it came from, as received; `about` names the papers a case
    or a status speaks of; `state` is the category, decision or status; `reverses` names the effect's `ref` it undoes.
    `goods` are the subledger's items behind the lines of accrued receipts: what this takes in or gives off, by line of
    the order (0 for what is used at once). `ledger_minor` is the amount in the ledger's currency, where that is another;
    `on` is the accounting date, of a decision to re-date the date decided, and of a case the moment by which it asks for
    an answer.
    """

    system: str
    what: str
    ref: str
    commit: int
    entity: str = ""
    actor: str = ""
    source_ref: str = ""
    party: str = ""
    number: str = ""
    amount_minor: int = 0
    currency: str = ""
    order: str = ""
    on: str = ""
    state: str = ""
    version: int = 0
    reverses: str = ""
    about: tuple[str, ...] = ()
    lines: tuple[Posting, ...] = ()
    goods: tuple[Goods, ...] = ()
    ledger_minor: int = 0


class Call(Entry, tag="call", frozen=True, gc=False, omit_defaults=True):
    """One call of a design to a system, written when the caller's side of it ended.

    `outcome` is `replied`, `timed-out`, `not-sent`, `broken`, or `abandoned` when the caller died. `idle` marks token calls
    and polls that brought nothing. `about` names the members of a batch, by the references that the caller gave them.
    """

    worker: str
    system: str
    operation: str
    entity: str
    key: str
    attempt: int
    outcome: str
    status: int = 0
    began: int = 0
    idle: bool = False
    request: str = ""
    response: str = ""
    about: tuple[str, ...] = ()


class Delivered(Entry, tag="delivery", frozen=True, gc=False, omit_defaults=True):
    """One delivery of an event to a design, written when the sender's side of it ended.

    `outcome` is `acknowledged`, `refused`, `unanswered`, `no-worker` or `lost` (the sender believes that it arrived).
    `forged` says that it was handed over with a signature that is not its source's for this body.
    """

    source: str
    topic: str
    entity: str
    key: str
    version: int
    event_id: str
    delivery_id: str
    attempt: int
    outcome: str
    worker: str = ""
    status: int = 0
    began: int = 0
    body: str = ""
    forged: bool = False


class FaultTook(Entry, tag="fault", frozen=True, gc=False, omit_defaults=True):
    """A fault that changed the course, in the form of a plan's line, so that a plan made of these replays the run.

    `harmless` marks one that failed to do what its kind is for: a held delivery that nothing overtook, say.
    """

    kind: str
    target: str
    trigger: dict[str, str | int]
    params: dict[str, str | int | float]
    harmless: bool = False


class WorkerLife(Entry, tag="worker", frozen=True, gc=False, omit_defaults=True):
    """A worker of the design `started`, `crashed`, `failed` (its code raised) or `returned`."""

    worker: str
    what: str
    life: int
    detail: str = ""


AnyEntry = (
    RunStarted
    | RunEnded
    | Milestone
    | Hours
    | Obligation
    | Document
    | Anomaly
    | Effect
    | Call
    | Delivered
    | FaultTook
    | WorkerLife
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyEntry] = msgspec.json.Decoder(AnyEntry)


def encode(entry: Entry) -> bytes:
    """The canonical line of an entry, without its newline: fields in the order of their definition, defaults left out."""
    return _encoder.encode(entry)


def decode(line: bytes) -> AnyEntry:
    """The entry on a line."""
    return _decoder.decode(line)


def read(path: Path) -> Iterator[AnyEntry]:
    """The entries of a journal file, one at a time."""
    with path.open("rb") as lines:
        for line in lines:
            yield _decoder.decode(line)
