"""How hard each target may be pushed by one worker: calls at once, calls a second, and a pause when it says so.

The rate is a pure function of (state, now); only the waiting is asyncio's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Final

import msgspec

from contracts.ports import Clock


class Limit(msgspec.Struct, frozen=True):
    """One worker's share of what a target allows. A rate of 0 is no limit."""

    at_once: int
    per_s: float = 0.0
    burst: int = 1


# Two workers share what a family allows: procurement 25 a second in bursts of 20, invoice capture three at once.
LIMITS: Final[Mapping[str, Limit]] = {
    "procurement": Limit(8, 12.0, 10),
    "inventory": Limit(8),
    "ap_automation": Limit(1),
    "cloud_erp": Limit(12),
    "service_desk": Limit(4),
}


class Lane:
    """The way to one target."""

    __slots__ = (
        "_burst_s",
        "_clock",
        "_free",
        "_interval_s",
        "_pressing",
        "_theoretical_s",
        "_waiting",
        "paused_until_ms",
    )

    def __init__(self, limit: Limit, clock: Clock) -> None:
        """Nobody is under way."""
        self._clock = clock
        self._free = limit.at_once
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._pressing: deque[asyncio.Future[None]] = deque()
        self._interval_s = 1 / limit.per_s if limit.per_s else 0.0
        self._burst_s = self._interval_s * (limit.burst - 1)
        self._theoretical_s = 0.0
        self.paused_until_ms = 0

    @property
    def crowded(self) -> bool:
        """Whether who enters now must wait for a place."""
        return self._free <= 0

    def enter_at_once(self) -> bool:
        """Take a place if there is one and no rate to keep."""
        if self._free <= 0 or self._interval_s:
            return False
        self._free -= 1
        return True

    async def enter(self, *, pressing: bool = False) -> None:
        """Take a place, waiting for it and for the rate where need be; what is pressing waits in a line of its own."""
        if self._free > 0:
            self._free -= 1
        else:
            place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            (self._pressing if pressing else self._waiting).append(place)
            await place
        if self._interval_s:
            wait_s = self._claim_s(self._clock.monotonic())
            if wait_s > 0:
                await self._clock.sleep(wait_s)

    def leave(self) -> None:
        """Give the place to who waits longest, among those who are pressed if there are any."""
        line = self._pressing or self._waiting
        if line:
            line.popleft().set_result(None)
        else:
            self._free += 1

    def _claim_s(self, now_s: float) -> float:
        """How long the next call has to wait for the rate; from now on the one after it waits longer."""
        due_s = max(self._theoretical_s, now_s)
        self._theoretical_s = due_s + self._interval_s
        return due_s - self._burst_s - now_s


def lanes(clock: Clock) -> dict[str, Lane]:
    """A lane to every target."""
    return {system: Lane(limit, clock) for system, limit in LIMITS.items()}
