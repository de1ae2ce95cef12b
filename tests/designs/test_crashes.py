"""A worker dies at any await point of its own code: nothing is lost, nothing is doubled."""

from __future__ import annotations

from functools import cache

import pytest
from msgspec.structs import replace

from contracts.plan import Fault, Plan
from contracts.scenario import Scenario, Workers
from contracts.verdict import Summary
from sim.designs import load_design
from sim.run import RunOptions, run
from sim.scenario_file import load_scenario

POINTS = 100
STEP = 9
"""Every ninth await point of the first worker: coprime to the rhythms of its loops, so that none is always missed."""


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


# -- while the period ends ----------------------------------------------------------------------------------------------

OPENING = ("P1", "P2", "P3")
LATER_POINTS = 84
LATER_STEP = 4


@cache
def close_in_calm_weather() -> Scenario:
    """A week that ends with a close, with one worker, whom nothing befalls but what the test says."""
    scenario = load_scenario("bad-weather")[0]
    return replace(scenario, weather=(), front=(), workers=Workers(count=1, restart_s=20.0))


@pytest.mark.parametrize("opening", OPENING)
@pytest.mark.parametrize("first", range(1, LATER_STEP + 1))
def test_a_crash_at_any_await_point_of_the_period_end_loses_and_doubles_no_accrual(opening: str, first: int) -> None:
    """Two deaths of one worker, at two points.

    It dies as it hands in the first import: before, in the middle, after. Its next life has hardly anything else to do, and
    dies again at one of its first await points: while a job runs, is asked for, is read, is taken back.
    """
    name, design = load_design("workflow")
    struck = 0
    for point in range(first + OPENING.index(opening), LATER_POINTS, LATER_STEP * len(OPENING)):
        faults = (
            Fault("crash", "cloud_erp.submit_import", {"nth": 1}, {"point": opening}),
            Fault("crash", "worker", {"worker": "w1", "await_point": point, "life": 2}),
        )
        summary = run(RunOptions(close_in_calm_weather(), name, design, 2, 0.1, Plan(faults)))
        failed = [result for result in summary.invariants if result.verdict not in ("pass", "not applicable")]
        assert not failed, (point, failed)
        assert summary.effects["cloud_erp/accrual.posted"] == summary.effects["cloud_erp/accrual.reversed"] > 1
        assert summary.open_obligations == 0
        struck += sum(fault.took_effect for fault in summary.faults) == 2
    assert struck >= 5
