"""Known-bad designs must be caught, each by the right invariant, within ten seeds; the reference must not be."""

from __future__ import annotations

from functools import cache

import pytest
from msgspec.structs import replace

from contracts.ports import Design
from contracts.scenario import Payments, Scenario
from contracts.verdict import Summary
from sim.designs import load_design
from sim.run import RunOptions, run
from sim.scenario_file import load_scenario

SCALE = 0.1
SEEDS = range(1, 11)
FOLDER = "tests/orchestrator/bad_designs"

BAD = {
    f"{FOLDER}/fresh_key.py": "I01",
    f"{FOLDER}/ack_first.py": "I11",
    f"{FOLDER}/delivery_id.py": "I01",
}
"""Each known-bad design, and the invariant that must catch it."""

BAD_IN_BAD_WEATHER = {f"{FOLDER}/key_alone.py": {"I01"}, f"{FOLDER}/open_door.py": {"I11", "I20"}}
"""Designs that only the rarer faults show up, and who speaks then: a key that is ignored, an event that is forged."""


@cache
def month_end() -> Scenario:
    """The scenario that all of them meet."""
    return load_scenario("month-end")[0]


def judged(name: str, design: Design, seed: int) -> Summary:
    """One month at a tenth of the volume."""
    return run(RunOptions(month_end(), name, design, seed, SCALE))


def violated(summary: Summary) -> set[str]:
    """The invariants that failed."""
    return {result.id for result in summary.invariants if result.verdict == "fail"}


@pytest.mark.parametrize(("design", "invariant"), BAD.items())
def test_each_known_bad_design_is_caught_by_the_right_invariant(design: str, invariant: str) -> None:
    """Within ten seeds."""
    name, bad = load_design(design)
    for seed in SEEDS:
        summary = judged(name, bad, seed)
        if invariant in violated(summary):
            assert summary.verdict == "fail"
            return
    pytest.fail(f"{design} passed {len(SEEDS)} seeds under {invariant}")


def test_what_was_posted_twice_and_paid_is_told_in_money() -> None:
    """The late second posting is what a pay run pays: I01 sees the posting, I12 the money that left."""
    name, bad = load_design(f"{FOLDER}/fresh_key.py")
    scenario = replace(month_end(), payments=Payments(runs=True, terms_days=5))
    for seed in SEEDS:
        summary = run(RunOptions(scenario, name, bad, seed, SCALE))
        evidence = next(result.evidence for result in summary.invariants if result.id == "I12")
        gone = [found for found in evidence if "which was paid before" in found.says]
        if gone:
            assert "I01" in violated(summary)
            assert all(found.amount_minor > 0 and " left with PAY-" in found.says for found in gone)
            return
    pytest.fail("nothing was paid twice within ten seeds")


@pytest.mark.parametrize(("design", "invariants"), BAD_IN_BAD_WEATHER.items())
def test_what_only_rare_faults_show_is_caught_in_bad_weather(design: str, invariants: set[str]) -> None:
    """All of them by one of the first ten weeks in which every fault occurs."""
    name, bad = load_design(design)
    scenario = load_scenario("bad-weather")[0]
    found = (violated(run(RunOptions(scenario, name, bad, seed))) for seed in SEEDS)
    assert any(invariants <= broken for broken in found), design


@pytest.mark.parametrize("seed", [1, 2])
def test_the_reference_passes_where_they_fail(seed: int) -> None:
    """The same months, the same faults."""
    summary = judged(*load_design("workflow"), seed)
    assert violated(summary) == set()
    assert summary.verdict == "pass"
    assert sum(fault.took_effect for fault in summary.faults) > 0
