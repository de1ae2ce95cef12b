"""What is due: effects that rested or were left behind, timers, recurring work. Sleeps until then, never polls.

It looks again at the latest after `IDLE_MS`, because another worker may have died with work in its hands.
"""

from __future__ import annotations

from typing import Final

from orchestrator.engine.effects import Effects
from orchestrator.engine.office import Office
from orchestrator.engine.retry import LEASE_MS
from orchestrator.engine.steps import Steps
from orchestrator.engine.streams import STREAM_LEASE_MS, Streams
from orchestrator.store.rows import Effect
from orchestrator.workflows.messages import TimerDue

IDLE_MS: Final = 300_000
BATCH: Final = 50
"""Claimed at once, so that one worker does not take everything that an outage left behind."""


class Dispatcher:
    """The worker's diary."""

    def __init__(self, office: Office, effects: Effects, steps: Steps, streams: Streams) -> None:
        """Know who does what is due."""
        self._office = office
        self._store = office.store
        self._effects = effects
        self._steps = steps
        self._streams = streams

    async def run(self) -> None:
        """Do what is due, for ever."""
        office = self._office
        while True:
            now_ms = office.now_ms()
            due_ms = self._store.next_due()
            while due_ms is not None and due_ms <= now_ms:
                await self._round(now_ms)
                due_ms = self._store.next_due()
            if office.ended:
                await office.transact(int)
            latest_ms = now_ms + IDLE_MS
            office.alarm.set(latest_ms if due_ms is None else min(due_ms, latest_ms))
            await office.alarm.wait()

    async def _round(self, now_ms: int) -> None:
        office = self._office
        for effect in await office.transact(self._store.claim_due, now_ms, now_ms + LEASE_MS, BATCH):
            office.spawn(self._effects.carry([effect]))
        for process, name in self._store.due_timers(now_ms, BATCH):
            effects = await office.transact(self._ring, process, name, now_ms)
            if effects:
                office.spawn(self._effects.carry(effects))
        claimed = await office.transact(self._store.claim_stream, now_ms, now_ms + STREAM_LEASE_MS)
        if claimed is not None:
            office.spawn(self._streams.work(*claimed))

    def _ring(self, process: int, name: str, now_ms: int) -> list[Effect]:
        """Whoever removes the timer tells the process; a second worker finds it gone."""
        if not self._store.stop_timer(process, name):
            return []
        return self._steps.for_process(process, TimerDue(now_ms, name))
