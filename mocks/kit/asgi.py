"""The real door: a plain ASGI application over the same `read` and `handle` that the virtual door calls.

`/<prefix>/…` reaches the system of that prefix, `/<prefix>/openapi.json` its document. `through` stands between the two
halves, so that a wire can put faults and a journal there; without one a request is simply handled. HTTP in and out only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from contracts.wire import Request, Response
from mocks.kit.openapi import document
from mocks.kit.operation import Incoming, Refused
from mocks.kit.system import JSON_HEADERS, PlainError, System

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Systems = Mapping[str, System[Any]]
Now = Callable[[], int]
Through = Callable[[System[Any], Incoming], Awaitable[Response]]

BODY_BYTES_MAX: Final = 1_048_576
QUERY_FIELDS_MAX: Final = 100
DOCUMENT: Final = "/openapi.json"
_JSON: Final = (b"content-type", b"application/json")


class _Gone(Exception):
    """The caller hung up before its request was whole."""


def asgi_app(systems: Systems, now_ms: Now, through: Through | None = None) -> App:
    """An application that serves systems by prefix, on the clock that `now_ms` reads."""
    return _Door(systems, now_ms, through).serve


class _Door:
    """The systems behind one application."""

    def __init__(self, systems: Systems, now_ms: Now, through: Through | None) -> None:
        self._systems = systems
        self._now_ms = now_ms
        self._through = through or self._handle
        self._documents: dict[str, Response] = {}

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection: the server's lifespan, or a request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            try:
                response = await self._answer(scope, receive)
            except _Gone:
                return
            await _reply(send, response, bodiless=scope["method"] == "HEAD")
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        prefix, slash, rest = scope["path"].removeprefix("/").partition("/")
        system = self._systems.get(prefix)
        if system is None:
            return _plain(404, "not_found", "no such system")
        path = slash + rest
        method = scope["method"]
        if method == "OPTIONS":
            return self._options(system, path)
        if path == DOCUMENT:
            return self._document(prefix, system, method)
        headers = _headers(scope)
        try:
            body = await _body(headers, receive)
            query = _query(scope["query_string"])
        except Refused as refusal:
            return system.refuse(refusal, self._now_ms())
        return await self._through(system, system.read(Request(method, path, query, headers, body)))

    async def _handle(self, system: System[Any], incoming: Incoming) -> Response:
        return system.handle(incoming, self._now_ms()).response

    def _options(self, system: System[Any], path: str) -> Response:
        allowed = ("GET", "OPTIONS") if path == DOCUMENT else system.allowed(path)
        if not allowed:
            return system.refuse(Refused(404, "not_found", "no such resource"), self._now_ms())
        return Response(204, b"", {"allow": ", ".join(allowed)})

    def _document(self, prefix: str, system: System[Any], method: str) -> Response:
        if method != "GET":
            refusal = Refused(405, "method_not_allowed", "this method is not allowed", {"allow": "GET, OPTIONS"})
            return system.refuse(refusal, self._now_ms())
        known = self._documents.get(prefix)
        if known is None:
            known = Response(200, msgspec.json.encode(document(system, f"/{prefix}")), JSON_HEADERS)
            self._documents[prefix] = known
        return known


async def _body(headers: Mapping[str, str], receive: Receive) -> bytes:
    """The request's body; one that is too long is refused, at its announcement if it is announced."""
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:18]) > BODY_BYTES_MAX:
        raise _too_long()
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        part = message.get("body", b"")
        size += len(part)
        if size > BODY_BYTES_MAX:
            raise _too_long()
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _too_long() -> Refused:
    return Refused(413, "body_too_large", f"a body has at most {BODY_BYTES_MAX} bytes", {"connection": "close"})


def _query(raw: bytes) -> dict[str, str]:
    if not raw:
        return {}
    text = raw.decode("utf-8", "replace")
    if text.count("&") >= QUERY_FIELDS_MAX:
        raise Refused(400, "invalid_request", "too many query fields")
    if "%" in text or "+" in text:
        return dict(parse_qsl(text, keep_blank_values=True))
    # Nothing is escaped: three times as fast, and what most callers of a look-up send.
    return {name: value for name, _, value in (field.partition("=") for field in text.split("&") if field)}


def _headers(scope: Scope) -> dict[str, str]:
    """Headers as text; the server has made their names lower case."""
    given = scope["headers"]
    headers: dict[str, str] = {name.decode("latin-1"): value.decode("latin-1") for name, value in given}
    if len(headers) < len(given):
        for name in headers:
            headers[name] = ", ".join(
                value.decode("latin-1") for other, value in given if other.decode("latin-1") == name
            )
    return headers


def _plain(status: int, code: str, message: str) -> Response:
    return Response(status, msgspec.json.encode(PlainError(code, message)), JSON_HEADERS)


async def _reply(send: Send, response: Response, *, bodiless: bool) -> None:
    if response.headers is JSON_HEADERS:
        headers = [_JSON]
    else:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
    if response.status != 204:  # a 204 has no body, hence no length
        headers.append((b"content-length", b"%d" % len(response.body)))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if bodiless else response.body})


async def send_half(send: Send, response: Response) -> None:
    """The head of a reply, which promises all of the body, and half of that."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    half = response.body[: len(response.body) // 2]
    await send({"type": "http.response.body", "body": half, "more_body": True})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
