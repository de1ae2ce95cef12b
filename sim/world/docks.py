"""What docks do with deliveries: enter what comes, count it, send back what is broken; the truth about each is written here.

When a delivery comes, and what it brings, is for `purchasing`.
"""

from __future__ import annotations

from contracts.journal import Goods
from mocks.inventory.models import Method
from sim.world.billing import at_order_prices
from sim.world.hands import Hands
from sim.world.rates import in_dollars
from sim.world.trade import IN_PIECES, Intent
from sim.world.truth import Owed, Truth


class Docks:
    """The docks of all hospitals."""

    def __init__(self, hands: Hands, truth: Truth) -> None:
        """Nothing has come."""
        self._hands = hands
        self._truth = truth
        self._entered: dict[str, str] = {}

    def receive(self, now: int, intent: Intent, owed: Owed, part: int) -> None:
        """A delivery is unloaded, and counted, or entered for all that was ordered."""
        quantities = intent.parts[part].quantities
        last = part == len(intent.parts) - 1
        in_pieces = intent.twist == IN_PIECES and part == intent.twisted_part and intent.desk_share < 0.5
        method: Method = "receive_all" if intent.received_all and last else "counted"
        on = owed.hours.local_date(now)
        number = self._hands.receipt(intent, owed.order, quantities, on, in_pieces=in_pieces, method=method)
        goods = goods_of(intent, quantities, owed.rate_ppm)
        value = at_order_prices(intent, quantities)
        came = at_order_prices(intent, intent.billed(part)) if intent.missing else value
        self._truth.receipt(now, f"{intent.key}/receipt-{part + 1}", owed, number, value, goods, came_minor=came)
        if last and (intent.returned or intent.received_all):
            self._entered[intent.key] = number

    def send_back(self, now: int, intent: Intent, owed: Owed, part: int) -> None:
        """Some of what came is broken and goes back before it is billed."""
        number = self._hands.receipt(
            intent,
            owed.order,
            _of_the_first(intent, intent.returned),
            owed.hours.local_date(now),
            corrects=self._entered.pop(intent.key),
        )
        self._taken_out(now, intent, owed, number, f"return-{part + 1}", intent.returned, went=True)

    def count(self, now: int, intent: Intent, owed: Owed, part: int) -> tuple[str, str]:
        """What was entered without counting is counted: all there, or less. The receipt, and the count of it."""
        entered = self._entered.pop(intent.key)
        missing, on = _of_the_first(intent, intent.missing), owed.hours.local_date(now)
        number = self._hands.receipt(intent, owed.order, missing, on, corrects=entered, method="count")
        if intent.missing:
            self._taken_out(now, intent, owed, number, f"count-{part + 1}", intent.missing, went=False)
        return f"inventory:{entered}", f"inventory:{number}"

    def uncounted(self, intent: Intent) -> bool:
        """Whether a delivery was entered that somebody has yet to count."""
        return intent.received_all and intent.key in self._entered

    def _taken_out(  # noqa: PLR0913 - a correction is all of this
        self, now: int, intent: Intent, owed: Owed, number: str, what: str, quantity: int, *, went: bool
    ) -> None:
        quantities = _of_the_first(intent, quantity)
        value, goods = at_order_prices(intent, quantities), goods_of(intent, quantities, owed.rate_ppm)
        key, went_minor = f"{intent.key}/{what}", value if went else 0
        self._truth.goods_return(now, key, owed, number, value, goods, went_minor=went_minor)


def _of_the_first(intent: Intent, quantity: int) -> tuple[int, ...]:
    return (quantity, *(0 for _ in intent.lines[1:]))


def goods_of(intent: Intent, quantities: tuple[int, ...], rate_ppm: int) -> tuple[Goods, ...]:
    """Quantities at the order's prices, by line, in dollars at the order's rate."""
    lines = enumerate(zip(intent.lines, quantities, strict=True), 1)
    return tuple(
        [
            Goods(n, quantity, value)
            for n, (line, quantity) in lines
            if (value := quantity * in_dollars(line.item.price_minor, rate_ppm))
        ]
    )
