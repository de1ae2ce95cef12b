"""Kind 2: the host name is not known just now: certainly not sent."""

from __future__ import annotations

from contracts.wire import NotSent
from sim.faults.kind import CALL, VIRTUAL, Armed, CallCrossing, Kind, Reply, SendCall, Surroundings


class NameNotResolved(Kind):
    """No address for the name."""

    name = "name-not-resolved"
    number = "2"
    on = (CALL,)
    expect = "sends it again after a pause; nothing was done"
    stops = True
    doors = (VIRTUAL,)

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Fail before anything is sent."""
        del send, around
        armed.took_effect()
        return NotSent(f"{crossing.system}: name or service not known")
