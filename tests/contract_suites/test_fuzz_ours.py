"""The orchestrator's own API and the estate's control plane against requests that nobody would think of."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.ports import Delivery
from orchestrator.engine.intake import Intake
from tests.contract_suites import running
from tests.contract_suites.figures import Figures
from tests.contract_suites.fuzzing import Api, Run, fuzz

DONE_MIN = 3


def kept(name: str, given: Api, figures: Figures) -> Run:
    """Fuzz it; every reply was as its document says, and every operation was really done."""
    run = fuzz(given)
    figures.note("generated cases", name, dict(run.cases))
    if run.failures or run.unruly:
        pytest.fail("\n\n".join(run.failures + run.unruly), pytrace=False)
    for label, statuses in run.statuses.items():
        done = sum(count for status, count in statuses.items() if 200 <= status < 300 and status != 204)
        assert done >= DONE_MIN, f"{label} was hardly ever done: {dict(statuses)}"
    return run


def test_the_orchestrator_keeps_what_its_document_says(figures: Figures, tmp_path: Path) -> None:
    with running.orchestrator(tmp_path) as service:
        run = kept("orchestrator", service, figures)
    assert set(run.cases) == {"coverage", "fuzzing", "stateful"}


def test_the_control_plane_keeps_what_its_document_says(figures: Figures) -> None:
    with running.control_plane() as plane:
        run = kept("estate", plane, figures)
    assert set(run.cases) == {"examples", "coverage", "fuzzing", "stateful"}


class EngineDiedError(Exception):
    """Planted."""


def test_an_engine_that_dies_behind_its_api_is_found_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The reply is as promised; only what comes after it is the engine's end."""

    def die(intake: Intake, delivery: Delivery) -> None:
        del intake
        delivery.refuse(401)
        raise EngineDiedError

    monkeypatch.setattr(Intake, "open", die)

    def fuzzed() -> str:
        with running.orchestrator(tmp_path) as service:
            return "\n".join(fuzz(service).failures)

    with pytest.raises(EngineDiedError):
        fuzzed()
