"""Kind 11: a 200 that carries an error, and nothing that says whether the work was done."""

from __future__ import annotations

from typing import ClassVar

from contracts.plan import Param
from contracts.wire import Response
from sim.faults.kind import CALL, Armed, CallCrossing, Kind, Reply, SendCall, Surroundings
from sim.seed import Slots


class ErrorIn200(Kind):
    """A status of 200 over the family's own error body; `side` says on which side of the commit it failed."""

    name = "error-in-200"
    number = "11"
    on = (CALL,)
    expect = "reads the body before it believes the status; looks up what it sent"
    params: ClassVar = {"side": ("before", "after")}

    def draw(self, slots: Slots) -> dict[str, Param]:
        """Either side."""
        return {"side": "before" if slots.uniform(0) < 0.5 else "after"}

    def defaults(self) -> dict[str, Param]:
        """Nothing was done, and the status says that it was."""
        return {"side": "before"}

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Answer with the error."""
        if armed.params["side"] == "after":
            reply = await send(crossing)
            if not isinstance(reply, Response) or not reply.ok:
                return reply
        armed.took_effect()
        return around.refusal(crossing, 200, "internal_error", "an unexpected error occurred")
