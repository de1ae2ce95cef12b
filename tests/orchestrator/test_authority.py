"""Whom a worker may act for: a token that is older than its grant, and lists that hid what they show now."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from contracts.wire import Request, Response
from orchestrator.connectors import OPERATIONS
from orchestrator.connectors.base import Ok, Rejected
from orchestrator.engine.sources import DAY_MS
from orchestrator.engine.streams import LOOK_BACK_MS
from orchestrator.store.sqlite import SqliteStore
from tests.orchestrator.estate import Estate, Worker, play

HOUR = 3600.0


class Guarded(Estate):
    """An estate whose tokens are good for what was granted as they were made. H2 may come later, or never."""

    def __init__(self) -> None:
        super().__init__()
        self.granted: tuple[str, ...] = ("H1",)
        self.good_for: dict[str, tuple[str, ...]] = {}

    def _execute(self, system: str, request: Request) -> Response:
        response = super()._execute(system, request)
        if system == "identity":
            self.good_for[f"Bearer t{self.tokens}"] = self.granted
            entities = ",".join(f'"{entity}"' for entity in self.granted).encode()
            return Response(200, response.body.replace(b"}", b',"entities":[' + entities + b"]}"))
        sees = self.good_for.get(request.headers["authorization"], ())
        if system == "procurement" and len(request.path.split("/")) == 2:
            shown = {name: order for name, order in self.orders.items() if order["business_unit"] in sees}
            hidden, self.orders = self.orders, shown
            response = super()._execute(system, request)
            self.orders = hidden
        elif system == "procurement" and self.orders[request.path.split("/")[2]]["business_unit"] not in sees:
            return Response(403, b'{"errors":{"entity_not_granted":["no"]}}')
        return response


def test_a_token_older_than_its_grant_is_exchanged_once(tmp_path: Path) -> None:
    """A webhook of the new hospital comes, the read of its order is refused, and answered with another token."""

    async def story() -> None:
        estate = Guarded()
        worker = Worker("w1", estate, tmp_path)
        await worker.take(estate.order())
        estate.granted = ("H1", "H2")
        assert await worker.take(estate.order("PO-H2-000001", "H2")) == 200
        assert estate.tokens == 2
        assert [item["BusinessUnit"] for item in estate.posted["purchaseOrders"]] == ["H1", "H2"]

    play(story)


def test_a_hospital_that_is_not_granted_stays_refused_and_costs_one_token_a_call(tmp_path: Path) -> None:
    async def story() -> None:
        estate = Guarded()
        worker = Worker("w1", estate, tmp_path)
        estate.order("PO-H2-000001", "H2")
        caller = worker.orchestrator.intake._caller
        read = OPERATIONS["procurement.get_purchase_order"]
        outcome = await caller.call(read, "/purchase_orders/PO-H2-000001")
        assert (type(outcome), getattr(outcome, "code", "")) == (Rejected, "entity_not_granted")
        assert estate.tokens == 2
        estate.order()
        assert isinstance(await caller.call(read, "/purchase_orders/PO-H1-000001"), Ok)
        assert estate.tokens == 2

    play(story)


def test_what_lists_hid_before_a_grant_is_found_after_it(tmp_path: Path) -> None:
    """No webhook told of it, and it is older than the watermark; two workers, one of which has an old token."""

    async def story() -> None:
        estate = Guarded()
        workers = [Worker(name, estate, tmp_path) for name in ("w1", "w2")]
        estate.order("PO-H2-000001", "H2")
        await workers[0].take(estate.order())
        await workers[1].take(estate.receipt())
        await asyncio.sleep(30 * HOUR)
        assert len(estate.posted["purchaseOrders"]) == 1
        estate.granted = ("H1", "H2")
        await asyncio.sleep(HOUR)
        assert await workers[0].take(estate.order("PO-H2-000002", "H2"), 300) == 200
        assert sorted(item["OrderNumber"] for item in estate.posted["purchaseOrders"]) == [
            "PO-H1-000001",
            "PO-H2-000001",
            "PO-H2-000002",
        ]

    play(story)


def test_a_worker_with_an_old_token_reads_no_list_that_was_begun_again(tmp_path: Path) -> None:
    """What another worker has heard stands in the store."""

    async def story() -> None:
        estate = Guarded()
        worker = Worker("w1", estate, tmp_path)
        await worker.take(estate.order())
        tokens = worker.orchestrator.intake._caller.tokens
        assert tokens.at_hand()
        store = worker.orchestrator.store
        tokens.must_cover(store.grants)
        assert tokens.at_hand()
        store.run(store.note_grants, ("H2",), 0)
        tokens.must_cover(store.grants)
        assert not tokens.at_hand()

    play(story)


def test_a_rewind_takes_a_stream_away_from_who_works_on_it(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, "w1", "off")
    store.run(store.add_stream, "procurement", 100 * DAY_MS, 0)
    ((_, _, _, fence),) = store.run(store.claim_streams, 1, 100)
    assert store.run(store.note_grants, ("H1", "H2"), 5)
    assert not store.run(store.note_grants, ("H2",), 6)
    store.run(store.rewind, "procurement", 100 * DAY_MS - LOOK_BACK_MS, 7)
    with pytest.raises(Exception, match="procurement"):
        store.run(store.move_stream, "procurement", fence, 101 * DAY_MS, 200, 0)
    assert store.run(store.claim_streams, 8, 100) == [("procurement", 100 * DAY_MS - LOOK_BACK_MS, 0, fence + 2)]
    store.close()
