"""The committed OpenAPI documents are what the code emits; a change shows itself, and how to accept it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from orchestrator.engine.news import TOPICS
from orchestrator.service.api import HOOKS
from tests.contract_suites.snapshots import NAMES, OPENAPI, REWRITE, canonical, changes, emitted


@pytest.fixture(scope="module")
def documents() -> dict[str, dict[str, Any]]:
    """What the code emits."""
    return emitted()


@pytest.mark.parametrize("name", NAMES)
def test_the_snapshot_is_what_the_code_emits(name: str, documents: dict[str, dict[str, Any]]) -> None:
    path = OPENAPI / f"{name}.json"
    assert path.is_file(), f"{path.name} is missing; write it with: {REWRITE}"
    text = path.read_text("utf-8")
    differing = list(changes(json.loads(text), documents[name]))
    if differing:
        shown = "\n  ".join(differing)
        pytest.fail(f"the API of {name} changed:\n  {shown}\nIf that is meant: {REWRITE}", pytrace=False)
    assert text == canonical(documents[name]), f"{path.name} is not canonical JSON; write it with: {REWRITE}"


@pytest.mark.parametrize("name", NAMES)
def test_the_snapshot_is_valid_openapi_3_1(name: str) -> None:
    described = json.loads((OPENAPI / f"{name}.json").read_text("utf-8"))
    assert described["openapi"].startswith("3.1.")
    assert [str(error) for error in OpenAPIV31SpecValidator(described).iter_errors()] == []


def test_there_is_no_snapshot_of_anything_else() -> None:
    assert {path.stem for path in OPENAPI.iterdir()} == set(NAMES)


def test_a_change_is_told_in_one_line_each() -> None:
    old = {"paths": {"/a": {"get": {"parameters": [{"name": "limit", "schema": {"maximum": 50}}]}}, "/b": {}}}
    new = {"paths": {"/a": {"get": {"parameters": [{"name": "limit", "schema": {"maximum": 99}}]}}, "/c": {}}}
    assert list(changes(old, new)) == [
        "~ paths > /a > get > parameters[limit] > schema > maximum: 50 → 99",
        "- paths > /b: {}",
        "+ paths > /c: {}",
    ]
    assert list(changes(old, json.loads(json.dumps(old)))) == []


def test_every_webhook_that_the_engine_reads_is_described() -> None:
    assert {(system, topic) for system, topics in HOOKS.items() for topic in topics} == set(TOPICS)
