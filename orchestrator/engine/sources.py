"""The lists that sources offer: what is polled, how it is asked for, and how a page is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from orchestrator.connectors import (
    ap_automation,
    inventory,
    procurement,
    procurement_lookups,
    procurement_suppliers,
    service_desk,
)
from orchestrator.engine.news import (
    News,
    answer,
    invoice_notice,
    meaning,
    order_notice,
    receipt_notice,
    supplier_notice,
)

MINUTE_MS: Final = 60_000
DAY_MS: Final = 1440 * MINUTE_MS
NIGHT_MS: Final = 8 * 60 * MINUTE_MS
"""Eight in the morning UTC: the small hours in all the hospitals' zones, and past the change of the clocks."""


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

SUPPLIERS: Final = Source(
    "suppliers",
    "procurement.list_suppliers",
    "/suppliers",
    procurement_suppliers.list_query,
    _until_last(supplier_notice),
)
LOOKUPS: Final = Source(
    "lookups",
    "procurement.list_lookup_values",
    "/lookup_values",
    procurement_lookups.list_query,
    _until_last(meaning),
)
MASTERS: Final = (SUPPLIERS, LOOKUPS)
"""Polled where supplier master is in play."""

RECONCILIATION: Final = "reconciliation"
PERIOD_END: Final = "period-end"
STREAMS: Final = (*(source.stream for source in SOURCES), RECONCILIATION, PERIOD_END)
"""All the recurring work there is."""


def next_night_ms(now_ms: int) -> int:
    """When the next comparison is due."""
    return now_ms - (now_ms - NIGHT_MS) % DAY_MS + DAY_MS
