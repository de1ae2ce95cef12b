"""Kind 21: the sender believes that the delivery arrived; it never did, and never comes again."""

from __future__ import annotations

from sim.faults.kind import DELIVERY, LOST, Armed, DeliveryCrossing, Kind, SendDelivery, Surroundings


class WebhookLost(Kind):
    """Answered by something in between, and dropped."""

    name = "webhook-lost"
    number = "21"
    on = (DELIVERY,)
    expect = "polls, and compares with the source"
    stops = True

    async def strike_delivery(
        self, crossing: DeliveryCrossing, send: SendDelivery, armed: Armed, around: Surroundings
    ) -> str:
        """Drop it."""
        del crossing, send, around
        armed.took_effect()
        return LOST
