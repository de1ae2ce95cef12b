"""Known bad: a delivery is acknowledged when it comes in, and stored with the others a few minutes later.

That spares the database and answers senders quickly. What a worker had acknowledged and not yet stored dies with it; and
because the watermark says how far deliveries were acknowledged, no poll and no comparison looks for it again.
"""

from __future__ import annotations

from pathlib import Path

from contracts.ports import Delivery, Ports
from orchestrator.engine.assembly import Orchestrator
from orchestrator.engine.habits import Habits
from orchestrator.engine.intake import Intake
from orchestrator.engine.news import News
from orchestrator.engine.sources import SOURCES

STORE_EVERY_S = 300.0
HABITS = Habits(streams=tuple(source.stream for source in SOURCES), overlap_ms=0)


class AcknowledgeFirst(Intake):
    """Answers at once, stores in batches."""

    async def accept(self, delivery: Delivery, news: News, event_id: str) -> None:
        """Acknowledge, move the watermark, and go on when the next batch is stored."""
        delivery.ack()
        office = self._office
        now_ms = office.now_ms()
        await office.transact(self._move_on, news.source, now_ms)
        await office.ports.clock.sleep(STORE_EVERY_S - now_ms / 1000 % STORE_EVERY_S)
        await super().accept(delivery, news, event_id)

    def _move_on(self, stream: str, now_ms: int) -> None:
        """The poll need not look for what came this way."""
        self._office.store._run("UPDATE watermark SET cursor=max(cursor, ?) WHERE stream=?", (now_ms, stream))


class Hasty(Orchestrator):
    """The reference with that intake."""

    intake_type = AcknowledgeFirst


async def run(ports: Ports, durable_dir: Path) -> None:
    """One worker of it."""
    await Hasty(ports, durable_dir, HABITS).live()
