"""What the world knows of each bill and credit memo that is about: what it belongs to, and what people did with it."""

from __future__ import annotations

from typing import Final

import msgspec

from sim.world.billing import Bill
from sim.world.trade import (
    BLANKET,
    MISREAD,
    OVERBILLED,
    OVERTAXED,
    PRICE_VARIANCE,
    STALE_PRICE,
    WRONG_UNIT,
    Intent,
)
from sim.world.truth import Owed

DISPUTED: Final = {
    PRICE_VARIANCE: ("price-variance",),
    STALE_PRICE: ("price-variance",),
    OVERBILLED: ("quantity-variance",),
    WRONG_UNIT: ("unit-variance", "price-variance", "quantity-variance"),
    MISREAD: ("misread-invoice", "price-variance", "quantity-variance"),
    OVERTAXED: ("tax-variance",),
    BLANKET: ("quantity-variance", "invoice-without-receipt"),
}
"""Turns that people must decide about, and the categories under which a case about it is right."""
OUTCOMES: Final = {
    PRICE_VARIANCE: ("accept", "correct", "reject"),
    STALE_PRICE: ("accept",),
    OVERBILLED: ("reject",),
    WRONG_UNIT: ("accept", "correct"),
    MISREAD: ("correct",),
    OVERTAXED: ("correct",),
    BLANKET: ("reject",),
}


class Paper(msgspec.Struct):
    """An invoice as the world knows it: what it belongs to, how it was read, and what people did with it.

    `correction` is what people would put right in it; `credit` marks a credit memo.
    """

    ref: str
    intent: Intent
    owed: Owed
    owes: str
    bill: Bill
    right_minor: int
    twin: str = ""
    correction: str = ""
    accepted: bool = False
    rejected: bool = False
    rebilled: bool = False
    credit: bool = False

    @property
    def delivered(self) -> tuple[int, ...]:
        """What the bill should have been for: people only ask about the bill that the turn befell."""
        return self.intent.billed(self.intent.twisted_part)

    @property
    def disputed(self) -> bool:
        """Whether its amount is one that people must decide about."""
        return self.intent.twist in DISPUTED and self.bill.total_minor != self.right_minor
