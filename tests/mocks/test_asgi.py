"""The real door by itself: sizes, methods, odd bytes, lifespan, and the place where a wire goes."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import httpx
import pytest

from contracts.wire import Response
from mocks.kit.asgi import BODY_BYTES_MAX, App, Message, asgi_app
from mocks.kit.operation import Incoming
from mocks.kit.system import System
from tests.mocks.doors import NOW_MS, Estate, InProcess, OverHttp, Served
from tests.mocks.papers import ordered


@pytest.fixture
def http(estate: Estate, served: Served, http_client: httpx.Client) -> httpx.Client:
    """A client of the estate over sockets."""
    served.app = asgi_app(estate.systems, lambda: estate.now_ms)
    return http_client


def bearer(estate: Estate) -> dict[str, str]:
    return {"authorization": f"Bearer {InProcess(estate).token()}"}


def test_a_body_that_is_too_long_is_refused(http: httpx.Client, estate: Estate) -> None:
    too_long = b" " * (BODY_BYTES_MAX + 1)
    for content in (too_long, (part for part in (too_long[:-5], b"12345"))):
        response = http.post("/cloud_erp/invoices", content=content, headers=bearer(estate))
        assert (response.status_code, response.json()["o:errorCode"]) == (413, "body_too_large")
    assert http.post("/cloud_erp/invoices", content=too_long[1:], headers=bearer(estate)).status_code == 400


def test_options_and_405_name_the_methods(http: httpx.Client) -> None:
    options = http.options("/cloud_erp/invoices")
    assert (options.status_code, options.headers["allow"], options.content) == (204, "GET, POST, OPTIONS", b"")
    assert http.options("/cloud_erp/openapi.json").headers["allow"] == "GET, OPTIONS"
    for method in ("DELETE", "PATCH", "TRACE", "PUT"):
        response = http.request(method, "/cloud_erp/invoices")
        assert (response.status_code, response.headers["allow"]) == (405, "GET, POST, OPTIONS")
        assert http.request(method, "/cloud_erp/openapi.json").status_code == 405


def test_head_is_refused_without_a_body(http: httpx.Client) -> None:
    response = http.head("/cloud_erp/invoices")
    assert (response.status_code, response.content, "allow" in response.headers) == (405, b"", True)


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/nowhere/invoices", "/cloud_erp", "/cloud_erp/", "//cloud_erp/invoices"]
)
def test_other_paths_are_not_found(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code == 404
    assert http.options(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/%00",
        "/%ff%fe",
        "/inv%2Foices",
        "/invoices/%ed%a0%80/cancel",
        "/invoices?SourceRef=%ff",
        "/invoices?" + "a=1&" * 200,
    ],
)
def test_odd_bytes_in_addresses(http: httpx.Client, estate: Estate, path: str) -> None:
    for method in ("GET", "POST"):
        response = http.request(method, f"/cloud_erp{path}", headers=bearer(estate))
        assert response.status_code < 500
        assert response.json() is not None


def test_a_path_is_decoded_once(http: httpx.Client, estate: Estate) -> None:
    number = ordered(estate)
    assert http.get(f"/procurement/purchase_orders/%50O{number[2:]}", headers=bearer(estate)).status_code == 200


def test_a_nul_in_a_text_is_a_character_like_any_other(http: httpx.Client, estate: Estate) -> None:
    found = http.get("/cloud_erp/invoices", params={"SourceRef": "a\x00b"}, headers=bearer(estate))
    assert (found.status_code, found.json()["items"]) == (200, [])


def test_a_header_that_comes_twice_is_one(http: httpx.Client, estate: Estate) -> None:
    headers = [("Authorization", bearer(estate)["authorization"]), ("Authorization", "Bearer other")]
    assert http.get("/cloud_erp/invoices", headers=headers).status_code == 401


def test_a_caller_that_hangs_up_early_harms_nobody(http: httpx.Client, served: Served) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"POST /cloud_erp/invoices HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert http.get("/cloud_erp/openapi.json").status_code == 200


def test_a_wire_can_stand_between_reading_and_handling(
    estate: Estate, served: Served, http_client: httpx.Client
) -> None:
    crossed: list[str] = []

    async def through(system: System[Any], incoming: Incoming) -> Response:
        await asyncio.sleep(0)
        assert incoming.operation is not None
        crossed.append(f"{system.name}.{incoming.operation.name}")
        if len(crossed) == 2:
            return Response(503, b"{}", {"retry-after": "1"})
        return system.handle(incoming, NOW_MS).response

    served.app = asgi_app(estate.systems, lambda: NOW_MS, through)
    door = OverHttp(estate, http_client)
    door.token()
    response = http_client.get("/cloud_erp/invoices")
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert crossed == ["identity.issue_token", "cloud_erp.find_invoices"]


def test_the_document_is_served_to_anybody(http: httpx.Client, estate: Estate) -> None:
    for name in estate.systems:
        response = http.get(f"/{name}/openapi.json")
        assert (response.status_code, response.json()["info"]["title"]) == (200, name)
        assert response.json()["servers"] == [{"url": f"/{name}"}]


def drive(app: App, scope: dict[str, Any], *received: Message) -> list[Message]:
    sent: list[Message] = []
    waiting = list(received)

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    async def run() -> None:
        await app(scope, receive, send)

    asyncio.run(run())
    return sent


def test_lifespan_is_answered(estate: Estate) -> None:
    app = asgi_app(estate.systems, lambda: NOW_MS)
    sent = drive(app, {"type": "lifespan"}, {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_websockets_are_closed(estate: Estate) -> None:
    (sent,) = drive(asgi_app(estate.systems, lambda: NOW_MS), {"type": "websocket"})
    assert sent["type"] == "websocket.close"


def test_a_request_in_pieces_is_one_request(estate: Estate) -> None:
    app = asgi_app(estate.systems, lambda: NOW_MS)
    form = b"grant_type=client_credentials&client_id=reference&client_secret=sesame"
    scope = {"type": "http", "method": "POST", "path": "/identity/oauth2/token", "query_string": b"", "headers": []}
    pieces: list[Message] = [{"type": "http.request", "body": form[:20], "more_body": True}]
    start, body = drive(app, scope, *pieces, {"type": "http.request", "body": form[20:]})
    assert (start["status"], json.loads(body["body"])["token_type"]) == (200, "Bearer")
    assert drive(app, scope, *pieces, {"type": "http.disconnect"}) == []
