"""Business time in a process of its own: told by the estate, carried on by the wall clock until it is told again.

Whoever sleeps here sleeps in business time, so a month at a thousand times the pace is the same month. The clock never goes
back: told an earlier moment, it stands until that moment has passed.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from heapq import heappop, heappush
from itertools import count
from typing import Final

TICK_S_MIN: Final = 0.001
NEVER: Final = 1 << 62


class BusinessClock:
    """`contracts.ports.Clock`, set from outside."""

    def __init__(self, now_ms: int) -> None:
        """Stand at a moment."""
        self.stirred = 0
        """Counts sleepers that were woken and sleeps that were begun."""
        self._loop = asyncio.get_running_loop()
        self._told_ms = self._least_ms = now_ms
        self._told_s = self._loop.time()
        self._speed = 0.0
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None

    def tell(self, now_ms: int, speed: float) -> None:
        """It is so late, and time passes at so many times the wall clock's pace; 0 is standing."""
        self._least_ms = max(self.now_ms(), self._least_ms)
        self._told_ms, self._told_s, self._speed = now_ms, self._loop.time(), speed
        self._wake()

    def reach(self, now_ms: int) -> None:
        """It is at least so late, whatever was told before."""
        if now_ms > self.now_ms():
            self._told_ms, self._told_s = now_ms, self._loop.time()
        self._wake()

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch."""
        carried_ms = self._told_ms + int((self._loop.time() - self._told_s) * 1000 * self._speed)
        self._least_ms = max(self._least_ms, carried_ms)
        return self._least_ms

    def next_ms(self) -> int:
        """When the next sleeper wakes."""
        while self._sleepers and self._sleepers[0][2].done():
            heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else NEVER

    def business_now(self) -> datetime:
        """The moment, aware, in UTC."""
        return datetime.fromtimestamp(self.now_ms() / 1000, UTC)

    def monotonic(self) -> float:
        """Business seconds."""
        return self.now_ms() / 1000

    async def sleep(self, delay_s: float) -> None:
        """Let business time pass."""
        self.stirred += 1
        if delay_s <= 0:
            await asyncio.sleep(0)
            return
        awake: asyncio.Future[None] = self._loop.create_future()
        heappush(self._sleepers, (self.now_ms() + round(delay_s * 1000), next(self._numbers), awake))
        self._set_timer()
        await awake

    def _wake(self) -> None:
        now_ms = self.now_ms()
        while self.next_ms() <= now_ms:
            self.stirred += 1
            heappop(self._sleepers)[2].set_result(None)
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        next_ms = self.next_ms()
        if self._speed > 0 and next_ms < NEVER:
            delay_s = (next_ms - self.now_ms()) / 1000 / self._speed
            self._timer = self._loop.call_later(max(delay_s, TICK_S_MIN), self._wake)
