"""The OpenAPI documents: valid, complete, and honest about what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_spec_validator import validate

from mocks import SYSTEMS
from mocks.kit.openapi import document
from tests.mocks.doors import Estate


@pytest.fixture(params=SYSTEMS)
def described(request: pytest.FixtureRequest, estate: Estate) -> tuple[str, dict[str, Any]]:
    """Each system's document."""
    return request.param, document(estate.systems[request.param], f"/{request.param}")


def operations(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for methods in found["paths"].values() for operation in methods.values()]


def test_a_document_is_valid_openapi(described: tuple[str, dict[str, Any]]) -> None:
    validate(described[1])


def test_every_operation_is_described_under_its_name(described: tuple[str, dict[str, Any]], estate: Estate) -> None:
    name, found = described
    assert [operation["operationId"] for operation in operations(found)] == [
        operation.name
        for path in dict.fromkeys(operation.path for operation in estate.systems[name].operations)
        for operation in estate.systems[name].operations
        if operation.path == path
    ]


def test_every_operation_but_the_identity_systems_needs_a_bearer(described: tuple[str, dict[str, Any]]) -> None:
    for operation in operations(described[1]):
        public = operation["operationId"] in {"issue_token", "publish_keys", "discover"}
        assert operation["security"] == ([] if public else [{"bearer": []}])
        assert {"400", "413"} <= set(operation["responses"])
        assert public or {"401", "403"} <= set(operation["responses"])


def test_refusals_have_the_familys_shape(estate: Estate) -> None:
    shapes = {
        name: operations(document(system))[0]["responses"]["400"]["content"]["application/json"]["schema"]
        for name, system in estate.systems.items()
    }
    assert shapes["cloud_erp"] == {"$ref": "#/components/schemas/ErrorShown"}
    assert shapes["ap_automation"] == {"type": "array", "items": {"$ref": "#/components/schemas/ApError"}}
    assert shapes["service_desk"] == {"$ref": "#/components/schemas/PlainError"}


def test_parameters_bodies_and_keys_are_described(estate: Estate) -> None:
    erp = document(estate.cloud_erp)
    create = erp["paths"]["/invoices"]["post"]
    assert [(p["name"], p["in"], p["required"]) for p in create["parameters"]] == [("Idempotency-Key", "header", False)]
    assert create["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/NewInvoice"}
    assert {"201", "400", "401", "403", "413", "422"} == set(create["responses"])
    cancel = erp["paths"]["/invoices/{id}/cancel"]["post"]
    assert [(p["name"], p["in"], p["required"]) for p in cancel["parameters"]] == [("id", "path", True)]
    assert {"404", "409"} <= set(cancel["responses"])
    find = erp["paths"]["/invoices"]["get"]["parameters"]
    assert [p["name"] for p in find] == ["SourceRef", "PostedSince", "offset", "limit"]
    sought = erp["paths"]["/receipts"]["get"]["parameters"]
    assert [(p["name"], p["required"]) for p in sought] == [("SourceRef", True)]
    token = document(estate.identity)["paths"]["/oauth2/token"]["post"]
    assert list(token["requestBody"]["content"]) == ["application/x-www-form-urlencoded"]
    assert token["security"] == []


def test_a_body_that_forbids_other_fields_says_so(estate: Estate) -> None:
    desk = document(estate.service_desk)
    assert desk["components"]["schemas"]["CaseSent"]["additionalProperties"] is False
    assert set(desk["paths"]["/cases"]["post"]["responses"]) >= {"200", "201"}


def test_every_reference_leads_somewhere(described: tuple[str, dict[str, Any]]) -> None:
    found = described[1]

    def references(thing: Any) -> list[str]:
        if isinstance(thing, dict):
            here = [thing["$ref"]] if "$ref" in thing else []
            return here + [ref for value in thing.values() for ref in references(value)]
        return [ref for value in thing for ref in references(value)] if isinstance(thing, list) else []

    named = {f"#/components/schemas/{name}" for name in found["components"]["schemas"]}
    assert set(references(found)) == named
