"""Inventory: goods receipts come from here, fat by webhook, by reference in lists."""

from __future__ import annotations

from typing import Final

import msgspec

from orchestrator.canonical import PIECE, GoodsReceipt, ReceiptLine, stamp
from orchestrator.connectors.base import Operation

SYSTEM: Final = "inventory"
PAGE: Final = 200
UNCOUNTED: Final = "receive_all"
COUNT: Final = "count"


class _Line(msgspec.Struct, gc=False):
    line: int
    quantity: int
    unit: str = ""


class _Receipt(msgspec.Struct, gc=False):
    grn: str
    site: str
    order: str
    received_on: str
    lines: list[_Line]
    corrects: str = ""
    method: str = ""


class Notice(msgspec.Struct, gc=False):
    """What a list says of a receipt."""

    grn: str
    site: str
    order: str = ""


class _Page(msgspec.Struct):
    receipts: list[Notice]
    more: bool = False


class _ErrorBody(msgspec.Struct, gc=False):
    code: str = ""
    message: str = ""


class _Error(msgspec.Struct, gc=False):
    error: _ErrorBody = msgspec.field(default_factory=_ErrorBody)


EVENT: Final = _Receipt
"""A webhook brings the whole receipt."""

_receipt = msgspec.json.Decoder(_Receipt)
_page = msgspec.json.Decoder(_Page)
_error = msgspec.json.Decoder(_Error)


def read_receipt(body: bytes) -> GoodsReceipt:
    """A receipt as the orchestrator speaks of it."""
    raw = _receipt.decode(body)
    lines = tuple([ReceiptLine(x.line, x.quantity, x.unit == PIECE) for x in raw.lines])
    return GoodsReceipt(
        raw.grn, raw.site, raw.order, raw.received_on, lines, raw.corrects, raw.method == UNCOUNTED, raw.method == COUNT
    )


def read_page(body: bytes) -> tuple[list[Notice], bool]:
    """A page of receipts, and whether more follow."""
    page = _page.decode(body)
    return page.receipts, page.more


def list_query(since_ms: int, offset: int) -> dict[str, str]:
    """Receipts recorded since a moment."""
    return {"since": stamp(since_ms), "offset": str(offset), "limit": str(PAGE)}


def read_error(body: bytes) -> tuple[str, str]:
    """Code and text of an error."""
    error = _error.decode(body).error
    return error.code, error.message


def receipt_path(grn: str) -> str:
    """Where a receipt is read."""
    return f"/receipts/{grn}"


OPERATIONS: Final = (
    Operation(SYSTEM, "get_receipt", "GET", read_receipt, read_error, repeatable=True, is_read=True),
    Operation(SYSTEM, "list_receipts", "GET", read_page, read_error, repeatable=True, is_read=True),
)
