"""The JSON document: what goes in comes out, and it fits its own schema."""

from __future__ import annotations

import json

import pytest

from contracts.verdict import SCHEMA
from reports import summary_json
from tests.reports.samples import SAMPLES


@pytest.mark.parametrize("name", SAMPLES)
def test_it_comes_back_as_it_was(name: str) -> None:
    document = summary_json.encode(SAMPLES[name])
    assert document.endswith(b"}\n")
    assert summary_json.decode(document) == SAMPLES[name]
    assert json.loads(document)["schema"] == SCHEMA


def test_a_later_version_with_more_fields_can_be_read() -> None:
    document = json.loads(summary_json.encode(SAMPLES["passed"]))
    document["something_new"] = 1
    assert summary_json.decode(json.dumps(document).encode()) == SAMPLES["passed"]


@pytest.mark.parametrize("name", SAMPLES)
def test_it_fits_its_schema(name: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.validate(json.loads(summary_json.encode(SAMPLES[name])), summary_json.schema())
