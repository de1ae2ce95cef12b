"""Who decides may err: what a clerk says by mistake, and the second look that finds it and puts it right.

What was refused by mistake is accepted after all. What was accepted by mistake, or given a wrong date, is looked at once it
stands in the books: it is cancelled there by hand, taken back where it was captured, and refused after all or given the right
date; so nobody needs a design that can undo what it posted. Whether somebody errs depends on the bill and on what is asked, not on how or when a design asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from typing import Any, Final

import simpy

from contracts.journal import Effect
from contracts.scenario import Desk
from sim.seed import Seed
from sim.world.calendar import DAY_MS, HOUR_MS, Hours
from sim.world.desk import Verdict
from sim.world.hands import Hands
from sim.world.papers import Paper
from sim.world.purchasing import Purchasing

SUPERVISOR: Final = "desk-supervisor"
ERRED_ABOUT: Final = ("accept", "reject")
"""Who puts a figure right reads it off the paper, and reads it twice. Nobody errs about a credit memo: the ERP takes none back."""
WATCHFUL_DAYS: Final = 3
"""In the last days before a close two look at everything before it is said. Assumption: what was booked wrongly is out again
before the books close."""
REDATED_DAYS: Final = 4
"""Later than so long after the end nobody gives a wrong date any more: it could not be put right within the run-off."""
SLIP_DAYS_MAX: Final = 6
AT_LEAST: Final = 0.4
"""The second look comes no sooner than after this share of the time that it may take. Assumption."""

_REFUSED_WRONGLY: Final[Verdict] = ("reject", "", "not what was agreed")
_ACCEPTED_WRONGLY: Final[Verdict] = ("accept", "", "in order")


class SecondLook:
    """Errs at the scenario's rate, and sees to it that nothing stays so. `pending` is what is still to be put right."""

    def __init__(  # noqa: PLR0913 - people, what they may touch, and when they work
        self,
        env: simpy.Environment,
        seed: Seed,
        desk: Desk,
        hands: Hands,
        purchasing: Purchasing,
        hours: Hours,
        closes_ms: dict[str, int],
        ends_ms: int,
    ) -> None:
        """Nobody has erred. `closes_ms` is when the books of a hospital close, 0 if never; nobody errs after `ends_ms`."""
        self.pending = 0
        self._env = env
        self._seed = seed
        self._desk = desk
        self._hands = hands
        self._purchasing = purchasing
        self._hours = hours
        self._closes_ms = closes_ms
        self._ends_ms = ends_ms
        self._let_through: dict[str, tuple[Effect, Verdict]] = {}

    def mistaken(self, case: Effect, paper: Paper, right: Verdict) -> Verdict | None:
        """What somebody who errs says in place of what is right; None if nobody does."""
        share = self._desk.errs_share
        if (
            not share
            or paper.credit
            or right[0] not in ERRED_ABOUT
            or self._draw("errs", case, paper) >= share
            or self._watchful(paper)
        ):
            return None
        if right[0] == "accept":
            self._begin(self._accepted_after_all(case, paper, right))
            return _REFUSED_WRONGLY
        self._let_through[paper.ref] = case, right
        return _ACCEPTED_WRONGLY

    def misdated(self, case: Effect, paper: Paper, right: Verdict) -> Verdict | None:
        """A wrong day of the right month, where somebody errs who dates a paper into it; None if nobody does."""
        share, late_ms = self._desk.errs_share, self._ends_ms + REDATED_DAYS * DAY_MS
        if not share or paper.credit or self._draw("errs", case, paper) >= share or int(self._env.now) >= late_ms:
            return None
        if paper.ref in self._let_through:
            return None
        self._let_through[paper.ref] = case, right
        days = 1 + int(SLIP_DAYS_MAX * self._draw("slip", case, paper))
        return "re-date", (dt.date.fromisoformat(right[1]) + dt.timedelta(days=days)).isoformat(), right[2]

    def booked(self, effect: Effect) -> None:
        """An invoice was posted: if it should never have been, somebody will see it there."""
        slip = self._let_through.pop(effect.source_ref, None)
        if slip is not None:
            self._begin(self._taken_out(effect.ref, self._purchasing.papers[effect.source_ref], *slip))

    # -- putting it right ---------------------------------------------------------------------------------------------

    def _accepted_after_all(self, case: Effect, paper: Paper, right: Verdict) -> Generator[simpy.Event, Any, None]:
        yield self._looked_at(case, paper)
        self._purchasing.accept_after_all(paper)
        decision, value, note = right
        self._hands.decision_again(SUPERVISOR, case.ref, decision, value, f"refused by mistake: {note}")
        self.pending -= 1

    def _taken_out(self, posted: str, paper: Paper, case: Effect, right: Verdict) -> Generator[simpy.Event, Any, None]:
        """Who booked it so late that its period is closed by now keeps it: that lateness is judged as such."""
        yield self._looked_at(case, paper)
        decision, value, note = right
        if self._hands.cancel_invoice(SUPERVISOR, posted):
            self._hands.take_back(SUPERVISOR, paper.ref.partition(":")[2], note)
            if decision == "re-date":
                self._purchasing.due_anew(paper)
            else:
                self._purchasing.settle(paper, "reject")
            self._hands.decision_again(SUPERVISOR, case.ref, decision, value, f"decided by mistake: {note}")
        self.pending -= 1

    def _looked_at(self, case: Effect, paper: Paper) -> simpy.Event:
        share = AT_LEAST + (1 - AT_LEAST) * self._draw("second-look", case, paper)
        now = int(self._env.now)
        return self._env.timeout(self._hours.add(now, round(self._desk.second_look_hours * share * HOUR_MS)) - now)

    # -- small things -------------------------------------------------------------------------------------------------

    def _begin(self, putting_right: Generator[simpy.Event, Any, None]) -> None:
        self.pending += 1
        self._env.process(putting_right)

    def _draw(self, purpose: str, case: Effect, paper: Paper) -> float:
        return self._seed.draw(purpose, paper.owes, paper.bill.number, case.state)

    def _watchful(self, paper: Paper) -> bool:
        now, closes_ms = int(self._env.now), self._closes_ms[paper.intent.hospital]
        return now >= self._ends_ms or now < closes_ms <= self._hours.close_after(now, WATCHFUL_DAYS)
