"""Kind 41: a request is under way as the books close, and arrives a moment after."""

from __future__ import annotations

from typing import ClassVar

from contracts.plan import Param
from contracts.wire import Response
from mocks.kit.operation import Operation
from sim.faults.kind import CALL, Armed, CallCrossing, Kind, Reply, SendCall, Surroundings
from sim.seed import Slots

_JUST_AFTER_S = 1.0


class CutOffRace(Kind):
    """Sent at most `within_s` before its entity's books close, executed just after: what was on time when it left is late."""

    name = "cut-off-race"
    number = "41"
    on = (CALL,)
    expect = "learns by look-up what became of it, and has people re-date what came too late"
    needs_commit = True
    params: ClassVar = {"within_s": (int, float)}

    def draw(self, slots: Slots) -> dict[str, Param]:
        """Up to an hour."""
        return {"within_s": 60 + round(3540 * slots.uniform(0))}

    def defaults(self) -> dict[str, Param]:
        """An hour."""
        return {"within_s": 3600}

    def unfit(self, operation: Operation) -> str:
        """Needs an entity whose books may close."""
        return super().unfit(operation) or ("" if operation.subject is not None else "belongs to no entity's books")

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Hold it until the books have closed, if they are about to."""
        ahead_ms = around.cut_off_ms(crossing.incoming.subject.entity) - around.now_ms
        if not 0 < ahead_ms <= armed.number("within_s") * 1000:
            return await send(crossing)
        await around.sleep(ahead_ms / 1000 + _JUST_AFTER_S)
        reply = await send(crossing)
        if isinstance(reply, Response):
            armed.took_effect()
        return reply
