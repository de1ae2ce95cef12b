"""What is due: effects that rested or were left behind, timers, recurring work. It sleeps in between.

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
from orchestrator.store.sqlite import NEVER
from orchestrator.workflows.messages import TimerDue

IDLE_MS: Final = 4 * 3_600_000
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
        """Do what is due, for ever. What falls due while this sleeps, the alarm sees to."""
        office = self._office
        office.alarm.answered_by(self.look)
        sleep = office.ports.clock.sleep
        await self.look()
        due_ms = min(self._store.next_due(NEVER))  # what is in hands now may be what a life of before has left
        while True:
            now_ms = office.now_ms()
            office.alarm.next_look_ms = min(due_ms, now_ms + IDLE_MS)
            await sleep(max(0, office.alarm.next_look_ms - now_ms) / 1000)
            due_ms = await self.look()

    async def look(self) -> int:
        """Do everything that is due now; when the next thing is."""
        office, next_due = self._office, self._store.next_due
        now_ms = office.now_ms()
        due = next_due(now_ms)
        while min(due) <= now_ms:
            await self._round(now_ms, *due)
            due = next_due(now_ms)
        if office.ended:  # nothing was due with which it could have been written
            await office.transact(int)
            due = next_due(now_ms)
        return min(due)

    async def _round(self, now_ms: int, effect_ms: int, timer_ms: int, stream_ms: int) -> None:
        office, store = self._office, self._store
        if effect_ms <= now_ms:
            for effect in await office.transact(store.claim_due, now_ms, now_ms + LEASE_MS, BATCH):
                office.spawn(self._effects.carry, [effect])
        if timer_ms <= now_ms:
            for process, name in store.due_timers(now_ms, BATCH):
                effects = await office.transact(self._ring, process, name, now_ms)
                if effects:
                    office.spawn(self._effects.carry, effects)
        if stream_ms <= now_ms:
            for claimed in await office.transact(store.claim_streams, now_ms, now_ms + STREAM_LEASE_MS):
                office.spawn(self._streams.work, *claimed)

    def _ring(self, process: int, name: str, now_ms: int) -> list[Effect]:
        """Whoever removes the timer tells the process; a second worker finds it gone."""
        if not self._store.stop_timer(process, name):
            return []
        return self._steps.for_process(process, TimerDue(now_ms, name))
