"""A mocked system: its state, its operations, and the one place where a commit becomes true.

`read` understands a request, `handle` answers it, `perform` lets people act (their screens are not an API). Both doors
call the same two functions. Whatever is committed goes to the `sink` as one: effects and events together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

import msgspec

from contracts.journal import Effect
from contracts.wire import Event, Request, Response
from mocks.kit.operation import Caller, Incoming, Operation, Outcome, Refused, Reply, Work
from mocks.kit.quirks import Quirks
from mocks.kit.tokens import Gate

State = TypeVar("State")
Answer = TypeVar("Answer")
Sink = Callable[[list[Effect], list[Event]], None]
ErrorShape = Callable[[Refused], Any]

_encode = msgspec.json.Encoder().encode
JSON_HEADERS = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class Setup:
    """What the estate hands to every system when it is built."""

    token_key: bytes
    webhook_secret: bytes
    entities: tuple[str, ...]
    clients: tuple[tuple[str, str], ...] = ()


def plain_error(refusal: Refused) -> Any:  # noqa: ANN401 - any JSON value
    """The error shape of a system that has none of its own."""
    return {"code": refusal.code, "message": refusal.message}


class System(Generic[State]):
    """One application of the estate."""

    def __init__(  # noqa: PLR0913 - a system is exactly these parts
        self,
        name: str,
        state: State,
        operations: tuple[Operation, ...],
        quirks: Quirks,
        setup: Setup,
        *,
        error_shape: ErrorShape = plain_error,
        invalid_status: int = 400,
    ) -> None:
        """Put a system together; `sink` is set by whoever composes the estate."""
        self.name = name
        self.state = state
        self.operations = operations
        self.quirks = quirks
        self.error_shape = error_shape
        self.invalid_status = invalid_status
        self.webhook_secret = setup.webhook_secret
        self.sink: Sink = lambda _effects, _events: None
        self._gate = Gate(setup.token_key)
        self._routes = _Routes(operations)
        self._decoders = {op.name: msgspec.json.Decoder(op.body) for op in operations if op.body and not op.form}
        self._answered: dict[tuple[str, str, str], tuple[bytes, Response]] = {}
        self._commits = 0
        self._events = 0

    def read(self, request: Request) -> Incoming:
        """Understand a request: which operation, about whom, with what. Never raises and changes nothing."""
        operation, params, problem = self._routes.match(request.method, request.path)
        incoming = Incoming(request, operation, params)
        incoming.problem = problem
        if operation is None:
            return incoming
        try:
            if operation.query is not None:
                incoming.query = msgspec.convert(request.query, operation.query, strict=False)
            if operation.form:
                incoming.body = msgspec.convert(_form(request.body), operation.body, strict=False)
            elif operation.body is not None:
                incoming.body = self._decoders[operation.name].decode(request.body)
            if operation.subject is not None:
                incoming.subject = operation.subject(incoming)
        except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
            incoming.problem = Refused(self.invalid_status, "invalid_request", str(error))
        return incoming

    def handle(self, incoming: Incoming, now_ms: int) -> Outcome:
        """Answer a request. When this returns, what it brought about is committed."""
        operation = incoming.operation
        try:
            if operation is None:
                raise incoming.problem or Refused(404, "not_found", "no such resource")
            if operation.scope:
                incoming.caller = self._admit(operation, incoming.request, now_ms)
            if incoming.problem is not None:
                raise incoming.problem
            remembered = self._remembered(operation, incoming)
            if remembered is not None:
                return Outcome(remembered)
            work = Work(self.name, now_ms, incoming.caller.client, self._commits + 1, self._events)
            reply = _do(operation, incoming, work)
        except Refused as refusal:
            body = _encode(self.error_shape(refusal))
            return Outcome(Response(refusal.status, body, {**JSON_HEADERS, **refusal.headers}))
        response = _response(reply)
        if operation.honours_key:
            self._remember(operation, incoming, response)
        self._commit(work)
        return Outcome(response, tuple(work.effects), tuple(work.events), reply.idle)

    def perform(self, now_ms: int, actor: str, action: Callable[[Work], Answer]) -> Answer:
        """A person acts in the system: same rules, same commit, no API."""
        work = Work(self.name, now_ms, actor, self._commits + 1, self._events)
        answer = action(work)
        self._commit(work)
        return answer

    def _admit(self, operation: Operation, request: Request, now_ms: int) -> Caller:
        caller = self._gate.admit(request.headers.get("authorization", ""), now_ms)
        if operation.scope not in caller.scopes:
            raise Refused(403, "insufficient_scope", f"the token lacks the scope {operation.scope}")
        return caller

    def _remembered(self, operation: Operation, incoming: Incoming) -> Response | None:
        key = incoming.request.headers.get("idempotency-key")
        if not operation.honours_key or key is None:
            return None
        answered = self._answered.get((incoming.caller.client, operation.name, key))
        if answered is None:
            return None
        if answered[0] != _digest(incoming.request.body):
            raise Refused(422, "idempotency_mismatch", "this idempotency key was used with another body")
        return answered[1]

    def _remember(self, operation: Operation, incoming: Incoming, response: Response) -> None:
        key = incoming.request.headers.get("idempotency-key")
        if key is not None:
            answered = (_digest(incoming.request.body), response)
            self._answered[(incoming.caller.client, operation.name, key)] = answered

    def _commit(self, work: Work) -> None:
        if work.effects or work.events:
            self._commits = work.commit
            self._events += len(work.events)
            self.sink(work.effects, work.events)


class _Routes:
    """Finds the operation for a method and path."""

    def __init__(self, operations: tuple[Operation, ...]) -> None:
        self._by_shape: dict[tuple[str, int], list[tuple[tuple[str, ...], Operation]]] = {}
        self._methods: dict[int, list[tuple[tuple[str, ...], str]]] = {}
        for operation in operations:
            parts = tuple(operation.path.strip("/").split("/"))
            self._by_shape.setdefault((operation.method, len(parts)), []).append((parts, operation))
            self._methods.setdefault(len(parts), []).append((parts, operation.method))

    def match(self, method: str, path: str) -> tuple[Operation | None, dict[str, str], Refused | None]:
        """The operation and its path values, or why there is none."""
        given = path.strip("/").split("/")
        for parts, operation in self._by_shape.get((method, len(given)), ()):
            params = _fit(parts, given)
            if params is not None:
                return operation, params, None
        allowed = sorted({name for parts, name in self._methods.get(len(given), ()) if _fit(parts, given) is not None})
        if allowed:
            return None, {}, Refused(405, "method_not_allowed", f"{method} is not allowed", {"allow": ", ".join(allowed)})
        return None, {}, Refused(404, "not_found", "no such resource")


def _fit(parts: tuple[str, ...], given: list[str]) -> dict[str, str] | None:
    params: dict[str, str] = {}
    for part, value in zip(parts, given, strict=True):
        if part[0:1] == "{":
            params[part[1:-1]] = value
        elif part != value:
            return None
    return params


def _do(operation: Operation, incoming: Incoming, work: Work) -> Reply:
    try:
        return operation.handler(incoming, work)
    except Refused as refusal:
        if work.effects or work.events:
            message = f"{work.system}.{operation.name} refused after it had begun to commit"
            raise AssertionError(message) from refusal
        raise


def _response(reply: Reply) -> Response:
    body = b"" if reply.value is None else _encode(reply.value)
    return Response(reply.status, body, {**JSON_HEADERS, **reply.headers} if reply.headers else JSON_HEADERS)


def _form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode()))


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()
