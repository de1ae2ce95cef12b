"""Kind 14: a list changes while it is read by pages: the next page skips rows, or repeats some."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from contracts.plan import Param
from mocks.kit.operation import Operation
from sim.faults.kind import CALL, Armed, CallCrossing, Kind, Reply, SendCall, Surroundings
from sim.seed import Slots

ROWS_MAX = 3


class ShiftingPages(Kind):
    """A page after the first begins `rows` late (rows before it moved away, so some are never seen) or, below 0, early."""

    name = "shifting-pages"
    number = "14"
    on = (CALL,)
    expect = "lets pages overlap and reads the list again where they do not meet"
    params: ClassVar = {"rows": int}

    def draw(self, slots: Slots) -> dict[str, Param]:
        """One to three rows, either way."""
        rows = 1 + int(slots.uniform(0) * ROWS_MAX)
        return {"rows": rows if slots.uniform(1) < 0.5 else -rows}

    def defaults(self) -> dict[str, Param]:
        """One row is skipped."""
        return {"rows": 1}

    def unfit(self, operation: Operation) -> str:
        """Needs pages."""
        paged = operation.query is not None and "offset" in operation.query.__struct_fields__
        return "" if paged else "is no list that comes in pages"

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Begin the page elsewhere."""
        del around
        query = crossing.incoming.query
        offset: int = getattr(query, "offset", 0)
        if not offset:
            return await send(crossing)
        shifted = max(0, offset + int(armed.params["rows"]))
        crossing.incoming.query = msgspec.structs.replace(query, offset=shifted)
        reply = await send(crossing)
        if shifted != offset and crossing.outcome is not None and crossing.outcome.response.ok:
            armed.took_effect()
        return reply
