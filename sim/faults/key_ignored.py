"""Kind 16: the idempotency key is ignored, or its memory has expired: the call is executed, whatever was before."""

from __future__ import annotations

from mocks.kit.operation import Operation
from sim.faults.kind import CALL, Armed, CallCrossing, Kind, Reply, SendCall, Surroundings


class KeyIgnored(Kind):
    """No earlier answer is given again under the call's key, and this one is not remembered either."""

    name = "key-ignored"
    number = "16"
    on = (CALL,)
    expect = "does not rely on the key alone: looks up by the natural key before it sends again"
    needs_commit = True

    def unfit(self, operation: Operation) -> str:
        """Needs a key to ignore."""
        return "" if operation.honours_key else "honours no idempotency key, so there is none to ignore"

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Ignore the key; it counts if there was one and something was committed."""
        del around
        crossing.bend.key_ignored = True
        reply = await send(crossing)
        if crossing.bend.ignored and crossing.committed:
            armed.took_effect()
        return reply
