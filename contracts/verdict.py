"""The summary of a run: the one document that machines read (`closeproof.summary/1`) and that people's pages show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

SCHEMA = "closeproof.summary/1"

Judgement = Literal["pass", "fail", "unknown", "not applicable"]


class Evidence(msgspec.Struct, frozen=True):
    """One violation, with the lines of the journal that show it."""

    about: str
    says: str
    amount_minor: int
    lines: tuple[int, ...]
    verdict: Judgement


class InvariantResult(msgspec.Struct, frozen=True):
    """What one invariant found. `violations` counts all; `evidence` holds the first few.

    `at_risk_minor` adds up its violations; the summary's `money_at_risk_minor` counts each obligation once over all.
    """

    id: str
    name: str
    verdict: Judgement
    checked: int
    violations: int
    at_risk_minor: int
    evidence: tuple[Evidence, ...]


class FaultCount(msgspec.Struct, frozen=True):
    """How often a kind of fault was armed, and how often it took effect."""

    kind: str
    armed: int
    took_effect: int


class ThresholdResult(msgspec.Struct, frozen=True):
    """One limit of the scenario and what was measured."""

    name: str
    limit: float
    value: float | None
    verdict: Judgement


class AnomalyClass(msgspec.Struct, frozen=True):
    """One kind of anomaly: how many there were, and how many were flagged in time. `held_out`: nobody tuned on it."""

    what: str
    held_out: bool
    true: int
    flagged: int


class AnomalyScore(msgspec.Struct, frozen=True):
    """Anomalies that were there, flagged in time, missed; and cases about nothing. `classes` are the same by kind."""

    true: int
    flagged: int
    missed: int
    false_alarms: int
    classes: tuple[AnomalyClass, ...] = ()


class Ledger(msgspec.Struct, frozen=True):
    """The trial balance of one entity at the end."""

    entity: str
    currency: str
    debit_minor: int
    credit_minor: int


class Summary(msgspec.Struct, frozen=True):
    """All of it. Fields are only ever added."""

    schema: str
    scenario: str
    design: str
    seed: int
    scale: float
    door: str
    verdict: Judgement
    ended: str
    digest: str
    virtual_s: float
    wall_s: float
    crossings: int
    idle_crossings: int
    peak_rss_mb: float
    truth: dict[str, int]
    effects: dict[str, int]
    invariants: tuple[InvariantResult, ...]
    faults: tuple[FaultCount, ...]
    thresholds: tuple[ThresholdResult, ...]
    anomalies: AnomalyScore
    ledgers: tuple[Ledger, ...]
    money_at_risk_minor: int
    open_obligations: int
    open_cases: int
    ended_detail: str
    replay: str


def overall(parts: Iterable[Judgement]) -> Judgement:
    """False beats unknown beats true; what does not apply does not count, and nothing at all proves nothing."""
    seen = set(parts) - {"not applicable"}
    for verdict in ("fail", "unknown", "pass"):
        if verdict in seen:
            return verdict
    return "unknown"
