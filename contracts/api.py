"""An HTTP API as data, and the OpenAPI 3.1 document made of it: for mocked systems, the orchestrator and the control plane.

Whoever serves an API lists its endpoints with the very types that it decodes and encodes, so that nothing is written twice.
How an endpoint is carried out is its owner's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

Json = dict[str, Any]

BEARER: Final[Json] = {"type": "http", "scheme": "bearer"}

_TEMPLATE: Final = "#/components/schemas/{name}"
_REASONS: Final = {
    200: "Done",
    201: "Created",
    202: "Not yet",
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


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation. `replies` are the types of its good answers by status; what it refuses with is the API's error type."""

    name: str
    method: str
    path: str
    summary: str
    replies: Mapping[int, Any]
    refusals: tuple[int, ...] = ()
    body: Any = None
    """A type; or several, of which the sender picks one."""
    form: bool = False
    body_required: bool = True
    example: Json = field(default_factory=dict)
    """A body that makes sense, where types alone do not say what does."""
    query: type[msgspec.Struct] | None = None
    headers: tuple[Json, ...] = ()
    description: str = ""
    guards: tuple[str, ...] = ("bearer",)
    """Names of the security schemes, all of which it takes; none is open to anybody."""


@dataclass(frozen=True, slots=True)
class Api:
    """All endpoints that are served under one URL."""

    title: str
    description: str
    endpoints: tuple[Endpoint, ...]
    error: Any
    server: str = "/"
    schemes: Mapping[str, Json] = field(default_factory=lambda: {"bearer": BEARER})
    reasons: Mapping[int, str] = field(default_factory=dict)
    """What a status means here, where that is not what it mostly means."""


def document(api: Api) -> Json:
    """The OpenAPI 3.1 document."""
    schemas = _Schemas(api)
    paths: dict[str, Json] = {}
    for endpoint in api.endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, api, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": api.title, "version": "1", "description": api.description},
        "servers": [{"url": api.server}],
        "paths": paths,
        "components": {"schemas": schemas.components, "securitySchemes": dict(api.schemes)},
    }


class _Schemas:
    """The schemas of every type that an API speaks of, by type."""

    def __init__(self, api: Api) -> None:
        kinds = list({repr(kind): kind for kind in _types(api)}.values())
        made, self.components = msgspec.json.schema_components(kinds, ref_template=_TEMPLATE)
        self._made = {repr(kind): schema for kind, schema in zip(kinds, made, strict=True)}
        for kind in kinds:
            if getattr(getattr(kind, "__struct_config__", None), "forbid_unknown_fields", False):
                self.components[kind.__name__]["additionalProperties"] = False
        for endpoint in api.endpoints:
            if endpoint.query is not None:
                self.components.pop(endpoint.query.__name__, None)

    def of(self, kind: Any) -> Json:  # noqa: ANN401 - any type that msgspec knows
        """The schema of a type: mostly a reference."""
        return self._made[repr(kind)]


def _types(api: Api) -> Iterable[Any]:
    yield api.error
    for endpoint in api.endpoints:
        yield from (
            kind for kind in (*_bodies(endpoint), *endpoint.replies.values(), endpoint.query) if kind is not None
        )


def _bodies(endpoint: Endpoint) -> tuple[Any, ...]:
    return endpoint.body if isinstance(endpoint.body, tuple) else (endpoint.body,)


def _operation(endpoint: Endpoint, api: Api, schemas: _Schemas) -> Json:
    described: Json = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "parameters": _parameters(endpoint),
        "responses": _responses(endpoint, api, schemas),
        "security": [{name: [] for name in endpoint.guards}] if endpoint.guards else [],
    }
    if endpoint.description:
        described["description"] = endpoint.description
    if endpoint.body is not None:
        media = "application/x-www-form-urlencoded" if endpoint.form else "application/json"
        forms = [schemas.of(kind) for kind in _bodies(endpoint)]
        content = {media: {"schema": forms[0] if len(forms) == 1 else {"anyOf": forms}}}
        if endpoint.example:
            content[media]["example"] = endpoint.example
        described["requestBody"] = {"required": endpoint.body_required, "content": content}
    return described


def _parameters(endpoint: Endpoint) -> list[Json]:
    parameters: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in re.findall(r"{(\w+)}", endpoint.path)
    ]
    if endpoint.query is not None:
        _, components = msgspec.json.schema_components([endpoint.query])
        schema = components[endpoint.query.__name__]
        required = schema.get("required", [])
        parameters += [
            {"name": name, "in": "query", "required": name in required, "schema": form}
            for name, form in schema["properties"].items()
        ]
    return [*parameters, *endpoint.headers]


def _responses(endpoint: Endpoint, api: Api, schemas: _Schemas) -> Json:
    kinds = {**dict.fromkeys(sorted(endpoint.refusals), api.error), **endpoint.replies}
    order = (*endpoint.replies, *(status for status in kinds if status not in endpoint.replies))
    reasons = {**_REASONS, **api.reasons}
    return {
        str(status): {
            "description": reasons.get(status, "Refused"),
            "content": {"application/json": {"schema": schemas.of(kinds[status])}},
        }
        for status in order
    }
