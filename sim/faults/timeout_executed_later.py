"""Kind 4b: the request is still queued when the caller gives up, looks it up, finds nothing and sends again."""

from __future__ import annotations

from typing import ClassVar

from contracts.plan import Param
from sim.faults.kind import CALL, Armed, CallCrossing, Kind, Reply, SendCall, Surroundings
from sim.seed import Slots


class TimeoutExecutedLater(Kind):
    """Read timeout; executed after the caller's patience, by as much as `delay_s`.

    The delay reaches beyond the five minutes after which a patient design looks the request up (lago-api PR #5450 waits
    that long, because the target commits after the client's timeout), so that some commit after the look-up.
    """

    name = "timeout-executed-later"
    number = "4b"
    on = (CALL,)
    expect = "waits until the target must have settled, looks it up, and sends again under the same key"
    needs_commit = True
    params: ClassVar = {"delay_s": (int, float)}

    def draw(self, slots: Slots) -> dict[str, Param]:
        """From half a minute to ten minutes."""
        return {"delay_s": 30 + round(570 * slots.uniform(0))}

    def defaults(self) -> dict[str, Param]:
        """Later than a five-minute look-up."""
        return {"delay_s": 420}

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Keep the request queued, then let it run with nobody waiting."""
        await around.sleep(crossing.timeout_s + armed.number("delay_s"))
        await send(crossing)
        armed.took_effect()
        return None
