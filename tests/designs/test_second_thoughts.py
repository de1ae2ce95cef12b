"""Half of what the desk says is wrong, and put right later: the reference does as it is told, and the books are right."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from contracts.journal import Effect, read
from contracts.verdict import Summary
from sim.designs import load_design
from sim.run import RunOptions, run
from sim.scenario_file import load_scenario

SEEDS = (1, 2, 3)
DECIDED, POSTED, CANCELLED = "case.decided", "invoice.posted", "invoice.cancelled"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the runs are left."""
    return tmp_path_factory.mktemp("second-thoughts")


@cache
def week(seed: int, folder: Path) -> tuple[Summary, tuple[Effect, ...]]:
    """A quiet week with a careless desk; what came of it, and what was brought about."""
    scenario, _ = load_scenario("quiet-week")
    careless = replace(scenario, desk=replace(scenario.desk, errs_share=0.5))
    name, design = load_design("workflow")
    directory = folder / str(seed)
    directory.mkdir()
    summary = run(RunOptions(careless, name, design, seed, 1.0, None, directory))
    return summary, tuple(entry for entry in read(directory / "events.jsonl") if isinstance(entry, Effect))


def histories(effects: tuple[Effect, ...]) -> Iterator[list[str]]:
    """What became of the bill of each case that was decided twice: decisions, postings and cancellations, in order."""
    twice = {effect.ref: effect.about[0] for effect in effects if effect.what == DECIDED and effect.version == 2}
    for case, paper in twice.items():
        told = []
        for effect in effects:
            if effect.what == DECIDED and effect.ref == case:
                told.append(effect.state)
            elif effect.what in (POSTED, CANCELLED) and effect.source_ref == paper:
                told.append(effect.what.partition(".")[2])
        yield told


@pytest.mark.parametrize("seed", SEEDS)
def test_the_reference_does_as_it_is_told(seed: int, folder: Path) -> None:
    """Nothing is held against it, and nobody is asked more than without mistakes."""
    summary, _ = week(seed, folder)
    assert [result.id for result in summary.invariants if result.verdict == "fail"] == []
    assert summary.verdict == "pass"
    assert (summary.anomalies.missed, summary.anomalies.false_alarms) == (0, 0)


def test_every_mistake_is_put_right_by_people(folder: Path) -> None:
    """Both sorts occur: what was let through is cancelled by hand, what was refused is booked after all."""
    told = [history for seed in SEEDS for history in histories(week(seed, folder)[1])]
    assert {tuple(history) for history in told} == {
        ("accept", "posted", "cancelled", "reject"),
        ("reject", "accept", "posted"),
    }
    cancels = [e for seed in SEEDS for e in week(seed, folder)[1] if e.what == CANCELLED]
    assert {effect.actor for effect in cancels} == {"desk-supervisor"}
