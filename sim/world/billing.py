"""What stands on a supplier's paper: prices, quantities and units of a bill, and how its copies differ. No time passes here.

Every difference that people must decide about is clearly one, every difference that they need not see is clearly none: no
paper lies on the edge of a tolerance that people would argue about.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, cast

from sim.world.catalogue import Supplier
from sim.world.disguises import HELD_OUT, RENUMBERED, TUNED, TWO_CHANNELS, Disguise, drawn
from sim.world.taxes import rate_on, tax_on, too_much
from sim.world.trade import (
    BLANKET,
    DISGUISED,
    IN_PIECES,
    OVERBILLED,
    OVERTAXED,
    PRICE_VARIANCE,
    SECOND_CHANNEL,
    STALE_PRICE,
    SURELY_OFF_MINOR,
    SURELY_OFF_SHARE,
    TOLERATED,
    UNSEEN,
    WRONG_UNIT,
    Intent,
)
from sim.world.trade import RENUMBERED as RENUMBERED_TURN

TOLERATED_SHARE: Final = 0.015
TOLERATED_MINOR: Final = 400

PIECE: Final = "each"
Charged = Literal["freight", "tax"]
Charges = tuple[tuple[Charged, int], ...]
Channel = Literal["email", "portal"]
Quantities = tuple[int, ...]


class Bill:
    """What stands on a supplier's invoice: its number, date, and for each line of an intent quantity, unit and price."""

    __slots__ = (
        "amounts",
        "channel",
        "charges",
        "charges_minor",
        "date",
        "number",
        "prices",
        "quantities",
        "supplier",
        "total_minor",
        "units",
    )

    def __init__(  # noqa: PLR0913 - what a bill says
        self,
        supplier: Supplier,
        number: str,
        date: str,
        channel: str,
        quantities: Quantities,
        prices: tuple[int, ...],
        units: tuple[str, ...] = (),
        amounts: tuple[int, ...] = (),
        charges: Charges = (),
    ) -> None:
        """Add it up. A bill without units bills in those of the order; amounts are price times quantity unless given."""
        self.supplier = supplier
        self.number = number
        self.date = date
        self.channel = cast("Channel", channel)
        self.quantities = quantities
        self.prices = prices
        self.units = units or ("",) * len(quantities)
        self.amounts = amounts or tuple(quantity * price for quantity, price in zip(quantities, prices, strict=True))
        self.charges = charges
        self.charges_minor = sum([amount for _, amount in charges])
        self.total_minor = sum(self.amounts) + self.charges_minor

    @property
    def goods_minor(self) -> int:
        """What is billed for the goods."""
        return self.total_minor - self.charges_minor

    def charged(self, kind: Charged) -> int:
        """What is billed beside the goods, of a kind."""
        return sum(amount for each, amount in self.charges if each == kind)


def at_order_prices(intent: Intent, quantities: Quantities) -> int:
    """What these quantities are worth at the order's prices."""
    worth = 0
    for line, quantity in zip(intent.lines, quantities, strict=True):
        worth += quantity * line.item.price_minor
    return worth


def rightly(intent: Intent, quantities: Quantities, number: str, date: str) -> Bill:
    """The bill for a delivery as it should be."""
    prices = tuple([line.item.price_minor for line in intent.lines])
    amounts = tuple([quantity * price for quantity, price in zip(quantities, prices, strict=True)])
    charges = _charges(intent, amounts, date) if intent.charges else ()
    return Bill(intent.supplier, number, date, intent.channel, quantities, prices, amounts=amounts, charges=charges)


def _charges(intent: Intent, amounts: Quantities, date: str) -> Charges:
    """Freight, and tax: at the rate of the day where orders say one, rounded as this supplier does it."""
    goods, (freight, tax) = sum(amounts), intent.charges
    tax_minor = round(goods * tax)
    if tax and intent.taxes:
        tax_minor = tax_on(amounts, rate_on(intent.taxes, date), by_line=intent.by_line)
    both: Charges = (("freight", round(goods * freight)), ("tax", tax_minor))
    return tuple(each for each in both if each[1])


def twisted(intent: Intent, right: Bill) -> Bill:
    """The bill with the intent's turn, as far as that shows on the bill itself."""
    number, date, twist = right.number, right.date, intent.twist
    if twist in (PRICE_VARIANCE, TOLERATED, STALE_PRICE):
        agreed = twist == STALE_PRICE
        prices = tuple(line.agreed_minor for line in intent.lines) if agreed else _off(intent, right)
        return Bill(intent.supplier, number, date, intent.channel, right.quantities, prices)
    if twist in (OVERBILLED, BLANKET):
        return Bill(intent.supplier, number, date, intent.channel, _too_many(intent, right.quantities), right.prices)
    if twist in (WRONG_UNIT, IN_PIECES):
        return _in_pieces(intent, right)
    if twist == OVERTAXED:
        return _overtaxed(intent, right)
    return right


def _too_many(intent: Intent, quantities: Quantities) -> Quantities:
    """More than came: all that was ordered, of which the dock believes that it came, or up to 30 % beyond that."""
    if intent.twist == BLANKET:
        return intent.parts[intent.twisted_part].quantities
    return tuple(quantity + max(1, round(quantity * 0.3 * intent.size)) for quantity in quantities)


def _off(intent: Intent, right: Bill) -> tuple[int, ...]:
    """The unit prices on an invoice: clearly too high, or a little off to either side."""
    value = right.total_minor
    if intent.twist == PRICE_VARIANCE:
        # 4 to 15 % too high (assumption: public sources give how often prices are wrong, not by how much)
        share = max(0.04 + 0.11 * intent.size, SURELY_OFF_SHARE + SURELY_OFF_MINOR / value)
        return tuple(price + max(1, round(price * share)) for price in right.prices)
    share = TOLERATED_SHARE * (2 * intent.size - 1)
    if value < 10_000:  # cents weigh more on a small bill: up to 4.00 may pass whatever share that is
        share = TOLERATED_MINOR / value * (2 * intent.size - 1)
    return tuple(price + round(price * share) for price in right.prices)


def _overtaxed(intent: Intent, right: Bill) -> Bill:
    """The bill with a tax that is too high."""
    tax_minor = too_much(right.amounts, intent.taxes, right.date, intent.size)
    charges = (*(each for each in right.charges if each[0] != "tax"), ("tax", tax_minor))
    figures = (right.quantities, right.prices, right.units, right.amounts)
    return Bill(right.supplier, right.number, right.date, right.channel, *figures, charges)


def _in_pieces(intent: Intent, right: Bill) -> Bill:
    """Billed by the piece: converted, at the right amount; or only called so, with the quantity and price of the packs."""
    packs = [line.item.pack for line in intent.lines]
    units = tuple(PIECE if pack > 1 else "" for pack in packs)
    quantities, prices = right.quantities, right.prices
    if intent.twist == IN_PIECES:
        quantities = tuple(quantity * pack for quantity, pack in zip(quantities, packs, strict=True))
        prices = tuple(round(price / pack) for price, pack in zip(prices, packs, strict=True))
    return Bill(right.supplier, right.number, right.date, right.channel, quantities, prices, units, right.amounts)


# -- copies -----------------------------------------------------------------------------------------------------------


def disguise_of(intent: Intent, quantities: Quantities) -> Disguise:
    """How the copy of a bill will be disguised. One unit of one thing cannot be billed in halves."""
    if intent.twist == SECOND_CHANNEL:
        return TWO_CHANNELS
    choices = {RENUMBERED_TURN: RENUMBERED, DISGUISED: TUNED, UNSEEN: HELD_OUT}[intent.twist]
    found = drawn(choices, intent.disguise)
    return choices[0] if found.halves and sum(quantities) < 2 else found


def copies(bill: Bill, disguise: Disguise, hospital: str, later: str) -> Iterator[Bill]:
    """The same bill again, disguised; `later` is the date that a redated copy bears."""
    supplier = second_record(bill.supplier) if disguise.other_name else bill.supplier
    date = later if disguise.days_later else bill.date
    channel = bill.channel
    if disguise.other_channel:
        channel = "portal" if channel == "email" else "email"
    if disguise.halves:
        for mark, quantities in zip("AB", _halved(bill.quantities), strict=True):
            yield Bill(supplier, f"{bill.number}{mark}", date, channel, quantities, bill.prices)
        return
    number = disguise.renumber(bill.number, hospital)
    yield Bill(supplier, number, date, channel, bill.quantities, bill.prices, bill.units, bill.amounts)


def _halved(quantities: Quantities) -> tuple[Quantities, Quantities]:
    """Two lots that add up, both with something in them."""
    first = tuple(quantity // 2 for quantity in quantities)
    if not any(first):
        first = (1, *(0 for _ in quantities[1:]))
    return first, tuple(quantity - part for quantity, part in zip(quantities, first, strict=True))


def second_record(supplier: Supplier) -> Supplier:
    """The same firm, entered a second time by somebody who did not look: another id, the name in another form."""
    return Supplier(
        f"V{supplier.id[1:]}", f"{supplier.name} Co.", supplier.style, supplier.first_number, currency=supplier.currency
    )
