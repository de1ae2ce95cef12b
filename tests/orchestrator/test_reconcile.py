"""The nightly comparison finds what every other way has missed, repairs what it can, and notes the rest."""

from __future__ import annotations

import asyncio
from pathlib import Path

from contracts.ports import Ports
from orchestrator.engine.assembly import Orchestrator
from orchestrator.engine.habits import Habits
from tests.orchestrator.estate import Estate, Worker, answers, before, play

DAY = 86_400.0


class OnlyByNight(Orchestrator):
    """The reference without polls, so that only the comparison can help."""

    def __init__(self, ports: Ports, durable_dir: Path) -> None:
        super().__init__(ports, durable_dir, Habits(streams=("reconciliation",)))


def breaks(worker: Worker) -> list[tuple[str, str]]:
    """What was noted."""
    return worker.orchestrator.store._run("SELECT kind, ref FROM recon_break ORDER BY kind, ref").fetchall()


def test_papers_nobody_told_of_are_taken_in_at_night(tmp_path: Path) -> None:
    async def story() -> None:
        estate = Estate()
        worker = Worker("w1", estate, tmp_path, OnlyByNight)
        estate.order(), estate.receipt(), estate.invoice()
        await asyncio.sleep(12 * 3600)
        assert not estate.posted["invoices"]
        await asyncio.sleep(DAY)
        assert {kind: len(items) for kind, items in estate.posted.items()} == {
            "purchaseOrders": 1,
            "receipts": 1,
            "invoices": 1,
        }
        assert breaks(worker) == [
            ("unheard", "ap_automation:INV-000001"),
            ("unheard", "inventory:GRN-H1-000001"),
            ("unheard", "procurement:PO-H1-000001"),
        ]
        await asyncio.sleep(3 * DAY)
        assert len(breaks(worker)) == 3

    play(story)


def test_differences_with_the_target_are_noted_once(tmp_path: Path) -> None:
    async def story() -> None:
        estate = Estate()
        worker = Worker("w1", estate, tmp_path, OnlyByNight)
        for delivery in (estate.order(), estate.receipt(), estate.invoice()):
            await worker.take(delivery)
        posted = estate.posted["invoices"]
        posted.append({**posted[0], "InvoiceId": "invoices-9"})
        posted.append({**posted[0], "SourceRef": "ap_automation:INV-000404", "InvoiceId": "invoices-10"})
        await asyncio.sleep(2 * DAY)
        assert breaks(worker) == [
            ("posted-twice", "ap_automation:INV-000001"),
            ("posted-unknown", "ap_automation:INV-000404"),
        ]

    play(story)


def test_a_posting_that_the_target_lost_is_noted(tmp_path: Path) -> None:
    async def story() -> None:
        estate = Estate()
        worker = Worker("w1", estate, tmp_path, OnlyByNight)
        for delivery in (estate.order(), estate.receipt(), estate.invoice()):
            await worker.take(delivery)
        estate.posted["invoices"].clear()
        await asyncio.sleep(DAY)
        assert breaks(worker) == [("not-posted", "ap_automation:INV-000001")]

    play(story)


def test_a_comparison_that_could_not_be_finished_comes_again_soon(tmp_path: Path) -> None:
    async def story() -> None:
        estate = Estate()
        estate.fault("inventory GET /receipts", before, 1)
        estate.fault("cloud_erp GET /invoices", answers(500), 1)
        Worker("w1", estate, tmp_path, OnlyByNight)
        await asyncio.sleep(DAY)
        assert len(estate.made("inventory GET /receipts")) == 3

    play(story)
