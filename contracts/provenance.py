"""Which obligation an effect stems from, judged from the journal alone, and what is known by then.

Source reference first, then the fields as captured, then unique assignment; what stays ambiguous is *unknown*, never
guessed. `Known` is the index that all invariants share: it is a fold over the same entries that they see, one step ahead
of them. It gathers facts (papers, postings and their reversals, cases and their decisions, what a design was handed)
and judges nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import msgspec

from contracts.business_time import BusinessTime
from contracts.journal import Anomaly, Call, Delivered, Document, Effect, Entry, Hours, Obligation, RunEnded

UNRELATED: Final = ""
"""No paper of the world's could be this effect's origin."""
AMBIGUOUS: Final = "?"
"""Several could, and nothing tells which."""

KIND_OF_EFFECT: Final = {
    "invoice.posted": "invoice",
    "order.created": "purchase-order",
    "receipt.posted": "goods-receipt",
    "supplier.created": "supplier",
    "accrual.posted": "accrual",
    "invoice.credited": "credit-memo",
    "receipt.returned": "goods-return",
    "accrual.reversed": "accrual-reversal",
}
"""Which kind of paper can be an effect's origin. These effects are the postings that obligations require."""
ASIDE: Final = (
    ("procurement", "purchase_order.sent"),
    ("procurement", "purchase_order.acknowledged"),
    ("inventory", "stock.changed"),
    ("ap_automation", "invoice.status_changed"),
    ("service_desk", "case.opened"),
)
"""Topics that tell something of a paper and do not bring it: whoever acknowledges one has not been handed the paper."""
_ASIDE: Final = frozenset(topic for _, topic in ASIDE)
BILLS: Final = ("invoice", "credit-memo")
"""Papers that suppliers send to be booked."""
REVERSALS: Final = ("invoice.cancelled", "accrual.cancelled")
"""Effects that undo a posting, named by `reverses`."""

Key = TypeVar("Key")
Item = TypeVar("Item")


class Posted(msgspec.Struct, gc=False):
    """A posting: the effect, its line in the journal, where it stems from, and the line that reversed it, if one did."""

    effect: Effect
    line: int
    origin: str
    paper: str
    reversed_line: int = 0


class Case(msgspec.Struct, gc=False):
    """An exception case in people's hands. `decision` is the latest, empty while nobody has decided; `redated` its date."""

    ref: str
    category: str
    entity: str
    about: tuple[str, ...]
    opened_ms: int
    line: int
    decision: str = ""
    decided_ms: int = 0
    decided_line: int = 0
    redated: str = ""
    decided_by: str = ""


class Known:
    """What is known so far. `line` and `at` are those of the entry being looked at, the last one's at the end."""

    def __init__(self) -> None:
        """Know nothing. What grows is kept in tuples and strings, which the garbage collector need not walk."""
        self.line = 0
        self.at = 0
        self.ended: RunEnded | None = None
        self.documents: dict[str, Document] = {}
        self.obligations: dict[str, Obligation] = {}
        self.anomalies: dict[str, Anomaly] = {}
        self.hours: dict[str, BusinessTime] = {}
        """When people work, by entity."""
        self.papers_of: dict[str, tuple[str, ...]] = {}
        self.lines: dict[str, int] = {}
        """Where a paper, an obligation or an anomaly was last written."""
        self.postings: dict[tuple[str, str], tuple[Posted, ...]] = {}
        """All postings by obligation and required effect (`system/effect`), reversed ones included, in order."""
        self.postings_of_paper: dict[str, tuple[Posted, ...]] = {}
        self.unassigned: list[Posted] = []
        """Postings whose obligation is unrelated or ambiguous."""
        self.spoken_of: dict[int, Posted] = {}
        """Postings, by line, that were reversed, or of whose obligation or paper another version was written after them."""
        self.cases: dict[str, Case] = {}
        """By `system:id`."""
        self.cases_about: dict[str, tuple[Case, ...]] = {}
        self.made: tuple[Posted | None, Obligation | None] = (None, None)
        """The latest posting, and the obligation that asks for it, if one does."""
        self.imports: set[str] = set()
        """Bulk imports that a system took, by `system:id`."""
        self.acknowledged: dict[str, int] = {}
        """Line of the first acknowledged delivery about a paper or a case, by `system:id`."""
        self.in_hand: dict[str, int] = {}
        """Line of the first call in which a design read a paper by its id, or named it to a target."""
        self._amounts: dict[tuple[str, int], int] = {}
        """What earlier versions of papers came to."""
        self._by_fields: dict[tuple[str, str, str], tuple[str, ...]] = {}
        self._by_order: dict[tuple[str, str, str], tuple[str, ...]] = {}
        self._by_ref: dict[tuple[str, str], Posted] = {}
        self._last: tuple[Effect | None, str] = (None, UNRELATED)
        self._wanting: set[str] = set()
        """Obligations, among which are all that have a required effect which does not stand."""
        self.learners: Final[dict[type[Entry] | str, Callable[[Any], None]]] = {
            Document: self._document,
            Obligation: self._obligation,
            Anomaly: self._anomaly,
            Hours: self._hours,
            Delivered: self._delivered,
            Call: self._call,
            RunEnded: self._end,
            "case.opened": self._case_opened,
            "case.decided": self._case_decided,
            "import.taken": self._import_taken,
            **dict.fromkeys(KIND_OF_EFFECT, self._posting),
            **dict.fromkeys(REVERSALS, self._reversal),
        }
        """What takes in which entry: by type, and by kind for effects. A reader in a hurry dispatches by it."""

    def learn(self, entry: Entry) -> None:
        """Take in the next entry of the journal."""
        self.line += 1
        self.at = entry.at
        take = self.learners.get(entry.what if isinstance(entry, Effect) else type(entry))
        if take is not None:
            take(entry)

    # -- asking -------------------------------------------------------------------------------------------------------

    def origin(self, effect: Effect) -> str:
        """The id of the obligation the effect stems from, or `UNRELATED`, or `AMBIGUOUS`."""
        last, found = self._last
        if last is not effect:
            found = _owed(self._candidates(effect))
            self._last = (effect, found)
        return found

    def paper(self, effect: Effect) -> Document | None:
        """The paper an effect stems from: the one it names, or the only one that fits."""
        candidates = self._candidates(effect)
        return candidates[0] if len(candidates) == 1 else None

    def posting(self, system: str, ref: str) -> Posted | None:
        """The posting that a system knows by this reference."""
        return self._by_ref.get((system, ref))

    def amount_at(self, paper: Document, version: int) -> int:
        """What a paper came to at a version; an effect that names none has the first."""
        return self._amounts.get((paper.ref, version or 1), paper.amount_minor)

    def place(self, posted: Posted) -> tuple[int, int]:
        """Where a posting stands among all: with the first of its obligation; at the end where it has none."""
        same = self.postings.get((posted.origin, f"{posted.effect.system}/{posted.effect.what}"))
        return (same[0].line if same else sys.maxsize, posted.line)

    def stands(self, obligation: str, required: str) -> bool:
        """Whether a posting of a required effect stands."""
        postings = self.postings.get((obligation, required), ())
        return any(not posted.reversed_line for posted in postings)

    def live(self, obligation: str, required: str) -> list[Posted]:
        """The postings of a required effect that stand, not reversed."""
        return [posted for posted in self.postings.get((obligation, required), ()) if not posted.reversed_line]

    def live_of_paper(self, ref: str) -> list[Posted]:
        """The postings that stand and stem from this very paper."""
        return [posted for posted in self.postings_of_paper.get(ref, ()) if not posted.reversed_line]

    def papers(self, obligation: str) -> list[Document]:
        """The papers that point at an obligation, in the order in which they came."""
        return [self.documents[ref] for ref in self.papers_of.get(obligation, ())]

    def cases_of(self, obligation: str) -> list[Case]:
        """The cases about any paper of an obligation, each once, in the order in which they were opened."""
        found = {case.ref: case for ref in self.papers_of.get(obligation, ()) for case in self.cases_about.get(ref, ())}
        return sorted(found.values(), key=lambda case: case.line)

    def subject(self, case: Case) -> Document | None:
        """The paper that a case decides upon: its first bill, else its first paper; the others are evidence."""
        papers = [self.documents[ref] for ref in case.about if ref in self.documents]
        bills = [paper for paper in papers if paper.what in BILLS]
        return next(iter(bills or papers), None)

    def verdict_of_desk(self, ref: str) -> Case | None:
        """The case in which people last decided upon this paper."""
        decided = [case for case in self.cases_about.get(ref, ()) if case.decided_line and self._decides(case, ref)]
        return max(decided, key=lambda case: case.decided_line, default=None)

    def due(self, obligation: Obligation) -> bool:
        """Whether its time is up, and a paper of it ever existed: without one, no design could know of it."""
        return obligation.due_ms <= self.at and obligation.id in self.papers_of

    def unmet(self) -> Iterator[tuple[Obligation, str]]:
        """Obligations whose time is up with a required effect that does not stand."""
        for obligation in self.obligations.values():
            if obligation.id in self._wanting and self.due(obligation):
                for required in obligation.required:
                    if not self.stands(obligation.id, required):
                        yield obligation, required

    # -- learning -----------------------------------------------------------------------------------------------------

    def _document(self, entry: Document) -> None:
        known = self.documents.get(entry.ref)
        if known is not None and known.version > entry.version:
            return
        self.documents[entry.ref] = entry
        self.lines[entry.ref] = self.line
        if known is None:
            _add(self.papers_of, entry.obligation, entry.ref)
        else:
            self._amounts[known.ref, known.version] = known.amount_minor
            self._speak_of(self.postings_of_paper.get(entry.ref, ()))
        _add(self._by_fields, (entry.entity, entry.party, entry.number), entry.ref)
        _add(self._by_order, (entry.entity, entry.what, entry.order), entry.ref)

    def _obligation(self, entry: Obligation) -> None:
        known = self.obligations.get(entry.id)
        if known is None or known.version <= entry.version:
            self.obligations[entry.id] = entry
            self.lines[entry.id] = self.line
            self._wanting.add(entry.id)
            for required in entry.required:
                self._speak_of(self.postings.get((entry.id, required), ()))

    def _anomaly(self, entry: Anomaly) -> None:
        self.anomalies[entry.id] = entry
        self.lines[entry.id] = self.line

    def _hours(self, entry: Hours) -> None:
        self.hours[entry.entity] = BusinessTime(entry.opens, entry.closes)

    def _end(self, entry: RunEnded) -> None:
        self.ended = entry

    def _posting(self, entry: Effect) -> None:
        candidates = self._candidates(entry)
        origin = _owed(candidates)
        self._last = (entry, origin)
        posted = Posted(entry, self.line, origin, candidates[0].ref if len(candidates) == 1 else "")
        self._by_ref[entry.system, entry.ref] = posted
        if posted.origin in (UNRELATED, AMBIGUOUS):
            self.unassigned.append(posted)
        else:
            _add(self.postings, (posted.origin, f"{entry.system}/{entry.what}"), posted)
        if posted.paper:
            _add(self.postings_of_paper, posted.paper, posted)
        owed = self.obligations.get(posted.origin)
        asks = owed is not None and f"{entry.system}/{entry.what}" in owed.required
        self.made = (posted, owed if asks else None)
        if owed is not None and all(self.stands(owed.id, required) for required in owed.required):
            self._wanting.discard(owed.id)

    def _reversal(self, entry: Effect) -> None:
        posted = self._by_ref.get((entry.system, entry.reverses))
        if posted is not None and not posted.reversed_line:
            posted.reversed_line = self.line
            self._wanting.add(posted.origin)
            self._speak_of((posted,))

    def _case_opened(self, entry: Effect) -> None:
        ref = f"{entry.system}:{entry.ref}"
        if ref not in self.cases:
            case = Case(ref, entry.state, entry.entity, entry.about, entry.at, self.line)
            self.cases[ref] = case
            for paper in dict.fromkeys(entry.about):
                _add(self.cases_about, paper, case)

    def _case_decided(self, entry: Effect) -> None:
        case = self.cases.get(f"{entry.system}:{entry.ref}")
        if case is not None:
            case.decision, case.decided_ms, case.decided_line = entry.state, entry.at, self.line
            case.redated, case.decided_by = entry.on, entry.actor

    def _import_taken(self, entry: Effect) -> None:
        self.imports.add(f"{entry.system}:{entry.ref}")

    def _delivered(self, entry: Delivered) -> None:
        if entry.outcome == "acknowledged" and entry.topic not in _ASIDE:
            self.acknowledged.setdefault(f"{entry.source}:{entry.key}", self.line)

    def _call(self, entry: Call) -> None:
        for ref in entry.about:
            if ref in self.documents:
                self.in_hand.setdefault(ref, self.line)
        key = entry.key
        if not key:
            return
        if key not in self.documents:
            if entry.outcome != "replied" or not 200 <= entry.status < 300:
                return
            key = f"{entry.system}:{key}"
        if key not in self.in_hand and key in self.documents:
            self.in_hand[key] = self.line

    def _speak_of(self, postings: tuple[Posted, ...]) -> None:
        for posted in postings:
            self.spoken_of[posted.line] = posted

    # -- resolving ----------------------------------------------------------------------------------------------------

    def _decides(self, case: Case, ref: str) -> bool:
        subject = self.subject(case)
        return subject is not None and subject.ref == ref

    def _candidates(self, effect: Effect) -> list[Document]:
        """The papers that an effect may stem from, the narrowest choice that the journal allows."""
        named = self.documents.get(effect.source_ref)
        if named is not None:
            return [named]
        kind = KIND_OF_EFFECT.get(effect.what)
        refs = self._by_fields.get((effect.entity, effect.party, effect.number), ()) if effect.number else ()
        if not refs and effect.order and kind in ("purchase-order", "goods-receipt"):
            refs = self._by_order.get((effect.entity, kind, effect.order), ())
        fitting = [paper for paper in map(self.documents.__getitem__, refs) if kind is None or paper.what == kind]
        exact = [paper for paper in fitting if paper.amount_minor == effect.amount_minor]
        return exact or fitting


def _add(index: dict[Key, tuple[Item, ...]], key: Key, item: Item) -> None:
    """Put an item behind a key, once."""
    there = index.get(key)
    if there is None:
        index[key] = (item,)
    elif item not in there:
        index[key] = (*there, item)


def _owed(candidates: list[Document]) -> str:
    """The obligation that all candidates share."""
    owed = {paper.obligation for paper in candidates}
    if not owed:
        return UNRELATED
    return owed.pop() if len(owed) == 1 else AMBIGUOUS
