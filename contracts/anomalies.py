"""How well a design sees what a person must see, and how often it bothers people with nothing.

An anomaly is flagged if a case about any of its papers, in a category that fits, was opened by its flag-by moment; else
it is missed. A case that fits no anomaly is a false alarm, unless the facts of that moment explain it:

- `period-closed`: the ERP had closed the period in which the paper belongs;
- `rejected-by-target`, `undeliverable`: a call about the paper had really been refused, or had not succeeded yet;
- `invoice-without-receipt`: more was invoiced on the order, and not given back, than had arrived at the dock.

A fold like an invariant: feed it the journal, then close it. What could not be flagged yet when the run ended does not
count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec

from contracts.journal import Anomaly, Call, Document, Effect, Entry
from contracts.provenance import BILLS, Case, Known
from contracts.verdict import AnomalyClass, AnomalyScore

NOT_A_REFUSAL: Final = (401, 408, 429)
"""Statuses that say *not now* or *who are you*, and nothing about the paper."""
LOOKUPS: Final = ("get_", "find_", "list_", "search_")
"""Operations whose 404 says that a thing is not there, which is an answer."""


class FalseAlarm(msgspec.Struct, frozen=True):
    """A case about nothing, and the line on which it was opened."""

    case: str
    category: str
    about: tuple[str, ...]
    line: int


class AnomalyReport(msgspec.Struct, frozen=True):
    """The score, and what it is made of: anomalies by id, and cases."""

    score: AnomalyScore
    flagged: tuple[str, ...]
    missed: tuple[str, ...]
    false_alarms: tuple[FalseAlarm, ...]

    @property
    def precision(self) -> float | None:
        """Of what was flagged, the share that was something."""
        raised = self.score.flagged + self.score.false_alarms
        return self.score.flagged / raised if raised else None

    @property
    def recall(self) -> float | None:
        """Of what was there, the share that was flagged in time."""
        return self.score.flagged / self.score.true if self.score.true else None


class AnomalyWatch:
    """Feed it every entry of a journal, in order, each after `known` has taken it in; then close it."""

    def __init__(self, known: Known) -> None:
        """Nothing seen; `known` is the index that the oracle keeps, or one's own."""
        self._known = known
        self._seen: set[str] = set()
        self.readers: dict[type[Entry], Callable[[Any], None]] = {
            Call: self._call,
            Document: self._document,
            Effect: self._effect,
        }
        """What looks at which type of entry; the others need not be shown."""
        self._unexplained: dict[str, Case] = {}
        self._closed: set[tuple[str, str]] = set()
        self._refused: set[str] = set()
        self._failing: dict[str, set[tuple[str, str]]] = {}
        self._received: dict[tuple[str, str], dict[str, int]] = {}
        self._invoiced: dict[tuple[str, str], set[str]] = {}

    def feed(self, entry: Entry) -> None:
        """Look at the next entry."""
        read = self.readers.get(type(entry))
        if read is not None:
            read(entry)

    def _effect(self, entry: Effect) -> None:
        if entry.what == "case.opened":
            self._case_opened(entry)
        elif entry.what == "period.closed":
            self._period_closed(entry)

    def close(self) -> AnomalyReport:
        """What was flagged, what was missed, and what was nothing."""
        flagged: list[str] = []
        missed: list[str] = []
        matched: set[str] = set()
        for anomaly in self._known.anomalies.values():
            fitting = list(self._fitting(anomaly))
            matched.update(case.ref for case in fitting)
            if any(case.opened_ms <= anomaly.flag_by_ms for case in fitting):
                flagged.append(anomaly.id)
            elif anomaly.flag_by_ms <= self._known.at:
                missed.append(anomaly.id)
        false_alarms = tuple(
            FalseAlarm(case.ref, case.category, case.about, case.line)
            for case in self._unexplained.values()
            if case.ref not in matched
        )
        classes = self._classes(flagged, missed)
        score = AnomalyScore(len(flagged) + len(missed), len(flagged), len(missed), len(false_alarms), classes)
        return AnomalyReport(score, tuple(flagged), tuple(missed), false_alarms)

    def _classes(self, flagged: list[str], missed: list[str]) -> tuple[AnomalyClass, ...]:
        """The same by kind, what was held out last."""
        known = self._known.anomalies
        found = Counter((known[ref].held_out, known[ref].what) for ref in flagged)
        there = found + Counter((known[ref].held_out, known[ref].what) for ref in missed)
        return tuple(AnomalyClass(kind[1], kind[0], there[kind], found[kind]) for kind in sorted(there))

    def _fitting(self, anomaly: Anomaly) -> Iterator[Case]:
        for paper in anomaly.about:
            for case in self._known.cases_about.get(paper, ()):
                if case.category in anomaly.categories:
                    yield case

    # -- what happens -------------------------------------------------------------------------------------------------

    def _document(self, entry: Document) -> None:
        order = (entry.entity, entry.order)
        if entry.what in ("goods-receipt", "goods-return"):
            came = entry.amount_minor if entry.what == "goods-receipt" else -entry.amount_minor
            self._received.setdefault(order, {})[entry.obligation] = came
        elif entry.what in BILLS:
            self._invoiced.setdefault(order, set()).add(entry.obligation)

    def _period_closed(self, entry: Effect) -> None:
        self._closed.add((entry.entity, entry.state))

    def _call(self, entry: Call) -> None:
        key = entry.key
        if not key or entry.idle:
            return
        operation = (entry.system, entry.operation)
        if entry.outcome == "replied" and entry.status < 400:
            if key in self._failing:
                self._failing[key].discard(operation)
            return
        self._failing.setdefault(key, set()).add(operation)
        answered_no = entry.outcome == "replied" and entry.status < 500 and entry.status not in NOT_A_REFUSAL
        if answered_no and not (entry.status == 404 and entry.operation.startswith(LOOKUPS)):
            self._refused.add(key)

    def _case_opened(self, entry: Effect) -> None:
        ref = f"{entry.system}:{entry.ref}"
        if ref in self._seen:
            return
        self._seen.add(ref)
        case = self._known.cases[ref]
        explains = self._explanations().get(case.category)
        if explains is None or not any(explains(ref) for ref in case.about):
            self._unexplained[case.ref] = case

    # -- what explains a case that fits no anomaly --------------------------------------------------------------------

    def _explanations(self) -> dict[str, Callable[[str], bool]]:
        return {
            "period-closed": self._in_closed_period,
            "rejected-by-target": self._in_trouble,
            "undeliverable": self._in_trouble,
            "invoice-without-receipt": self._lacks_receipt,
        }

    def _in_closed_period(self, ref: str) -> bool:
        paper = self._known.documents.get(ref)
        obligation = self._known.obligations.get(paper.obligation) if paper else None
        return obligation is not None and (obligation.entity, obligation.on[:7]) in self._closed

    def _in_trouble(self, ref: str) -> bool:
        paper = self._known.documents.get(ref)
        names = [ref, ref.partition(":")[2], *([paper.number] if paper else [])]
        return any(name in self._refused or self._failing.get(name) for name in names)

    def _lacks_receipt(self, ref: str) -> bool:
        paper = self._known.documents.get(ref)
        if paper is None or paper.what != "invoice":
            return False
        order = (paper.entity, paper.order)
        owed = [self._known.obligations.get(obligation) for obligation in sorted(self._invoiced.get(order, ()))]
        invoiced = sum(
            -each.order_value_minor if each.what == "credit-memo" else each.order_value_minor for each in owed if each
        )
        return invoiced > sum(self._received.get(order, {}).values())


def score(entries: Iterable[Entry]) -> AnomalyReport:
    """The same score afterwards, over a journal that is already there."""
    known = Known()
    watch = AnomalyWatch(known)
    for entry in entries:
        known.learn(entry)
        watch.feed(entry)
    return watch.close()
