"""Grants and the API that asks for them: who may read and replay what; nothing forged, stretched or stale is taken."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import apsw
import pytest

from orchestrator.adapters.grants import LIFE_S, Grant, Grants
from orchestrator.engine.replay import Came, Wish
from orchestrator.service.app import App
from orchestrator.service.clock import BusinessClock
from orchestrator.service.ports import Activity, HttpInbound
from orchestrator.service.records import Records
from orchestrator.store.rows import SENT, Effect
from orchestrator.store.sqlite import SqliteStore
from tests.orchestrator.estate import ORDERS, Estate, Worker, play, refused

READS = "reads-all"
ANN, BOB = ("ann", ("H1",)), ("bob", ("H2",))


def test_a_grant_is_read_as_it_was_issued() -> None:
    now = [1_000.0]
    grants = Grants("s", lambda: now[0])
    token = grants.issue(*ANN)
    assert token.count(".") == 2
    assert Grants("other", lambda: now[0]).read(token) is None
    now[0] += LIFE_S - 1
    assert grants.read(token) == Grant(*ANN, 1_000 + LIFE_S)
    now[0] += 1
    assert grants.read(token) is None


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_grant_that_was_changed_is_none(place: int) -> None:
    """Any part of it; nor is one without a signature, or with another header's promise."""
    grants = Grants("s")
    parts = grants.issue(*ANN).split(".")
    for other in ("", "e30", parts[place][:-2], grants.issue(*BOB).split(".")[1] + "x"):
        changed = ".".join([*parts[:place], other, *parts[place + 1 :]])
        assert grants.read(changed) is None
    for nonsense in ("", ".", "..", "é.ü.ö", "e30.e30.e30"):
        assert grants.read(nonsense) is None


class Service:
    """The application over a store in which an effect of H1's was given up."""

    def __init__(self, directory: Path) -> None:
        self.grants = Grants("s")
        self.app = App(BusinessClock(0), Activity(), HttpInbound(), READS, self.grants)
        store = SqliteStore(directory, "w1")
        dead = Effect(0, "k", 0, "o", "/p", b"b", "r", SENT, 1, 1, 1, 0, 1, "H1")
        store.run(lambda: store.bury(store.add_effect(dead), "why", 5))
        self.app.records = Records(directory)
        self.app.replay = self._replay
        self.wishes: list[Wish] = []
        self.came: Came = "replayed"

    async def _replay(self, wish: Wish) -> Came:
        self.wishes.append(wish)
        return self.came

    async def ask(self, method: str, path: str, token: str, body: bytes = b"") -> tuple[int, Any]:
        """One request."""
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"authorization", f"Bearer {token}".encode())]
        scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
        await self.app.serve(scope, receive, send)
        return sent[0]["status"], json.loads(sent[1]["body"])


def test_what_a_grant_lets_one_read(tmp_path: Path) -> None:
    """Dead letters of its own hospitals; what tells of all of them, only with a grant for all."""

    async def story() -> None:
        service = Service(tmp_path)
        ann, bob = service.grants.issue(*ANN), service.grants.issue(*BOB)
        everybody = service.grants.issue("eve", ("*",))
        for token, seen in ((ann, 1), (bob, 0), (everybody, 1), (READS, 1)):
            status, said = await service.ask("GET", "/dead-letters", token)
            assert (status, len(said["dead_letters"])) == (200, seen)
        for path in ("/status", "/cases", "/lineage/r"):
            asked = [(await service.ask("GET", path, token))[0] for token in ("none", ann, everybody, READS)]
            assert asked[:2] == [401, 403]
            assert asked[2] == asked[3] != 403

    asyncio.run(story())


def test_who_may_replay(tmp_path: Path) -> None:
    """Nobody without a grant; and what the engine says of it is what is answered."""

    async def story() -> None:
        service = Service(tmp_path)
        body = b'{"key": "k", "reason": "the ERP is back"}'
        stale = Grants("s", lambda: 1.0).issue(*ANN)
        for token, status in (("none", 401), (stale, 401), (READS, 403)):
            assert (await service.ask("POST", "/replays", token, body))[0] == status
        ann = service.grants.issue(*ANN)
        assert (await service.ask("POST", "/replays", ann, b'{"key": "k"}'))[0] == 422
        assert service.wishes == []
        assert await service.ask("POST", "/replays", ann, body) == (200, {"key": "k", "status": "replayed"})
        assert service.wishes == [Wish("k", "ann", "the ERP is back", ("H1",))]
        answers: tuple[tuple[Came, int], ...] = (("already", 200), ("not-granted", 403), ("unknown", 404))
        for service.came, status in answers:
            assert (await service.ask("POST", "/replays", ann, body))[0] == status

    asyncio.run(story())


def test_a_replay_is_carried_out_once_under_the_old_key(tmp_path: Path) -> None:
    """The target was away for two days; then somebody replays twice, and the order stands in it once."""

    async def story() -> None:
        estate = Estate()
        estate.fault(ORDERS, refused, *range(1, 49))
        worker = Worker("w1", estate, tmp_path)
        await worker.take(estate.order(), 2 * 86_400)
        wish = Wish("po:H1:PO-H1-000001:1", "ann", "the ERP is back", ("H1",))
        assert await worker.orchestrator.replay(wish) == "replayed"
        assert await worker.orchestrator.replay(wish) == "already"
        await asyncio.sleep(3600)
        await worker.take(estate.decision(f"undeliverable/{wish.key}", "accept"), 3600)
        assert len(estate.posted["purchaseOrders"]) == 1
        assert len(estate.made(ORDERS)) == 49
        assert len({request.headers["idempotency-key"] for request in estate.made(ORDERS)}) == 1

    play(story)


def test_whoever_looks_cannot_write_and_waits_for_who_does(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, "w1")
    records = Records(tmp_path)
    with pytest.raises(apsw.ReadOnlyError):
        records._read("DELETE FROM inbox")
    assert [waits_ms for (waits_ms,) in records._read("PRAGMA busy_timeout")] == [2_000]
    records.close()
    store.close()
