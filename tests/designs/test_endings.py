"""Designs that spin, die, cheat or sleep for ever: the run ends all the same, says why, and is never green."""

from __future__ import annotations

import asyncio
import contextlib
import time
from functools import cache
from pathlib import Path

from contracts.ports import Design, Ports
from contracts.scenario import Scenario
from contracts.verdict import Summary
from sim.designs import load_design
from sim.run import RunOptions, run
from sim.scenario_file import load_scenario

DAY_S = 86_400


@cache
def quiet_week() -> Scenario:
    """A small week."""
    return load_scenario("quiet-week")[0]


def ended(design: Design) -> Summary:
    """A small week under a design."""
    return run(RunOptions(quiet_week(), "odd", design, 1, 0.05))


def verdict_of(summary: Summary, invariant: str) -> str:
    """What one invariant said."""
    return next(result.verdict for result in summary.invariants if result.id == invariant)


def test_a_design_that_spins_is_a_livelock_and_fails() -> None:
    """It never lets time pass."""

    async def spin(_ports: Ports, _durable: Path) -> None:
        while True:  # noqa: ASYNC110 - the fault that is meant
            await asyncio.sleep(0)

    summary = ended(spin)
    assert (summary.ended, summary.verdict) == ("livelock", "fail")
    assert "w1#1" in summary.ended_detail
    assert verdict_of(summary, "I20") == "fail"


def test_a_design_that_keeps_dying_fails() -> None:
    """Its code raises at once, however often it is started."""

    async def stumble(_ports: Ports, _durable: Path) -> None:
        message = "no such table"
        raise RuntimeError(message)

    summary = ended(stumble)
    assert (summary.ended, summary.verdict) == ("design-failed", "fail")
    assert verdict_of(summary, "I20") == "fail"


def test_a_sound_design_that_reads_the_wall_clock_is_not_judged() -> None:
    """It swallows the refusal and does everything right; what it did was still not a virtual run."""
    _, workflow = load_design("workflow")

    async def peek(ports: Ports, durable: Path) -> None:
        with contextlib.suppress(RuntimeError):
            time.time()
        await workflow(ports, durable)

    summary = ended(peek)
    assert (summary.ended, summary.verdict) == ("fence", "unknown")
    assert {result.id for result in summary.invariants if result.verdict not in ("pass", "not applicable")} == {"I20"}
    assert "time.time()" in summary.ended_detail


def test_a_design_that_sleeps_for_years_is_cut_at_the_bound() -> None:
    """The clock stops where the scenario says, with everything left undone."""

    async def sleep(ports: Ports, _durable: Path) -> None:
        await ports.clock.sleep(1e9)

    summary = ended(sleep)
    days = quiet_week().calendar.run_off_days + 8
    assert summary.virtual_s <= days * DAY_S
    assert summary.verdict == "fail"
    assert summary.open_obligations > 0
