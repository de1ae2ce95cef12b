"""From what happened to the verdict: thresholds, the summary document, and which of its parts decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from contracts.scenario import Scenario
from contracts.verdict import (
    SCHEMA,
    AnomalyScore,
    FaultCount,
    InvariantResult,
    Judgement,
    Summary,
    ThresholdResult,
    overall,
)
from sim.tally import Tally


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
    invariants: tuple[InvariantResult, ...]
    money_at_risk_minor: int
    anomalies: AnomalyScore
    tally: Tally
    replay: str


def summarise(outcome: Outcome, *, wall_s: float, peak_rss_mb: float) -> Summary:
    """The summary; what was measured on this machine comes from outside."""
    tally = outcome.tally
    thresholds = tuple(_thresholds(outcome))
    return Summary(
        schema=SCHEMA,
        scenario=outcome.scenario.name,
        design=outcome.design,
        seed=outcome.seed,
        scale=outcome.scale,
        door=outcome.door,
        verdict=overall([*(i.verdict for i in outcome.invariants), *(t.verdict for t in thresholds)]),
        ended=outcome.ended,
        digest=outcome.digest,
        virtual_s=outcome.virtual_s,
        wall_s=wall_s,
        crossings=outcome.crossings,
        idle_crossings=outcome.idle_crossings,
        peak_rss_mb=peak_rss_mb,
        truth=dict(sorted(tally.truth.items())),
        effects=dict(sorted(tally.effects.items())),
        invariants=outcome.invariants,
        faults=tuple(
            FaultCount(kind, count, outcome.took.get(kind, 0)) for kind, count in sorted(outcome.armed.items())
        ),
        thresholds=thresholds,
        anomalies=outcome.anomalies,
        ledgers=tally.ledgers(),
        money_at_risk_minor=outcome.money_at_risk_minor,
        open_obligations=len(tally.open),
        open_cases=len(tally.open_cases),
        ended_detail=outcome.detail,
        replay=outcome.replay,
    )


def _thresholds(outcome: Outcome) -> Iterator[ThresholdResult]:
    limits = outcome.scenario.thresholds
    measured: tuple[tuple[str, float | None, float | None], ...] = (
        ("anomalies_missed_max", limits.anomalies_missed_max, outcome.anomalies.missed),
        ("false_alarms_max", limits.false_alarms_max, outcome.anomalies.false_alarms),
        ("post_hours_p95_max", limits.post_hours_p95_max, outcome.tally.post_hours_p95()),
        (
            "post_business_hours_p95_max",
            limits.post_business_hours_p95_max,
            outcome.tally.post_business_hours_p95(),
        ),
        ("open_obligations_max", limits.open_obligations_max, len(outcome.tally.open)),
    )
    for name, limit, value in measured:
        if limit is not None:
            verdict: Judgement = "unknown" if value is None else "pass" if value <= limit else "fail"
            yield ThresholdResult(name, limit, value, verdict)
