"""Kind 1: nobody listens on the port: certainly not sent."""

from __future__ import annotations

from contracts.wire import NotSent
from sim.faults.kind import CALL, VIRTUAL, Armed, CallCrossing, Kind, Reply, SendCall, Surroundings


class ConnectionRefused(Kind):
    """Refused at once."""

    name = "connection-refused"
    number = "1"
    on = (CALL,)
    expect = "sends it again after a pause; nothing was done"
    stops = True
    doors = (VIRTUAL,)

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Fail before anything is sent."""
        del send, around
        armed.took_effect()
        return NotSent(f"{crossing.system}: connection refused")
