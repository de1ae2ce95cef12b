"""Kind 24: an event overtakes its object: whoever goes to read it at once finds nothing."""

from __future__ import annotations

from typing import ClassVar

from contracts.plan import Param
from sim.faults.kind import DELIVERY, Armed, DeliveryCrossing, Kind, SendDelivery, Surroundings
from sim.seed import Slots


class WebhookBeforeObject(Kind):
    """For `hidden_s` after the event, reads about its subject are answered as of the moment before it.

    It takes effect when somebody reads in that time; whoever makes do with what the event says never notices.
    """

    name = "webhook-before-object"
    number = "24"
    on = (DELIVERY,)
    expect = "asks again a little later when what an event speaks of cannot be read yet"
    params: ClassVar = {"hidden_s": (int, float)}

    def draw(self, slots: Slots) -> dict[str, Param]:
        """From two seconds to five minutes, mostly short."""
        return {"hidden_s": 2 + round(298 * slots.uniform(0) ** 2)}

    def defaults(self) -> dict[str, Param]:
        """A minute."""
        return {"hidden_s": 60}

    async def strike_delivery(
        self, crossing: DeliveryCrossing, send: SendDelivery, armed: Armed, around: Surroundings
    ) -> str:
        """Hide the object, send the event, and show the object again after a while."""
        event = crossing.event
        show = around.lag(event.source, event.subject.key, event.at_ms - 1, armed.took_effect)

        async def shown_later() -> None:
            await around.sleep(armed.number("hidden_s"))
            show()
            armed.was_harmless()

        around.detach(shown_later())
        return await send(crossing)
