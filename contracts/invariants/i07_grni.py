"""I07 GRNI: what stands as received and not invoiced is what was received and is not invoiced.

For each line of each order for stock, the goods-received-not-invoiced account holds exactly what has been booked in at the
dock less what has been billed and booked, and not given back in credit memos, all at the order's price. A price that differs goes to purchase price variance
(PPV) and nowhere else: left in GRNI it would stand there for ever. Goods that are used at once never pass through it.

What people accepted stands at the price that they accepted, although another was due.

A delivery that came and is not billed yet leaves the account open, rightly so, also over the end of a period. Judged at
the end, by line, over what was posted and stands; what should have been posted and was not is I01's affair. A posting
without its order's lines is *unknown*.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from contracts.invariant import NOTHING, Invariant, Violation, doubt
from contracts.invariants._desk import let_through
from contracts.invariants._wording import converted, money
from contracts.journal import Effect, Obligation
from contracts.provenance import Known, Posted

Order = tuple[str, str, str]
"""System, entity, order."""


MOVES: Final = {"receipt.posted": -1, "receipt.returned": 1, "invoice.posted": 1, "invoice.credited": -1}
"""Postings that move what stands as received and not invoiced, debit positive."""
BILLED: Final = {"invoice.posted": 1, "invoice.credited": -1}
"""Those that move the price variance."""


class Accrued(msgspec.Struct, gc=False):
    """Of one order: what its lines hold, less what they should; the same for its variance; and the postings."""

    off: dict[int, int] = {}
    variance_minor: int = 0
    seen: tuple[int, ...] = ()

    @property
    def is_off(self) -> bool:
        """Whether a line or the variance holds what it should not."""
        return self.variance_minor != 0 or any(self.off.values())


Orders = dict[Order, Accrued]


class Count(msgspec.Struct):
    """Orders as they stood when their last posting was made, with all postings of each; and lines of orders judged.

    `anew` are orders that could not be counted then.
    """

    orders: Orders = {}
    postings: dict[Order, list[Posted]] = {}
    anew: set[Order] = set()
    judged: int = 0


class ReceivedNotInvoiced(Invariant):
    """GRNI per order line = received - invoiced at the order's price; differences in PPV."""

    id = "I07"
    name = "grni"
    workflows = ("procure-to-pay",)
    reads = tuple(MOVES)

    def start(self) -> Count:
        """None judged."""
        return Count()

    def step(self, state: Count, entry: Effect, known: Known) -> Iterator[Violation]:
        """Count a posting at once, so that little is left for the end."""
        del entry
        posted, _ = known.made
        if posted is not None:
            order = _order(posted)
            state.postings.setdefault(order, []).append(posted)
            if any(_take(posted, known.obligations.get(posted.origin), state.orders)):
                state.anew.add(order)
        return NOTHING

    def end(self, state: Count, known: Known) -> Iterator[Violation]:
        """Each line of each order must hold what it should."""
        anew = state.anew.union(order for order, accrued in state.orders.items() if accrued.is_off)
        anew.update(_order(posted) for posted in known.spoken_of.values() if posted.effect.what in MOVES)
        state.judged += sum(len(accrued.off) for order, accrued in state.orders.items() if order not in anew)
        orders: Orders = {}
        for posted in sorted((each for order in anew for each in state.postings[order]), key=known.place):
            if not posted.reversed_line:
                owed = known.obligations.get(posted.origin)
                if owed is not None and let_through(posted, owed, known):
                    owed = msgspec.structs.replace(owed, amount_minor=posted.effect.amount_minor)
                yield from _take(posted, owed, orders)
        for (system, entity, number), accrued in orders.items():
            state.judged += len(accrued.off)
            wrong = [f"line {line} by {money(off, '')}" for line, off in sorted(accrued.off.items()) if off]
            if accrued.variance_minor:
                wrong.append(f"its price variance by {money(accrued.variance_minor, '')}")
            if wrong:
                says = f"received not invoiced of {number} ({entity} in {system}) is off: {', '.join(wrong)}"
                at_risk = sum(map(abs, accrued.off.values())) or abs(accrued.variance_minor)
                yield Violation(f"{entity}/{number}", says, accrued.seen, at_risk)

    def checked(self, state: Count) -> int:
        """Lines of orders."""
        return state.judged


def _order(posted: Posted) -> Order:
    effect = posted.effect
    return effect.system, effect.entity, effect.order


def _take(posted: Posted, owed: Obligation | None, orders: Orders) -> Iterator[Violation]:
    """Count a posting for what it moved, and against what it should have moved."""
    effect = posted.effect
    accrues = any(line.role == "grni" for line in effect.lines)
    if (accrues and not effect.goods) or (owed is not None and owed.stock and not owed.goods):
        yield doubt(effect.ref, f"{effect.ref} ({effect.what}) does not say which lines it concerns", posted.line)
        return
    accrued = orders.setdefault(_order(posted), Accrued())
    accrued.seen = (*accrued.seen, posted.line)
    off = accrued.off
    for goods in effect.goods:
        off[goods.line] = off.get(goods.line, 0) + goods.value_minor
    accrued.variance_minor += sum(line.amount_minor for line in effect.lines if line.role == "ppv")
    if owed is None or not owed.stock:
        return
    sign = MOVES[effect.what]
    for goods in owed.goods:
        off[goods.line] = off.get(goods.line, 0) - sign * goods.value_minor
    if effect.what in BILLED:
        off_minor = owed.amount_minor - owed.charges_minor - owed.order_value_minor
        accrued.variance_minor -= BILLED[effect.what] * converted(off_minor, owed)
