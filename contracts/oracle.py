"""The oracle: runs the invariants over a journal in one pass, live or afterwards, and says what each of them found.

It reads truth, effects, crossings and cases, nothing of an orchestrator's own. False beats unknown beats true: a check
that crashed, doubted, or judged nothing is *unknown*, never green, and takes no other check down with it. Online it sees
each entry once and keeps none of its own accord; evidence is line numbers, the first line being 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from contracts.invariant import Invariant, Violation
from contracts.invariants import INVARIANTS
from contracts.journal import (
    Anomaly,
    Call,
    Delivered,
    Document,
    Effect,
    Entry,
    FaultTook,
    Hours,
    Milestone,
    Obligation,
    RunEnded,
    RunStarted,
    WorkerLife,
)
from contracts.provenance import Known
from contracts.verdict import Evidence, InvariantResult, Judgement

EVIDENCE_MAX: Final = 20
"""Violations shown of one invariant; all are counted. As many doubts again are shown."""

TYPES: Final[dict[str, type[Entry]]] = {
    "run": RunStarted,
    "end": RunEnded,
    "milestone": Milestone,
    "hours": Hours,
    "obligation": Obligation,
    "document": Document,
    "anomaly": Anomaly,
    "call": Call,
    "delivery": Delivered,
    "fault": FaultTook,
    "worker": WorkerLife,
}


class _Running:
    """One invariant at work: its state, and what it has found so far."""

    def __init__(self, invariant: Invariant, scope: Sequence[str]) -> None:
        self.invariant = invariant
        self.in_scope = not set(scope).isdisjoint(invariant.workflows)
        self.step = invariant.step
        self.state: Any = None
        self.violations = 0
        self.at_risk_minor = 0
        self.at_risk: dict[str, int] = {}
        self.shown: list[Evidence] = []
        self.doubts: list[Evidence] = []
        self.crashed = False
        if self.in_scope:
            try:
                self.state = invariant.start()
            except Exception as error:  # noqa: BLE001 - whatever a check does, the others go on
                self.crash(error, 0)

    def note(self, found: Violation) -> None:
        failed = found.verdict == "fail"
        shelf = self.shown if failed else self.doubts
        if failed:
            self.violations += 1
            self.at_risk_minor += found.amount_minor
            self.at_risk[found.about] = max(found.amount_minor, self.at_risk.get(found.about, 0))
        if len(shelf) < EVIDENCE_MAX:
            verdict: Judgement = "fail" if failed else "unknown"
            shelf.append(Evidence(found.about, found.says, found.amount_minor, found.because, verdict))

    def crash(self, error: Exception, line: int) -> None:
        self.crashed = True
        says = f"the check itself failed: {type(error).__name__}: {error}"
        self.doubts.insert(0, Evidence(self.invariant.id, says, 0, (line,), "unknown"))

    def result(self) -> InvariantResult:
        checked = 0
        if not self.crashed:
            checked = self.invariant.checked(self.state)
            if not checked:
                nothing = Evidence(self.invariant.id, "nothing was there to be judged", 0, (), "unknown")
                self.doubts.insert(0, nothing)
        verdict: Judgement = "fail" if self.violations else "unknown" if self.doubts else "pass"
        return InvariantResult(
            self.invariant.id,
            self.invariant.name,
            verdict,
            checked,
            self.violations,
            self.at_risk_minor,
            (*self.shown, *self.doubts),
        )


Route = tuple[Callable[[Any], None] | None, tuple[_Running, ...]]
"""Who takes an entry in, and who then looks at it."""


class Oracle:
    """Feed it every entry of a journal, in order, then close it. `known` is what all its invariants know by then."""

    def __init__(self, scope: Sequence[str], invariants: Sequence[Invariant] = INVARIANTS) -> None:
        """Judge the invariants of the workflows in `scope`; the others are *not applicable*."""
        self.known = Known()
        self._all = tuple(_Running(invariant, scope) for invariant in invariants)
        self._running = tuple(running for running in self._all if running.in_scope)
        self._by_type: dict[type[Entry], Route] = {}
        self._by_effect: dict[str, Route] = {}
        self._any_effect: Route = (None, ())
        self._route()
        self._results: tuple[InvariantResult, ...] | None = None

    @property
    def violations(self) -> int:
        """Violations found so far, of all invariants."""
        return sum(running.violations for running in self._running)

    @property
    def money_at_risk_minor(self) -> int:
        """What the violations put at stake: each obligation once, however many checks complain about its papers."""
        owed: dict[str, int] = {}
        for running in self._all:
            for about, amount_minor in running.at_risk.items():
                paper = self.known.documents.get(about)
                obligation = paper.obligation if paper else about
                owed[obligation] = max(amount_minor, owed.get(obligation, 0))
        return sum(owed.values())

    def feed(self, entry: Entry) -> None:
        """Look at the next entry."""
        known = self.known
        known.line += 1
        known.at = entry.at
        learn, readers = (
            self._by_effect.get(entry.what, self._any_effect)
            if isinstance(entry, Effect)
            else self._by_type[type(entry)]
        )
        try:
            if learn is not None:
                learn(entry)
        except Exception as error:  # noqa: BLE001 - without a sound index no check is sound
            self._crash(self._running, error)
            return
        for running in readers:
            try:
                for found in running.step(running.state, entry, known):
                    running.note(found)
            except Exception as error:  # noqa: BLE001 - whatever a check does, the others go on
                self._crash((running,), error)

    def close(self) -> tuple[InvariantResult, ...]:
        """What each invariant found, in their order. Closing again gives the same."""
        if self._results is None:
            self._results = tuple(self._close(running) for running in self._all)
        return self._results

    def _close(self, running: _Running) -> InvariantResult:
        invariant = running.invariant
        if not running.in_scope:
            return InvariantResult(invariant.id, invariant.name, "not applicable", 0, 0, 0, ())
        try:
            if not running.crashed:
                for found in invariant.end(running.state, self.known):
                    running.note(found)
            return running.result()
        except Exception as error:  # noqa: BLE001 - whatever a check does, the others go on
            running.crash(error, self.known.line)
            return running.result()

    def _crash(self, crashed: Iterable[_Running], error: Exception) -> None:
        for running in crashed:
            if not running.crashed:
                running.crash(error, self.known.line)
        self._route()

    def _route(self) -> None:
        """Work out once which entry goes to whom, so that the pass itself only looks up."""
        alive = [running for running in self._running if not running.crashed]
        learners = self.known.learners

        def readers(*kinds: str) -> tuple[_Running, ...]:
            return tuple(running for running in alive if set(kinds).intersection(running.invariant.reads))

        effects = {what for running in alive for what in running.invariant.reads if what not in TYPES}
        effects.update(key for key in learners if isinstance(key, str))
        self._by_type = {kind: (learners.get(kind), readers(tag)) for tag, kind in TYPES.items()}
        self._by_effect = {what: (learners.get(what), readers(what, "effect")) for what in sorted(effects - {"effect"})}
        self._any_effect = (None, readers("effect"))


def judge(entries: Iterable[Entry], scope: Sequence[str]) -> tuple[InvariantResult, ...]:
    """The same judgement afterwards, over a journal that is already there."""
    oracle = Oracle(scope)
    for entry in entries:
        oracle.feed(entry)
    return oracle.close()
