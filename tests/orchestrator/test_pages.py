"""Lists that change under our hands: pages must meet, or the list is read again from its beginning."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from contracts.ports import Ports
from contracts.wire import Request, Response
from orchestrator.engine.assembly import Orchestrator
from orchestrator.engine.habits import Habits
from tests.orchestrator.estate import Estate, Worker, play

ORDERS = 7
PAGE = 3


class OnlyByPoll(Orchestrator):
    """The reference without the nightly comparison, so that only a poll can help."""

    def __init__(self, ports: Ports, durable_dir: Path) -> None:
        super().__init__(ports, durable_dir, Habits(streams=("procurement",)))


class Shifting(Estate):
    """Lists orders in pages; the first page that is not the first begins elsewhere."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.rows = rows
        self.asked: list[int] = []

    def _procurement(self, request: Request, path: list[str]) -> Response:
        if len(path) > 1:
            return super()._procurement(request, path)
        offset = int(request.query["offset"])
        self.asked.append(offset)
        first = offset
        if offset and self.rows:
            first, self.rows = max(0, offset + self.rows), 0
        listed = list(self.orders.values())
        after = first + PAGE
        page = {"purchase_orders": listed[first:after], "next_offset": after if after < len(listed) else None}
        return Response(200, json.dumps(page).encode())


@pytest.mark.parametrize(("rows", "pages"), [(0, [0, 2, 4]), (1, [0, 2, 0, 2, 4]), (-2, [0, 2, 0, 2, 4])])
def test_no_order_slips_through_between_two_pages(rows: int, pages: list[int], tmp_path: Path) -> None:
    """Where the second page does not begin with the last order of the first, the list is read again minutes later."""

    async def story() -> None:
        estate = Shifting(rows)
        for number in range(1, ORDERS + 1):
            estate.order(f"PO-H1-{number:06d}")
        Worker("w1", estate, tmp_path, OnlyByPoll)
        await asyncio.sleep(1800)
        assert estate.asked == pages
        assert len(estate.posted["purchaseOrders"]) == ORDERS

    play(story)
