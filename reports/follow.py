"""Follows a few documents through a journal: of all entries, those that concern them.

An entry concerns a document if it is the truth about it, an effect that stems from it or speaks of it, a crossing or a
fault under its key, or the death of a worker that had just had it in hand. What stems from what is said by the same index
that the oracle uses (`contracts/provenance.py`). Memory is bounded: of a long series the first and the last are kept.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable
from typing import Final

import msgspec

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
from contracts.provenance import Known

FIRST_KEPT: Final = 80
LAST_KEPT: Final = 60
KIN_FAULTS_MAX: Final = 5
IN_HAND_MS: Final = 600_000
"""For how long after its last crossing a document counts as being in a worker's hands."""
NEARBY_MS: Final = 3_600_000
_REFS: Final = re.compile(r"[a-z_]+:[^/\s]+")


class Step(msgspec.Struct, frozen=True, gc=False):
    """An entry that concerns a document, and its line in the journal."""

    line: int
    entry: AnyEntry


class Subject:
    """What is followed: obligations, their papers and whatever stems from them. `breach` is the line of what is amiss.

    Papers are named beforehand, because a source system records its paper before the world writes the truth of it. Of
    the others on the same order, `kin`, only the faults are kept: what befell an order befalls its invoice.
    """

    def __init__(
        self,
        name: str,
        obligations: Iterable[str] = (),
        papers: Iterable[str] = (),
        kin: Iterable[str] = (),
        evidence: Iterable[int] = (),
    ) -> None:
        """Follow obligations by id and papers by reference; `name` counts as a reference too."""
        self.name = name
        self.obligations = tuple(obligations)
        self.papers = tuple(papers)
        self.kin = tuple(kin)
        self.kin_faults: list[FaultTook] = []
        self.evidence = frozenset(evidence)
        self.breach = 0
        self.nearby: Counter[str] = Counter()
        """Faults that struck others within the hour before the breach: how many, by kind and system."""
        self.left_out = 0
        self._first: list[Step] = []
        self._last: deque[Step] = deque()

    @property
    def steps(self) -> list[Step]:
        """What was kept, in order."""
        return [*self._first, *self._last]

    def add(self, step: Step) -> None:
        """Keep a step; of the ones in the middle of a long series only evidence stays."""
        if len(self._first) < FIRST_KEPT:
            self._first.append(step)
            return
        self._last.append(step)
        if len(self._last) > LAST_KEPT:
            oldest = self._last.popleft()
            if oldest.line in self.evidence:
                self._first.append(oldest)
            else:
                self.left_out += 1


Subjects = tuple[Subject, ...]


class Follower:
    """Feed it every entry after `known` has learnt it."""

    def __init__(self, known: Known, subjects: Iterable[Subject]) -> None:
        """Follow these."""
        self._known = known
        self._owed: dict[str, Subjects] = {}
        self._refs: dict[str, Subjects] = {}
        self._kin: dict[str, list[Subject]] = {}
        self._breaches: dict[int, Subjects] = {}
        self._in_hand: dict[str, dict[Subject, int]] = {}
        self._recent: deque[tuple[int, str, Subjects]] = deque()
        for subject in subjects:
            for ref in dict.fromkeys((subject.name, *subject.papers)):
                self._refs[ref] = (*self._refs.get(ref, ()), subject)
            for ref in subject.kin:
                self._kin.setdefault(ref, []).append(subject)
            for obligation in subject.obligations:
                self._owed[obligation] = (*self._owed.get(obligation, ()), subject)
            self._breaches[subject.breach] = (*self._breaches.get(subject.breach, ()), subject)

    def see(self, entry: AnyEntry) -> None:
        """Look at the next entry."""
        line = self._known.line
        concerned = self._concerned(entry)
        for subject in concerned:
            subject.add(Step(line, entry))
        if isinstance(entry, FaultTook) and not entry.harmless:
            self._strike(entry, concerned)
        while self._recent and self._recent[0][0] < entry.at - NEARBY_MS:
            self._recent.popleft()
        for subject in self._breaches.get(line, ()):
            subject.nearby = Counter(what for _, what, struck in self._recent if subject not in struck)

    def _strike(self, fault: FaultTook, struck: Subjects) -> None:
        system, key = _system(fault.target), str(fault.trigger.get("key", ""))
        self._recent.append((fault.at, f"{fault.kind} on {system}", struck))
        for subject in self._kin.get(key) or self._kin.get(f"{system}:{key}") or ():
            if len(subject.kin_faults) < KIN_FAULTS_MAX:
                subject.kin_faults.append(fault)

    # -- whom it concerns ---------------------------------------------------------------------------------------------

    def _concerned(self, entry: AnyEntry) -> Subjects:  # noqa: PLR0911 - one for each kind of entry
        match entry:
            case Call():
                return self._crossing(entry.system, entry.key, entry.worker, entry.at, entry.about)
            case Delivered():
                return self._crossing(entry.source, entry.key, entry.worker, entry.at)
            case Effect():
                return self._effect(entry)
            case Obligation():
                return self._owed.get(entry.id, ())
            case Document():
                found = _all(self._owed.get(entry.obligation, ()), self._refs.get(entry.ref, ()))
                return self._also(entry.ref, found)
            case FaultTook():
                return self._keyed(_system(entry.target), str(entry.trigger.get("key", "")))
            case Anomaly():
                return _all(*(self._refs.get(ref, ()) for ref in entry.about))
            case WorkerLife():
                return self._life(entry)
            case _:
                return ()

    def _keyed(self, system: str, key: str) -> Subjects:
        """Those that a crossing's key means: a reference, an id of the system's own, or a key with references in it."""
        if not key:
            return ()
        found = self._refs.get(key) or self._refs.get(f"{system}:{key}", ())
        if found or ":" not in key:
            return found
        return _all(*(self._refs.get(ref, ()) for ref in _REFS.findall(key)))

    def _crossing(self, system: str, key: str, worker: str, at: int, about: tuple[str, ...] = ()) -> Subjects:
        found = self._keyed(system, key)
        if about:  # a batch; from now on its own key means its members as well
            found = self._also(f"{system}:{key}", _all(found, *(self._refs.get(ref, ()) for ref in about)))
        if found and worker:
            self._in_hand.setdefault(worker, {}).update(dict.fromkeys(found, at))
        return found

    def _effect(self, entry: Effect) -> Subjects:
        own = f"{entry.system}:{entry.ref}"
        found = _all(
            self._refs.get(own, ()),
            self._refs.get(entry.ref, ()),
            self._refs.get(entry.source_ref, ()),
            self._refs.get(f"{entry.system}:{entry.reverses}", ()) if entry.reverses else (),
            self._owed.get(self._known.origin(entry), ()) if entry.number or entry.order else (),
            *(self._refs.get(ref, ()) for ref in entry.about),
        )
        return self._also(own, found)

    def _also(self, ref: str, found: Subjects) -> Subjects:
        """From now on this reference means them too."""
        if found:
            self._refs[ref] = _all(self._refs.get(ref, ()), found)
        return found

    def _life(self, entry: WorkerLife) -> Subjects:
        if entry.what == "started":
            return ()
        held = self._in_hand.pop(entry.worker, {})
        return tuple(subject for subject, at in held.items() if entry.at - at <= IN_HAND_MS)


def _all(*several: Subjects) -> Subjects:
    """All of them, each once."""
    found = [each for each in several if each]
    return found[0] if len(found) == 1 else tuple(dict.fromkeys(subject for each in found for subject in each))


def _system(target: str) -> str:
    return re.split("[.>]", target, maxsplit=1)[0]
