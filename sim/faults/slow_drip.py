"""Kind 9: the reply comes in drips: the first byte soon, the last one late, perhaps beyond the caller's patience."""

from __future__ import annotations

from typing import ClassVar

from contracts.plan import Param
from contracts.wire import Response
from sim.faults.kind import CALL, Armed, CallCrossing, Kind, Reply, SendCall, Surroundings
from sim.seed import Slots


class SlowDrip(Kind):
    """The system has done it; its reply takes `drip_s` to arrive.

    A caller waits for the whole, so a drip that outlasts its patience is a timeout after the commit.
    """

    name = "slow-drip"
    number = "9"
    on = (CALL,)
    expect = "limits the whole of a call, not each read; looks up what it gave up on"
    params: ClassVar = {"drip_s": (int, float)}

    def draw(self, slots: Slots) -> dict[str, Param]:
        """From five seconds to two minutes, mostly short."""
        return {"drip_s": 5 + round(115 * slots.uniform(0) ** 2)}

    def defaults(self) -> dict[str, Param]:
        """Longer than anybody waits."""
        return {"drip_s": 90}

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Let the reply arrive, late."""
        reply = await send(crossing)
        if isinstance(reply, Response):
            await around.sleep(armed.number("drip_s"))
            armed.took_effect()
        return reply
