"""One operation of a system's API, and what its handler works with.

An operation is data: method, path, types, whom a crossing is about, and a handler. The dispatcher, the fault draws and
the OpenAPI document all read the same declaration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import msgspec

from contracts.journal import Effect, Goods, Posting
from contracts.wire import Event, Request, Response, Subject
from mocks.kit.dialect import stamp

NOBODY = Subject()
Record = TypeVar("Record")

_encode = msgspec.json.Encoder().encode


class Refused(Exception):
    """A rule says no. Raise it before anything has been changed."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        """Refuse with an HTTP status, the family's code and a message for people."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


class Caller(msgspec.Struct, frozen=True, gc=False):
    """Who calls: a client of the identity system, what it may do, and for which entities (`*` is all)."""

    client: str
    scopes: frozenset[str] = frozenset()
    entities: tuple[str, ...] = ("*",)

    def may_act_for(self, entity: str) -> bool:
        """Whether the caller was granted the entity."""
        return "*" in self.entities or entity in self.entities

    def require(self, entity: str) -> None:
        """Refuse unless the caller was granted the entity."""
        if "*" not in self.entities and entity not in self.entities:
            raise Refused(403, "entity_not_granted", "the caller was not granted this entity")


class Work(msgspec.Struct, eq=False):
    """One commit in the making: the moment, who acts, and what will be told of it.

    State methods check their rules first, then change the state and record effects and events here; the system applies
    all of it as one. A batch calls `next_commit` between its members.
    """

    system: str
    now_ms: int
    actor: str
    commit: int
    events_made: int
    """How many events the system has told, those of this work among them."""
    effects: list[Effect] = []
    events: list[Event] = []

    def effect(  # noqa: PLR0913 - an effect has as many facets as the oracle may look at; all are named
        self,
        what: str,
        ref: str,
        *,
        entity: str = "",
        source_ref: str = "",
        party: str = "",
        number: str = "",
        amount_minor: int = 0,
        currency: str = "",
        order: str = "",
        on: str = "",
        state: str = "",
        version: int = 0,
        reverses: str = "",
        about: tuple[str, ...] = (),
        lines: tuple[Posting, ...] = (),
        goods: tuple[Goods, ...] = (),
        ledger_minor: int = 0,
    ) -> None:
        """Record something that this commit brings about."""
        self.effects.append(
            Effect(
                self.now_ms,
                self.system,
                what,
                ref,
                self.commit,
                entity,
                self.actor,
                source_ref,
                party,
                number,
                amount_minor,
                currency,
                order,
                on,
                state,
                version,
                reverses,
                about,
                lines,
                goods,
                ledger_minor,
            )
        )

    def event(self, topic: str, subject: Subject, version: int, body: msgspec.Struct, *, at_ms: int = 0) -> None:
        """Put an event into the system's outbox, together with the effects of this commit; it leaves now, or `at_ms`."""
        self.events_made += 1
        event_id = f"{self.system}-ev-{self.events_made}"
        self.events.append(Event(self.system, event_id, topic, subject, version, at_ms or self.now_ms, _encode(body)))

    def next_commit(self) -> None:
        """Close this member of a batch: what follows is a commit of its own."""
        self.commit += 1

    # What a fault may bend; straight work sees everything and takes every row.

    behind: ClassVar[bool] = False
    """Whether there may be records that it does not see."""

    def readable(
        self, caller: Caller, records: list[Record], whose_and_when: Callable[[Record], tuple[str, str]]
    ) -> list[Record]:
        """The records that a caller can read yet and was granted; of each, its entity and its moment are asked."""
        if "*" in caller.entities and not self.behind:
            return records
        seen = []
        for record in records:
            entity, at = whose_and_when(record)
            if caller.may_act_for(entity) and self.sees(at):
                seen.append(record)
        return seen

    def sees(self, at: str) -> bool:
        """Whether a record of that moment, as `stamp` writes it, can be read yet."""
        del at
        return True

    def must_see(self, at: str, says: str) -> None:
        """Refuse with a 404 what cannot be read yet."""
        if not self.sees(at):
            raise Refused(404, "not_found", says)

    def takes(self, row: int) -> bool:
        """Whether a batch's row, counted from 1, is taken if the rules have nothing against it."""
        del row
        return True


class Bend(msgspec.Struct, gc=False):
    """How a fault bends the handling of one request, and whether that came to anything.

    `as_of_ms`: reads are answered by a replica that has heard nothing since. `key_ignored`: no answer is remembered under
    the request's idempotency key, nor given again. `row`: this row of a batch is rejected, the others are taken.
    """

    as_of_ms: int = 0
    key_ignored: bool = False
    row: int = 0
    hid: bool = False
    ignored: bool = False
    rejected: bool = False

    def work(self, system: str, now_ms: int, actor: str, commit: int, events_made: int) -> Work:
        """Begin work that is bent so."""
        as_of = stamp(self.as_of_ms) if self.as_of_ms else ""
        return BentWork(system, now_ms, actor, commit, events_made, bend=self, as_of=as_of)


class BentWork(Work, kw_only=True, eq=False):
    """Work under a fault; `as_of` is the moment that its replica has got to, if it is behind."""

    behind = True
    bend: Bend
    as_of: str

    def sees(self, at: str) -> bool:
        """Nothing that is newer than the replica."""
        if not self.as_of or at <= self.as_of:
            return True
        self.bend.hid = True
        return False

    def takes(self, row: int) -> bool:
        """All but one."""
        if row != self.bend.row:
            return True
        self.bend.rejected = True
        return False


class Reply(msgspec.Struct, frozen=True, gc=False):
    """What a handler answers: a status, a value to encode, headers.

    `idle` marks a list that brought nothing new, or a token: not counted as a crossing.
    """

    status: int
    value: Any = None
    headers: dict[str, str] = {}
    idle: bool = False


_UNKNOWN = Caller("")


class Incoming(msgspec.Struct, eq=False):
    """A request as its system understands it: operation, path values, decoded body and query, the caller.

    `problem` is set where the request cannot be understood; handling it then gives that refusal.
    """

    request: Request
    operation: Operation | None
    """None where the request means none."""
    params: dict[str, str]
    body: Any = None
    query: Any = None
    caller: Caller = _UNKNOWN
    subject: Subject = NOBODY
    problem: Refused | None = None


def require_match(incoming: Incoming, etag: str) -> None:
    """Refuse a change that does not name the version it read: 428 without `If-Match`, 412 where that is stale."""
    tag = incoming.request.headers.get("if-match", "")
    if not tag:
        raise Refused(428, "ETAG-MISSING", "The request must be conditional: send If-Match.")
    if tag not in ("*", etag):
        raise Refused(412, "ETAG-STALE", "The resource was changed since it was read.")


Handler = Callable[[Incoming, Work], Reply]
SubjectOf = Callable[[Incoming], Subject]


@dataclass(frozen=True, slots=True)
class Operation:
    """One entry of a system's API.

    `subject` says whom a crossing is about; operations without one are polls or token calls. `honours_key` says that a
    repeated `Idempotency-Key` gets the first answer. `batch` names the rows of a body that are taken or rejected one by one
    (`Work.takes`), in order, by the references that the caller gave them. `refusals` are the statuses that the handler's own rules may
    answer with; those of the kit (token, form, size) go without saying.
    """

    name: str
    method: str
    path: str
    handler: Handler
    summary: str
    body: type | None = None
    form: bool = False
    query: type[msgspec.Struct] | None = None
    reply: Any = None
    status: int = 200
    scope: str = ""
    subject: SubjectOf | None = None
    honours_key: bool = False
    conditional: bool = False
    """Whether the caller must name the ETag that it read, in `If-Match`: 428 without, 412 for a stale one."""
    commits: bool = False
    batch: Callable[[Incoming], tuple[str, ...]] | None = None
    refusals: tuple[int, ...] = ()
    also: tuple[int, ...] = ()
    """Other statuses that answer with the same reply: 200 where a create finds that it was done before."""


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What came of a request: the response; `committed`, whether the system's books are other than before."""

    response: Response
    committed: bool = False
    idle: bool = False
