"""A worker dies at any await point of its own code: nothing is lost, nothing is doubled."""

from __future__ import annotations

from functools import cache

import pytest

from contracts.plan import Fault, Plan
from contracts.scenario import Scenario
from contracts.verdict import Summary
from sim.designs import load_design
from sim.run import RunOptions, run
from sim.scenario_file import load_scenario

POINTS = 100
STEP = 13
"""Every thirteenth await point of the first worker: coprime to the rhythms of its loops, so that none is always missed."""


@cache
def quiet_week() -> Scenario:
    """A small week."""
    return load_scenario("quiet-week")[0]


def crashed_at(point: int) -> Summary:
    """A small week in which the first worker dies at one await point."""
    plan = Plan((Fault("crash", "worker", {"worker": "w1", "await_point": point}),))
    name, design = load_design("workflow")
    return run(RunOptions(quiet_week(), name, design, 1, 0.2, plan))


@pytest.mark.parametrize("first", range(1, 11))
def test_a_crash_at_any_await_point_loses_and_doubles_nothing(first: int) -> None:
    """Ten points a test, a hundred in all; every crash must really have happened."""
    for point in range(first * STEP, POINTS * STEP + 1, 10 * STEP):
        summary = crashed_at(point)
        failed = [result for result in summary.invariants if result.verdict not in ("pass", "not applicable")]
        assert not failed, (point, failed)
        assert [(fault.kind, fault.took_effect) for fault in summary.faults] == [("crash", 1)], point
        assert summary.open_obligations == 0
