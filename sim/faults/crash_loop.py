"""Kind 35: a worker dies, and dies again each time it is started, before it comes to anything."""

from __future__ import annotations

from typing import ClassVar

from contracts.plan import Param
from sim.faults.kind import Armed, Party, Surroundings, WorkerKind
from sim.seed import Slots

_UNTIL_JUDGED_S = 6 * 3600


class CrashLoop(WorkerKind):
    """The worker that the crossing belongs to dies `times` in a row, after the first time at its `steps`-th await point."""

    name = "crash-loop"
    number = "35"
    expect = "lets other workers take over what the dead one held, and loses nothing"
    params: ClassVar = {"times": int, "steps": int}

    def draw(self, slots: Slots) -> dict[str, Param]:
        """Three to ten lives, each a few to sixty steps long: none of them gets far."""
        return {"times": 3 + int(8 * slots.uniform(0)), "steps": 5 + int(55 * slots.uniform(1) ** 2)}

    def defaults(self) -> dict[str, Param]:
        """Five short lives."""
        return {"times": 5, "steps": 20}

    def befall(self, worker: Party | None, armed: Armed, around: Surroundings) -> None:
        """It has taken effect when the worker has died a second time."""
        again, steps = int(armed.params["times"]) - 1, int(armed.params["steps"])
        if not around.doom(worker, again, steps, armed.took_effect):
            armed.was_harmless()
            return

        async def died_once() -> None:
            await around.sleep(_UNTIL_JUDGED_S)
            armed.was_harmless()

        around.detach(died_once())
