"""Kind 8: 503 or 429 at the door, with a true or a lying Retry-After. Nothing is executed."""

from __future__ import annotations

from typing import ClassVar

from contracts.plan import Param
from contracts.wire import Response
from sim.faults.kind import CALL, Armed, CallCrossing, Kind, Reply, SendCall, Surroundings
from sim.seed import Slots

_RETRY_AFTER_S = (2, 15, 60, 300, 28_800)
"""The last is the lie: eight hours, as a maintenance page says it (`maintenance retry`), when the door opens at once."""


class Busy(Kind):
    """Turned away at the door."""

    name = "busy"
    number = "8"
    on = (CALL,)
    expect = "stays away as long as it is asked to, and not longer than makes sense"
    stops = True
    params: ClassVar = {"status": int, "retry_after_s": int}

    def draw(self, slots: Slots) -> dict[str, Param]:
        """Either status, one of the usual waits, now and then a lie."""
        wait = _RETRY_AFTER_S[int(slots.uniform(0) * len(_RETRY_AFTER_S))]
        return {"status": 503 if slots.uniform(1) < 0.5 else 429, "retry_after_s": wait}

    def defaults(self) -> dict[str, Param]:
        """An ordinary 503."""
        return {"status": 503, "retry_after_s": 60}

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Turn the request away."""
        del crossing, send, around
        armed.took_effect()
        headers = {"content-type": "application/json", "retry-after": str(armed.params["retry_after_s"])}
        return Response(int(armed.params["status"]), b'{"error":"try again later"}', headers)
