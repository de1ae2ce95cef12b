"""How the clock of a served estate moves: paced by the wall clock, standing, or advanced step by step with the subject.

Nothing here ever waits while it holds the server: what is due is done in slices, and between two of them requests are
answered. Where the subject is too slow for the pace, the month goes on without it, and the verdict says so; where this
process is too slow, the clock falls back, because a moment cannot be skipped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Literal, Protocol

from sim.door.clock import NEVER, SteppedKernel
from sim.fence import wall_s

SLICE_S: Final = 0.005
"""How long due work may hold the server before a request gets its turn."""
LATE_S_MAX: Final = 0.25
"""Wall seconds that the clock may lie behind its pace before it falls back."""
NAP_S_MAX: Final = 0.25
DRAIN_MS: Final = 10_000
"""How far the clock may still go after it was told to stand, so that calls under way are answered."""
REST_EVERY_MS: Final = 15 * 60_000
"""How often it is asked whether all is over, in business time."""

State = Literal["waiting", "running", "standing", "advancing", "over"]


class Lockstep(Protocol):
    """What the clock needs of the subject when both go step by step."""

    async def settled_ms(self, *, flush: Callable[[], None]) -> int:
        """Wait until the subject has nothing in its hands; the next moment at which it will act by itself."""

    @property
    def stirred(self) -> int:
        """Counts everything that passed between estate and subject."""


class Pace:
    """The hand on the clock."""

    def __init__(self, kernel: SteppedKernel, speed: float, bound_ms: int, at_rest: Callable[[], bool]) -> None:
        """Wait for the first sign of the subject, then run at a speed, at most to a bound."""
        self.kernel = kernel
        self.speed = speed
        self.state: State = "waiting"
        self.version = 0
        self.fell_back_s = 0.0
        self.behind_s_max = 0.0
        """The furthest that the clock lay behind its pace, naps aside, in business seconds: so long may calls have waited."""
        self.changed: Callable[[], None] = lambda: None
        """Called whenever speed or state change."""
        self.calls_under_way: Callable[[], bool] = lambda: False
        self._bound_ms = bound_ms
        self._at_rest = at_rest
        self._anchor_ms = kernel.now_ms
        self._anchor_s = wall_s()
        self._next_rest_ms = kernel.now_ms
        self._nap: asyncio.Future[None] | None = None
        self._resting = False
        self._drain_until_ms = 0

    # -- what people and the subject see ------------------------------------------------------------------------------

    def target_ms(self) -> int:
        """Where the clock should stand by now."""
        now_ms = self.kernel.now_ms
        if self.state != "running" or self._resting:
            return now_ms
        paced_ms = self._anchor_ms + int((wall_s() - self._anchor_s) * 1000 * self.speed)
        if paced_ms <= now_ms:
            return now_ms
        return min(self._bound_ms, paced_ms)

    @property
    def gear(self) -> str:
        """Its state in a word: `resting` where it stands because there is nothing left to do."""
        return "resting" if self._resting and self.state != "over" else self.state

    @property
    def resting(self) -> bool:
        """Whether the estate has nothing more to do, so that only the subject is waited for."""
        return self._resting

    def first_sign(self) -> None:
        """The subject has shown itself: what waited for that begins."""
        if self.state == "waiting":
            self.go("running")

    def go(self, state: State, speed: float | None = None) -> None:
        """Change gear."""
        if self.state == "over":
            return
        self.state = state
        self._drain_until_ms = self.kernel.now_ms + DRAIN_MS if state == "standing" else 0
        self.speed = self.speed if speed is None else speed
        self._re_anchor()
        self.version += 1
        self.changed()
        self.poke()

    # -- moving -------------------------------------------------------------------------------------------------------

    def touch(self) -> None:
        """Bring the clock up to now before something happens on it: a slice at most."""
        if self.state == "running":
            self._work(self.target_ms())

    def poke(self) -> None:
        """There may be something to do."""
        if self._nap is not None and not self._nap.done():
            self._nap.set_result(None)

    def flush(self) -> None:
        """Do what is due at this very moment."""
        kernel = self.kernel
        if self.state != "waiting" and not kernel.loop.entered and kernel.next_due_ms() <= kernel.now_ms:
            kernel.step_to(kernel.now_ms)

    async def run(self) -> None:
        """Pace the clock until all is over."""
        while self.state != "over":
            if self.state != "running" or self._resting:
                self.flush()
                if self._drain():
                    continue
                if self._resting and not self._ended():
                    self._set_resting(resting=False)
                    continue
                await self._rest(NAP_S_MAX if self._resting else None)
                continue
            target_ms = self.target_ms()
            if not self._work(target_ms):
                self._fall_back(target_ms)
                await asyncio.sleep(0)
                continue
            self._ask_whether_over()
            due_ms = min(self.kernel.next_due_ms(), self._next_rest_ms)
            await self._rest(min((due_ms - self.kernel.now_ms) / 1000 / self.speed, NAP_S_MAX))

    async def advance(self, until_ms: int, subject: Lockstep, deadline_s: float) -> bool:
        """Go step by step to a moment, or to the end of it all, the subject settling in between; say whether it was reached."""
        self.go("advancing")
        kernel = self.kernel
        try:
            while wall_s() < deadline_s and self.state == "advancing":
                self.flush()
                subject_ms = await subject.settled_ms(flush=self.flush)
                self._ask_whether_over()
                if kernel.now_ms >= min(until_ms, self._bound_ms) or self._resting:
                    return True
                self._leap(min(until_ms, self._bound_ms, max(subject_ms, kernel.now_ms + 1)), subject)
                await asyncio.sleep(0)
            return False
        finally:
            if self.state == "advancing":
                self.go("standing")

    def _drain(self) -> bool:
        """One step for calls that were under way when the clock was told to stand; False when there are none."""
        due_ms = self.kernel.next_due_ms()
        if due_ms > self._drain_until_ms or not self.calls_under_way():
            return False
        self.kernel.step_to(due_ms)
        return True

    def _leap(self, until_ms: int, subject: Lockstep) -> None:
        """From event to event, until something passes between estate and subject, or a slice has been used up."""
        kernel, before = self.kernel, subject.stirred
        ends_s = wall_s() + SLICE_S
        while kernel.now_ms < until_ms and subject.stirred == before and wall_s() < ends_s:
            kernel.step_to(min(kernel.next_due_ms(), until_ms))
            self._ask_whether_over()
            if self._resting:
                return

    def _work(self, target_ms: int) -> bool:
        """Do what is due up to a moment, for a slice of time; say whether all of it was done."""
        kernel = self.kernel
        if kernel.loop.entered:
            return True
        behind_s = (target_ms - kernel.now_ms) / 1000 - NAP_S_MAX * self.speed
        self.behind_s_max = max(self.behind_s_max, behind_s)
        ends_s = 0.0
        while (due_ms := kernel.next_due_ms()) <= target_ms:
            ends_s = ends_s or wall_s() + SLICE_S
            kernel.step_to(max(due_ms, kernel.now_ms))
            if wall_s() > ends_s:
                return False
        if target_ms > kernel.now_ms:
            kernel.stand_at(target_ms)
        return True

    def _fall_back(self, target_ms: int) -> None:
        behind_s = (target_ms - self.kernel.now_ms) / 1000 / self.speed
        if behind_s > LATE_S_MAX:
            self.fell_back_s += behind_s
            self._re_anchor()

    def _re_anchor(self) -> None:
        self._anchor_ms, self._anchor_s = self.kernel.now_ms, wall_s()

    def _ask_whether_over(self) -> None:
        """Once in a while, as in virtual time; from then on the clock stands, and only the subject is waited for."""
        now_ms = self.kernel.now_ms
        if now_ms >= self._next_rest_ms or now_ms >= self._bound_ms:
            self._next_rest_ms = now_ms + REST_EVERY_MS
            self._set_resting(resting=self._ended())

    def _set_resting(self, *, resting: bool) -> None:
        if resting != self._resting:
            self._resting = resting
            self.version += 1
            self._re_anchor()
            self.changed()

    def _ended(self) -> bool:
        return self.kernel.now_ms >= self._bound_ms or self._at_rest()

    async def _rest(self, delay_s: float | None) -> None:
        loop = asyncio.get_running_loop()
        self._nap = loop.create_future()
        timer = None if delay_s is None else loop.call_later(max(delay_s, 0.0), self.poke)
        try:
            await self._nap
        finally:
            self._nap = None
            if timer is not None:
                timer.cancel()


def moment(at_ms: int) -> str:
    """A moment as people and programs read it; nothing for one that never comes."""
    return "" if at_ms >= NEVER else datetime.fromtimestamp(at_ms / 1000, UTC).isoformat().replace("+00:00", "Z")
