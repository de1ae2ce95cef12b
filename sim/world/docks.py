"""What docks do with deliveries: count what comes, and send back what is broken; the truth about each is written here.

When a delivery comes, and what it brings, is for `purchasing`.
"""

from __future__ import annotations

import simpy

from contracts.journal import Goods
from sim.world.billing import at_order_prices
from sim.world.hands import Hands
from sim.world.rates import in_dollars
from sim.world.trade import IN_PIECES, Intent
from sim.world.truth import Owed, Truth


class Docks:
    """The docks of all hospitals."""

    def __init__(self, env: simpy.Environment, hands: Hands, truth: Truth) -> None:
        """Nothing has come."""
        self._env = env
        self._hands = hands
        self._truth = truth
        self._counted: dict[str, str] = {}

    def receive(self, intent: Intent, owed: Owed, part: int) -> None:
        """A delivery is unloaded and counted."""
        quantities = intent.parts[part].quantities
        in_pieces = intent.twist == IN_PIECES and part == intent.twisted_part and intent.desk_share < 0.5
        now, on = self._today(owed)
        number = self._hands.receipt(intent, owed.order, quantities, on, in_pieces=in_pieces)
        goods = goods_of(intent, quantities, owed.rate_ppm)
        value = at_order_prices(intent, quantities)
        self._truth.receipt(now, f"{intent.key}/receipt-{part + 1}", owed, number, value, goods)
        if intent.returned:
            self._counted[intent.key] = number

    def send_back(self, intent: Intent, owed: Owed, part: int) -> None:
        """Some of what came is broken, or was never there, and goes back before it is billed."""
        now, on = self._today(owed)
        quantities = (intent.returned, *(0 for _ in intent.lines[1:]))
        number = self._hands.receipt(intent, owed.order, quantities, on, corrects=self._counted.pop(intent.key))
        value, goods = at_order_prices(intent, quantities), goods_of(intent, quantities, owed.rate_ppm)
        self._truth.goods_return(now, f"{intent.key}/return-{part + 1}", owed, number, value, goods)

    def _today(self, owed: Owed) -> tuple[int, str]:
        now = int(self._env.now)  # an int already; SimPy only types it float
        return now, owed.hours.local_date(now)


def goods_of(intent: Intent, quantities: tuple[int, ...], rate_ppm: int) -> tuple[Goods, ...]:
    """Quantities at the order's prices, by line, in dollars at the order's rate."""
    lines = enumerate(zip(intent.lines, quantities, strict=True), 1)
    prices = ((n, quantity, in_dollars(line.item.price_minor, rate_ppm)) for n, (line, quantity) in lines)
    amounts = ((n, quantity, quantity * price) for n, quantity, price in prices)
    return tuple(Goods(*each) for each in amounts if each[2])
