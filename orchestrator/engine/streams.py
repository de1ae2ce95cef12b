"""Recurring work beside webhooks: polling each source from its watermark, and comparing sources with the target nightly.

A webhook that was lost is otherwise lost for good. The watermark moves only when all that was listed is in the inbox, and
every poll overlaps the last, because a list may lag behind what a system already said.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from orchestrator.connectors import OPERATIONS, ap_automation, inventory, procurement, service_desk
from orchestrator.connectors.base import Ok
from orchestrator.engine.caller import Caller
from orchestrator.engine.effects import Effects
from orchestrator.engine.intake import Intake
from orchestrator.engine.news import News, answer, invoice_notice, order_notice, receipt_notice
from orchestrator.engine.office import Office

MINUTE_MS: Final = 60_000
DAY_MS: Final = 1440 * MINUTE_MS
POLL_EVERY_MS: Final = 30 * MINUTE_MS
POLL_QUIET_MS: Final = 120 * MINUTE_MS
"""A source where nothing happens is asked less and less often, down to this; at night, in the main."""
OVERLAP_MS: Final = 20 * MINUTE_MS
AGAIN_MS: Final = 5 * MINUTE_MS
"""After a poll that failed."""
STREAM_LEASE_MS: Final = 30 * MINUTE_MS
LOOK_BACK_MS: Final = 60 * DAY_MS
"""How far before its first start a design looks for papers."""
PAGES_MAX: Final = 2_000


class Source(msgspec.Struct, frozen=True):
    """One list that is polled. `read` gives the entries of a page and whether more follow after so many."""

    stream: str
    operation: str
    path: str
    query: Callable[[int, int], dict[str, str]]
    read: Callable[[Any, int], tuple[list[News], bool]]


def _until_total(made: Callable[[Any], News]) -> Callable[[Any, int], tuple[list[News], bool]]:
    """For lists that say how many there are in all."""
    return lambda page, seen: ([made(raw) for raw in page[0]], seen + len(page[0]) < page[1])


def _until_last(made: Callable[[Any], News]) -> Callable[[Any, int], tuple[list[News], bool]]:
    """For lists that say whether there is another page."""
    return lambda page, _: ([made(raw) for raw in page[0]], page[1])


SOURCES: Final = (
    Source(
        "procurement",
        "procurement.list_purchase_orders",
        "/purchase_orders",
        procurement.list_query,
        _until_last(order_notice),
    ),
    Source("inventory", "inventory.list_receipts", "/receipts", inventory.list_query, _until_last(receipt_notice)),
    Source(
        "ap_automation",
        "ap_automation.list_invoices",
        "/invoices",
        ap_automation.list_query,
        _until_total(invoice_notice),
    ),
    Source(
        "service_desk",
        "service_desk.list_decisions",
        "/cases/decisions",
        service_desk.list_query,
        _until_total(answer),
    ),
)


class Streams:
    """One worker's share of the recurring work; the stream's row is the lease."""

    def __init__(self, office: Office, caller: Caller, intake: Intake, effects: Effects) -> None:
        """Know the way in."""
        self._office = office
        self._store = office.store
        self._caller = caller
        self._intake = intake
        self._effects = effects
        self._sources = {source.stream: source for source in SOURCES}

    def prepare(self, now_ms: int) -> None:
        """Make sure that every stream has its row; the first poll comes soon."""
        for source in SOURCES:
            self._store.add_stream(source.stream, now_ms - LOOK_BACK_MS, now_ms + AGAIN_MS)

    async def work(self, stream: str, cursor: int, pause: int, fence: int) -> None:
        """Poll one source; on any failure its watermark stays where it was."""
        office = self._office
        began_ms = office.now_ms()
        listed = await self.sweep(self._sources[stream], cursor - OVERLAP_MS)
        if listed is None:
            due_ms = began_ms + AGAIN_MS
        else:
            cursor, pause = began_ms, POLL_EVERY_MS if listed else min(2 * pause or POLL_EVERY_MS, POLL_QUIET_MS)
            due_ms = began_ms + pause
        await office.transact(self._store.move_stream, stream, fence, cursor, due_ms, pause)
        office.alarm.set(due_ms)

    async def sweep(self, source: Source, since_ms: int) -> int | None:
        """Bring everything that a list shows since a moment into the inbox; None when it could not be read to its end."""
        operation = OPERATIONS[source.operation]
        seen = 0
        for _ in range(PAGES_MAX):
            outcome = await self._caller.call(operation, source.path, source.query(since_ms, seen))
            if not isinstance(outcome, Ok):
                return None
            entries, more = source.read(outcome.value, seen)
            seen += len(entries)
            fresh = [news for news in entries if not self._store.seen(news.source, news.id, news.version)]
            if fresh:
                effects = await self._office.transact(self._intake.enter_all, fresh)
                for effect in effects:
                    self._office.spawn(self._effects.carry([effect]))
            if not more or not entries:
                return seen
        return None
