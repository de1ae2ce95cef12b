"""Designs under the same months and the same faults: runs them in worker processes, and pairs what came of them by seed.

A world and its weather are drawn from the seed alone, never from what a design does, so under one seed every design meets
the same month. Pairing takes out what the months differ in; what is left is what the designs differ in.
"""

from __future__ import annotations

import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from contracts import journal
from contracts.comparison import (
    HARMS,
    SCHEMA,
    Comparison,
    DesignResult,
    Difference,
    Figure,
    Finding,
    Pair,
    Reason,
    RunResult,
    Toll,
    percentile,
    total,
)
from contracts.verdict import AnomalyScore, Summary
from sim.cli_ask import Asked, Prepared, prepare
from sim.run import run

NOBODY: Final = AnomalyScore(0, 0, 0, 0)


@dataclass(frozen=True)
class Played:
    """One run as its worker hands it over: what goes into the document, and what is only added up."""

    result: RunResult
    post_hours: tuple[float, ...] = ()
    currency: str = ""


def play_all(asked: Sequence[Asked], jobs: int) -> Iterator[Played]:
    """Run them all, in worker processes; results come as they are ready."""
    with ProcessPoolExecutor(jobs, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)) as workers:
        futures = [workers.submit(play, each) for each in asked]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            workers.shutdown(wait=False, cancel_futures=True)
            raise


def play(asked: Asked) -> Played:
    """One run, its journal read once and thrown away; Ctrl-C reaches it only while it runs."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        prepared = replace(_prepared(replace(asked, seed=0)), asked=asked)
        with tempfile.TemporaryDirectory(prefix="closeproof-compare-") as scratch:
            summary = run(prepared.options(Path(scratch)))
            return judged(asked.design, summary, journal.read(Path(scratch) / "events.jsonl"))
    except Exception as error:  # noqa: BLE001 - one broken run must not hide the others
        return Played(_broken(asked, f"{type(error).__name__}: {error}"))
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@cache
def _prepared(asked: Asked) -> Prepared:
    return prepare(asked)


def judged(design: str, summary: Summary, entries: Iterable[journal.Entry]) -> Played:
    """What a run cost, from its summary and its journal."""
    toll = Toll()
    for entry in entries:
        toll.feed(entry)
    findings = toll.findings()
    hours = sorted(toll.post_hours)
    currencies = {ledger.currency for ledger in summary.ledgers}
    result = RunResult(
        design=design,
        seed=summary.seed,
        verdict=summary.verdict,
        ended=summary.ended,
        digest=summary.digest,
        harms=total(findings),
        findings=findings,
        cases=summary.effects.get("service_desk/case.opened", 0),
        anomalies=summary.anomalies,
        invoices=toll.invoices,
        calls=toll.calls,
        idle_calls=toll.idle_calls,
        failed_calls=toll.failed_calls,
        calls_per_invoice=_ratio(toll.calls, toll.invoices),
        post_hours_p50=percentile(hours, 0.5),
        post_hours_p95=percentile(hours, 0.95),
        faults_took=toll.faults_took,
        replay=summary.replay,
        wall_s=summary.wall_s,
    )
    return Played(result, tuple(hours), currencies.pop() if len(currencies) == 1 else "")


def _broken(asked: Asked, error: str) -> RunResult:
    return RunResult(
        design=asked.design,
        seed=asked.seed,
        verdict="unknown",
        ended="",
        digest="",
        harms=total(()),
        findings=(),
        cases=0,
        anomalies=NOBODY,
        invoices=0,
        calls=0,
        idle_calls=0,
        failed_calls=0,
        calls_per_invoice=0.0,
        post_hours_p50=None,
        post_hours_p95=None,
        faults_took=0,
        replay=asked.command(asked.design),
        wall_s=0.0,
        error=error,
    )


# -- putting together -------------------------------------------------------------------------------------------------


def compared(scenario: Prepared, designs: Sequence[str], played: Iterable[Played], *, wall_s: float) -> Comparison:
    """The document: each design over all seeds, and each against the first."""
    place = {design: number for number, design in enumerate(designs)}
    done = sorted(played, key=lambda each: (place[each.result.design], each.result.seed))
    runs = tuple(each.result for each in done)
    return Comparison(
        schema=SCHEMA,
        scenario=scenario.asked.scenario,
        title=scenario.scenario.title,
        scale=scenario.asked.scale,
        seeds=tuple(sorted({result.seed for result in runs})),
        currency=next((each.currency for each in done if each.currency), ""),
        designs=tuple(_design(design, [each for each in done if each.result.design == design]) for design in designs),
        pairs=tuple(pair(designs[0], design, runs) for design in designs[1:]),
        runs=runs,
        wall_s=round(wall_s, 3),
    )


def _design(design: str, played: Sequence[Played]) -> DesignResult:
    runs = [each.result for each in played]
    hours = sorted(hour for each in played for hour in each.post_hours)
    findings = [finding for result in runs for finding in result.findings]
    worst = max(runs, key=lambda result: (cost_minor(result), sum(f.count for f in result.harms.values())))
    invoices, calls = (sum(getattr(result, name) for result in runs) for name in ("invoices", "calls"))
    return DesignResult(
        design=design,
        verdicts=dict(sorted(Counter[str](result.verdict for result in runs).items())),
        harms=total(findings),
        reasons=_reasons(findings),
        cases=sum(result.cases for result in runs),
        anomalies=AnomalyScore(
            *(sum(getattr(r.anomalies, name) for r in runs) for name in ("true", "flagged", "missed", "false_alarms"))
        ),
        invoices=invoices,
        calls=calls,
        idle_calls=sum(result.idle_calls for result in runs),
        failed_calls=sum(result.failed_calls for result in runs),
        calls_per_invoice=_ratio(calls, invoices),
        post_hours_p50=percentile(hours, 0.5),
        post_hours_p95=percentile(hours, 0.95),
        worst_seed=worst.seed,
        worst_replay=worst.replay,
    )


def _reasons(findings: Iterable[Finding]) -> tuple[Reason, ...]:
    """What did how much, the dearest first within each harm."""
    sums: dict[tuple[str, str, str], Reason] = {}
    for found in findings:
        key = (found.harm, found.reason, found.how)
        so_far = sums.get(key)
        count, amount = (so_far.count, so_far.amount_minor) if so_far else (0, 0)
        sums[key] = Reason(found.harm, found.reason, found.how, count + 1, amount + found.amount_minor)
    return tuple(sorted(sums.values(), key=lambda r: (HARMS.index(r.harm), -r.amount_minor, -r.count, r.reason, r.how)))


def cost_minor(result: RunResult) -> int:
    """The money in all harms but a word untold."""
    return sum(figure.amount_minor for harm, figure in result.harms.items() if harm != "untold")


# -- pairing ----------------------------------------------------------------------------------------------------------


def _harm(name: str, part: str) -> Callable[[RunResult], float]:
    def measure(result: RunResult) -> float:
        figure: Figure = result.harms[name]
        return figure.count if part == "count" else figure.amount_minor

    return measure


MEASURES: Final[dict[str, Callable[[RunResult], float | None]]] = {
    **{f"{harm}_{part}": _harm(harm, part) for harm in HARMS for part in ("count", "minor")},
    "cases": lambda result: result.cases,
    "anomalies_missed": lambda result: result.anomalies.missed,
    "false_alarms": lambda result: result.anomalies.false_alarms,
    "calls_per_invoice": lambda result: result.calls_per_invoice,
    "post_hours_p50": lambda result: result.post_hours_p50,
    "post_hours_p95": lambda result: result.post_hours_p95,
}
"""What is compared seed by seed; less is better in all of them."""


def pair(against: str, design: str, runs: Iterable[RunResult]) -> Pair:
    """A design minus the other, under the seeds that both came through."""
    sound = {(result.design, result.seed): result for result in runs if not result.error}
    seeds = tuple(sorted(seed for name, seed in sound if name == design and (against, seed) in sound))
    differences: dict[str, Difference] = {}
    for name, measure in MEASURES.items():
        both = [(measure(sound[design, seed]), measure(sound[against, seed])) for seed in seeds]
        apart = tuple(round(ours - theirs, 3) for ours, theirs in both if ours is not None and theirs is not None)
        if apart:
            differences[name] = difference(apart)
    return Pair(design, against, seeds, differences)


def difference(apart: tuple[float, ...]) -> Difference:
    """A simple paired summary."""
    return Difference(
        by_seed=apart,
        mean=round(sum(apart) / len(apart), 3),
        min=min(apart),
        max=max(apart),
        better=sum(value < 0 for value in apart),
        worse=sum(value > 0 for value in apart),
        same=sum(value == 0 for value in apart),
    )


def _ratio(part: int, whole: int) -> float:
    return round(part / whole, 3) if whole else 0.0
