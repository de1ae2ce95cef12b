"""Kind 39: a worker's clock is wrong for a while, and then steps back to what it should be."""

from __future__ import annotations

from typing import ClassVar

from contracts.plan import Param
from sim.faults.kind import Armed, Party, Surroundings, WorkerKind
from sim.seed import Slots

SKEW_S_MAX = 180
"""A clock that is further off, monitoring has found (assumption); beyond five minutes Kerberos lets nobody in."""


class ClockSkew(WorkerKind):
    """From this crossing on the worker's business clock is off by `off_s`, for `lasts_s`; what measures time is right."""

    name = "clock-skew"
    number = "39"
    expect = "measures with the clock that never steps; leases and due times bear some minutes"
    params: ClassVar = {"off_s": (int, float), "lasts_s": (int, float)}

    def draw(self, slots: Slots) -> dict[str, Param]:
        """Up to three minutes to either side, mostly little, for a quarter of an hour to six hours."""
        off_s = 5 + round((SKEW_S_MAX - 5) * slots.uniform(0) ** 2)
        return {"off_s": off_s if slots.uniform(1) < 0.5 else -off_s, "lasts_s": 900 + round(20_700 * slots.uniform(2))}

    def defaults(self) -> dict[str, Param]:
        """Two minutes ahead for an hour."""
        return {"off_s": 120, "lasts_s": 3600}

    def befall(self, worker: Party | None, armed: Armed, around: Surroundings) -> None:
        """It counts if the worker looked at the clock while it was wrong."""
        set_right = around.set_clock(worker, armed.number("off_s"))
        if set_right is None:
            armed.was_harmless()
            return

        async def put_right() -> None:
            await around.sleep(armed.number("lasts_s"))
            if set_right():
                armed.took_effect()
            else:
                armed.was_harmless()

        around.detach(put_right())
