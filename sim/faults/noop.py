"""The fault that teaches: it strikes, changes nothing, and says so."""

from __future__ import annotations

from sim.faults.kind import CALL, DELIVERY, Armed, CallCrossing, Kind, Reply, SendCall, Surroundings


class Noop(Kind):
    """Nothing goes wrong."""

    name = "noop"
    number = "0"
    on = (CALL, DELIVERY)
    expect = "notices nothing"

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Let the call pass, and count as having been there."""
        del around
        armed.took_effect()
        return await send(crossing)
