"""The virtual clock inside a real event loop: moved from outside, in steps that never wait.

Between two steps the outer loop runs, and code of either side may put work on the other: both live in one thread. How fast
the clock moves is `sim.door.pace`'s business.
"""
# The inner loop takes the outer one's place for the length of a step, which only private functions can bring about.
# ruff: noqa: SLF001

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from heapq import heappop
from typing import Final

from sim.clock import Kernel
from sim.handles import Timer
from sim.loop import VirtualLoop

NEVER: Final = sys.maxsize
"""A moment that does not come."""


class InnerLoop(VirtualLoop):
    """A virtual loop that may run inside a callback of another."""

    @contextlib.contextmanager
    def _current(self) -> Iterator[None]:
        if self._closed or self._running:
            msg = "the inner loop is closed, or was entered from within"
            raise RuntimeError(msg)
        outer = asyncio._get_running_loop()
        self._running = True
        asyncio._set_running_loop(self)
        try:
            yield
        finally:
            self._running = self._stopping = False
            asyncio._set_running_loop(outer)

    @property
    def entered(self) -> bool:
        """Whether a step is under way."""
        return self._running

    @property
    def closed(self) -> bool:
        """Whether it will never run again."""
        return self._closed

    def next_due_ms(self) -> int:
        """The moment of the next thing to do: now if something is ready, `NEVER` if nothing is left."""
        if self.ready or self._errors or self._failed:
            return self.clock.now_ms
        queue = self._queue
        while queue and isinstance(queue[0][3], Timer) and queue[0][3]._cancelled:
            heappop(queue)
            self._cancelled_timers -= 1
        return self.due_ms()


class SteppedKernel(Kernel):
    """A kernel whose clock is moved from outside. It collects no garbage of its own: the server's process does."""

    loop: InnerLoop

    def _make_loop(self, steps_per_instant_max: int) -> InnerLoop:
        # What it leaves abstract it refuses, as its base does.
        return InnerLoop(self.env, self, steps_per_instant_max=steps_per_instant_max)  # type: ignore[abstract]

    def next_due_ms(self) -> int:
        """The moment of the next thing to do."""
        return self.loop.next_due_ms()

    def step_to(self, moment_ms: int) -> None:
        """Do everything that is due up to a moment, that moment included, and let the clock stand there."""
        self._until, self._until_ms, self._next_check_ms = None, moment_ms + 1, NEVER
        self._next_collection_ms = self._next_tick_ms = NEVER
        self._set_boundary()
        with self.loop._current():
            self.loop._turn()
        if self.now_ms < moment_ms:
            self.stand_at(moment_ms)
