"""From what happened to the verdict: thresholds, the summary document, and which of its parts decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from contracts.judge import Findings
from contracts.scenario import Scenario
from contracts.verdict import (
    SCHEMA,
    FaultCount,
    Judgement,
    Summary,
    ThresholdResult,
    overall,
)


@dataclass(frozen=True)
class Outcome:
    """What a run came to, before it is judged as a whole."""

    scenario: Scenario
    door: str
    design: str
    seed: int
    scale: float
    ended: str
    detail: str
    digest: str
    virtual_s: float
    crossings: int
    idle_crossings: int
    armed: Mapping[str, int]
    took: Mapping[str, int]
    findings: Findings
    replay: str


def summarise(outcome: Outcome, *, wall_s: float, peak_rss_mb: float) -> Summary:
    """The summary; what was measured on this machine comes from outside."""
    found = outcome.findings
    thresholds = tuple(_thresholds(outcome))
    return Summary(
        schema=SCHEMA,
        scenario=outcome.scenario.name,
        design=outcome.design,
        seed=outcome.seed,
        scale=outcome.scale,
        door=outcome.door,
        verdict=overall([*(i.verdict for i in found.invariants), *(t.verdict for t in thresholds)]),
        ended=outcome.ended,
        digest=outcome.digest,
        virtual_s=outcome.virtual_s,
        wall_s=wall_s,
        crossings=outcome.crossings,
        idle_crossings=outcome.idle_crossings,
        peak_rss_mb=peak_rss_mb,
        truth=found.truth,
        effects=found.effects,
        invariants=found.invariants,
        faults=tuple(
            FaultCount(kind, count, outcome.took.get(kind, 0)) for kind, count in sorted(outcome.armed.items())
        ),
        thresholds=thresholds,
        anomalies=found.anomalies,
        ledgers=found.ledgers,
        money_at_risk_minor=found.money_at_risk_minor,
        open_obligations=found.open_obligations,
        open_cases=found.open_cases,
        ended_detail=outcome.detail,
        replay=outcome.replay,
    )


def _thresholds(outcome: Outcome) -> Iterator[ThresholdResult]:
    limits, found = outcome.scenario.thresholds, outcome.findings
    measured: tuple[tuple[str, float | None, float | None], ...] = (
        ("anomalies_missed_max", limits.anomalies_missed_max, found.anomalies.missed),
        ("false_alarms_max", limits.false_alarms_max, found.anomalies.false_alarms),
        ("post_hours_p95_max", limits.post_hours_p95_max, found.post_hours_p95),
        ("post_business_hours_p95_max", limits.post_business_hours_p95_max, found.post_business_hours_p95),
        ("open_obligations_max", limits.open_obligations_max, found.open_obligations),
        ("missed_close_max", limits.missed_close_max, found.missed_close),
    )
    for name, limit, value in measured:
        if limit is not None:
            verdict: Judgement = "unknown" if value is None else "pass" if value <= limit else "fail"
            yield ThresholdResult(name, limit, value, verdict)
