"""The service desk: people who decide cases, in business hours, minutes each, and who know the truth.

A case waits its turn, oldest first. What is decided depends on the paper and its intent alone, not on how or when a
design asked; a design that flags everything only fills the queue.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Final

import simpy

from contracts.cases import Decision
from contracts.journal import Effect
from contracts.scenario import Desk
from sim.world.calendar import MINUTE_MS, Hours
from sim.world.hands import Hands
from sim.world.papers import Paper
from sim.world.trade import BLANKET, OVERBILLED, STALE_PRICE, WRONG_UNIT

Verdict = tuple[Decision, str, str]
"""A decision, its value, and a note for people."""

FALSE_ALARM: Final[Verdict] = ("accept", "", "nothing is wrong with it")
PLAIN: Final[dict[str, Verdict]] = {
    WRONG_UNIT: ("accept", "", "packs were meant, and only called pieces"),
    STALE_PRICE: ("accept", "", "the contract's price; the order was written at the old one"),
    BLANKET: ("reject", "", "less came than was entered; the supplier was asked to bill again"),
    OVERBILLED: ("reject", "", "more than was delivered; the supplier was asked to bill again"),
}
"""Where the truth leaves no choice."""


class ServiceStaff:
    """The people at the desk. `open_cases` counts what is waiting or in work."""

    def __init__(
        self, env: simpy.Environment, hands: Hands, desk: Desk, hours: Hours, decide: Callable[[Effect], Verdict]
    ) -> None:
        """Take seats; the desk keeps the hours of the first hospital."""
        self._env = env
        self._hands = hands
        self._hours = hours
        self._decide = decide
        self._case_ms = round(desk.minutes_per_case * MINUTE_MS)
        self._queue = simpy.Store(env)
        self.open_cases = 0
        for number in range(desk.staff):
            env.process(self._works(f"desk-{number + 1}"))

    def opened(self, case: Effect) -> None:
        """A case came in."""
        self.open_cases += 1
        self._queue.put(case)

    def _works(self, name: str) -> Generator[simpy.Event, Any, None]:
        while True:
            case: Effect = yield self._queue.get()
            now = int(self._env.now)
            yield self._env.timeout(self._hours.add(now, self._case_ms) - now)
            decision, value, note = self._decide(case)
            self._hands.decision(name, case.ref, decision, value, note)
            self.open_cases -= 1


def judged(paper: Paper, twin: Paper | None, rejects_share: float) -> Verdict:
    """What the truth says about an invoice, whatever the case calls it.

    Of two papers for one thing the one that is asked about is refused, unless the other has been refused before.
    """
    if twin is not None and not twin.rejected:
        return "reject", "", f"the same delivery was billed with {twin.ref.partition(':')[2]}"
    if paper.correction:
        return "correct", paper.correction, "as it stands on the paper"
    twist = paper.intent.twist
    if twist in PLAIN and (paper.disputed or twist == WRONG_UNIT):
        return PLAIN[twist]
    if paper.disputed:
        if paper.intent.desk_share < rejects_share:
            return "reject", "", "not the price agreed; the supplier was asked to bill again"
        return "accept", "", "the supplier showed the new price list"
    return FALSE_ALARM
