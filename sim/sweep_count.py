"""What many runs come to: in how many of them each kind of fault took effect, and which anomalies were seen.

A fold over results that judges nothing. What a scenario promises and no run met is counted too, as nought.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

import msgspec

from contracts.scenario import Scenario
from contracts.verdict import AnomalyScore, FaultCount
from sim import promised


class Result(msgspec.Struct, frozen=True):
    """What one seed came to. `error` is what broke the harness itself; the verdict is then *unknown*."""

    scenario: str
    seed: int
    verdict: str
    broken: tuple[str, ...]
    faults: tuple[FaultCount, ...]
    anomalies: AnomalyScore
    money_at_risk_minor: int
    crossings: int
    wall_s: float
    digest: str
    replay: str
    error: str = ""


class FaultRuns(msgspec.Struct, frozen=True):
    """A kind of fault: in how many runs it took effect, how often in all, and how often it lay in wait."""

    kind: str
    runs: int
    took_effect: int
    armed: int


class Recall(msgspec.Struct, frozen=True):
    """How many anomalies there were, flagged in time, and missed; `recall` is null where there were none."""

    what: str
    held_out: bool
    true: int
    flagged: int
    missed: int
    recall: float | None


class Anomalies(msgspec.Struct, frozen=True):
    """By class, and in all: those that a design may have been tuned on apart from those that were held out.

    Precision is over both, because a false alarm is about no class.
    """

    classes: tuple[Recall, ...]
    tuned: Recall
    held_out: Recall
    false_alarms: int
    precision: float | None


class Counts(msgspec.Struct, frozen=True):
    """What all runs together met."""

    faults: tuple[FaultRuns, ...]
    anomalies: Anomalies


def counts(results: Collection[Result], scenarios: Iterable[Scenario]) -> Counts:
    """Count it all; the scenarios say what was to be met."""
    scenarios = tuple(scenarios)
    return Counts(_faults(results, scenarios), _anomalies(results, scenarios))


def _faults(results: Iterable[Result], scenarios: Iterable[Scenario]) -> tuple[FaultRuns, ...]:
    runs, took, armed = Counter[str](), Counter[str](), Counter[str]()
    for result in results:
        for fault in result.faults:
            runs[fault.kind] += fault.took_effect > 0
            took[fault.kind] += fault.took_effect
            armed[fault.kind] += fault.armed
    kinds = set(armed).union(*(promised.kinds(scenario) for scenario in scenarios))
    return tuple(FaultRuns(kind, runs[kind], took[kind], armed[kind]) for kind in sorted(kinds))


def _anomalies(results: Iterable[Result], scenarios: Iterable[Scenario]) -> Anomalies:
    there, found, false_alarms = Counter[promised.Class](), Counter[promised.Class](), 0
    for result in results:
        false_alarms += result.anomalies.false_alarms
        for each in result.anomalies.classes:
            there[each.held_out, each.what] += each.true
            found[each.held_out, each.what] += each.flagged
    whats = set(there).union(*(promised.classes(scenario) for scenario in scenarios))
    classes = tuple(
        _recall(what, there[held_out, what], found[held_out, what], held_out=held_out)
        for held_out, what in sorted(whats)
    )
    raised = found.total() + false_alarms
    return Anomalies(
        classes,
        _in_all(classes, held_out=False),
        _in_all(classes, held_out=True),
        false_alarms,
        round(found.total() / raised, 4) if raised else None,
    )


def _in_all(classes: Iterable[Recall], *, held_out: bool) -> Recall:
    of_these = [each for each in classes if each.held_out == held_out]
    name = "held out, in all" if held_out else "in all but held out"
    there, found = sum(each.true for each in of_these), sum(each.flagged for each in of_these)
    return _recall(name, there, found, held_out=held_out)


def _recall(what: str, there: int, found: int, *, held_out: bool) -> Recall:
    return Recall(what, held_out, there, found, there - found, round(found / there, 4) if there else None)
