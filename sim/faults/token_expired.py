"""Kind 12: the access token expires in mid-batch, before its time: one call it opens, the next it does not."""

from __future__ import annotations

from contracts.wire import Response
from mocks.kit.operation import Operation
from sim.faults.kind import CALL, Armed, CallCrossing, Kind, Reply, SendCall, Surroundings

_UNAUTHORIZED = 401


class TokenExpired(Kind):
    """From this call on the system accepts the token no longer, whatever it says of itself; calls under way meet it too."""

    name = "token-expired"
    number = "12"
    on = (CALL,)
    expect = "fetches one new token for all who wait, and sends again; nothing was done"

    def unfit(self, operation: Operation) -> str:
        """Needs a token to be asked for."""
        return "" if operation.scope else "wants no token"

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Expire the token, and see whether the call met that."""
        expired = around.expire_token(crossing)
        reply = await send(crossing)
        if expired and isinstance(reply, Response) and reply.status == _UNAUTHORIZED:
            armed.took_effect()
        return reply
