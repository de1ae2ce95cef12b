"""Kind 7: the system has committed, and then says 500."""

from __future__ import annotations

from contracts.wire import Response
from sim.faults.kind import CALL, Armed, CallCrossing, Kind, Reply, SendCall, Surroundings


class ErrorAfterCommit(Kind):
    """An internal error after the commit."""

    name = "error-after-commit"
    number = "7"
    on = (CALL,)
    expect = "takes a 500 for no answer, and looks it up"
    needs_commit = True

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Answer 500 instead of the truth, if something was committed."""
        del around
        reply = await send(crossing)
        if crossing.outcome is None or not crossing.outcome.committed:
            return reply
        armed.took_effect()
        return Response(500, b'{"error":"internal server error"}', {"content-type": "application/json"})
