"""Kind 17: a batch is accepted, and one of its rows is not."""

from __future__ import annotations

from typing import ClassVar

from contracts.plan import Param
from mocks.kit.operation import Operation
from sim.faults.kind import CALL, Armed, CallCrossing, Kind, Reply, SendCall, Surroundings
from sim.seed import Slots

ROWS_MAX = 5


class BatchInPart(Kind):
    """The `row`-th row, counted from 1 and round and round, is rejected in the family's words; the others are taken."""

    name = "batch-in-part"
    number = "17"
    on = (CALL,)
    expect = "reads what became of each row, and sends or flags only those that were rejected"
    needs_commit = True
    params: ClassVar = {"row": int}

    def draw(self, slots: Slots) -> dict[str, Param]:
        """One of the first five."""
        return {"row": 1 + int(slots.uniform(0) * ROWS_MAX)}

    def defaults(self) -> dict[str, Param]:
        """The first."""
        return {"row": 1}

    def unfit(self, operation: Operation) -> str:
        """Needs a batch."""
        return "" if operation.batch is not None else "is no batch"

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Reject a row; it counts if the rules had nothing against that one."""
        del around
        operation, rows = crossing.incoming.operation, 0
        if operation is not None and operation.batch is not None and crossing.incoming.problem is None:
            rows = len(operation.batch(crossing.incoming))
        crossing.bend.row = 1 + (int(armed.params["row"]) - 1) % max(1, rows)
        reply = await send(crossing)
        if crossing.bend.rejected:
            armed.took_effect()
        return reply
