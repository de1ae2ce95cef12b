"""Kind 6: the connection is reset in the middle of the reply: whatever was asked has been done."""

from __future__ import annotations

from contracts.wire import Response
from sim.faults.kind import CALL, Armed, CallCrossing, CutReply, Kind, Reply, SendCall, Surroundings


class ResetMidBody(Kind):
    """Status and headers arrive, half of the body does."""

    name = "reset-mid-body"
    number = "6"
    on = (CALL,)
    expect = "looks up what it sent before it sends it again; repeats a read"

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Cut the reply off."""
        del around
        reply = await send(crossing)
        if not isinstance(reply, Response) or not reply.body:
            return reply
        armed.took_effect()
        return CutReply(reply)
