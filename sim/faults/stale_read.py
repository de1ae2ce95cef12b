"""Kind 15: a read is answered by a replica that has not heard of the latest yet."""

from __future__ import annotations

from typing import ClassVar

from contracts.plan import Param
from mocks.kit.operation import Operation
from sim.faults.kind import CALL, Armed, CallCrossing, Kind, Reply, SendCall, Surroundings
from sim.seed import Slots


class StaleRead(Kind):
    """The answer is as of `lag_s` ago: what is newer is not there, in lists and in reads alike."""

    name = "stale-read"
    number = "15"
    on = (CALL,)
    expect = "does not conclude from one read that something is not there; lets polls overlap"
    params: ClassVar = {"lag_s": (int, float)}

    def draw(self, slots: Slots) -> dict[str, Param]:
        """From five seconds to four minutes, mostly short."""
        return {"lag_s": 5 + round(235 * slots.uniform(0) ** 2)}

    def defaults(self) -> dict[str, Param]:
        """A minute."""
        return {"lag_s": 60}

    def unfit(self, operation: Operation) -> str:
        """Needs a read."""
        return "" if operation.method == "GET" else "is no read"

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Ask the replica; it counts if that made a difference."""
        crossing.bend.as_of_ms = around.now_ms - int(armed.number("lag_s") * 1000)
        reply = await send(crossing)
        if crossing.bend.hid:
            armed.took_effect()
        return reply
