"""The wire: detached crossings, attempts, deliveries until acknowledged, secrets kept, and the httpx seam."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import msgspec
import pytest

from contracts.plan import Fault
from contracts.ports import Ports
from contracts.wire import NotSent, Request, TimedOut
from tests.sim.small import Bench, post


def test_attempts_count_by_subject() -> None:
    """The second post of A is attempt 2, whatever was posted in between."""

    async def design(ports: Ports, _durable: Path) -> None:
        for ref in ("A", "B", "A"):
            await ports.http.send("ledger", post(ref), 5)

    bench = Bench(design).run()
    assert [(call.key, call.attempt) for call in bench.calls] == [("A", 1), ("B", 1), ("A", 2)]


def test_an_empty_poll_is_idle_and_a_fruitful_one_is_not() -> None:
    """Crossings that bring nothing are counted apart."""

    async def design(ports: Ports, _durable: Path) -> None:
        everything = Request("GET", "/entries")
        await ports.http.send("ledger", everything, 5)
        await ports.http.send("ledger", post("A"), 5)
        await ports.http.send("ledger", everything, 5)

    bench = Bench(design).run()
    assert [call.idle for call in bench.calls] == [True, False, False]
    assert bench.wire.idle_crossings == 1


def test_an_unknown_system_is_certainly_not_sent() -> None:
    """Nothing to reach, nothing to doubt."""
    seen: list[str] = []

    async def design(ports: Ports, _durable: Path) -> None:
        try:
            await ports.http.send("nowhere", post("A"), 5)
        except NotSent as error:
            seen.append(str(error))

    Bench(design).run()
    assert seen == ["no system is called 'nowhere'"]


def test_latency_beyond_patience_is_a_timeout_and_still_commits() -> None:
    """A caller with a millisecond of patience gives up; the request goes on."""
    seen: list[str] = []

    async def design(ports: Ports, _durable: Path) -> None:
        try:
            await ports.http.send("ledger", post("A"), 0.001)
        except TimedOut:
            seen.append("timeout")

    bench = Bench(design).run()
    assert seen == ["timeout"]
    assert len(bench.effects) == 1


def test_an_unanswered_delivery_comes_again_until_the_policy_gives_up() -> None:
    """Three tries, five seconds of patience each, ten and sixty seconds between them."""

    async def deaf(ports: Ports, _durable: Path) -> None:
        await ports.http.send("ledger", post("A"), 5)
        while True:
            await ports.inbound.receive()

    bench = Bench(deaf).run()
    assert [delivery.outcome for delivery in bench.deliveries] == ["unanswered"] * 3
    assert [delivery.attempt for delivery in bench.deliveries] == [1, 2, 3]
    first, second, third = (delivery.at for delivery in bench.deliveries)
    assert 15_000 <= second - first < 17_000
    assert 65_000 <= third - second < 67_000
    assert bench.postman.given_up == 1
    assert bench.postman.on_the_way == 0


def test_a_refused_delivery_comes_again() -> None:
    """500, then 200."""
    statuses = [500, 200]

    async def design(ports: Ports, _durable: Path) -> None:
        await ports.http.send("ledger", post("A"), 5)
        for status in statuses:
            (await ports.inbound.receive()).refuse(status)

    bench = Bench(design).run()
    assert [(delivery.outcome, delivery.status) for delivery in bench.deliveries] == [
        ("refused", 500),
        ("acknowledged", 200),
    ]


def test_with_every_worker_dead_nobody_answers() -> None:
    """Deliveries find no worker, and come again when one lives."""

    async def design(ports: Ports, durable: Path) -> None:
        marker = durable / "lived"
        if not marker.exists():
            marker.touch()
            await ports.http.send("ledger", post("A"), 5)
        (await ports.inbound.receive()).ack()

    bench = Bench(design, Fault("crash", "ledger.create", {"nth": 1}, {"point": "P3"})).run()
    assert [delivery.outcome for delivery in bench.deliveries] == ["no-worker", "no-worker", "acknowledged"]


def test_deliveries_go_to_the_living_in_turn() -> None:
    """Two workers share the endpoint, as behind a load balancer."""

    async def both(ports: Ports, _durable: Path) -> None:
        listening = asyncio.create_task(_listen(ports))
        if ports.worker == "w1":
            for number in range(6):
                await ports.http.send("ledger", post(f"A{number}"), 5)
        await listening

    async def _listen(ports: Ports) -> None:
        while True:
            (await ports.inbound.receive()).ack()

    bench = Bench(both, workers=2).run()
    assert sorted(delivery.worker for delivery in bench.deliveries) == ["w1"] * 3 + ["w2"] * 3


def test_one_seed_one_journal_another_seed_another() -> None:
    """Latencies are drawn, and drawn again the same."""

    async def design(ports: Ports, _durable: Path) -> None:
        for number in range(20):
            await ports.http.send("ledger", post(f"A{number}"), 5)

    first, again, other = (Bench(design, seed=seed).run().journal for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_code_written_with_httpx_runs_in_virtual_time() -> None:
    """An ordinary httpx client: retries with the same key after a lost reply, over a gap of three days."""
    seen: list[str] = []

    async def post_entry(client: httpx.AsyncClient, ref: str) -> httpx.Response:
        for pause_s in (0, 30, 3 * 86_400):
            await asyncio.sleep(pause_s)
            try:
                response = await client.post(
                    "https://ledger/entries", json={"ref": ref, "amount": 5}, headers={"Idempotency-Key": ref}
                )
            except httpx.TransportError as error:
                seen.append(type(error).__name__)
                continue
            if response.status_code < 500:
                return response
            seen.append(str(response.status_code))
        raise RuntimeError(ref)

    async def design(ports: Ports, _durable: Path) -> None:
        async with httpx.AsyncClient(transport=ports.transport(), timeout=10) as client:
            response = await post_entry(client, "A")
            found = await client.get("https://ledger/entries/A")
            seen.append(f"{response.status_code} {len(found.json())}")

    plan = (
        Fault("timeout-after-commit", "ledger.create", {"key": "A", "attempt": 1}),
        Fault("busy", "ledger.create", {"key": "A", "attempt": 2}),
    )
    bench = Bench(design, *plan).run(hours=100)
    assert seen == ["ReadTimeout", "503", "201 1"]
    assert len(bench.effects) == 1


@pytest.mark.parametrize("timeout", [None, 2.0])
def test_httpx_without_a_timeout_is_not_stuck_for_ever(timeout: float | None) -> None:
    """Somebody closes a silent connection in the end."""
    seen: list[str] = []

    async def design(ports: Ports, _durable: Path) -> None:
        async with httpx.AsyncClient(transport=ports.transport(), timeout=timeout) as client:
            try:
                await client.post("https://ledger/entries", json={"ref": "A", "amount": 5})
            except httpx.ReadTimeout:
                seen.append("timeout")

    Bench(design, Fault("timeout-before-commit", "ledger.create", {"nth": 1})).run()
    assert seen == ["timeout"]


def test_webhooks_are_signed() -> None:
    """The receiver can check who sent it, and which delivery of which event it is."""
    seen: list[dict[str, str]] = []

    async def design(ports: Ports, _durable: Path) -> None:
        await ports.http.send("ledger", post("A"), 5)
        delivery = await ports.inbound.receive()
        seen.append({**delivery.headers, "body": delivery.body.decode()})
        delivery.ack()

    Bench(design).run()
    assert seen[0]["signature"].startswith("sha256=")
    assert seen[0]["event-id"] == "ledger-ev-1"
    assert seen[0]["delivery-id"] == "ledger-ev-1.1"
    assert msgspec.json.decode(seen[0]["body"]) == {"ref": "A", "amount": 1}
