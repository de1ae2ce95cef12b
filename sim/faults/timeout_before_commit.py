"""Kind 4: the caller waits in vain, and the system never saw the request."""

from __future__ import annotations

from sim.faults.kind import CALL, Armed, CallCrossing, Kind, Reply, SendCall, Surroundings


class TimeoutBeforeCommit(Kind):
    """Read timeout; never executed."""

    name = "timeout-before-commit"
    number = "4"
    on = (CALL,)
    expect = "looks up what it sent before it sends it again"
    stops = True

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Swallow the request."""
        del crossing, send, around
        armed.took_effect()
        return None
