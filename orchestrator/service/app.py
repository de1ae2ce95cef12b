"""The service's HTTP side: webhooks in, whether it is well and idle, and the read API. HTTP in and out only.

POST /hooks/{system}     a delivery; answered once it is durable
GET  /health             200 while the engine works
GET  /idle?now=…         whether anything is in hand; `now` is the business time, for those who go step by step
GET  /status             how much is open          ┐
GET  /lineage/{paper}    what became of a paper    │ with the read API's bearer token
GET  /cases?open=true    what people were asked    ┘
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs, unquote

import msgspec

from orchestrator.canonical import milliseconds
from orchestrator.service.clock import NEVER, BusinessClock
from orchestrator.service.ports import Activity, HttpDelivery, HttpInbound
from orchestrator.service.records import Records

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Answer = tuple[int, Any]

BODY_BYTES_MAX: Final = 1_048_576
ANSWER_S: Final = 30.0
"""A delivery that is not durable by then is answered 503: it will come again."""
_ROUTES: Final = {"hooks": True, "health": False, "idle": False, "status": False, "lineage": True, "cases": False}
"""What there is, and whether more follows in the path."""
TURNS: Final = 25
"""Turns of the loop in which nothing must happen before this process calls itself idle."""
LOOKS: Final = 4
"""How often it looks before it says that it is not."""


class App:
    """One service's application."""

    def __init__(self, clock: BusinessClock, activity: Activity, inbound: HttpInbound, token: str) -> None:
        """Take deliveries for an engine that is about to run."""
        self.records: Records | None = None
        self.stopping = False
        self.failed = ""
        self._clock = clock
        self._activity = activity
        self._inbound = inbound
        self._expected = f"Bearer {token}".encode()

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        status, value = await self._answer(scope, receive)
        body = msgspec.json.encode(value)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        if status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        method = scope["method"]
        first, _, rest = scope["path"].strip("/").partition("/")
        wants_more = _ROUTES.get(first)
        if wants_more is None or wants_more != bool(rest):
            return 404, {"error": "there is nothing here"}
        allowed = ("POST",) if first == "hooks" else ("GET", "HEAD")
        if method not in allowed:
            return 405, {"error": f"only {allowed[0]}"}
        if first == "hooks":
            return await self._hook(unquote(rest), scope, receive)
        query = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
        if first == "idle":
            return await self._idle(query.get("now", ""))
        return self._health() if first == "health" else self._read(first, unquote(rest), query, scope)

    async def _hook(self, system: str, scope: Scope, receive: Receive) -> Answer:
        body = await _body(receive)
        if body is None:
            return 413, {"error": f"a delivery has at most {BODY_BYTES_MAX} bytes"}
        if self.stopping or self.failed:
            return 503, {"error": "not at work"}
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
        return status, {}

    def _health(self) -> Answer:
        if self.failed or self.stopping:
            return 503, {"status": "failed" if self.failed else "stopping", "why": self.failed}
        return 200, {"status": "ok"}

    async def _idle(self, now: str) -> Answer:
        """Idle is who has nothing in hand but calls that are out: every step of the engine follows from one of these."""
        clock, activity = self._clock, self._activity
        if now:
            try:
                clock.reach(milliseconds(datetime.fromisoformat(now)))
            except (ValueError, TypeError):
                return 422, {"error": "now is not a moment such as 2026-10-05T12:00:00Z"}
        quiet = False
        for _ in range(LOOKS):
            before = activity.stirred, clock.stirred
            for _ in range(TURNS):
                await asyncio.sleep(0)
            quiet = before == (activity.stirred, clock.stirred) and clock.next_ms() > clock.now_ms()
            if quiet:
                break
        next_ms = clock.next_ms()
        moment = "" if next_ms >= NEVER else datetime.fromtimestamp(next_ms / 1000, UTC).isoformat()
        return 200, {"idle": quiet, "calls": activity.calls, "next": moment}

    def _read(self, what: str, paper: str, query: dict[str, str], scope: Scope) -> Answer:
        given = dict(scope["headers"]).get(b"authorization", b"")
        if not hmac.compare_digest(given, self._expected):
            return 401, {"error": "the read API needs its bearer token"}
        records = self.records
        if records is None:
            return 503, {"error": "the store is not open yet"}
        if what == "status":
            return 200, {"now": self._clock.business_now().isoformat(), **records.status()}
        if what == "cases":
            return 200, {"cases": records.cases(only_open=query.get("open") == "true")}
        lineage = records.lineage(paper)
        return (200, lineage) if lineage is not None else (404, {"error": "nothing is known of this paper"})


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
