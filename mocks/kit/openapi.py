"""The OpenAPI 3.1 document of a system, made of the same operations that the dispatcher uses.

Nothing is written twice: parameters come from path, query type and key policy, bodies and replies from their types,
refusals from what an operation declares and from what the kit itself may answer.
"""

from __future__ import annotations

import re
import sys
from typing import Any, Final

import msgspec

from mocks.kit.operation import Operation
from mocks.kit.system import KEY_LENGTH_MAX, System

Json = dict[str, Any]

_TEMPLATE: Final = "#/components/schemas/{name}"
_REASONS: Final = {
    200: "Done",
    201: "Created",
    400: "The request cannot be understood, or a rule says no",
    401: "No valid credentials",
    403: "The scope or the entity was not granted",
    404: "No such resource",
    409: "The resource's state does not allow it",
    412: "The resource has changed since it was read",
    413: "The body is too large",
    422: "The idempotency key was used with another body",
    428: "The request must name the ETag that was read",
    429: "More than the family allows",
}


def document(system: System[Any], server: str = "/") -> Json:
    """The OpenAPI 3.1 document of a system that is served under a URL."""
    schemas = _Schemas(system)
    paths: dict[str, Json] = {}
    for operation in system.operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, system, schemas)
    package = sys.modules[type(system.state).__module__.rpartition(".")[0]]
    return {
        "openapi": "3.1.0",
        "info": {"title": system.name, "version": "1", "description": (package.__doc__ or "").strip()},
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
        },
    }


class _Schemas:
    """The schemas of every type a system's API speaks of, by type."""

    def __init__(self, system: System[Any]) -> None:
        types: list[Any] = [system.error_type]
        for operation in system.operations:
            types += [kind for kind in (operation.body, operation.reply, operation.query) if kind is not None]
        self._types = list({repr(kind): kind for kind in types}.values())
        made, self.components = msgspec.json.schema_components(self._types, ref_template=_TEMPLATE)
        self._made = {repr(kind): schema for kind, schema in zip(self._types, made, strict=True)}
        for kind in self._types:
            if getattr(getattr(kind, "__struct_config__", None), "forbid_unknown_fields", False):
                self.components[kind.__name__]["additionalProperties"] = False
        for operation in system.operations:
            if operation.query is not None:
                self.components.pop(operation.query.__name__, None)

    def of(self, kind: Any) -> Json:  # noqa: ANN401 - any type that msgspec knows
        """The schema of a type: mostly a reference."""
        return self._made[repr(kind)]


def _operation(operation: Operation, system: System[Any], schemas: _Schemas) -> Json:
    described: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": _responses(operation, system, schemas),
        "security": [{"bearer": []}] if operation.scope else [],
    }
    if operation.scope:
        described["description"] = f"Needs the scope `{operation.scope}`."
    if operation.body is not None:
        media = "application/x-www-form-urlencoded" if operation.form else "application/json"
        described["requestBody"] = {"required": True, "content": {media: {"schema": schemas.of(operation.body)}}}
    return described


def _parameters(operation: Operation) -> list[Json]:
    parameters: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    if operation.query is not None:
        _, components = msgspec.json.schema_components([operation.query])
        schema = components[operation.query.__name__]
        required = schema.get("required", [])
        parameters += [
            {"name": name, "in": "query", "required": name in required, "schema": form}
            for name, form in schema["properties"].items()
        ]
    if operation.honours_key:
        form = {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH_MAX, "pattern": "^[!-~]+$"}
        parameters.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": form})
    if operation.conditional:
        parameters.append({"name": "If-Match", "in": "header", "required": False, "schema": {"type": "string"}})
    return parameters


def _responses(operation: Operation, system: System[Any], schemas: _Schemas) -> Json:
    reply = {"application/json": {"schema": schemas.of(operation.reply)}}
    error = {"application/json": {"schema": schemas.of(system.error_type)}}
    answered = {str(status): _response(status, reply) for status in (operation.status, *operation.also)}
    statuses = refusals(operation, system.invalid_status, limited="limits" in system.quirks.sections)
    refused = {str(status): _response(status, error) for status in statuses}
    return {**answered, **refused}


def refusals(operation: Operation, invalid_status: int = 400, *, limited: bool = False) -> list[int]:
    """Every status an operation may refuse with: what its rules say, and what the kit says for it."""
    statuses = {*operation.refusals, invalid_status, 413}
    if operation.scope:
        statuses |= {401, 403, 429} if limited else {401, 403}
    if operation.honours_key:
        statuses.add(422)
    if operation.conditional:
        statuses |= {412, 428}
    return sorted(statuses)


def _response(status: int, content: Json) -> Json:
    return {"description": _REASONS.get(status, "Refused"), "content": content}
