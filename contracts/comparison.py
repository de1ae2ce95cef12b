"""What designs cost under the same months: the document that machines read (`closeproof.comparison/1`), and the fold behind it.

`Toll` reads a journal and says what was lost, doubled, misposted, late or untold, each in counts and money, and which
faults had struck the papers concerned. It judges nothing of its own: the invariants find, the toll sorts what they find
by what it means to a hospital, and counts each obligation once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Literal

import msgspec

from contracts.invariant import Invariant, Violation
from contracts.invariants import INVARIANTS
from contracts.journal import Call, Delivered, Document, Effect, Entry, FaultTook, WorkerLife
from contracts.provenance import Known
from contracts.verdict import AnomalyScore, Judgement

SCHEMA: Final = "closeproof.comparison/1"

Harm = Literal["lost", "doubled", "misposted", "late", "untold"]
HARMS: Final[tuple[Harm, ...]] = ("lost", "doubled", "misposted", "late", "untold")
"""lost: due, not posted, in nobody's hands · doubled: posted again while the first stood · misposted: wrong amount, account
or paper, or against the goods or a person's word · late: after its time · untold: nobody told the source system."""

How = Literal["struck", "order", "nearby", "world", "none"]
"""Where a reason was found: a fault on the paper itself, on another paper of its order, a system closed just then, an
anomaly of the world's, or nowhere."""


class Figure(msgspec.Struct, frozen=True):
    """How many obligations, and how much money."""

    count: int
    amount_minor: int


class Finding(msgspec.Struct, frozen=True):
    """One harm done to one obligation: what happened, and why as far as the journal shows it."""

    harm: Harm
    about: str
    says: str
    amount_minor: int
    reason: str
    how: How
    lines: tuple[int, ...] = ()


class Reason(msgspec.Struct, frozen=True):
    """A reason, and how much harm of a kind it did."""

    harm: Harm
    reason: str
    how: How
    count: int
    amount_minor: int


class RunResult(msgspec.Struct, frozen=True):
    """One design under one seed. `error` is what broke the harness itself; the verdict is then *unknown*."""

    design: str
    seed: int
    verdict: Judgement
    ended: str
    digest: str
    harms: dict[str, Figure]
    findings: tuple[Finding, ...]
    cases: int
    anomalies: AnomalyScore
    invoices: int
    calls: int
    idle_calls: int
    failed_calls: int
    calls_per_invoice: float
    post_hours_p50: float | None
    post_hours_p95: float | None
    faults_took: int
    replay: str
    wall_s: float
    error: str = ""


class DesignResult(msgspec.Struct, frozen=True):
    """One design over all seeds. Percentiles are over all invoices of all seeds; `worst_seed` cost most."""

    design: str
    verdicts: dict[str, int]
    harms: dict[str, Figure]
    reasons: tuple[Reason, ...]
    cases: int
    anomalies: AnomalyScore
    invoices: int
    calls: int
    idle_calls: int
    failed_calls: int
    calls_per_invoice: float
    post_hours_p50: float | None
    post_hours_p95: float | None
    worst_seed: int
    worst_replay: str


class Difference(msgspec.Struct, frozen=True):
    """One measure, this design minus the other, seed by seed. Less is better in all of them."""

    by_seed: tuple[float, ...]
    mean: float
    min: float
    max: float
    better: int
    worse: int
    same: int


class Pair(msgspec.Struct, frozen=True):
    """A design against the first one named, under the same seeds."""

    design: str
    against: str
    seeds: tuple[int, ...]
    differences: dict[str, Difference]


class Comparison(msgspec.Struct, frozen=True):
    """All of it. Fields are only ever added; but for `wall_s`, the same command gives the same document."""

    schema: str
    scenario: str
    title: str
    scale: float
    seeds: tuple[int, ...]
    currency: str
    designs: tuple[DesignResult, ...]
    pairs: tuple[Pair, ...]
    runs: tuple[RunResult, ...]
    wall_s: float


HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
IN_MEMORY_MS: Final = 10 * 60_000
"""What a worker had acknowledged this long before it died may have died with it."""
_CHECKS: Final[dict[str, Invariant]] = {invariant.id: invariant for invariant in INVARIANTS}
_MISPOSTED: Final = ("I02", "I03", "I12")
_NAMES: Final = re.compile(r"[^/:#]+")


class Toll:
    """Feed it every entry of a journal, in order, then ask for the `findings`."""

    def __init__(self) -> None:
        """Nothing happened yet."""
        self.known = Known()
        self.post_hours: list[float] = []
        self.invoices = self.calls = self.idle_calls = self.failed_calls = self.faults_took = 0
        self._states: dict[str, Any] = {name: _CHECKS[name].start() for name in ("I01", *_MISPOSTED, "I20", "I22")}
        self._doubled: list[Violation] = []
        self._misposted: list[Violation] = []
        self._untold: list[Violation] = []
        self._captured: dict[str, int] = {}
        self._struck: dict[str, dict[str, int]] = {}
        self._busy: list[FaultTook] = []
        self._last: dict[str, int] = {}
        self._acknowledged: dict[str, list[Delivered]] = {}

    def feed(self, entry: Entry) -> None:
        """Look at the next entry."""
        self.known.learn(entry)
        match entry:
            case Call():
                self._call(entry)
            case Delivered():
                self._delivered(entry)
            case FaultTook():
                self._fault(entry)
            case WorkerLife():
                self._worker(entry)
            case Document() if entry.what == "invoice":
                self.invoices += 1
                self._captured.setdefault(entry.obligation, entry.at)
            case Effect():
                self._time_to_post(entry)
            case _:
                pass
        kind = entry.what if isinstance(entry, Effect) else str(entry.__struct_config__.tag)
        self._doubled += self._step("I01", kind, entry)
        for name in _MISPOSTED:
            self._misposted += self._step(name, kind, entry)
        self._untold += self._step("I22", kind, entry)

    def findings(self) -> tuple[Finding, ...]:
        """All that went wrong, each obligation once for each harm; of doubled ones every posting too many."""
        for name in _MISPOSTED:
            self._misposted += self._end(name)
        self._untold += self._end("I22")
        lost, late = self._overdue()
        doubled = {self._owed(found.about) for found in self._doubled}
        misposted = [found for found in self._misposted if self._owed(found.about) not in doubled]
        named: tuple[tuple[Harm, list[Violation]], ...] = (
            ("lost", _once(lost, self._owed)),
            ("doubled", self._doubled),
            ("misposted", _once(misposted, self._owed)),
            ("late", _once(late, self._owed)),
            ("untold", _once(self._untold, self._owed)),
        )
        return tuple(self._finding(harm, violation) for harm, several in named for violation in several)

    # -- what invariants find -----------------------------------------------------------------------------------------

    def _step(self, name: str, kind: str, entry: Entry) -> Iterator[Violation]:
        check = _CHECKS[name]
        if kind in check.reads or ("effect" in check.reads and isinstance(entry, Effect)):
            yield from _certain(check.step(self._states[name], entry, self.known))

    def _end(self, name: str) -> Iterator[Violation]:
        yield from _certain(_CHECKS[name].end(self._states[name], self.known))

    def _overdue(self) -> tuple[list[Violation], list[Violation]]:
        """What is lost and what is late: liveness speaks of both, and what nobody was asked about is lost."""
        lost, late = list(self._end("I01")), list[Violation]()
        for found in self._end("I20"):
            owed = self.known.obligations.get(found.about)
            if owed is not None:
                stands = all(self.known.live(owed.id, required) for required in owed.required)
                cases = self.known.cases_of(owed.id)
                waits = any(case.decision in {"", "wait"} for case in cases)
                refused = all(case.decision in {"reject", "merge"} for case in cases)
                (late if stands or (cases and (waits or refused)) else lost).append(found)
        return lost, late

    def _owed(self, about: str) -> str:
        paper = self.known.documents.get(about)
        return paper.obligation if paper else about

    # -- what it cost -------------------------------------------------------------------------------------------------

    def _call(self, entry: Call) -> None:
        self.calls += 1
        self.idle_calls += entry.idle
        self.failed_calls += entry.outcome != "replied" or entry.status >= 400
        for name in _NAMES.findall(entry.key):
            self._last[name] = entry.at
            if entry.outcome == "abandoned":
                self._struck.setdefault(name, {})["crash"] = entry.at

    def _delivered(self, entry: Delivered) -> None:
        self._last[entry.key] = entry.at
        if entry.outcome == "acknowledged" and entry.worker:
            recent = self._acknowledged.setdefault(entry.worker, [])
            recent[:] = [other for other in recent if entry.at - other.at < IN_MEMORY_MS]
            recent.append(entry)

    def _time_to_post(self, effect: Effect) -> None:
        if effect.what == "invoice.posted":
            captured = self._captured.pop(self.known.origin(effect), None)
            if captured is not None:
                self.post_hours.append((effect.at - captured) / HOUR_MS)

    # -- why ----------------------------------------------------------------------------------------------------------

    def _fault(self, entry: FaultTook) -> None:
        if entry.harmless:
            return
        self.faults_took += 1
        if entry.kind == "busy":
            self._busy.append(entry)
        for name in _NAMES.findall(str(entry.trigger.get("key", ""))):
            self._struck.setdefault(name, {})[entry.kind] = entry.at

    def _worker(self, entry: WorkerLife) -> None:
        if entry.what == "crashed":
            for delivery in self._acknowledged.pop(entry.worker, ()):
                if entry.at - delivery.at < IN_MEMORY_MS:
                    self._struck.setdefault(delivery.key, {})["crash"] = entry.at

    def _finding(self, harm: Harm, found: Violation) -> Finding:
        reason, how = self._why(harm, self._owed(found.about))
        return Finding(harm, found.about, found.says, found.amount_minor, reason, how, found.because)

    def _why(self, harm: Harm, owed: str) -> tuple[str, How]:
        known = self.known
        papers = known.papers(owed)
        anomalies = sorted({a.what for a in known.anomalies.values() if any(paper.ref in a.about for paper in papers)})
        posted = {p.paper for required in _required(known, owed) for p in known.live(owed, required)}
        if harm == "doubled" and len(posted) > 1 and anomalies:
            return " + ".join(anomalies), "world"
        own = [_own(paper.ref) for paper in papers] + [_own(case.ref) for case in known.cases_of(owed)]
        orders = {(paper.entity, paper.order) for paper in papers if paper.order}
        kin = [_own(paper.ref) for paper in known.documents.values() if (paper.entity, paper.order) in orders]
        struck = _kinds(self._struck.get(name, {}) for name in own)
        if struck:
            return struck, "struck"
        if harm in {"lost", "late", "untold"}:
            last_ms = max((self._last[name] for name in own if name in self._last), default=0)
            if any(-IN_MEMORY_MS <= last_ms - fault.at <= HOUR_MS for fault in self._busy):
                return "busy", "nearby"
            near = (
                {k: at for k, at in self._struck.get(name, {}).items() if abs(last_ms - at) < DAY_MS} for name in kin
            )
            struck = _kinds(near)
            if struck:
                return struck, "order"
        return (" + ".join(anomalies), "world") if anomalies else ("no fault", "none")


def percentile(ordered: list[float], share: float) -> float | None:
    """The value below which a share lies; None of nothing."""
    return round(ordered[int(share * (len(ordered) - 1))], 3) if ordered else None


def total(findings: tuple[Finding, ...] | list[Finding]) -> dict[str, Figure]:
    """How much of each harm."""
    amounts: dict[str, list[int]] = {harm: [] for harm in HARMS}
    for finding in findings:
        amounts[finding.harm].append(finding.amount_minor)
    return {harm: Figure(len(several), sum(several)) for harm, several in amounts.items()}


def _certain(found: Iterator[Violation]) -> Iterator[Violation]:
    return (violation for violation in found if violation.verdict == "fail")


def _once(found: list[Violation], owed: Callable[[str], str]) -> list[Violation]:
    """Each obligation once."""
    kept: dict[str, Violation] = {}
    for violation in found:
        kept.setdefault(owed(violation.about), violation)
    return list(kept.values())


def _kinds(struck: Iterable[dict[str, int]]) -> str:
    return " + ".join(sorted({kind for kinds in struck for kind in kinds}))


def _required(known: Known, owed: str) -> tuple[str, ...]:
    obligation = known.obligations.get(owed)
    return obligation.required if obligation else ()


def _own(ref: str) -> str:
    return ref.rpartition(":")[2]
