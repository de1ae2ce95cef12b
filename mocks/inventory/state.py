"""Goods receipts. A receipt is recorded once and never changes; what was wrong or went back is a receipt that corrects it.

A receipt that was entered without counting is counted once, later: a correction, too, be it of nothing.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from contracts.wire import Subject
from mocks.inventory.models import Method, ReceiptLine, ReceiptShown, StockTold
from mocks.kit.dialect import stamp
from mocks.kit.operation import Refused, Work
from mocks.kit.paging import Changes


class NewReceipt(msgspec.Struct, frozen=True, gc=False):
    """What dock staff enter. `received_on` is the local date; lines name the order's lines."""

    entity: str
    order: str
    received_on: str
    lines: tuple[ReceiptLine, ...]
    corrects: str = ""
    method: Method = "counted"


class Inventory:
    """All receipts of the estate. They are stored as they are shown: nothing in them is money, nothing changes."""

    def __init__(self, entities: tuple[str, ...], *, all_topics: bool = False) -> None:
        """No receipts at these sites yet. `all_topics`: it also tells what lies on the shelves."""
        self._all_topics = all_topics
        self.receipts: dict[str, ReceiptShown] = {}
        self.recorded = Changes()
        self._corrections: dict[str, tuple[ReceiptShown, ...]] = {}
        self._made = dict.fromkeys(entities, 0)

    def record_receipt(self, work: Work, arrived: NewReceipt) -> str:
        """Record what arrived; the receipt's number."""
        entity = arrived.entity
        _check(arrived, known=entity in self._made)
        if arrived.corrects:
            self._correctable(arrived)
        self._made[entity] += 1
        series = "CNT" if arrived.method == "count" else "RTN" if arrived.corrects else "GRN"
        grn = f"{series}-{entity}-{self._made[entity]:06d}"
        at, lines, corrects = stamp(work.now_ms), arrived.lines, arrived.corrects
        receipt = ReceiptShown(grn, entity, arrived.order, arrived.received_on, at, lines, corrects, arrived.method)
        self.receipts[grn] = receipt
        if corrects:
            self._corrections[corrects] = (*self._corrections.get(corrects, ()), receipt)
        self.recorded.touch(work.now_ms, grn)
        work.effect("receipt.recorded", grn, entity=entity, number=grn, order=arrived.order, on=arrived.received_on)
        subject = Subject(entity, grn)
        work.event("receipt.recorded", subject, 1, receipt)
        if self._all_topics:
            sign = -1 if corrects else 1
            changes = {line.item: sign * line.quantity for line in lines}
            work.event("stock.changed", subject, 1, StockTold(grn, entity, at, changes))
        return grn

    def _correctable(self, wrong: NewReceipt) -> None:
        """Refuse to take back more than was counted, in other units, or what is a correction itself."""
        counted = self.receipt(wrong.corrects)
        if counted.corrects or counted.site != wrong.entity or counted.order != wrong.order:
            raise Refused(400, "not_correctable", f"{counted.grn} is not a receipt of this order here")
        earlier = self._corrections.get(counted.grn, ())
        if wrong.method == "count" and counted.method != "receive_all":
            raise Refused(409, "counted_before", f"{counted.grn} was counted when it came")
        if wrong.method == "count" and any(each.method == "count" for each in earlier):
            raise Refused(409, "counted_before", f"{counted.grn} was counted already")
        left = {(line.line, line.unit): line.quantity for line in counted.lines}
        for line in (line for each in earlier for line in each.lines):
            left[line.line, line.unit] -= line.quantity
        for line in wrong.lines:
            if line.quantity > left.get((line.line, line.unit), 0):
                raise Refused(409, "more_than_counted", f"{counted.grn} has not so much left on line {line.line}")

    def receipt(self, grn: str) -> ReceiptShown:
        """A receipt, or a 404."""
        receipt = self.receipts.get(grn)
        if receipt is None:
            raise Refused(404, "not_found", f"no receipt {grn}")
        return receipt


def _check(arrived: NewReceipt, *, known: bool) -> None:
    if not known:
        raise Refused(400, "unknown_site", f"no site {arrived.entity}")
    if (arrived.method == "count" and not arrived.corrects) or (arrived.method == "receive_all" and arrived.corrects):
        raise Refused(400, "bad_method", "a count is of a receipt, and what is entered for all corrects none")
    if not arrived.lines and arrived.method != "count":
        raise Refused(400, "no_lines", "a receipt needs at least one line")
    for line in arrived.lines:
        if line.quantity <= 0:
            raise Refused(400, "bad_quantity", "a received quantity must be positive")
    if len({line.line for line in arrived.lines}) != len(arrived.lines):
        raise Refused(400, "line_twice", "a receipt names each line of the order once")
    try:
        dt.date.fromisoformat(arrived.received_on)
    except ValueError:
        raise Refused(400, "bad_date", f"{arrived.received_on!r} is not a date") from None
