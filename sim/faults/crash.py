"""Kind 34: a worker dies at a named point of a crossing. What it had not made durable is gone.

P0 received, not persisted · P1 persisted, before the send · P2 sent, before the reply · P3 the reply is there, before it
is persisted · P4 persisted, before the acknowledgement. A crash at an await point of the worker's own code has the
target `worker` and the trigger `await_point`; the supervisor sees to that one.
"""

from __future__ import annotations

from typing import ClassVar

from contracts.plan import Param
from sim.faults.kind import (
    CALL,
    DELIVERY,
    UNANSWERED,
    VIRTUAL,
    WORKER,
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

CALL_POINTS = ("P1", "P2", "P3")
DELIVERY_POINTS = ("P0", "P4")


class Crash(Kind):
    """The worker that the crossing belongs to dies at `point`."""

    name = "crash"
    number = "34"
    on = (CALL, DELIVERY, WORKER)
    expect = "goes on from what is durable; what may have been sent is looked up"
    doors = (VIRTUAL,)
    params: ClassVar = {"point": (*CALL_POINTS, *DELIVERY_POINTS)}

    def draw(self, slots: Slots) -> dict[str, Param]:
        """One of the points; which of the two lists holds is for the crossing to say."""
        return {"point": (CALL_POINTS + DELIVERY_POINTS)[int(slots.uniform(0) * 5)]}

    def defaults(self) -> dict[str, Param]:
        """After the send, before the reply: the point that makes duplicates."""
        return {"point": "P2"}

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Kill the caller before its request leaves, while it is out, or as the reply arrives."""
        del around
        point = armed.params["point"]
        if point == "P1":
            self._kill(crossing, armed)
            return None
        if point == "P3":
            reply = await send(crossing)
            self._kill(crossing, armed)
            return reply
        self._kill(crossing, armed)
        return await send(crossing)

    async def strike_delivery(
        self, crossing: DeliveryCrossing, send: SendDelivery, armed: Armed, around: Surroundings
    ) -> str:
        """Kill the receiver before it looks at the delivery, or just as it acknowledges."""
        if armed.params["point"] != "P4":
            crossing.worker = around.receiver()
            self._kill(crossing, armed)
            return UNANSWERED

        def before_the_answer_leaves() -> str:
            self._kill(crossing, armed)
            return UNANSWERED

        crossing.at_answer = before_the_answer_leaves
        return await send(crossing)

    @staticmethod
    def _kill(crossing: CallCrossing | DeliveryCrossing, armed: Armed) -> None:
        worker = crossing.worker
        if worker is not None and worker.alive:
            armed.took_effect()
            worker.kill(f"crash at {armed.params['point']}")
        else:
            armed.was_harmless()
