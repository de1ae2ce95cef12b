"""Summaries made by hand: one that passes, one that fails, one that proves nothing."""

from __future__ import annotations

import io
from pathlib import Path
from typing import cast

import msgspec
from rich.console import Console

from contracts.journal import AnyEntry, Effect, FaultTook
from contracts.verdict import (
    SCHEMA,
    AnomalyScore,
    Evidence,
    FaultCount,
    InvariantResult,
    Ledger,
    Summary,
    ThresholdResult,
)
from reports.terminal import show

PASSED = Summary(
    schema=SCHEMA,
    scenario="month-end",
    design="reference",
    seed=7,
    scale=1.0,
    door="virtual",
    verdict="pass",
    ended="quiescent",
    digest="5f" * 32,
    virtual_s=3_024_000.0,
    wall_s=12.5,
    crossings=60_000,
    idle_crossings=4_321,
    peak_rss_mb=141.2,
    truth={"goods-receipts": 3300, "invoices": 3410, "payables": 3300, "purchase-orders": 3000},
    effects={"cloud_erp/invoice.posted": 3300},
    invariants=(
        InvariantResult("I01", "effect-once", "pass", 9600, 0, 0, ()),
        InvariantResult("I04", "balanced", "pass", 6612, 0, 0, ()),
        InvariantResult("I14", "cash", "not applicable", 0, 0, 0, ()),
    ),
    faults=(FaultCount("busy", 40, 40), FaultCount("timeout-after-commit", 31, 29)),
    thresholds=(
        ThresholdResult("anomalies_missed_max", 0, 0, "pass"),
        ThresholdResult("post_hours_p95_max", 24.0, 5.25, "pass"),
    ),
    anomalies=AnomalyScore(true=120, flagged=120, missed=0, false_alarms=1),
    ledgers=(
        Ledger("NORTH", "USD", 123_456_789, 123_456_789),
        Ledger("WEST", "USD", 98_765_432, 98_765_432),
    ),
    money_at_risk_minor=0,
    open_obligations=0,
    open_cases=3,
    ended_detail="",
    replay="closeproof run month-end --design reference --seed 7",
)

TWICE = Evidence(
    "NORTH-2026-10-28-004/1",
    "invoice INV-204417 of Meridian Surgical Supply, order PO-10233, posted twice in cloud_erp: AP-900 and AP-931",
    481_250,
    (41_207, 40_102),
    "fail",
)

FAILED = msgspec.structs.replace(
    PASSED,
    verdict="fail",
    invariants=(
        InvariantResult("I01", "effect-once", "fail", 9600, 27, 8_812_345, (TWICE,) * 5),
        InvariantResult(
            "I10",
            "complete",
            "unknown",
            3300,
            0,
            0,
            (Evidence("I10", "the check itself failed: KeyError: 'x'", 0, (12,), "unknown"),),
        ),
        InvariantResult("I14", "cash", "not applicable", 0, 0, 0, ()),
    ),
    thresholds=(
        ThresholdResult("anomalies_missed_max", 0, 2, "fail"),
        ThresholdResult("post_hours_p95_max", 24.0, None, "unknown"),
    ),
    anomalies=AnomalyScore(true=120, flagged=118, missed=2, false_alarms=0),
    ledgers=(Ledger("NORTH", "USD", 123_456_789, 123_456_000),),
    money_at_risk_minor=8_812_345,
    open_obligations=1,
)

EMPTY = msgspec.structs.replace(
    PASSED,
    verdict="unknown",
    invariants=(),
    faults=(),
    thresholds=(),
    ledgers=(),
    truth={},
    crossings=0,
    wall_s=0.0,
    anomalies=AnomalyScore(0, 0, 0, 0),
)

LINES: dict[int, AnyEntry] = {
    40_988: FaultTook(
        1_793_217_500_000,
        "timeout-after-commit",
        "cloud_erp.create_invoice",
        {"key": "ap_automation:77", "attempt": 1},
        {},
    ),
    41_207: Effect(
        1_793_217_600_000,
        "cloud_erp",
        "invoice.posted",
        "AP-931",
        12,
        "NORTH",
        source_ref="ap_automation:77",
        number="INV-204417",
        amount_minor=481_250,
        currency="USD",
    ),
}
"""What the journal has on the lines that the evidence names; and a fault that struck it; line 40,102 is left out."""

SAMPLES = {"passed": PASSED, "failed": FAILED, "empty": EMPTY}


def rendered(summary: Summary, width: int = 80) -> str:
    """The summary as a terminal without colour shows it."""
    console = Console(file=io.StringIO(), width=width, highlight=False, markup=False, emoji=False)
    show(summary, console, LINES, "reports/out/month-end-reference-7")
    return cast("io.StringIO", console.file).getvalue()


if __name__ == "__main__":  # python -m tests.reports.samples: write the golden texts again, after looking at them
    for name, summary in SAMPLES.items():
        Path(__file__).with_name(f"{name}.txt").write_text(rendered(summary), "utf-8")
