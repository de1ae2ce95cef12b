"""What finance finds when payables have closed a period: what was received for direct use and is not invoiced in it.

Each such line of an order must be accrued in the period and taken back in the next. What is invoiced is for the ledger to
say, so the accountants look there, as everywhere; what came is for the docks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from contracts.journal import Document, Effect, Goods, Obligation
from sim.world.truth import CURRENCY, Truth

ACCRUED: Final = ("cloud_erp/accrual.posted",)
TAKEN_BACK: Final = ("cloud_erp/accrual.reversed",)
INVOICED: Final = {"payable": -1, "credit-memo": 1}
"""What takes off what stands open, and what brings it back."""

Line = tuple[str, int]
"""Order and line."""


class Close(msgspec.Struct, frozen=True):
    """A period of a hospital whose payables have closed: by when what must be accrued, and taken back, on which dates."""

    entity: str
    period: str
    last_day: str
    next_day: str
    accrue_by_ms: int
    reverse_by_ms: int


class Accruals:
    """The accountants of all hospitals."""

    def __init__(self, truth: Truth) -> None:
        """Know what is owed; nothing is invoiced yet."""
        self._truth = truth
        self._booked: dict[str, dict[str, str]] = {}
        """Of each debt the papers that stand for it in the ledger, and on which date."""

    def booked(self, effect: Effect, owed: str) -> None:
        """The ledger has an invoice or a credit memo, or has an invoice no more."""
        standing = self._booked.setdefault(owed, {})
        if effect.reverses:
            standing.pop(effect.source_ref, None)
        else:
            standing[effect.source_ref] = effect.on

    def find(self, at_ms: int, close: Close) -> None:
        """Write down what must be accrued, and what must be taken back."""
        for (order, line), (quantity, value_minor) in sorted(self._open(close).items()):
            if quantity > 0 and value_minor > 0:
                goods = (Goods(line, quantity, value_minor),)
                self._owe(at_ms, close, order, line, goods, reversal=False)
                self._owe(at_ms, close, order, line, goods, reversal=True)

    def _open(self, close: Close) -> dict[Line, tuple[int, int]]:
        """What came by the last day, less what is invoiced by then, by line: quantity and value at the order's price."""
        left: dict[Line, tuple[int, int]] = {}
        for owed in self._truth.obligations.values():
            if owed.entity != close.entity or owed.stock:
                continue
            if owed.what == "goods-receipt" and owed.on <= close.last_day:
                _count(left, owed.order, owed.goods, 1)
            elif owed.what in INVOICED and self._stands(owed.id, close.last_day):
                _count(left, owed.order, owed.goods, INVOICED[owed.what])
        return left

    def _stands(self, owed: str, day: str) -> bool:
        return any(on <= day for on in self._booked.get(owed, {}).values())

    def _owe(  # noqa: PLR0913 - what is to be accrued is all of this
        self, at_ms: int, close: Close, order: str, line: int, goods: tuple[Goods, ...], *, reversal: bool
    ) -> None:
        what, suffix = ("accrual-reversal", "/reversal") if reversal else ("accrual", "")
        on = close.next_day if reversal else close.last_day
        due_ms = close.reverse_by_ms if reversal else close.accrue_by_ms
        name = f"{close.period}/{order}/{line}"
        key = f"{close.entity}/{name}{suffix}"
        value, required = goods[0].value_minor, TAKEN_BACK if reversal else ACCRUED
        self._truth.owe(
            Obligation(
                at=at_ms,
                id=key,
                what=what,
                entity=close.entity,
                party="",
                currency=CURRENCY,
                amount_minor=value,
                order_value_minor=value,
                stock=False,
                on=on,
                order=order,
                due_ms=due_ms,
                required=required,
                goods=goods,
            ),
            Document(at_ms, f"period-end:{name}{suffix}", what, key, close.entity, "", name, value, CURRENCY, order),
        )


def _count(left: dict[Line, tuple[int, int]], order: str, goods: Iterable[Goods], sign: int) -> None:
    for each in goods:
        quantity, value = left.get((order, each.line), (0, 0))
        left[order, each.line] = (quantity + sign * each.quantity, value + sign * each.value_minor)
