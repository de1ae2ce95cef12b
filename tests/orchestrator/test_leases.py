"""Recurring work in hands that are no more: a poll that a dead worker left, or that was told to begin anew, is made again."""

from __future__ import annotations

import asyncio
from pathlib import Path

from orchestrator.engine.assembly import Orchestrator
from orchestrator.engine.habits import Habits
from orchestrator.engine.streams import STREAM_LEASE_MS
from orchestrator.store.rows import DONE
from tests.orchestrator.estate import Estate, Worker, play

POLL = "procurement GET /purchase_orders"


class PollsOne(Orchestrator):
    """The reference with one source to poll, so that no other wakes anybody."""

    def __init__(self, ports: object, place: Path) -> None:
        super().__init__(ports, place, Habits(streams=("procurement",)))  # type: ignore[arg-type]


def dies_in_its_first_poll(estate: Estate, worker: Worker) -> None:
    """The poll has set out, and nobody is there any more when it is answered."""
    estate.hook(POLL, lambda moment: worker.kill() if moment == "before" else None)


def test_a_poll_that_a_dead_worker_left_is_made_by_its_next_life(tmp_path: Path) -> None:
    async def story() -> None:
        estate = Estate("normal")
        dead = Worker("w1", estate, tmp_path, PollsOne)
        dies_in_its_first_poll(estate, dead)
        await asyncio.sleep(400)
        estate.order()  # and nobody is told
        alive = Worker("w1", estate, tmp_path, PollsOne)
        await asyncio.sleep(STREAM_LEASE_MS / 1000)
        assert len(estate.posted["purchaseOrders"]) == 1
        alive.kill()

    play(story)


def test_a_poll_that_a_dead_worker_left_is_made_by_the_other(tmp_path: Path) -> None:
    async def story() -> None:
        estate = Estate("normal")
        dead = Worker("w1", estate, tmp_path, PollsOne)
        dies_in_its_first_poll(estate, dead)
        await asyncio.sleep(1)
        other = Worker("w2", estate, tmp_path, PollsOne)
        await asyncio.sleep(400)
        estate.order()
        await asyncio.sleep(5 * 3600)
        assert len(estate.posted["purchaseOrders"]) == 1
        other.kill()

    play(story)


def test_a_success_that_nothing_waits_for_is_written_though_nothing_is_due(tmp_path: Path) -> None:
    """Or the other worker would look it up, and do it again, once the lease has ended."""

    async def story() -> None:
        estate = Estate("normal")
        worker = Worker("w1", estate, tmp_path, PollsOne)
        await worker.take(estate.order())
        office, store = worker.orchestrator.office, worker.orchestrator.store
        assert len(office.ended) == 1
        await worker.orchestrator.dispatcher.look()
        assert office.ended == []
        assert store._run("SELECT DISTINCT status, due_at FROM effect").fetchall() == [(DONE, None)]
        worker.kill()

    play(story)


def test_a_poll_that_is_told_to_begin_anew_while_it_is_made_is_made_again(tmp_path: Path) -> None:
    async def story() -> None:
        estate = Estate("normal")
        worker = Worker("w1", estate, tmp_path, PollsOne)
        granted = worker.orchestrator.streams.granted
        estate.hook(POLL, lambda moment: granted(("H1",)) if moment == "before" else None)
        await asyncio.sleep(400)
        assert "lease lost" in str(worker.ports.telemetry.notes)
        assert len(estate.made(POLL)) == 2
        worker.kill()

    play(story)
