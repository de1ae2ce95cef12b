"""The week in which every fault occurs: the reference comes through it, and the faults that took effect bring it about again."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from contracts.journal import FaultTook, read
from contracts.plan import Fault, Plan
from contracts.verdict import Summary
from sim.designs import load_design
from sim.fault_rules import BY_NAME
from sim.run import RunOptions, run
from sim.scenario_file import load_scenario

SEEDS = (1, 2, 3)
NOT_THERE = {"noop"}
"""The kind that does nothing."""


def played(seed: int, plan: Plan | None = None, directory: Path | None = None) -> Summary:
    """The week, with its weather or with a plan in its place."""
    name, design = load_design("workflow")
    return run(RunOptions(load_scenario("bad-weather")[0], name, design, seed, 1.0, plan, directory))


@cache
def week(seed: int) -> Summary:
    """The week with its weather, once for all tests."""
    return played(seed)


def took(summary: Summary) -> Counter[str]:
    """How often each kind took effect."""
    return Counter({count.kind: count.took_effect for count in summary.faults if count.took_effect})


def test_the_week_has_every_kind() -> None:
    """In its weather, and in effect within a few seeds."""
    weather = {line.kind for line in load_scenario("bad-weather")[0].weather}
    assert weather == set(BY_NAME) - NOT_THERE
    assert set(sum((took(week(seed)) for seed in SEEDS), Counter())) == weather


@pytest.mark.parametrize("seed", SEEDS)
def test_the_reference_comes_through(seed: int) -> None:
    """Nothing lost, nothing doubled, nobody bothered for nothing."""
    summary = week(seed)
    assert [result.id for result in summary.invariants if result.verdict == "fail"] == []
    assert summary.verdict == "pass"


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_the_faults_of_a_run_are_the_plan_that_replays_it(seed: int, tmp_path: Path) -> None:
    """Line by line: harmless ones included, and with those left out that only lay in wait."""
    first = played(seed, directory=tmp_path)
    faults = [entry for entry in read(tmp_path / "events.jsonl") if isinstance(entry, FaultTook)]
    again = played(seed, Plan(tuple(Fault(each.kind, each.target, each.trigger, each.params) for each in faults)))
    assert again.digest == first.digest
    assert took(again) == took(first)
