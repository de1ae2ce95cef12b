"""Kind 19: the same event is delivered again, under a delivery id of its own."""

from __future__ import annotations

from typing import ClassVar

from contracts.plan import Param
from sim.faults.kind import DELIVERY, NO_WORKER, Armed, DeliveryCrossing, Kind, SendDelivery, Surroundings
from sim.seed import Slots


class WebhookDuplicate(Kind):
    """Delivered, and after `delay_s` delivered once more."""

    name = "webhook-duplicate"
    number = "19"
    on = (DELIVERY,)
    expect = "knows an event by its own id, not by the delivery's"
    params: ClassVar = {"delay_s": (int, float)}

    def draw(self, slots: Slots) -> dict[str, Param]:
        """At once, or up to two hours later."""
        return {"delay_s": round(7200 * slots.uniform(0) ** 4, 1)}

    def defaults(self) -> dict[str, Param]:
        """Shortly after the first."""
        return {"delay_s": 1}

    async def strike_delivery(
        self, crossing: DeliveryCrossing, send: SendDelivery, armed: Armed, around: Surroundings
    ) -> str:
        """Send it, and see to the second copy beside it: the sender knows nothing of that one."""

        async def once_more() -> None:
            await around.sleep(armed.number("delay_s"))
            if await send(around.another(crossing)) == NO_WORKER:
                armed.was_harmless()
            else:
                armed.took_effect()

        around.detach(once_more())
        return await send(crossing)
