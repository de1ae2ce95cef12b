"""The OpenAPI 3.1 document of a system, made of the same operations that the dispatcher uses.

Nothing is written twice: parameters come from path, query type and key policy, bodies and replies from their types,
refusals from what an operation declares and from what the kit itself may answer.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from contracts import api
from contracts.api import Api, Endpoint, Json
from mocks.kit.operation import Operation
from mocks.kit.system import KEY_LENGTH_MAX, System

_SCHEMES: Final = {"bearer": {**api.BEARER, "bearerFormat": "JWT"}}
_KEY: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH_MAX, "pattern": "^[!-~]+$"},
}
_ETAG: Final[Json] = {"name": "If-Match", "in": "header", "required": False, "schema": {"type": "string"}}


def document(system: System[Any], server: str = "/") -> Json:
    """The OpenAPI 3.1 document of a system that is served under a URL."""
    package = sys.modules[type(system.state).__module__.rpartition(".")[0]]
    endpoints = tuple(_endpoint(operation, system) for operation in system.operations)
    return api.document(
        Api(system.name, (package.__doc__ or "").strip(), endpoints, system.error_type, server, _SCHEMES)
    )


def _endpoint(operation: Operation, system: System[Any]) -> Endpoint:
    return Endpoint(
        name=operation.name,
        method=operation.method,
        path=operation.path,
        summary=operation.summary,
        description=f"Needs the scope `{operation.scope}`." if operation.scope else "",
        replies=dict.fromkeys((operation.status, *operation.also), operation.reply),
        refusals=tuple(refusals(operation, system.invalid_status, limited="limits" in system.quirks.sections)),
        body=operation.body,
        form=operation.form,
        query=operation.query,
        headers=((_KEY,) if operation.honours_key else ()) + ((_ETAG,) if operation.conditional else ()),
        guards=("bearer",) if operation.scope else (),
    )


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
