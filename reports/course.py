"""How a run went, day by day: volume, faults, backlog, time to post. A fold over the journal that only counts.

What it ends with agrees with the summary, because it counts as the summary's own tally does: an obligation is open from
the day it is written until a posting that names where it comes from meets it. Memory is bounded by the truth and the
days, never by crossings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from contracts.journal import (
    Call,
    Delivered,
    Document,
    Effect,
    Entry,
    FaultTook,
    Milestone,
    Obligation,
    RunEnded,
    WorkerLife,
)
from contracts.provenance import Known
from reports.moments import DAY_MS, Clocks, Days

SAMPLES_PER_DAY: Final = 6
HOUR_MS: Final = 3_600_000
PAPERS: Final = {"purchase-order": "orders", "goods-receipt": "receipts", "invoice": "invoices"}


class Course:
    """Feed it every entry after `known` has learnt it, then close it."""

    def __init__(self, clocks: Clocks, known: Known) -> None:
        """Count nothing yet."""
        self.days = Days(clocks)
        self.counts: dict[str, Counter[int]] = {}
        """What was counted, by name, each by day: papers, crossings by how they ended."""
        self.faults: dict[str, Counter[int]] = {}
        """Faults that took effect, by kind, each by day."""
        self.harmless: Counter[str] = Counter()
        self.backlog: list[int] = []
        """The most obligations open at once in each four hours."""
        self.overdue: list[int] = []
        """How many of the open ones were past their time when those hours ended."""
        self.moments: list[tuple[int, str]] = []
        """What to mark on an axis of time."""
        self.post_hours: list[float] = []
        self.open: dict[str, int] = {}
        self.ended_at = 0
        self.last_words = ""
        """What the last worker that failed had to say."""
        self._known = known
        self._captured: dict[str, int] = {}
        self._most = 0
        self._next_sample = 0
        self._closed_books = False
        self._steps: dict[type[Entry], Callable[[Any], None]] = {
            Call: self._call,
            Delivered: self._delivered,
            Effect: self._effect,
            Obligation: self._obligation,
            Document: self._document,
            FaultTook: self._fault,
            Milestone: self._milestone,
            WorkerLife: self._life,
            RunEnded: self._end,
        }

    def see(self, entry: Entry) -> None:
        """Count an entry."""
        if entry.at >= self._next_sample and not isinstance(entry, RunEnded | WorkerLife):
            self._sample(entry.at)
        step = self._steps.get(type(entry))
        if step is not None:
            step(entry)

    def close(self) -> None:
        """Fill the last day up, so that all series are of one length."""
        wanted = len(self.days.dates) * SAMPLES_PER_DAY
        while len(self.backlog) < wanted:
            self._take_sample(self.ended_at)

    def series(self, name: str) -> tuple[float, ...]:
        """A count, day by day."""
        counted = self.counts.get(name, Counter())
        return tuple(counted[place] for place in range(len(self.days.dates)))

    # -- what happens -------------------------------------------------------------------------------------------------

    def _count(self, name: str, at: int) -> None:
        self.counts.setdefault(name, Counter())[self.days.place(at)] += 1

    def _call(self, entry: Call) -> None:
        if entry.idle:
            self._count("idle", entry.at)
        elif entry.outcome == "replied" and entry.status < 400:
            self._count("went well", entry.at)
        else:
            self._count("went wrong", entry.at)

    def _delivered(self, entry: Delivered) -> None:
        self._count("went well" if entry.outcome == "acknowledged" else "went wrong", entry.at)

    def _document(self, entry: Document) -> None:
        if entry.version == 1:
            self._count(PAPERS.get(entry.what, entry.what), entry.at)
        if entry.what == "invoice":
            self._captured.setdefault(entry.obligation, entry.at)

    def _obligation(self, entry: Obligation) -> None:
        if entry.version == 1:
            self.open[entry.id] = entry.due_ms
            self._most = max(self._most, len(self.open))

    def _effect(self, entry: Effect) -> None:
        if entry.what == "period.closed" and not self._closed_books:
            self._closed_books = True
            self.moments.append((entry.at, "books close"))
        owed = self._known.origin(entry) if entry.source_ref else ""
        obligation = self._known.obligations.get(owed)
        if obligation is None or f"{entry.system}/{entry.what}" not in obligation.required:
            return
        if self.open.pop(owed, None) is not None:
            captured = self._captured.pop(owed, None)
            if captured is not None:
                self.post_hours.append((entry.at - captured) / HOUR_MS)

    def _fault(self, entry: FaultTook) -> None:
        if entry.harmless:
            self.harmless[entry.kind] += 1
        else:
            self.faults.setdefault(entry.kind, Counter())[self.days.place(entry.at)] += 1

    def _milestone(self, entry: Milestone) -> None:
        if entry.what == "healed":
            self.moments.append((entry.at, "faults end"))

    def _life(self, entry: WorkerLife) -> None:
        if entry.what == "failed":
            self.last_words = entry.detail

    def _end(self, entry: RunEnded) -> None:
        """The days end with what happened on them: a run may have been let lie for years before it was cut."""
        self.ended_at = entry.at

    # -- the backlog --------------------------------------------------------------------------------------------------

    def _sample(self, at: int) -> None:
        place = self.days.place(at)
        if not self._next_sample:
            self._next_sample = at - round((self.days.along(at) - place) * DAY_MS) + DAY_MS // SAMPLES_PER_DAY
        while at >= self._next_sample:
            self._take_sample(self._next_sample)
            self._next_sample += DAY_MS // SAMPLES_PER_DAY

    def _take_sample(self, at: int) -> None:
        self.backlog.append(self._most)
        self.overdue.append(sum(due_ms < at for due_ms in self.open.values()))
        self._most = len(self.open)


def percentile(ordered: list[float], share: float) -> float:
    """A percentile of sorted values, as the summary takes it."""
    return ordered[int(share * (len(ordered) - 1))]
