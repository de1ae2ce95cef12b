"""The HTTP adapter under faults, and the engine over it: what httpx raises, as the connectors understand it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import respx

from contracts.wire import BrokenReply, NotSent, Request, Response, TimedOut
from orchestrator.adapters.http import HttpxHttp, client
from orchestrator.connectors import OPERATIONS
from orchestrator.connectors.base import NotSent as Unsent
from orchestrator.connectors.base import Ok, Outcome, Throttled, Unknown
from orchestrator.engine.assembly import Orchestrator
from orchestrator.engine.caller import Caller
from tests.orchestrator.estate import Estate, Ports, Worker, play

ROOTS = {system: f"https://{system}.test/api" for system in ("identity", "procurement", "cloud_erp")}
CREATE = OPERATIONS["cloud_erp.create_invoice"]
DONE = {"InvoiceId": "AP-1", "SourceRef": "a:1"}


class Torn(httpx.AsyncByteStream):
    """A body that breaks off."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'{"Invo'
        raise httpx.ReadError("reset")


class OverHttp(Ports):
    """A worker's ports with the adapter among them."""

    def __init__(self) -> None:
        super().__init__("w1", Estate("normal"))
        self.http = HttpxHttp(ROOTS, httpx.AsyncClient())  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (httpx.ConnectError("refused"), NotSent),
        (httpx.ConnectTimeout("slow"), NotSent),
        (httpx.PoolTimeout("full"), NotSent),
        (httpx.ReadTimeout("silence"), TimedOut),
        (httpx.WriteTimeout("stuck"), TimedOut),
        (httpx.ReadError("reset"), BrokenReply),
        (httpx.WriteError("reset"), BrokenReply),
        (httpx.RemoteProtocolError("nonsense"), BrokenReply),
    ],
)
def test_each_error_says_whether_the_request_can_have_arrived(raised: Exception, expected: type[Exception]) -> None:
    async def story() -> None:
        with respx.mock(using="httpx") as mock:
            mock.post("https://cloud_erp.test/api/invoices").mock(side_effect=raised)
            with pytest.raises(expected):
                await HttpxHttp(ROOTS, httpx.AsyncClient()).send("cloud_erp", Request("POST", "/invoices"), 5)

    asyncio.run(story())


def test_a_connection_that_is_dropped_without_an_answer_leaves_doubt() -> None:
    """Over sockets: the request was read, so it may have been done. Whatever a client library calls that."""

    async def drop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    async def ask() -> None:
        server = await asyncio.start_server(drop, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        http = HttpxHttp({"erp": f"http://127.0.0.1:{port}", "nobody": "http://127.0.0.1:1"})
        try:
            with pytest.raises(BrokenReply):
                await http.send("erp", Request("POST", "/invoices", body=b"{}"), 5)
            with pytest.raises(NotSent):
                await http.send("nobody", Request("POST", "/invoices", body=b"{}"), 5)
        finally:
            await http.close()
            server.close()

    asyncio.run(ask())


def test_a_system_without_an_address_is_never_reached() -> None:
    with pytest.raises(NotSent, match="no address"):
        asyncio.run(HttpxHttp({}, httpx.AsyncClient()).send("nowhere", Request("GET", "/"), 1))


def test_request_and_reply_cross_unchanged() -> None:
    async def story() -> Response:
        with respx.mock(using="httpx") as mock:
            route = mock.put("https://cloud_erp.test/api/x", params={"a": "1 2"}).respond(
                201, content=b"body", headers={"Retry-After": "3"}
            )
            request = Request("PUT", "/x", {"a": "1 2"}, {"idempotency-key": "k"}, b"\x00raw")
            reply = await HttpxHttp(ROOTS, httpx.AsyncClient()).send("cloud_erp", request, 5)
            sent = route.calls.last.request
            assert (sent.content, sent.headers["idempotency-key"]) == (b"\x00raw", "k")
            return reply

    reply = asyncio.run(story())
    assert (reply.status, reply.body, reply.headers["retry-after"]) == (201, b"body", "3")


def test_a_sequence_of_faults_as_outcomes() -> None:
    """Refused, throttled, down, silent, torn, done: each is its own kind of outcome, every send the same key and bytes."""

    async def story() -> list[Outcome]:
        with respx.mock(using="httpx") as mock:
            mock.post("https://identity.test/api/oauth2/token").respond(json={"access_token": "t", "expires_in": 3600})
            route = mock.post("https://cloud_erp.test/api/invoices").mock(
                side_effect=[
                    httpx.ConnectTimeout("slow"),
                    httpx.Response(429, headers={"Retry-After": "0"}),
                    httpx.Response(503),
                    httpx.ReadTimeout("silence"),
                    httpx.Response(200, stream=Torn()),
                    httpx.Response(201, json=DONE),
                ]
            )
            caller = Caller(OverHttp())
            got = [await caller.call(CREATE, "/invoices", body=b"{}", key="k1") for _ in range(6)]
            assert {(call.request.content, call.request.headers["idempotency-key"]) for call in route.calls} == {
                (b"{}", "k1")
            }
            return got

    kinds = [type(outcome) for outcome in asyncio.run(story())]
    assert kinds == [Unsent, Throttled, Throttled, Unknown, Unknown, Ok]


def test_a_pause_that_was_asked_for_is_kept_without_calling() -> None:
    async def story() -> None:
        with respx.mock(using="httpx") as mock:
            mock.post("https://identity.test/api/oauth2/token").respond(json={"access_token": "t"})
            route = mock.post("https://cloud_erp.test/api/invoices").respond(503, headers={"Retry-After": "120"})
            caller = Caller(OverHttp())
            for _ in range(3):
                assert isinstance(await caller.call(CREATE, "/invoices", body=b"{}", key="k"), Throttled)
            assert route.call_count == 1

    asyncio.run(story())


def test_an_outcome_in_doubt_is_looked_up_and_then_sent_again_as_it_was(tmp_path: Path) -> None:
    """The whole engine over httpx: a silent POST, five minutes, a search that finds nothing, the same POST again."""

    class Worked(Worker):
        def __init__(self) -> None:
            self.ports = OverHttp()
            self.orchestrator = Orchestrator(self.ports, tmp_path)
            self.task = asyncio.get_running_loop().create_task(self.orchestrator.run())

    async def story() -> None:
        estate = Estate()
        order = estate.order()
        with respx.mock(using="httpx", assert_all_called=False) as mock:
            mock.post("https://identity.test/api/oauth2/token").respond(json={"access_token": "t", "expires_in": 3600})
            mock.get("https://procurement.test/api/purchase_orders/PO-H1-000001").respond(
                json=estate.orders["PO-H1-000001"]
            )
            told = mock.put("https://procurement.test/api/purchase_orders/PO-H1-000001/status").respond(json={})
            route = mock.route(host="cloud_erp.test").mock(
                side_effect=[
                    httpx.ReadTimeout("silence"),
                    httpx.Response(200, json={"items": []}),
                    httpx.Response(201, json={"OrderHeaderId": "EPO-1"}),
                ]
            )
            assert await Worked().take(order, 290) == 200
            assert route.call_count == 1
            await asyncio.sleep(60)
            first, search, second = (call.request for call in route.calls)
            assert (search.method, search.url.params["SourceRef"]) == ("GET", "procurement:PO-H1-000001")
            assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == "po:H1:PO-H1-000001:1"
            assert first.content == second.content
            assert told.called

    play(story)


def test_the_clients_transport_is_the_fast_one_where_it_is_installed() -> None:
    async def story() -> None:
        made = client()
        assert type(made._transport).__name__ == "AiohttpTransport"
        await made.aclose()

    asyncio.run(story())
