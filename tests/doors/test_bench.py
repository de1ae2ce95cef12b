"""What the served door is measured against does the same work, as far as a caller can tell; and replies travel whole."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mocks.kit.asgi import App, asgi_app
from sim import bench_served
from sim.bench_plain import TOKEN, PlainInvoices
from tests.doors.stand import Served, serving
from tests.mocks.doors import Estate, InProcess
from tests.mocks.papers import erp_invoice, erp_order

Exchange = tuple[int, Any]


async def _exchanges(app: App, token: str) -> list[Exchange]:
    """What wrk sends, and what goes wrong around it."""
    said: list[Exchange] = []
    bearer = {"authorization": f"Bearer {token}"}
    keyed = {**bearer, "idempotency-key": "k-1"}
    bill = erp_invoice("25.00", (1, 10, "2.50", "25.00"))
    source = {"SourceRef": bill["SourceRef"]}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://door/cloud_erp") as client:
        for answer in (
            await client.post("/invoices", json=bill),
            await client.get("/invoices", params=source, headers=bearer),
            await client.post("/invoices", json=bill, headers=keyed),
            await client.post("/invoices", json=bill, headers=keyed),
            await client.post("/invoices", json={**bill, "InvoiceNumber": "other"}, headers=keyed),
            await client.post("/invoices", json={**bill, "InvoiceAmount": "much"}, headers=bearer),
            await client.get("/invoices", params=source, headers=bearer),
        ):
            known = answer.status_code < 300
            said.append((answer.status_code, _without_moments(answer.json()) if known else None))
    return said


def _without_moments(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_moments(item) for item in value]
    if isinstance(value, dict):
        return {name: _without_moments(item) for name, item in value.items() if name != "PostedAt"}
    return value


def test_the_plain_application_answers_as_the_estate_does() -> None:
    estate = Estate()
    estate.act(estate.cloud_erp, lambda work: estate.cloud_erp.state.open_period(work, "H1", "2026-10"))
    token = InProcess(estate).token()
    door = asgi_app(estate.systems, lambda: estate.now_ms)

    async def order() -> None:
        headers = {"authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=door), base_url="http://door") as client:
            (await client.post("/cloud_erp/purchaseOrders", json=erp_order(), headers=headers)).raise_for_status()

    asyncio.run(order())
    by_estate = asyncio.run(_exchanges(door, token))
    assert [status for status, _ in by_estate] == [401, 200, 201, 201, 422, 400, 200]
    assert asyncio.run(_exchanges(PlainInvoices().serve, TOKEN)) == by_estate


@pytest.mark.skipif(not bench_served.can_measure(), reason="wrk is not installed")
def test_the_measurement_measures_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """One short round: nobody fails, every invoice looked up is there once, each server has worked."""
    monkeypatch.setattr(bench_served, "ROUND_S", 1)
    (measured,) = bench_served.measure(rounds=1)
    assert all(sample.per_s > 0 and sample.cpu_us > 0 for sample in measured)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A small estate."""
    with serving(tmp_path, "quiet-week-invoices", "--capacity") as estate:
        yield estate


def _talk(served: Served, *pieces: bytes) -> bytes:
    """Send pieces over one connection, waiting for an answer after each but the last; all that came until it was closed."""
    got = b""
    with socket.create_connection(("127.0.0.1", int(served.url.rpartition(":")[2])), timeout=10) as connection:
        for place, piece in enumerate(pieces):
            if place:
                got += connection.recv(65_536)
            connection.sendall(piece)
        while part := connection.recv(65_536):
            got += part
    return got


def test_replies_travel_whole_in_every_kind_of_conversation(served: Served) -> None:
    """Heads without a body, requests in a pipeline, a body that waits to be asked for, and what is no HTTP at all."""
    get = b"GET /cloud_erp/periods HTTP/1.1\r\nhost: x\r\n"
    head = _talk(served, b"HEAD /cloud_erp/periods HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 405 ")
    assert head.endswith(b"\r\n\r\n")
    options = _talk(served, b"OPTIONS /cloud_erp/periods HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    assert options.startswith(b"HTTP/1.1 204 ")
    assert options.endswith(b"\r\n\r\n")
    pipelined = _talk(served, 2 * (get + b"\r\n") + get + b"connection: close\r\n\r\n")
    assert pipelined.count(b"HTTP/1.1 401 ") == 3
    form = b"grant_type=client_credentials&client_id=x&client_secret=y"
    asked = b"POST /identity/oauth2/token HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\nconnection: close\r\n"
    asked += b"content-type: application/x-www-form-urlencoded\r\ncontent-length: %d\r\n\r\n" % len(form)
    continued = _talk(served, asked, form)
    assert continued.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 ")
    assert json.loads(continued.rpartition(b"\r\n\r\n")[2])
    assert _talk(served, b"neither here nor there\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_a_judge_that_waited_finds_what_is_wrong(served: Served) -> None:
    """With limits lifted nothing is judged before somebody asks: an order that nobody placed is found all the same."""
    settings = served.get("/settings")
    form = {"grant_type": "client_credentials"} | {name: settings[name] for name in ("client_id", "client_secret")}
    token = httpx.post(f"{served.url}/identity/oauth2/token", data=form).raise_for_status().json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    httpx.post(f"{served.url}/cloud_erp/purchaseOrders", json=erp_order(), headers=headers).raise_for_status()
    judged = {result["id"]: result for result in served.post("/finish")["invariants"]}
    assert judged["I02"]["verdict"] == "fail"
    assert judged["I02"]["violations"] == 1
