"""Workers that die, stand still or come back: at every point around a call and a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.orchestrator.estate import INVOICES, ORDERS, RECEIPTS, Estate, Worker, once, play


def dying(operation: str, moment: str) -> Callable[[Estate, Path], Coroutine[Any, Any, None]]:
    """A story in which the first worker dies at a moment of a call, and is started again."""

    async def story(estate: Estate, directory: Path) -> None:
        workers = {"w1": Worker("w1", estate, directory), "w2": Worker("w2", estate, directory)}

        def die(at: str) -> None:
            if at == moment:
                workers["w1"].kill()

        estate.hook(operation, die)
        deliveries = [estate.order(), estate.receipt(), estate.invoice()]
        for delivery in deliveries:
            while delivery.status == 0:  # the sender's policy: again, until somebody answers
                await workers["w1"].take(delivery)
                if workers["w1"].orchestrator.office.failed.cancelled():
                    workers["w1"] = Worker("w1", estate, directory)
            await asyncio.sleep(900)

    return story


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(
    "operation",
    [
        "identity POST /oauth2",
        "procurement GET /purchase_orders",
        ORDERS,
        "procurement PUT /purchase_orders",
        RECEIPTS,
        "ap_automation GET /invoices",
        INVOICES,
        "ap_automation PUT /invoices",
    ],
)
def test_a_worker_that_dies_around_any_call_loses_and_doubles_nothing(
    tmp_path: Path, operation: str, moment: str
) -> None:
    """P1 and P2 (before the commit, after it) and, for reads, P0: nothing was durable, so the sender comes again."""

    async def story() -> None:
        estate = Estate()
        await dying(operation, moment)(estate, tmp_path)
        once(estate)

    play(story)


@pytest.mark.parametrize("point", ["P0", "P3", "P4"])
def test_a_worker_that_dies_around_its_transaction(tmp_path: Path, point: str) -> None:
    """P0 before anything is stored, P3 with a reply in hand, P4 when all is stored but not yet acknowledged or sent."""

    async def story() -> None:
        estate = Estate()
        worker = Worker("w1", estate, tmp_path)
        store = worker.orchestrator.store
        real, count = store.run, 0
        fatal = {"P0": 1, "P3": 2, "P4": 1}[point]

        def run(work: Callable[..., Any], *arguments: Any) -> Any:
            nonlocal count
            count += 1
            if count == fatal and point != "P4":
                worker.kill()
                raise asyncio.CancelledError
            result = real(work, *arguments)
            if count == fatal:
                worker.kill()
                raise asyncio.CancelledError
            return result

        await asyncio.sleep(1)
        store.run = run  # type: ignore[method-assign]
        delivery = estate.order()
        await worker.take(delivery)
        assert (delivery.status == 200) == (point == "P3")
        worker = Worker("w1", estate, tmp_path)
        if delivery.status == 0:
            assert await worker.take(delivery) == 200
        await worker.take(estate.receipt(), 900)
        await worker.take(estate.invoice(), 900)
        once(estate)

    play(story)


def test_the_other_worker_takes_over_what_a_dead_one_held(tmp_path: Path) -> None:
    async def story() -> None:
        estate = Estate()
        first, second = Worker("w1", estate, tmp_path), Worker("w2", estate, tmp_path)
        estate.hook(ORDERS, lambda moment: first.kill() if moment == "after" else None)
        await first.take(estate.order())
        assert len(estate.posted["purchaseOrders"]) == 1
        await asyncio.sleep(1800)
        await second.take(estate.receipt())
        await second.take(estate.invoice())
        once(estate)
        assert len(estate.made(ORDERS)) == 1
        assert len(estate.made("cloud_erp GET /purchaseOrders?")) == 1

    play(story)


def test_a_zombie_finds_its_fence_broken(tmp_path: Path) -> None:
    """A worker that stood still past its lease wakes up; its late write is refused, and nothing is doubled."""

    async def story() -> None:
        estate = Estate()
        first, second = Worker("w1", estate, tmp_path), Worker("w2", estate, tmp_path)
        asleep = asyncio.Event()

        async def stands_still(commit: Callable[[], Any]) -> Any:
            response = commit()
            await asleep.wait()
            return response

        estate.fault(ORDERS, stands_still, 1)
        await first.take(estate.order(), 1800)
        assert len(estate.posted["purchaseOrders"]) == 1
        asleep.set()
        await asyncio.sleep(60)
        assert any(note.startswith("lease lost") for note in first.ports.telemetry.notes)
        await second.take(estate.receipt())
        await second.take(estate.invoice())
        once(estate)

    play(story)
