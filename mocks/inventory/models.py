"""What crosses the wire of materials management."""

from __future__ import annotations

from typing import Literal

import msgspec

from mocks.kit.dialect import EPOCH, Limit, Moment, Offset
from mocks.kit.operation import Refused

Method = Literal["counted", "receive_all", "count"]
"""How a receipt came about: counted at the dock; entered with one key for all that was ordered; or a later count of that."""


class ReceiptLine(msgspec.Struct, frozen=True, gc=False):
    """What arrived for one line of the order."""

    line: int
    item: str
    quantity: int
    unit: str


class ReceiptShown(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A goods receipt in full; also the body of the event `receipt.recorded`.

    One that `corrects` another takes back what that one counted: goods that went back, or were never there. What was entered
    by `receive_all` is counted later: that `count` names what is missing of it, perhaps nothing.
    """

    grn: str
    site: str
    order: str
    received_on: str
    recorded_at: str
    lines: tuple[ReceiptLine, ...]
    corrects: str = ""
    method: Method = "counted"


class StockTold(msgspec.Struct, frozen=True, gc=False):
    """The body of the event `stock.changed`: how many of each item a receipt has brought, or taken away."""

    grn: str
    site: str
    occurred_at: str
    changes: dict[str, int]


class ReceiptRow(msgspec.Struct, frozen=True, gc=False):
    """A receipt as it stands in a list."""

    grn: str
    site: str
    order: str
    recorded_at: str


class ReceiptPage(msgspec.Struct, frozen=True, gc=False):
    """One page of receipts."""

    receipts: list[ReceiptRow]
    more: bool


class ReceiptQuery(msgspec.Struct, frozen=True, gc=False):
    """Which receipts to list."""

    since: Moment = EPOCH
    offset: Offset = 0
    limit: Limit = 200


class ErrorBody(msgspec.Struct, frozen=True):
    """What went wrong."""

    code: str
    message: str


class ErrorShown(msgspec.Struct, frozen=True):
    """The family's error shape."""

    error: ErrorBody


def error_shape(refusal: Refused, now_ms: int) -> ErrorShown:
    """A refusal in the family's shape."""
    del now_ms
    return ErrorShown(ErrorBody(refusal.code, refusal.message))
