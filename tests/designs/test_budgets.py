"""Few requests are left before a close: with a part of them reserved nothing misses it, and without something does."""

from __future__ import annotations

import pytest

from contracts.ports import Clock
from contracts.verdict import Summary
from orchestrator.engine import caller
from orchestrator.engine.effects import Effects
from orchestrator.engine.limits import Lane, lanes
from sim.designs import load_design
from sim.run import RunOptions, run
from sim.scenario_file import load_scenario

SCENARIO = load_scenario("crowded-close")[0]
SEEDS = (1, 2, 3)


def played(seed: int) -> Summary:
    """The close, played by the reference."""
    name, design = load_design("workflow")
    return run(RunOptions(SCENARIO, name, design, seed, 1.0))


def missed(summary: Summary) -> float | None:
    """How many papers missed their month."""
    return next(each.value for each in summary.thresholds if each.name == "missed_close_max")


@pytest.mark.parametrize("seed", SEEDS)
def test_with_a_budget_nothing_misses_the_close(seed: int) -> None:
    summary = played(seed)
    assert summary.verdict == "pass"
    assert missed(summary) == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_without_one_something_does(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """The same design, which takes every call for as pressing as any other."""

    def unreserved(clock: Clock, shares: str = "", near: object = None) -> dict[str, Lane]:
        del near
        return lanes(clock, shares)

    monkeypatch.setattr(caller, "lanes", unreserved)
    monkeypatch.setattr(Effects, "_is_pressing", lambda *_: False)
    summary = played(seed)
    assert summary.verdict == "fail"
    assert (missed(summary) or 0) > 2
