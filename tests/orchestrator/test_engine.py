"""The engine over a tiny estate: nothing lost, nothing twice, whatever breaks and whoever dies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.orchestrator.estate import (
    INVOICES,
    ORDERS,
    RECEIPTS,
    Delivery,
    Estate,
    Fault,
    Worker,
    after,
    answers,
    before,
    later,
    once,
    play,
    refused,
)

HOUR = 3600.0
DAY = 24 * HOUR
PRICE_CASE = "price-variance/ap_automation:INV-000001"


async def chain(estate: Estate, *workers: Worker, wait_s: float = 30.0) -> None:
    """Order, receipt, invoice, handed to the workers in turn."""
    for number, delivery in enumerate((estate.order(), estate.receipt(), estate.invoice())):
        await workers[number % len(workers)].take(delivery, wait_s)


def test_a_chain_costs_nine_crossings(tmp_path: Path) -> None:
    """Three deliveries and six calls, less the token; and the day of capture is the hospital's, not Greenwich's."""

    async def story() -> None:
        estate = Estate()
        await chain(estate, Worker("w1", estate, tmp_path), Worker("w2", estate, tmp_path))
        once(estate)
        assert len([call for call in estate.calls if call[0] != "identity"]) == 6
        assert estate.posted["invoices"][0]["AccountingDate"] == "2026-10-05"
        assert estate.posted["invoices"][0]["InvoiceAmount"] == "125.00"

    play(story)


@pytest.mark.parametrize("sync", ["off", "normal", "full"])
def test_it_works_with_every_durability(tmp_path: Path, sync: str) -> None:
    async def story() -> None:
        estate = Estate(sync)
        await chain(estate, Worker("w1", estate, tmp_path), Worker("w2", estate, tmp_path))
        once(estate)

    play(story)


def test_a_delivery_that_comes_again_changes_nothing(tmp_path: Path) -> None:
    """To the same worker and to the other, after its effect and at the same moment."""

    async def story() -> None:
        estate = Estate()
        workers = [Worker("w1", estate, tmp_path), Worker("w2", estate, tmp_path)]
        for made in (estate.order, estate.receipt, estate.invoice):
            copies = [made() for _ in range(4)]
            for worker, copy in zip(workers * 2, copies, strict=True):
                worker.ports.inbound.queue.put_nowait(copy)
            await asyncio.sleep(30)
            assert [copy.status for copy in copies] == [200] * 4
            assert await workers[0].take(made()) == 200
        once(estate)

    play(story)


def test_a_delivery_that_no_store_can_hold_is_refused_whole_and_the_worker_lives(tmp_path: Path) -> None:
    """Found by fuzzing: a revision beyond 64 bits, and a signature that is not ASCII."""

    async def story() -> None:
        estate = Estate()
        worker = Worker("w1", estate, tmp_path)
        order = estate.order()
        beyond = Delivery("procurement", "purchase_order.approved", {**json.loads(order.body), "revision": 2**63})
        assert await worker.take(beyond) == 422
        odd = estate.order()
        odd.headers["signature"] = "sha256=\u00e9"
        assert await worker.take(odd) == 401
        assert await worker.take(order) == 200
        assert estate.posted["purchaseOrders"]
        assert not worker.task.done()

    play(story)


def test_a_forged_delivery_is_refused_and_an_unknown_topic_acknowledged(tmp_path: Path) -> None:
    async def story() -> None:
        estate = Estate()
        worker = Worker("w1", estate, tmp_path)
        estate.order()
        forged = Delivery("procurement", "purchase_order.approved", {"number": "X"}, secret=b"guess")
        assert await worker.take(forged) == 401
        assert await worker.take(Delivery("procurement", "supplier.deleted", {})) == 200
        assert await worker.take(Delivery("inventory", "receipt.recorded", {"nonsense": 1})) == 422
        assert not estate.posted

    play(story)


def test_what_webhooks_lose_polls_find(tmp_path: Path) -> None:
    async def story() -> None:
        estate = Estate()
        Worker("w1", estate, tmp_path)
        Worker("w2", estate, tmp_path)
        estate.order(), estate.receipt(), estate.invoice()
        await asyncio.sleep(HOUR)
        once(estate)
        lists = estate.made("procurement GET /purchase_orders")
        assert len([request for request in lists if request.query]) < 5

    play(story)


def test_a_watermark_moves_only_when_everything_listed_is_in_the_inbox(tmp_path: Path) -> None:
    """A poll that failed asks for the same span again."""

    async def story() -> None:
        estate = Estate()
        estate.fault("procurement GET /purchase_orders", answers(500), 1)
        Worker("w1", estate, tmp_path)
        await asyncio.sleep(900)
        asked = [r.query["updated_after"] for r in estate.made("procurement GET /purchase_orders") if r.query]
        assert asked[0] == asked[1]

    play(story)


async def asked_about_a_price(folder: Path) -> tuple[Estate, Worker]:
    """All papers of an order, and a case, because its bill is too dear."""
    estate = Estate()
    worker = Worker("w1", estate, folder)
    await worker.take(estate.order())
    await worker.take(estate.receipt())
    await worker.take(estate.invoice(price="15.00"))
    return estate, worker


def test_lost_decisions_are_polled_too(tmp_path: Path) -> None:
    async def story() -> None:
        estate, _ = await asked_about_a_price(tmp_path)
        assert list(estate.cases) == [PRICE_CASE]
        estate.decision(PRICE_CASE, "accept")
        await asyncio.sleep(2 * HOUR)
        once(estate)
        assert estate.posted["invoices"][0]["InvoiceAmount"] == "150.00"

    play(story)


async def overtaken_by_a_second_thought(tmp_path: Path, first: str, second: str) -> Estate:
    """Two answers to one case in the wrong order, and what the estate has of them two hours later."""
    estate, worker = await asked_about_a_price(tmp_path)
    answers = estate.decision(PRICE_CASE, first), estate.decision(PRICE_CASE, second, revision=2)
    estate.decisions.clear()
    for answer in reversed(answers):
        assert await worker.take(answer) == 200
    await asyncio.sleep(2 * HOUR)
    return estate


def test_an_answer_that_people_took_back_is_void_however_late_it_comes(tmp_path: Path) -> None:
    """The second thought overtakes the first: a bill that was accepted by mistake, and refused, is not posted."""

    async def story() -> None:
        estate = await overtaken_by_a_second_thought(tmp_path, "accept", "reject")
        assert estate.posted["invoices"] == []

    play(story)


def test_a_refusal_that_people_took_back_is_void_while_they_wait(tmp_path: Path) -> None:
    """The case is open to the bill again, so that only the age of the first answer tells that it is none any more."""

    async def story() -> None:
        estate = await overtaken_by_a_second_thought(tmp_path, "reject", "wait")
        assert "rejected" not in {status for _, status in estate.statuses}

    play(story)


@pytest.mark.parametrize("operation", [ORDERS, RECEIPTS, INVOICES])
@pytest.mark.parametrize("fault", [before, after, later, refused, answers(500), answers(500, commits=True)])
def test_an_unknown_outcome_is_looked_up_and_never_doubled(tmp_path: Path, operation: str, fault: Fault) -> None:
    """Twice in a row; and every send carries the same key and the same bytes."""

    async def story() -> None:
        estate = Estate()
        estate.fault(operation, fault, 1, 2)
        await chain(estate, Worker("w1", estate, tmp_path), Worker("w2", estate, tmp_path), wait_s=HOUR)
        once(estate)
        sends = {(request.headers["idempotency-key"], request.body) for request in estate.made(operation)}
        assert len(sends) == 1

    play(story)


def test_in_doubt_waits_until_the_target_must_have_settled(tmp_path: Path) -> None:
    """The lookup comes only five minutes after the caller gave up, so a late commit is found and nothing sent again."""

    async def story() -> None:
        estate = Estate()
        estate.fault(INVOICES, later, 1)
        await chain(estate, Worker("w1", estate, tmp_path), wait_s=1000)
        once(estate)
        assert len(estate.made(INVOICES)) == 1
        assert len(estate.made("cloud_erp GET /invoices?")) == 1

    play(story)


def test_a_target_that_turns_us_away_is_left_alone_as_long_as_it_asks(tmp_path: Path) -> None:
    async def story() -> None:
        estate = Estate()
        estate.fault(INVOICES, answers(503, {"retry-after": "600"}), 1)
        estate.fault(RECEIPTS, answers(429), 1)
        worker = Worker("w1", estate, tmp_path)
        await chain(estate, worker)
        assert len(estate.made(INVOICES)) == 1
        await asyncio.sleep(700)
        once(estate)
        attempts = worker.orchestrator.store._run("SELECT max(attempts) FROM effect").fetchall()[0][0]
        assert attempts == 1

    play(story)


def test_one_token_for_all_and_a_new_one_after_a_401(tmp_path: Path) -> None:
    async def story() -> None:
        estate = Estate()
        worker = Worker("w1", estate, tmp_path)
        for number in range(1, 9):
            worker.ports.inbound.queue.put_nowait(estate.order(f"PO-H1-{number:06}"))
        await asyncio.sleep(60)
        assert estate.tokens == 1
        estate.expired.add("t1")
        await worker.take(estate.receipt())
        assert estate.tokens == 2
        assert len(estate.posted["receipts"]) == 1
        await asyncio.sleep(2 * HOUR)
        await worker.take(estate.invoice())
        once_more = [request.headers["authorization"] for request in estate.made(INVOICES)]
        assert len(once_more) == 1

    play(story)


def test_an_event_that_comes_before_its_document_can_be_read(tmp_path: Path) -> None:
    """The sender is let go; the read is tried until the document is there."""

    async def story() -> None:
        estate = Estate()
        worker = Worker("w1", estate, tmp_path)
        early = estate.order()
        hidden = estate.orders.pop("PO-H1-000001")
        assert await worker.take(early) == 200
        estate.orders["PO-H1-000001"] = hidden
        await asyncio.sleep(60)
        assert len(estate.posted["purchaseOrders"]) == 1

    play(story)


def test_attempts_that_run_out_end_in_a_case_and_people_can_revive_them(tmp_path: Path) -> None:
    """With the old key and the old bytes."""

    async def story() -> None:
        estate = Estate()
        estate.fault(ORDERS, refused, *range(1, 49))
        worker = Worker("w1", estate, tmp_path)
        await worker.take(estate.order(), 2 * DAY)
        key = "undeliverable/po:H1:PO-H1-000001:1"
        assert list(estate.cases) == [key]
        assert len(estate.made(ORDERS)) == 48
        await worker.take(estate.decision(key, "accept"), HOUR)
        assert len(estate.posted["purchaseOrders"]) == 1
        assert len({request.headers["idempotency-key"] for request in estate.made(ORDERS)}) == 1

    play(story)


def test_a_document_that_can_never_be_read_ends_in_a_case_too(tmp_path: Path) -> None:
    async def story() -> None:
        estate = Estate()
        estate.fault("procurement GET /purchase_orders", answers(403, body=b'{"code":"no"}'), *range(1, 400))
        worker = Worker("w1", estate, tmp_path)
        await worker.take(estate.order())
        assert list(estate.cases) == ["undeliverable/read:procurement:PO-H1-000001:1"]
        assert next(iter(estate.cases.values()))["subjects"] == ["procurement:PO-H1-000001"]
        estate.faults.clear()
        await worker.take(estate.decision("undeliverable/read:procurement:PO-H1-000001:1", "accept"))
        assert len(estate.posted["purchaseOrders"]) == 1

    play(story)


def test_a_receipt_that_never_comes_is_asked_about_after_ten_days(tmp_path: Path) -> None:
    """A gap of many days with nothing in it but a timer, and a worker that did not exist when it was started."""

    async def story() -> None:
        estate = Estate()
        worker = Worker("w1", estate, tmp_path)
        await worker.take(estate.order())
        await worker.take(estate.invoice())
        assert estate.statuses[-1] == ("INV-000001", "held")
        worker.kill()
        await asyncio.sleep(5 * DAY)
        worker = Worker("w1", estate, tmp_path)
        await asyncio.sleep(6 * DAY)
        assert list(estate.cases) == ["invoice-without-receipt/ap_automation:INV-000001"]
        await worker.take(estate.receipt())
        once(estate)

    play(story)


def test_a_long_line_before_a_slow_target_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Hundreds wait while every call takes half a minute; leases are renewed in line, and the other worker keeps off."""

    async def story() -> None:
        estate = Estate()

        async def slowly(commit: Callable[[], Any]) -> Any:
            await asyncio.sleep(30)
            return commit()

        estate.fault(ORDERS, slowly, *range(1, 401))
        worker, _ = Worker("w1", estate, tmp_path), Worker("w2", estate, tmp_path)
        for number in range(1, 401):
            worker.ports.inbound.queue.put_nowait(estate.order(f"PO-H1-{number:06}"))
        await asyncio.sleep(3 * HOUR)
        assert len(estate.posted["purchaseOrders"]) == 400
        assert len({item["SourceRef"] for item in estate.posted["purchaseOrders"]}) == 400

    play(story)


def test_an_idle_worker_sleeps(tmp_path: Path) -> None:
    """Ten quiet days cost a few hundred calls in all, polls and comparisons included."""

    async def story() -> None:
        estate = Estate()
        Worker("w1", estate, tmp_path)
        Worker("w2", estate, tmp_path)
        await asyncio.sleep(10 * DAY)
        assert len(estate.calls) < 1100

    play(story)
