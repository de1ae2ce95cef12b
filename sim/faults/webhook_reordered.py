"""Kind 20: a delivery is overtaken by later ones of the same source."""

from __future__ import annotations

from typing import ClassVar

from contracts.plan import Param
from sim.faults.kind import DELIVERY, Armed, DeliveryCrossing, Kind, SendDelivery, Surroundings
from sim.seed import Slots


class WebhookReordered(Kind):
    """Held back for `hold_s`, while others pass."""

    name = "webhook-reordered"
    number = "20"
    on = (DELIVERY,)
    expect = "goes by versions and by what is there, never by the order of arrival"
    params: ClassVar = {"hold_s": (int, float)}

    def draw(self, slots: Slots) -> dict[str, Param]:
        """From a minute to six hours, mostly short."""
        return {"hold_s": 60 + round(21_540 * slots.uniform(0) ** 3)}

    def defaults(self) -> dict[str, Param]:
        """Long enough for others to pass."""
        return {"hold_s": 3600}

    async def strike_delivery(
        self, crossing: DeliveryCrossing, send: SendDelivery, armed: Armed, around: Surroundings
    ) -> str:
        """Hold it back, then send it."""
        before = around.deliveries_of(crossing.event.source)
        await around.sleep(armed.number("hold_s"))
        if around.deliveries_of(crossing.event.source) > before:
            armed.took_effect()
        else:
            armed.was_harmless()
        return await send(crossing)
