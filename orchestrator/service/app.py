"""The service's HTTP side: webhooks in, whether it is well and idle, and the read API. HTTP in and out only.

POST /hooks/{system}     a delivery; answered once it is durable
GET  /health             200 while the engine works
GET  /idle?now=…         whether anything is in hand; `now` is the business time, for those who go step by step
GET  /status             how much is open          ┐
GET  /lineage/{paper}    what became of a paper    │ with the read API's bearer token
GET  /cases?open=true    what people were asked    ┘
GET  /dead-letters       what was given up         ┐ with a grant: its hospitals, and no others
POST /replays            take it up again          ┘
GET  /openapi.json       all of this, for programs
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec

from orchestrator.adapters.grants import Grant, Grants
from orchestrator.canonical import milliseconds, moment
from orchestrator.engine.replay import Came, Wish
from orchestrator.service import api
from orchestrator.service.api import Health, Idle, Problem, Replayed, Taken
from orchestrator.service.clock import NEVER, BusinessClock
from orchestrator.service.ports import Activity, HttpDelivery, HttpInbound
from orchestrator.service.records import Records

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Answer = tuple[int, Any]
Headers = dict[str, str]

BODY_BYTES_MAX: Final = 1_048_576
ANSWER_S: Final = 30.0
"""A delivery that is not durable by then is answered 503: it will come again."""
_ROUTES: Final = {
    "hooks": ("POST", True),
    "health": ("GET", False),
    "idle": ("GET", False),
    "status": ("GET", False),
    "lineage": ("GET", True),
    "cases": ("GET", False),
    "dead-letters": ("GET", False),
    "replays": ("POST", False),
    "openapi.json": ("GET", False),
}
"""What there is, by which method, and whether more follows in the path."""
_REFUSED: Final = {
    401: "the signature is not that of this body under the webhook secret",
    422: "the body is not what its topic brings",
    503: "not durable yet: send it again",
}
_LAST: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""A clock that is told never goes back, so a slip of the pen must not send it to the end of days."""
READER: Final = Grant("reader", ("*",), 0)
"""Who has the read API's token: all may be read, nothing done."""
TURNS: Final = 25
"""Turns of the loop in which nothing must happen before this process calls itself idle."""
LOOKS: Final = 4
"""How often it looks before it says that it is not."""


class App:
    """One service's application."""

    def __init__(
        self, clock: BusinessClock, activity: Activity, inbound: HttpInbound, token: str, grants: Grants
    ) -> None:
        """Take deliveries for an engine that is about to run."""
        self.records: Records | None = None
        self.replay: Callable[[Wish], Awaitable[Came]] | None = None
        self.stopping = False
        self.failed = ""
        self._clock = clock
        self._activity = activity
        self._inbound = inbound
        self._token = token.encode()
        self._grants = grants

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        status, value, headers = await self._answer(scope, receive)
        body = b"" if status == 204 else msgspec.json.encode(value)
        sent = [(name.encode(), text.encode()) for name, text in headers.items()]
        if body:
            sent += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, Any, Headers]:
        method = scope["method"]
        first, _, rest = scope["path"].strip("/").partition("/")
        allowed, wants_more = _ROUTES.get(first, ("", False))
        if not allowed or wants_more != bool(rest):
            return 404, Problem("there is nothing here"), {}
        allow = {"allow": f"{allowed}, OPTIONS"}
        if method == "OPTIONS":
            return 204, None, allow
        if method not in (("POST",) if allowed == "POST" else ("GET", "HEAD")):
            return 405, Problem(f"only {allowed}"), allow
        status, value = await self._carried_out(first, rest, scope, receive)
        return status, value, {"www-authenticate": "Bearer"} if status == 401 and first != "hooks" else {}

    async def _carried_out(self, first: str, rest: str, scope: Scope, receive: Receive) -> Answer:
        if _ROUTES[first][0] == "POST":
            return await (self._hook(rest, scope, receive) if first == "hooks" else self._replay(scope, receive))
        if first == "health":
            return self._health()
        if first == "openapi.json":
            return 200, api.document()
        query = {
            name: values[-1]
            for name, values in parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True).items()
        }
        try:
            if first == "idle":
                return await self._idle(msgspec.convert(query, api.Now).now)
            return self._read(first, rest, query, scope)
        except msgspec.ValidationError as error:
            return 422, Problem(str(error))

    async def _hook(self, system: str, scope: Scope, receive: Receive) -> Answer:
        body = await _body(receive)
        if body is None:
            return 413, Problem(f"a delivery has at most {BODY_BYTES_MAX} bytes")
        if self.stopping or self.failed:
            return 503, Problem("not at work")
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        delivery = HttpDelivery(system, headers, body)
        activity = self._activity
        activity.stirred += 1
        activity.deliveries += 1
        self._inbound.waiting.put_nowait(delivery)
        try:
            status = await asyncio.wait_for(asyncio.shield(delivery.answer), ANSWER_S)
        except TimeoutError:
            status = 503
        finally:
            activity.deliveries -= 1
            activity.stirred += 1
        return status, Taken() if status == 200 else Problem(_REFUSED.get(status, "refused"))

    def _health(self) -> Answer:
        if self.failed or self.stopping:
            return 503, Health("failed" if self.failed else "stopping", self.failed)
        return 200, Health("ok")

    async def _idle(self, now: str) -> Answer:
        """Idle is who has nothing in hand but calls that are out: every step of the engine follows from one of these."""
        clock, activity = self._clock, self._activity
        if now:
            try:
                told = moment(now)
            except ValueError:
                return 422, Problem("now is not a moment such as 2026-10-05T12:00:00Z")
            if told >= _LAST:
                return 422, Problem(f"now is not before {_LAST:%Y}")
            clock.reach(milliseconds(told))
        quiet = False
        for _ in range(LOOKS):
            before = activity.stirred, clock.stirred
            for _ in range(TURNS):
                await asyncio.sleep(0)
            quiet = before == (activity.stirred, clock.stirred) and clock.next_ms() > clock.now_ms()
            if quiet:
                break
        next_ms = clock.next_ms()
        following = "" if next_ms >= NEVER else datetime.fromtimestamp(next_ms / 1000, UTC).isoformat()
        return 200, Idle(quiet, activity.calls, following, activity.deliveries)

    def _who(self, scope: Scope) -> Grant | None:
        """Who asks: the bearer of a grant, or of the token that may read everything and act for nobody."""
        scheme, _, given = dict(scope["headers"]).get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        if hmac.compare_digest(given, self._token):
            return READER
        return self._grants.read(given.decode("latin-1"))

    def _read(self, what: str, paper: str, query: dict[str, str], scope: Scope) -> Answer:
        who = self._who(scope)
        if who is None:
            return 401, Problem("the read API needs its bearer token, or a grant")
        records = self.records
        if records is None:
            return 503, Problem("the store is not open yet")
        if what == "dead-letters":
            return 200, records.dead_letters(who.entities)
        if "*" not in who.entities:
            return 403, Problem("this tells of all hospitals, and the grant is for some")
        return self._told(records, what, paper, query)

    def _told(self, records: Records, what: str, paper: str, query: dict[str, str]) -> Answer:
        if what == "status":
            return 200, records.status(self._clock.business_now().isoformat())
        if what == "cases":
            return 200, records.cases(only_open=msgspec.convert(query, api.Which).open == "true")
        lineage = records.lineage(paper)
        return (200, lineage) if lineage is not None else (404, Problem("nothing is known of this paper"))

    async def _replay(self, scope: Scope, receive: Receive) -> Answer:
        """Only whoever was granted a hospital may have its effects taken up again."""
        who = self._who(scope)
        if who is None or who is READER:
            return (401, Problem("this needs a grant")) if who is None else (403, Problem("who only reads cannot act"))
        body = await _body(receive)
        if body is None:
            return 413, Problem(f"a request has at most {BODY_BYTES_MAX} bytes")
        if self.replay is None or self.stopping or self.failed:
            return 503, Problem("not at work")
        try:
            wanted = msgspec.json.decode(body, type=api.Replay)
        except ValueError as error:
            return 422, Problem(str(error))
        self._activity.stirred += 1
        came = await self.replay(Wish(wanted.key, who.sub, wanted.reason, who.entities))
        if came == "not-granted":
            return 403, Problem("the effect is another hospital's")
        return (404, Problem("no such dead letter")) if came == "unknown" else (200, Replayed(wanted.key, came))


async def _body(receive: Receive) -> bytes | None:
    parts = b""
    while True:
        message = await receive()
        part: bytes = message.get("body", b"")
        parts += part
        if len(parts) > BODY_BYTES_MAX:
            return None
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return parts
