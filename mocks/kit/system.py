"""A mocked system: its state, its operations, and the one place where a commit becomes true.

`read` understands a request, `handle` answers it, `perform` lets people act (their screens are not an API). Both doors
call the same two functions. Whatever is committed goes to the `sink` as one: effects and events together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Generic, TypeVar, TypeVarTuple
from urllib.parse import parse_qsl

import msgspec
import msgspec.inspect
import simpy

from contracts.journal import Effect
from contracts.wire import Event, Request, Response
from mocks.kit.limits import Limits
from mocks.kit.operation import Bend, Incoming, Operation, Outcome, Refused, Work
from mocks.kit.quirks import Quirks
from mocks.kit.routing import Routes
from mocks.kit.signing import Signer
from mocks.kit.tokens import Gate, KeyRing

State = TypeVar("State")
Answer = TypeVar("Answer")
Given = TypeVarTuple("Given")
Sink = Callable[[list[Effect], list[Event]], None]
Process = Callable[[simpy.Environment], Generator[simpy.Event, Any, None]]
"""Work that a system does by itself."""
ErrorShape = Callable[[Refused, int], Any]

JSON_HEADERS: Final = {"content-type": "application/json"}
KEY_LENGTH_MAX: Final = 255

_encode = msgspec.json.Encoder().encode
_UNREADABLE = (msgspec.MsgspecError, UnicodeError, ValueError, RecursionError)


class PayDay(msgspec.Struct, frozen=True):
    """A pay run of an entity: the moment, and the local date that its payments bear."""

    at_ms: int
    entity: str
    on: dt.date


@dataclass(frozen=True, slots=True)
class Setup:
    """What the estate hands to every system when it is built."""

    token_key: bytes
    webhook_secret: bytes
    entities: tuple[str, ...]
    clients: tuple[tuple[str, str], ...] = ()
    granted: tuple[str, ...] = ("*",)
    token_now_ms: Callable[[], int] | None = None
    """The clock that tokens live by, where that is not the estate's own: behind the real door they live in wall time."""
    ring: KeyRing = field(init=False)
    """The keys that sign tokens: the identity system turns them, the others know what it has published."""

    def __post_init__(self) -> None:
        """Grow the first key."""
        object.__setattr__(self, "ring", KeyRing(self.token_key))

    true_limits: bool = False
    """Whether systems refuse what is more than their family allows; they live by the same clock as tokens."""
    others_use: Mapping[str, float] = field(default_factory=dict)
    """Which share of a system's limits other clients of the group use up."""
    maintenance: bool = False
    """Whether systems are down when their family's calendar says so."""
    all_topics: bool = False
    """Whether systems send every topic of their family, also those that say nothing an integration must act on."""
    pay_days: tuple[PayDay, ...] = ()
    """When the books pay suppliers, in order; never, where nobody does."""
    terms_days: int = 30
    """How long after its date a bill is due."""


class PlainError(msgspec.Struct, frozen=True):
    """What a system without an error shape of its own says."""

    code: str
    message: str


def plain_error(refusal: Refused, now_ms: int) -> PlainError:
    """The error shape of a system that has none of its own."""
    del now_ms
    return PlainError(refusal.code, refusal.message)


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
        error_type: Any = PlainError,  # noqa: ANN401 - a type, for the OpenAPI document; `list[X]` is one too
        invalid_status: int = 400,
    ) -> None:
        """Put a system together; `sink` is set by whoever composes the estate, who also starts its `processes`."""
        self.name = name
        self.state = state
        self.operations = operations
        self.quirks = quirks
        self.error_shape = error_shape
        self.error_type = error_type
        self.invalid_status = invalid_status
        self.signer = Signer(setup.webhook_secret)
        self.sink: Sink = lambda _effects, _events: None
        self.processes: tuple[Process, ...] = ()
        self._gate = Gate(setup.ring, setup.token_now_ms)
        limited = setup.true_limits and "limits" in quirks.sections
        self._limits = Limits(quirks, 1 - setup.others_use.get(name, 0.0)) if limited else None
        self._limits_now_ms = setup.token_now_ms
        self.limited = True
        """Whether its true limits hold now: not while its calls take no time, when a second has no measure."""
        self._routes = Routes(operations)
        self._decode: dict[str, Callable[[bytes], Any]] = {
            op.name: _decoder(op.body) for op in operations if op.body and not op.form
        }
        self._moments = {op.name: _moments(op.query) for op in operations if op.query}
        self._answered: dict[tuple[str, str, str], tuple[bytes, Response]] = {}
        self._commits = 0
        self._events = 0

    def allowed(self, path: str) -> tuple[str, ...]:
        """The methods that a path knows; none if there is no such path."""
        return self._routes.allowed(path)

    def read(self, request: Request) -> Incoming:
        """Understand a request: which operation, about whom, with what. Never raises and changes nothing."""
        operation, params, problem = self._routes.match(request.method, request.path)
        incoming = Incoming(request, operation, params)
        if operation is None:
            incoming.problem = problem
            return incoming
        try:
            if operation.query is not None:
                incoming.query = self._query(operation, request.query)
            if operation.form:
                incoming.body = msgspec.convert(_form(request.body), operation.body, strict=False)
            elif operation.body is not None:
                incoming.body = self._decode[operation.name](request.body)
            if operation.subject is not None:
                incoming.subject = operation.subject(incoming)
        except _UNREADABLE as error:
            incoming.problem = Refused(self.invalid_status, "invalid_request", str(error))
        return incoming

    def _query(self, operation: Operation, given: dict[str, str]) -> Any:  # noqa: ANN401 - the operation's query type
        for name in self._moments[operation.name]:
            if ":" not in given.get(name, ":"):
                message = f"{name} is not a date-time"
                raise ValueError(message)
        return msgspec.convert(given, operation.query, strict=False)

    def handle(self, incoming: Incoming, now_ms: int, bend: Bend | None = None) -> Outcome:
        """Answer a request. When this returns, what it brought about is committed. `bend` is a fault's doing."""
        operation, headers = incoming.operation, incoming.request.headers
        work: Work | None = None
        remember: tuple[str, str, str] | None = None
        try:
            if operation is None:
                raise incoming.problem or Refused(404, "not_found", "no such resource")
            if operation.scope:
                incoming.caller = self._gate.admit(headers.get("authorization", ""), operation.scope, now_ms)
                if self._limits is not None and self.limited:
                    self._limits.admit(incoming.caller.client, self._limits_now_ms() if self._limits_now_ms else now_ms)
            if incoming.problem is not None:
                raise incoming.problem
            if operation.honours_key and "idempotency-key" in headers:
                remember, answered = self._remembered(operation, incoming, bend)
                if answered is not None:
                    return Outcome(_again(answered, incoming.request.body))
            begin = Work if bend is None else bend.work
            work = begin(self.name, now_ms, incoming.caller.client, self._commits + 1, self._events)
            reply = operation.handler(incoming, work)
        except Refused as refusal:
            _unbegun(work, refusal)
            return Outcome(self.refuse(refusal, now_ms))
        shown = {**JSON_HEADERS, **reply.headers} if reply.headers else JSON_HEADERS
        response = Response(reply.status, _encode(reply.value), shown)
        if remember is not None:
            self._answered[remember] = (incoming.request.body, response)
        return Outcome(response, self._commit(work), reply.idle)

    def _remembered(
        self, operation: Operation, incoming: Incoming, bend: Bend | None
    ) -> tuple[tuple[str, str, str] | None, tuple[bytes, Response] | None]:
        """Under what the answer is to be remembered, and the one that was given already."""
        key = incoming.request.headers["idempotency-key"]
        if not 0 < len(key) <= KEY_LENGTH_MAX:
            raise Refused(400, "idempotency_key_invalid", f"an idempotency key has 1 to {KEY_LENGTH_MAX} characters")
        if bend is not None and bend.key_ignored:
            bend.ignored = True
            return None, None
        remember = (incoming.caller.client, operation.name, key)
        return remember, self._answered.get(remember)

    def expire(self, authorization: str) -> bool:
        """Accept an access token no longer, although it says that it still lives; whether it was good until now."""
        return self._gate.expire(authorization)

    def perform(self, now_ms: int, actor: str, action: Callable[[Work, *Given], Answer], *given: *Given) -> Answer:
        """A person acts in the system: same rules, same commit, no API. A rule's no comes as `Refused`."""
        work = Work(self.name, now_ms, actor, self._commits + 1, self._events)
        try:
            answer = action(work, *given)
        except Refused as refusal:
            _unbegun(work, refusal)
            raise
        self._commit(work)
        return answer

    def refuse(self, refusal: Refused, now_ms: int) -> Response:
        """A refusal in the family's error shape."""
        refusal.message = refusal.message.encode("utf-8", "replace").decode()
        body = _encode(self.error_shape(refusal, now_ms))
        return Response(refusal.status, body, {**JSON_HEADERS, **refusal.headers})

    def _commit(self, work: Work) -> bool:
        """Let work become true; whether that changed anything."""
        if not work.effects and not work.events:
            return False
        self._commits, self._events = work.commit, work.events_made
        self.sink(work.effects, work.events)
        return True


def _again(answered: tuple[bytes, Response], body: bytes) -> Response:
    if answered[0] != body:
        raise Refused(422, "idempotency_mismatch", "this idempotency key was used with another body")
    return answered[1]


def _unbegun(work: Work | None, refusal: Refused) -> None:
    if work is not None and (work.effects or work.events):
        message = f"{work.system} refused after it had begun to commit"
        raise AssertionError(message) from refusal


# What is told by a type alone is worked out once, however many estates a process builds.


@cache
def _decoder(body: type) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(body).decode


@cache
def _moments(query: type[msgspec.Struct]) -> tuple[str, ...]:
    """The fields of a query that are moments: msgspec would take a bare number for one as well."""
    return tuple(
        field.encode_name
        for field in msgspec.structs.fields(query)
        if isinstance(msgspec.inspect.type_info(field.type), msgspec.inspect.DateTimeType)
    )


def _form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode(), max_num_fields=50))
