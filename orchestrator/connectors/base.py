"""What a connector is made of: operations, prepared calls, and the outcomes a call can have.

The outcome is three-valued where it matters: `Ok`, `Rejected` (definite) and `Unknown` (the system may have done it, or may
yet do it). `NotSent`, `Throttled` and `Unauthorized` are definitely-not-done and may be sent again as they stand.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import msgspec

from contracts.ports import Clock
from contracts.wire import Response


class ConnectorError(ValueError):
    """A document cannot be read as its dialect promises."""


class Ok(msgspec.Struct, frozen=True, gc=False):
    """Done. `value` is what the operation's reader made of the reply."""

    value: Any


class Rejected(msgspec.Struct, frozen=True, gc=False):
    """Definitely not done, and it would not be done the next time either."""

    code: str
    detail: str
    status: int


class Unknown(msgspec.Struct, frozen=True, gc=False):
    """Perhaps done, perhaps later, perhaps never."""

    why: str


class NotSent(msgspec.Struct, frozen=True, gc=False):
    """It never reached the system."""

    why: str


class Throttled(msgspec.Struct, frozen=True, gc=False):
    """Turned away before anything was done. `after_s` is what the system asked for, or 0."""

    after_s: float
    status: int


class Unauthorized(msgspec.Struct, frozen=True, gc=False):
    """The token was not accepted; nothing was done."""


class Lost(msgspec.Struct, frozen=True, gc=False):
    """Perhaps done, perhaps not, and the target has settled: sending it again could do it twice."""


Outcome = Ok | Rejected | Unknown | NotSent | Throttled | Unauthorized | Lost


class Lookup(msgspec.Struct, frozen=True):
    """How to find what an operation may have created: by the natural key we gave it."""

    path: str
    parameter: str
    read: Callable[[bytes, str], str | None]


class Operation(msgspec.Struct, frozen=True):
    """One thing a system can be asked to do, and how far its answers can be trusted.

    `repeatable`: sending it again does no harm, because it reads or sets. `honours_key`: the system keeps `Idempotency-Key`.
    `settle_s`: how long after the last possible send its outcome may still change. `quiet`: nothing waits for its success,
    so its completion may be written with the next transaction rather than in one of its own. `guarded`: it takes effect only
    on the state that was read, whose tag is the effect's `ref` and goes along as `If-Match`. `once`: the system keeps no key
    and cannot be searched, so what is in doubt is never sent again; its workflow finds out what came of it. `asks_by`: the
    parameter in which a read sends the effect's `ref`.
    """

    system: str
    name: str
    method: str
    read: Callable[[bytes], Any]
    error: Callable[[bytes], tuple[str, str]]
    repeatable: bool = False
    honours_key: bool = False
    is_read: bool = False
    lookup: Lookup | None = None
    settle_s: float = 0.0
    timeout_s: float = 30.0
    endless: bool = False
    guarded: bool = False
    once: bool = False
    asks_by: str = ""


class Prepared(msgspec.Struct, frozen=True, gc=False):
    """A command in its system's dialect, ready to be stored and sent. `ref` is the natural key for a lookup."""

    operation: str
    path: str
    body: bytes
    ref: str


THROTTLED: Final = frozenset({429, 503})
DEFINITE: Final = frozenset({400, 402, 403, 404, 405, 406, 409, 410, 411, 412, 413, 414, 415, 417, 422, 428, 431})


def outcome(operation: Operation, response: Response, clock: Clock) -> Outcome:
    """What a reply means."""
    status = response.status
    if 200 <= status < 300:
        try:
            return Ok(operation.read(response.body))
        except ValueError as error:  # msgspec's errors are ValueErrors: a reply that cannot be read proves nothing
            return Unknown(f"{status} with an unreadable body: {error}")
    if status in THROTTLED:
        return Throttled(retry_after_s(response.headers.get("retry-after", ""), clock.business_now()), status)
    if status == 401:
        return Unauthorized()
    if status in DEFINITE:
        try:
            code, detail = operation.error(response.body)
        except ValueError:
            code, detail = "", response.body[:200].decode(errors="replace")
        return Rejected(code, detail, status)
    return Unknown(f"status {status}")


def retry_after_s(text: str, now: datetime) -> float:
    """How long a `Retry-After` asks to wait, in seconds; 0 if it says nothing sensible."""
    if not text:
        return 0.0
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())


def accepted(member: str) -> Callable[[bytes], str]:
    """Read a reply that matters only for saying that it was done: it has a member that no error has, whatever its status."""
    read = msgspec.json.Decoder(msgspec.defstruct("Accepted", [(member, msgspec.Raw)])).decode

    def accept(body: bytes) -> str:
        read(body)
        return ""

    return accept
