"""Recurring work beside webhooks: polling each source from its watermark; `reconcile` adds the nightly comparison.

A webhook that was lost is otherwise lost for good. The watermark moves only when all that was listed is in the inbox, and
every poll overlaps the last, because a list may lag behind what a system already said.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from orchestrator.connectors import OPERATIONS
from orchestrator.connectors.base import Ok
from orchestrator.engine.caller import Caller
from orchestrator.engine.closing import Closing
from orchestrator.engine.effects import Effects
from orchestrator.engine.habits import Habits
from orchestrator.engine.intake import Intake
from orchestrator.engine.news import News
from orchestrator.engine.office import Office
from orchestrator.engine.reconcile import reconcile
from orchestrator.engine.sources import (
    DAY_MS,
    MASTERS,
    MINUTE_MS,
    PERIOD_END,
    RECONCILIATION,
    SOURCES,
    Source,
    next_night_ms,
)
from orchestrator.store.rows import Effect

POLL_EVERY_MS: Final = 120 * MINUTE_MS
POLL_QUIET_MS: Final = 240 * MINUTE_MS
"""A source where nothing happens is asked less and less often, down to this; at night, in the main."""
AGAIN_MS: Final = 5 * MINUTE_MS
"""After a poll that failed."""
STREAM_LEASE_MS: Final = 30 * MINUTE_MS
LOOK_BACK_MS: Final = 60 * DAY_MS
"""How far before its first start a design looks for papers."""
PAGES_MAX: Final = 2_000


class Streams:
    """One worker's share of the recurring work; the stream's row is the lease."""

    def __init__(  # noqa: PLR0913 - the parts it works with
        self, office: Office, caller: Caller, intake: Intake, effects: Effects, closing: Closing, habits: Habits
    ) -> None:
        """Know the way in, and which streams there are."""
        self._closing = closing
        self._office = office
        self._store = office.store
        self._caller = caller
        self._intake = intake
        self._effects = effects
        self._habits = habits
        masters = MASTERS if "supplier-master" in office.ports.settings.get("workflows", "") else ()
        self._compared = (*SOURCES, *masters)
        self._sources = {
            source.stream: source
            for source in (*SOURCES, *masters)
            if source in masters or source.stream in habits.streams
        }

    def prepare(self, now_ms: int) -> None:
        """Make sure that every stream has its row. The first poll comes soon, the first comparison by night."""
        for stream in self._sources:
            self._store.add_stream(stream, now_ms - LOOK_BACK_MS, now_ms + AGAIN_MS)
        if RECONCILIATION in self._habits.streams:
            self._store.add_stream(RECONCILIATION, now_ms, next_night_ms(now_ms))
        if PERIOD_END in self._habits.streams and self._closing.first_ms:
            self._store.add_stream(PERIOD_END, now_ms, self._closing.first_ms)

    def granted(self, entities: tuple[str, ...]) -> None:
        """A token is good for these hospitals."""
        self._office.spawn(self._widen, entities)

    async def _widen(self, entities: tuple[str, ...]) -> None:
        """Lists show now what they hid before: what was there of a new hospital's all along is old to every watermark."""
        now_ms = self._office.now_ms()
        if await self._office.transact(self._noted, entities, now_ms):
            self._office.alarm.set(now_ms)

    def _noted(self, entities: tuple[str, ...], now_ms: int) -> bool:
        new = self._store.note_grants(entities, now_ms)
        if new:
            for stream in self._sources:
                self._store.rewind(stream, now_ms - LOOK_BACK_MS, now_ms)
        return new

    async def work(self, stream: str, cursor: int, pause: int, fence: int) -> None:
        """Do a stream's work; on any failure its watermark stays where it was."""
        office = self._office
        began_ms = office.now_ms()
        self._caller.tokens.must_cover(self._store.grants)
        if stream == RECONCILIATION:
            complete = await reconcile(office, self._caller, self.sweep, began_ms, self._compared)
            due_ms = next_night_ms(began_ms) if complete else began_ms + AGAIN_MS
        elif stream in self._sources:
            listed = await self.sweep(self._sources[stream], cursor - self._habits.overlap_ms)
            complete = listed is not None
            if listed is not None:
                pause = POLL_EVERY_MS if listed else min(2 * pause or POLL_EVERY_MS, POLL_QUIET_MS)
            due_ms = began_ms + (pause if complete else AGAIN_MS)
        elif stream == PERIOD_END:
            complete, due_ms = True, await self._closing.work()
        else:  # a release that polled more has been here
            complete, due_ms = True, began_ms + DAY_MS
        await office.transact(self._store.move_stream, stream, fence, began_ms if complete else cursor, due_ms, pause)
        office.alarm.set(due_ms)

    async def sweep(self, source: Source, since_ms: int, missed: Callable[[News], None] | None = None) -> int | None:
        """Bring everything that a list shows since a moment into the inbox; None when it could not be read to its end.

        Each page begins with the last entry of the one before. Where it does not, the list has shifted under our hands and
        entries may have slipped through: that is no end either. `missed` hears, inside the transaction, of each entry
        that was not there yet.
        """
        operation = OPERATIONS[source.operation]
        seen, last = 0, None
        for _ in range(PAGES_MAX):
            offset = max(0, seen - 1)
            outcome = await self._caller.call(operation, source.path, source.query(since_ms, offset))
            if not isinstance(outcome, Ok):
                return None
            entries, more = source.read(outcome.value, offset)
            if last is not None and (not entries or (entries[0].id, entries[0].version) != last):
                return None
            before, seen = seen, offset + len(entries)
            known = self._store.heard_of(source.stream, [news.id for news in entries]) if entries else ()
            fresh = [news for news in entries if (news.id, news.version) not in known]
            if fresh:
                for effect in await self._office.transact(self._take_in, fresh, missed):
                    self._office.spawn(self._effects.carry, [effect])
            if not more or seen <= before:
                return seen
            last = (entries[-1].id, entries[-1].version)
        return None

    def _take_in(self, fresh: list[News], missed: Callable[[News], None] | None) -> list[Effect]:
        if missed is not None:
            for news in fresh:
                missed(news)
        return [effect for news in fresh for effect in self._intake.enter(news, news.id)]


__all__ = ["POLL_EVERY_MS", "SOURCES", "STREAM_LEASE_MS", "Source", "Streams"]
