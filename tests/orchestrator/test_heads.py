"""The head of a process goes first, whatever rests or changes hands; and on the day of a close its work goes first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.engine.limits import Lane, Limit
from tests.orchestrator.estate import (
    INVOICES,
    ORDERS,
    RECEIPTS,
    Clock,
    Estate,
    Fault,
    Worker,
    after,
    before,
    later,
    once,
    play,
    refused,
)

DAY = 24 * 3600.0
TOLD = "ap_automation PUT /invoices"


@pytest.mark.parametrize("fault", [before, after, later, refused])
@pytest.mark.parametrize("dies", [False, True], ids=["rests", "is taken over"])
def test_nothing_overtakes_what_is_in_doubt(tmp_path: Path, fault: Fault, *, dies: bool) -> None:
    """The order rests in doubt, or is left behind by a dead worker; its receipt and its bill come and must wait."""

    async def story() -> None:
        estate = Estate()
        estate.fault(ORDERS, fault)
        first, second = Worker("w1", estate, tmp_path), Worker("w2", estate, tmp_path)
        await first.take(estate.order(), 0.4)
        if dies:
            first.kill()
        await second.take(estate.receipt(), 0.4)
        await second.take(estate.invoice(), 0.4)
        assert estate.made(RECEIPTS) == estate.made(INVOICES) == []
        await asyncio.sleep(DAY)
        once(estate)
        made = [name for _, name, _ in estate.calls if name in {ORDERS, RECEIPTS, INVOICES}]
        assert made == sorted(made, key=[ORDERS, RECEIPTS, INVOICES].index)

    play(story)


@pytest.mark.parametrize("fault", [before, after, later, refused])
def test_a_status_never_overtakes_the_one_before(tmp_path: Path, fault: Fault) -> None:
    """`held` is in doubt when `posted` becomes true; the source ends at `posted`, and heard it last."""

    async def story() -> None:
        estate = Estate()
        estate.fault(TOLD, fault)
        first, second = Worker("w1", estate, tmp_path), Worker("w2", estate, tmp_path)
        await first.take(estate.order())
        await first.take(estate.invoice(), 1.0)
        first.kill()
        await second.take(estate.receipt())
        await asyncio.sleep(DAY)
        once(estate)

    play(story)


def test_what_is_pressing_waits_in_a_line_of_its_own() -> None:
    """It goes before those who came earlier, in the order in which it came; nobody is left behind."""

    async def story() -> None:
        lane, went = Lane(Limit(1), Clock()), []

        async def go(name: str, *, pressing: bool) -> None:
            await lane.enter(pressing=pressing)
            went.append(name)
            await asyncio.sleep(1)
            lane.leave()

        wants = (("a", False), ("b", False), ("c", True), ("d", False), ("e", True))
        await asyncio.gather(*(go(name, pressing=pressing) for name, pressing in wants))
        assert went == ["a", "c", "e", "b", "d"]
        assert not lane.crowded()

    play(story)


@pytest.mark.parametrize(
    ("closes", "urgent"), [("2026-10-06T12:00:00+00:00", True), ("2026-10-09T12:00:00+00:00", False)]
)
def test_on_the_day_of_its_close_a_hospital_goes_first(tmp_path: Path, closes: str, *, urgent: bool) -> None:
    """Thirty orders of H2 stand in line before one of H1; H1 closes tomorrow, or in some days."""

    async def story() -> None:
        estate = Estate()
        worker = Worker("w1", estate, tmp_path, close_calendar=f"H1/2026-09={closes}")

        async def slowly(commit: Callable[[], Any]) -> Any:
            await asyncio.sleep(30)
            return commit()

        estate.fault(ORDERS, slowly, *range(1, 40))
        for number in range(1, 31):
            worker.ports.inbound.queue.put_nowait(estate.order(f"PO-H2-{number:06}", "H2"))
        await asyncio.sleep(1)
        await worker.take(estate.order("PO-H1-000001"), 600)
        done = [item["SourceRef"] for item in estate.posted["purchaseOrders"]]
        assert len(done) == 31
        assert (
            done.index("procurement:PO-H1-000001") < 24
        ) is urgent  # twelve at once, so in the second wave or the last

    play(story)
