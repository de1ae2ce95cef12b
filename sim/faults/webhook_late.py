"""Kind 22: a delivery arrives days late, when its story has long gone on without it."""

from __future__ import annotations

from typing import ClassVar

from contracts.plan import Param
from sim.faults.kind import DELIVERY, NO_WORKER, Armed, DeliveryCrossing, Kind, SendDelivery, Surroundings
from sim.seed import Slots

_DAY_S = 86_400


class WebhookLate(Kind):
    """Held in a queue somewhere for `days`."""

    name = "webhook-late"
    number = "22"
    on = (DELIVERY,)
    expect = "has found the paper by polling meanwhile, and does nothing about the event when it comes"
    params: ClassVar = {"days": (int, float)}

    def draw(self, slots: Slots) -> dict[str, Param]:
        """From one day to three."""
        return {"days": round(1 + 2 * slots.uniform(0), 2)}

    def defaults(self) -> dict[str, Param]:
        """Two."""
        return {"days": 2}

    async def strike_delivery(
        self, crossing: DeliveryCrossing, send: SendDelivery, armed: Armed, around: Surroundings
    ) -> str:
        """Hold it back, then send it."""
        await around.sleep(armed.number("days") * _DAY_S)
        outcome = await send(crossing)
        if outcome == NO_WORKER:
            armed.was_harmless()
        else:
            armed.took_effect()
        return outcome
