"""The nightly comparison: what the sources have, what we heard of, and what the target has.

A paper that we never heard of is taken in now, under its original key, by the same way as any other. Differences that
nothing here can repair are noted as breaks for people; an outcome still in doubt that the target shows is looked up at once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from orchestrator.connectors import OPERATIONS, cloud_erp
from orchestrator.connectors.base import Ok
from orchestrator.engine.caller import Caller
from orchestrator.engine.news import News
from orchestrator.engine.office import Office
from orchestrator.engine.sources import DAY_MS, MINUTE_MS, SOURCES, Source
from orchestrator.store.rows import DONE

WINDOW_MS: Final = DAY_MS + 180 * MINUTE_MS
FRESH_MS: Final = 60 * MINUTE_MS
"""What was done this recently may not be listed yet."""
POSTING: Final = "cloud_erp.create_invoice"
INVOICES: Final = "ap_automation"
"""The source of what is posted."""


class Sweep(Protocol):
    """Take in what a list shows."""

    def __call__(
        self, source: Source, since_ms: int, missed: Callable[[News], None] | None = None
    ) -> Awaitable[int | None]:
        """How many it showed, or None."""


async def reconcile(
    office: Office, caller: Caller, sweep: Sweep, now_ms: int, sources: tuple[Source, ...] = SOURCES
) -> bool:
    """One comparison; False when a list could not be read to its end."""
    since_ms = now_ms - WINDOW_MS

    def missed(news: News) -> None:
        office.store.open_break("unheard", f"{news.source}:{news.id}", f"version {news.version}", now_ms)

    for source in sources:
        if await sweep(source, since_ms, missed) is None:
            return False
    posted = await _posted(caller, since_ms)
    if posted is None:
        return False
    await office.transact(_compare, office, posted, now_ms)
    return True


async def _posted(caller: Caller, since_ms: int) -> dict[str, list[str]] | None:
    """What the ERP has posted since a moment: its ids by our reference."""
    operation = OPERATIONS["cloud_erp.find_invoices"]
    posted: dict[str, list[str]] = {}
    offset, more = 0, True
    while more:
        outcome = await caller.call(operation, "/invoices", cloud_erp.list_query(since_ms, offset))
        if not isinstance(outcome, Ok):
            return None
        items, more = outcome.value
        offset += len(items)
        more = more and bool(items)
        for item in items:
            posted.setdefault(item.source_ref, []).append(item.invoice_id)
    return posted


def _compare(office: Office, posted: dict[str, list[str]], now_ms: int) -> None:
    store = office.store
    in_doubt = store.in_doubt(POSTING)
    heard = {f"{INVOICES}:{paper}" for paper, _ in store.heard_of(INVOICES, map(_paper, posted))}
    for ref, ids in posted.items():
        if len(set(ids)) > 1:
            store.open_break("posted-twice", ref, ", ".join(sorted(set(ids))), now_ms)
        if ref in in_doubt:
            office.alarm.set(store.hurry(ref, now_ms))
        elif ref not in heard:
            store.open_break("posted-unknown", ref, ids[0], now_ms)
    for ref, status, born_ms in store.effects_since(POSTING, now_ms - WINDOW_MS):
        if status == DONE and born_ms < now_ms - FRESH_MS and ref not in posted:
            store.open_break("not-posted", ref, "done here, not listed there", now_ms)


def _paper(ref: str) -> str:
    return ref.partition(":")[2]
