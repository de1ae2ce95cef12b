"""The judge: reads a journal, entry after entry, and says what it found. All that a verdict is made of passes through here.

Oracle, anomaly watch and tally share one index, which is a step ahead of them. What is found are plain values, so that the
judge may sit wherever the journal can be read: beside the run, in a process of its own, or years later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from contracts.anomalies import AnomalyWatch
from contracts.journal import Entry
from contracts.oracle import Oracle
from contracts.tally import Tally
from contracts.verdict import AnomalyScore, InvariantResult, Ledger


class Findings(msgspec.Struct, frozen=True):
    """What was found when the journal ended. A 95th percentile is None where nothing was posted."""

    invariants: tuple[InvariantResult, ...]
    money_at_risk_minor: int
    anomalies: AnomalyScore
    truth: dict[str, int]
    effects: dict[str, int]
    open_obligations: int
    open_cases: int
    missed_close: int
    post_hours_p95: float | None
    post_business_hours_p95: float | None
    ledgers: tuple[Ledger, ...]


class Judge:
    """Show it every entry of a journal, in order; then ask."""

    def __init__(self, scope: Sequence[str]) -> None:
        """Judge the workflows in `scope`."""
        self._oracle = Oracle(scope)
        self._watch = AnomalyWatch(self._oracle.known)
        self._tally = Tally(self._oracle.known)
        folds = (self._watch.readers, self._tally.readers)
        self._readers: dict[type[Entry], tuple[Callable[[Any], None], ...]] = {
            kind: tuple(readers[kind] for readers in folds if kind in readers) for kind in {**folds[0], **folds[1]}
        }

    @property
    def open_obligations(self) -> int:
        """What is owed and not done, so far."""
        return len(self._tally.open)

    @property
    def open_cases(self) -> int:
        """What people have not decided, so far."""
        return len(self._tally.open_cases)

    def look(self, batch: Sequence[Entry]) -> None:
        """Each entry to the oracle first: the others read its index."""
        feed, readers = self._oracle.feed, self._readers
        for entry in batch:
            feed(entry)
            for read in readers.get(type(entry), ()):
                read(entry)

    def findings(self) -> Findings:
        """What it all comes to."""
        tally = self._tally
        return Findings(
            invariants=self._oracle.close(),
            money_at_risk_minor=self._oracle.money_at_risk_minor,
            anomalies=self._watch.close().score,
            truth=dict(sorted(tally.truth.items())),
            effects=dict(sorted(tally.effects.items())),
            open_obligations=self.open_obligations,
            open_cases=self.open_cases,
            missed_close=tally.missed_close,
            post_hours_p95=tally.post_hours_p95(),
            post_business_hours_p95=tally.post_business_hours_p95(),
            ledgers=tally.ledgers(),
        )
