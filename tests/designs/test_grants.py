"""A design that may act for some hospitals only: the reference keeps to its grant, and who does not is found out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.journal import Anomaly, Call, Delivered, Document, Effect, Entry, Obligation, RunStarted, read
from contracts.scenario import Scenario
from contracts.verdict import Summary
from sim import estate as estates
from sim.designs import load_design
from sim.run import RunOptions, run
from sim.scenario_file import load_scenario
from sim.seed import Seed

SHARED = load_scenario("shared-services")[0]
JOINING = load_scenario("acquisition-onboarding")[0]
BORROWED = "tests/orchestrator/bad_designs/borrowed_credentials.py"


def played(scenario: Scenario, design: str, seed: int, directory: Path) -> tuple[Summary, list[Entry]]:
    """A run at a fifth of the volume, and its journal."""
    name, made = load_design(design)
    summary = run(RunOptions(scenario, name, made, seed, 0.2, directory=directory))
    return summary, list(read(directory / "events.jsonl"))


def test_the_reference_keeps_to_its_grant(tmp_path: Path) -> None:
    """Much happens in the third hospital; nothing of it is told, asked, read or done, and nothing is missed."""
    summary, entries = played(SHARED, "workflow", 3, tmp_path)
    assert summary.verdict == "pass"
    started = entries[0]
    assert isinstance(started, RunStarted)
    assert started.granted == ("H1", "H3")
    papers = [entry for entry in entries if isinstance(entry, Document) and entry.entity == "H2"]
    owed = [entry for entry in entries if isinstance(entry, Obligation) and entry.entity == "H2"]
    assert len(papers) > 20
    assert {paper.expect for paper in papers} == {"nothing"}
    assert {each.required for each in owed} == {()}
    theirs = {paper.ref for paper in papers}
    assert not any(theirs.intersection(entry.about) for entry in entries if isinstance(entry, Anomaly))
    assert not any(entry.entity == "H2" for entry in entries if isinstance(entry, Call | Delivered))
    acted = {entry.entity for entry in entries if isinstance(entry, Effect) and entry.actor == started.client}
    assert acted == {"H1", "H3"}


def test_who_joins_is_granted_on_its_first_day_and_caught_up_with(tmp_path: Path) -> None:
    """The codes were published days before, the first orders hours before; after the grant the design finds them all."""
    summary, entries = played(JOINING, "workflow", 5, tmp_path)
    assert summary.verdict == "pass"
    (granted,) = [entry for entry in entries if isinstance(entry, Effect) and entry.what == "client.granted"]
    assert granted.entity == "H5"
    before = [
        entry for entry in entries if isinstance(entry, Document) and entry.entity == "H5" and entry.at < granted.at
    ]
    assert before
    told = [entry for entry in entries if isinstance(entry, Delivered) and entry.entity == "H5"]
    assert min(entry.began for entry in told) >= granted.at
    acted = [
        entry for entry in entries if isinstance(entry, Effect) and entry.entity == "H5" and entry.actor == granted.ref
    ]
    assert min(entry.at for entry in acted) >= granted.at


@pytest.fixture
def forgotten_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """The migration's client was granted everything, and nobody ever withdrew it."""
    build = estates.build

    def with_another(scenario: Scenario, seed: Seed, now_ms: Callable[[], int] | None = None) -> estates.Estate:
        estate = build(scenario, seed, now_ms)
        estate.identity.state.register("migration", "never-withdrawn")
        return estate

    monkeypatch.setattr(estates, "build", with_another)


@pytest.mark.usefixtures("forgotten_client")
def test_who_borrows_a_client_that_may_do_more_is_found_out(tmp_path: Path) -> None:
    """It reads and posts for a hospital that was never granted to it: everything is in the books, once, and it is red."""
    summary, entries = played(SHARED, BORROWED, 3, tmp_path)
    red = {result.id: result for result in summary.invariants if result.verdict == "fail"}
    assert "I17" in red
    assert red["I17"].violations > 10
    posted = [entry for entry in entries if isinstance(entry, Call) and entry.entity == "H2" and entry.status == 201]
    assert posted
