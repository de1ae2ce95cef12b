"""Kind 5: the system has committed, and its reply is lost. The fault that makes duplicates."""

from __future__ import annotations

from sim.faults.kind import CALL, Armed, CallCrossing, Kind, Reply, SendCall, Surroundings


class TimeoutAfterCommit(Kind):
    """Read timeout after the commit."""

    name = "timeout-after-commit"
    number = "5"
    on = (CALL,)
    expect = "looks up what it sent before it sends it again"
    needs_commit = True

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Lose the reply, if something was committed."""
        del around
        reply = await send(crossing)
        if crossing.outcome is None or not crossing.outcome.committed:
            return reply
        armed.took_effect()
        return None
