"""A hospital joins with codes of its own: what a design that maps them by the day does, and one that does not."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from contracts.scenario import Scenario
from contracts.verdict import Summary
from orchestrator.engine.steps import Steps
from orchestrator.store.sqlite import SqliteStore
from sim.designs import load_design
from sim.run import RunOptions, run
from sim.scenario_file import load_scenario


@cache
def acquisition() -> Scenario:
    """A hospital joins."""
    return load_scenario("acquisition-onboarding")[0]


def judged(seed: int) -> Summary:
    """The reference's month."""
    name, design = load_design("workflow")
    return run(RunOptions(acquisition(), name, design, seed, 0.3))


def red(summary: Summary) -> set[str]:
    """Which invariants failed."""
    return {result.id for result in summary.invariants if result.verdict == "fail"}


def test_codes_by_the_day_of_booking_pass() -> None:
    assert judged(3).verdict == "pass"


@pytest.mark.parametrize("remembered", ["by today", "never"])
def test_codes_by_any_other_day_are_found_out(monkeypatch: pytest.MonkeyPatch, remembered: str) -> None:
    """The newest meaning known, whatever the day of booking; or the code as the department wrote it."""
    if remembered == "never":
        monkeypatch.setattr(Steps, "_with_codes", lambda _self, command, _state, _now_ms: command)
    else:
        meaning = SqliteStore.meaning
        monkeypatch.setattr(
            SqliteStore, "meaning", lambda self, kind, entity, code, _: meaning(self, kind, entity, code, "9999-01-01")
        )
    assert red(judged(3)) == {"I09"}


def test_meanings_are_told_by_the_day(tmp_path: Path) -> None:
    """A meaning holds from its day on, until the next; the order in which they become known does not matter."""
    first = ("cost-centre", "H5", "H5-00412", "00412", "2026-10-13", "2026-10-22")
    second = ("cost-centre", "H5", "H5-00412", "50412", "2026-10-22", "")
    early = (*first[:5], "")
    for number, told in enumerate(((early, first, second), (second, first, early), (second, early))):
        directory = tmp_path / str(number)
        directory.mkdir()
        store = SqliteStore(directory, "w1", "off")
        for at, meaning in enumerate(told):
            store.remember_meaning(at, *meaning)
        days = ("2026-10-12", "2026-10-13", "2026-10-21", "2026-10-22", "2026-12-01")
        found = [store.meaning("cost-centre", "H5", "H5-00412", day) for day in days]
        assert found == ["", "00412", "00412", "50412", "50412"]
        store.close()
