"""Kind 36: a worker stands still for longer than its leases last, and goes on as if nothing had been: a zombie."""

from __future__ import annotations

from typing import ClassVar

from contracts.plan import Param
from mocks.kit.operation import Operation
from sim.faults.kind import (
    CALL,
    DELIVERY,
    UNANSWERED,
    VIRTUAL,
    Armed,
    CallCrossing,
    DeliveryCrossing,
    Kind,
    Reply,
    SendCall,
    SendDelivery,
    Surroundings,
)
from sim.seed import Slots


class Pause(Kind):
    """The worker stands still for `for_s`: at `P1` before its request leaves, at `P3` as the reply is there.

    It takes effect when somebody else has taken the paper up meanwhile. A delivery to a worker that stands still finds no
    answer.
    """

    name = "pause"
    number = "36"
    on = (CALL, DELIVERY)
    expect = "fences what the zombie writes; its late request carries the same key"
    doors = (VIRTUAL,)
    params: ClassVar = {"for_s": (int, float), "point": ("P1", "P3")}

    def draw(self, slots: Slots) -> dict[str, Param]:
        """From ten minutes to an hour, at either point."""
        return {"for_s": 600 + round(3000 * slots.uniform(0)), "point": "P1" if slots.uniform(1) < 0.5 else "P3"}

    def defaults(self) -> dict[str, Param]:
        """Half an hour, before the send."""
        return {"for_s": 1800, "point": "P1"}

    def unfit(self, operation: Operation) -> str:
        """Needs a paper that somebody else can take up."""
        return "" if operation.subject is not None else "is about no paper that another worker could take over"

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Stop the caller, before the request or at the reply."""
        for_s, before = armed.number("for_s"), around.touched(crossing.key)

        async def resumed() -> None:
            await around.sleep(for_s)
            if around.touched(crossing.key) > before:
                armed.took_effect()
            else:
                armed.was_harmless()

        if armed.params["point"] == "P1":
            if around.pause(crossing.worker, for_s):
                await resumed()
            return await send(crossing)
        reply = await send(crossing)
        if around.pause(crossing.worker, for_s):
            around.detach(resumed())
        return reply

    async def strike_delivery(
        self, crossing: DeliveryCrossing, send: SendDelivery, armed: Armed, around: Surroundings
    ) -> str:
        """Stop whoever gets it."""
        stopped = around.pause(around.receiver(), armed.number("for_s"))
        outcome = await send(crossing)
        if stopped and outcome == UNANSWERED:
            armed.took_effect()
        else:
            armed.was_harmless()
        return outcome
