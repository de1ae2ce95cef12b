"""Procurement: orders come from here, thin; that an order stands in the ERP goes back."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec

from orchestrator.canonical import BOOKS_CURRENCY, OrderLine, PurchaseOrder, TaxRate, minor, stamp
from orchestrator.connectors.base import Operation, Prepared, accepted

SYSTEM: Final = "procurement"
PAGE: Final = 50
PLACES: Final = 4
"""Of a rate in per cent: one is a millionth."""


class _Supplier(msgspec.Struct, gc=False):
    id: str
    name: str = ""


class _Line(msgspec.Struct, gc=False):
    line: int
    item: str
    kind: str
    quantity: int
    unit_price: str
    pack: int = 1


class _Tax(msgspec.Struct, frozen=True, gc=False):
    valid_from: str
    rate: str


class _Order(msgspec.Struct, gc=False):
    number: str
    revision: int
    business_unit: str
    supplier: _Supplier
    lines: list[_Line]
    cost_centre: str = ""
    currency: str = "USD"
    status: str = ""
    approved_at: str = ""
    taxes: tuple[_Tax, ...] = ()
    written_on: str = ""
    ship_to: str = ""


class Notice(msgspec.Struct, gc=False):
    """What a webhook or a list says of an order: enough to go and read it."""

    number: str
    revision: int
    business_unit: str


class _Page(msgspec.Struct):
    purchase_orders: list[Notice]
    next_offset: int | None = None


class _Errors(msgspec.Struct, gc=False):
    errors: dict[str, list[str]] = {}


class _Status(msgspec.Struct):
    status: str
    erp_number: str


_order = msgspec.json.Decoder(_Order)
_notice = msgspec.json.Decoder(Notice)
_page = msgspec.json.Decoder(_Page)
_error = msgspec.json.Decoder(_Errors)
_encode = msgspec.json.Encoder().encode


def read_order(body: bytes) -> PurchaseOrder:
    """An order as the orchestrator speaks of it."""
    raw = _order.decode(body)
    lines = tuple([OrderLine(x.line, x.item, x.kind, x.quantity, minor(x.unit_price), x.pack) for x in raw.lines])
    return PurchaseOrder(
        raw.number,
        raw.revision,
        raw.business_unit,
        raw.cost_centre,
        raw.supplier.id,
        raw.supplier.name,
        raw.currency,
        lines,
        raw.status == "cancelled",
        raw.approved_at[:10] if raw.currency != BOOKS_CURRENCY else "",
        _rates(raw.taxes),
        raw.written_on,
        raw.ship_to,
    )


@lru_cache(maxsize=256)
def _rates(taxes: tuple[_Tax, ...]) -> tuple[TaxRate, ...]:
    """Oldest first. Kept, because all orders of a hospital say the same."""
    return tuple(sorted((TaxRate(x.valid_from, _ppm(x.rate)) for x in taxes), key=_valid_from))


def _ppm(per_cent: str) -> int:
    """Millionths for a decimal text of per cent; raises ValueError for anything else."""
    whole, _, part = per_cent.partition(".")
    if not (whole + part).isdigit() or len(part) > PLACES:
        message = f"{per_cent!r} is no rate"
        raise ValueError(message)
    return int(whole + part.ljust(PLACES, "0"))


def _valid_from(rate: TaxRate) -> str:
    return rate.valid_from


def read_notice(body: bytes) -> Notice:
    """A thin event."""
    return _notice.decode(body)


def read_page(body: bytes) -> tuple[list[Notice], bool]:
    """A page of changed orders, and whether more follow."""
    page = _page.decode(body)
    return page.purchase_orders, page.next_offset is not None


def list_query(since_ms: int, offset: int) -> dict[str, str]:
    """Orders approved or revised since a moment."""
    return {"updated_after": stamp(since_ms), "offset": str(offset), "limit": str(PAGE)}


def read_error(body: bytes) -> tuple[str, str]:
    """Code and text of an error: the first of the family's messages by code."""
    return next(((code, "; ".join(texts)) for code, texts in _error.decode(body).errors.items()), ("", ""))


def order_path(number: str) -> str:
    """Where an order is read."""
    return f"/purchase_orders/{number}"


def tell_interfaced(number: str, erp_number: str) -> Prepared:
    """That an order now stands in the ERP."""
    body = _encode(_Status("interfaced", erp_number))
    return Prepared("procurement.set_order_status", f"/purchase_orders/{number}/status", body, f"{SYSTEM}:{number}")


OPERATIONS: Final = (
    Operation(SYSTEM, "get_purchase_order", "GET", read_order, read_error, repeatable=True, is_read=True),
    Operation(SYSTEM, "list_purchase_orders", "GET", read_page, read_error, repeatable=True, is_read=True),
    Operation(SYSTEM, "set_order_status", "PUT", accepted("number"), read_error, repeatable=True),
)
