"""A hospital joins with codes of its own: what a design that maps them by the day does, and one that does not."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.scenario import Scenario
from contracts.verdict import Summary
from orchestrator.canonical import stamp
from orchestrator.engine.steps import WRITTEN, Steps
from orchestrator.store.sqlite import SqliteStore
from sim.designs import load_design
from sim.run import RunOptions, run
from sim.scenario_file import load_scenario

Patch = pytest.MonkeyPatch


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


def by_the_newest(kind: str) -> Callable[[Patch], None]:
    """The newest meaning known, whatever the day."""

    def patched(patch: Patch) -> None:
        meaning = SqliteStore.meaning

        def newest(self: SqliteStore, of: str, entity: str, code: str, on: str) -> str:
            return meaning(self, of, entity, code, "9999-01-01" if of == kind else on)

        patch.setattr(SqliteStore, "meaning", newest)

    return patched


def cost_centres_as_written(patch: Patch) -> None:
    """The code as the department wrote it."""
    patch.setattr(Steps, "_with_codes", lambda _self, command, _state, _now_ms: command)


def as_written(patch: Patch) -> None:
    """The codes of suppliers and docks as the hospital wrote them."""
    patch.setattr(Steps, "in_our_codes", lambda _self, document, _zones: document)


def by_today(patch: Patch) -> None:
    """What the codes mean on the day on which a paper is heard of."""
    as_written(patch)
    hear = Steps.hear

    def heard(self: Steps, document: Any, paper_id: str, zones: Any, now_ms: int) -> Any:
        for field, kind in WRITTEN.get(type(document), ()):
            meant = self._store.meaning(kind, document.entity, getattr(document, field), stamp(now_ms)[:10])
            document = msgspec.structs.replace(document, **{field: meant}) if meant else document
        return hear(self, document, paper_id, zones, now_ms)

    patch.setattr(Steps, "hear", heard)


def test_codes_by_the_day_of_the_paper_pass() -> None:
    assert judged(3).verdict == "pass"


@pytest.mark.parametrize(
    ("remembered", "found"),
    [
        (by_the_newest("cost-centre"), {"I09"}),
        (cost_centres_as_written, {"I09"}),
        (by_the_newest("supplier"), {"I02", "I03"}),
        (by_the_newest("dock"), {"I09"}),
        (as_written, {"I02", "I03", "I09"}),
        (by_today, {"I03", "I09"}),
    ],
    ids=["newest cost centre", "cost centre as written", "newest supplier", "newest dock", "as written", "by today"],
)
def test_codes_by_any_other_day_are_found_out(
    monkeypatch: Patch, remembered: Callable[[Patch], None], found: set[str]
) -> None:
    remembered(monkeypatch)
    assert red(judged(3)) == found


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
