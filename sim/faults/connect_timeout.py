"""Kind 3: the connection is not made in time: certainly not sent, and known only after a wait."""

from __future__ import annotations

from typing import ClassVar

from contracts.plan import Param
from contracts.wire import ConnectTimedOut
from sim.faults.kind import CALL, VIRTUAL, Armed, CallCrossing, Kind, Reply, SendCall, Surroundings
from sim.seed import Slots


class ConnectTimeout(Kind):
    """Packets to the port are dropped; the client gives up connecting after `after_s`."""

    name = "connect-timeout"
    number = "3"
    on = (CALL,)
    expect = "sends it again after a pause; nothing was done"
    stops = True
    doors = (VIRTUAL,)
    params: ClassVar = {"after_s": (int, float)}

    def draw(self, slots: Slots) -> dict[str, Param]:
        """From three to ten seconds."""
        return {"after_s": 3 + round(7 * slots.uniform(0))}

    def defaults(self) -> dict[str, Param]:
        """What clients commonly grant."""
        return {"after_s": 10}

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Wait in vain, a little less than the caller would wait for the whole."""
        del send
        await around.sleep(min(armed.number("after_s"), crossing.timeout_s - 0.001))
        armed.took_effect()
        return ConnectTimedOut(f"{crossing.system}: connecting timed out")
