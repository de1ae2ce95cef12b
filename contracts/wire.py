"""The messages that cross the wire, and the ways in which a crossing can fail to be answered.

A design never sees more of a system than these. Bodies are bytes: what is in them is the dialect of the system's family
and is deliberately not shared (the Pact contracts check it).
"""

from __future__ import annotations

import msgspec


class WireError(Exception):
    """A call was not answered."""


class NotSent(WireError):
    """The request certainly never reached the system, so sending it again is safe."""


class ConnectTimedOut(NotSent):
    """No connection was made in time."""


class NoReply(WireError):
    """The request was sent and no whole reply came: the system may have committed, or may commit later."""


class TimedOut(NoReply):
    """The caller's patience ended before a reply came."""


class BrokenReply(NoReply):
    """The connection broke in the middle of a reply."""


class Request(msgspec.Struct, frozen=True, gc=False):
    """One HTTP request to a system, below that system's root. Header names are lower case."""

    method: str
    path: str
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    body: bytes = b""


class Response(msgspec.Struct, frozen=True, gc=False):
    """A system's reply to a request."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = {}

    @property
    def ok(self) -> bool:
        """Whether the system says that it did what was asked."""
        return 200 <= self.status < 300


class Subject(msgspec.Struct, frozen=True, gc=False):
    """Whose crossing it is: the entity, and the business key that faults are drawn by.

    `key` stays empty for polls and token calls: those have no business key and are drawn by time window.
    """

    entity: str = ""
    key: str = ""


class Event(msgspec.Struct, frozen=True, gc=False):
    """Something a system tells its subscribers, as it stands in the system's own outbox, which it leaves at `at_ms`.

    The same event may be delivered several times, each time under a delivery id of its own.
    """

    source: str
    event_id: str
    topic: str
    subject: Subject
    version: int
    at_ms: int
    body: bytes
