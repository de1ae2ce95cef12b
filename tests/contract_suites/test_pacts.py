"""The pacts, both halves: the orchestrator asks and understands as they say, and the mocks answer as they say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.connectors import OPERATIONS
from tests.contract_suites import consumer, messages, pact_files, provider
from tests.contract_suites.expected import EXPECTED, system_of
from tests.contract_suites.figures import Figures
from tests.contract_suites.snapshots import REWRITE

CALLS = [(system, interaction) for system, interactions in EXPECTED.items() for interaction in interactions]
PROVIDERS = [*EXPECTED, *(told.provider for told in messages.TOLD)]


def _pact(system: str) -> Path:
    path = pact_files.path_of(system)
    assert path.is_file(), f"{path.name} is missing; write it with: {REWRITE}"
    return path


@pytest.mark.parametrize(
    ("system", "interaction"), CALLS, ids=[f"{system}: {interaction.says}" for system, interaction in CALLS]
)
def test_the_orchestrator_asks_and_understands(system: str, interaction: consumer.Interaction) -> None:
    consumer.play(system, interaction)


@pytest.mark.parametrize("system", EXPECTED)
def test_the_mock_answers_as_the_pact_says(system: str, figures: Figures) -> None:
    right, problems = provider.verify(system, _pact(system))
    assert problems == [], "\n".join(problems)
    assert right == len(EXPECTED[system])
    figures.note("pact interactions", system, {"verified": right})


@pytest.mark.parametrize("told", messages.TOLD, ids=lambda told: told.topic)
def test_the_orchestrator_understands_a_webhook(told: messages.Told) -> None:
    messages.play(told)


@pytest.mark.parametrize("told", messages.TOLD, ids=lambda told: told.topic)
def test_the_mock_sends_the_webhook_as_the_pact_says(told: messages.Told, figures: Figures) -> None:
    right, problems = messages.verify(told, _pact(told.provider))
    assert problems == [], "\n".join(problems)
    assert right == 1
    figures.note("pact interactions", told.provider, {"verified": right})


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_pact_is_the_same_bytes_each_time(name: str, tmp_path: Path) -> None:
    first = pact_files.write(name, tmp_path / "first")
    assert pact_files.write(name, tmp_path / "again") == first
    assert _pact(name).read_bytes() == first, f"the pact with {name} changed; if that is meant: {REWRITE}"


def test_there_is_no_pact_with_anybody_else() -> None:
    assert {path.name for path in pact_files.PACTS.iterdir()} == {pact_files.path_of(name).name for name in PROVIDERS}


def test_every_operation_of_the_connectors_has_a_pact() -> None:
    """Names in a pact are unique, or one would hide the other."""
    for interactions in EXPECTED.values():
        assert len({interaction.says for interaction in interactions}) == len(interactions) <= consumer.PER_SERVER
    called = {(system_of(system), interaction.request[0]) for system, interaction in CALLS}
    assert {(operation.system, operation.method) for operation in OPERATIONS.values()} <= called


@pytest.mark.parametrize("lie", ["status", "state"])
def test_a_pact_that_is_not_kept_is_found_out(lie: str, tmp_path: Path) -> None:
    """A reply that is not the promised one, and a state that nobody can bring about."""
    promised = json.loads(_pact("inventory").read_text("utf-8"))
    interaction = promised["interactions"][0]
    if lie == "status":
        interaction["response"]["status"] = 418
    else:
        interaction["providerStates"][0]["name"] = "pigs fly"
    path = tmp_path / "lie.json"
    path.write_text(json.dumps(promised), "utf-8")
    right, problems = provider.verify("inventory", path)
    assert problems
    assert right <= len(EXPECTED["inventory"]) - (lie == "status")
