"""How hard each target may be pushed by one worker: calls at once, calls a second, and a pause when it says so.

Near a close a share of both is kept for what must be booked before it: polls, comparisons and status feedback share the
rest, however many they are. Budgets and rates are pure functions of (state, now); only the waiting is asyncio's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from contracts.ports import Clock
from orchestrator.canonical import milliseconds

RESERVED: Final = 0.75
"""Of what a target allows, for what is pressing near a close."""
LINE_S_MAX: Final = 120.0
"""Longer than this nobody waits for a rate."""
DOUBTED_CAP_MS: Final = 300_000
"""The longest that a target is left alone of our own accord: what is to be booked before a close must still get in."""
REST_S: Final = 300.0
"""What is beyond the others' part comes again after this; nobody waits for it."""


class Limit(msgspec.Struct, frozen=True):
    """One worker's share of what a target allows. A rate of 0 is no limit."""

    at_once: int
    per_s: float = 0.0
    burst: int = 1

    def left(self, share: float) -> Limit:
        """What other programs leave of the rate; a burst is over before anybody notices."""
        return msgspec.structs.replace(self, per_s=self.per_s * share)

    @property
    def reserved(self) -> int:
        """Places that only pressing calls may take near a close; the others keep one at least."""
        return min(self.at_once - 1, int(self.at_once * RESERVED))


# Two workers share what a family allows: procurement 25 a second in bursts of 20, invoice capture three at once.
LIMITS: Final[Mapping[str, Limit]] = {
    "procurement": Limit(8, 12.0, 10),
    "inventory": Limit(8),
    "ap_automation": Limit(1),
    "cloud_erp": Limit(12),
    "service_desk": Limit(4),
}


class Meter(msgspec.Struct):
    """A rate with a burst: one call every `interval_s`, and some at once after a pause."""

    interval_s: float
    burst_s: float
    theoretical_s: float = 0.0

    def wait_s(self, now_s: float) -> float:
        """How long the next call has to wait."""
        return max(0.0, self.theoretical_s - self.burst_s - now_s)

    def claim_s(self, now_s: float) -> float:
        """The same; from now on the one after it waits longer."""
        wait_s = self.wait_s(now_s)
        self.theoretical_s = max(self.theoretical_s, now_s) + self.interval_s
        return wait_s


def meter(per_s: float, burst: int) -> Meter | None:
    """A rate's meter; None where there is no limit."""
    return Meter(1 / per_s, (burst - 1) / per_s) if per_s else None


class Lane:
    """The way to one target. `near` says whether a close is near; without it nothing is reserved."""

    __slots__ = (
        "_clock",
        "_free",
        "_near",
        "_others",
        "_pressing",
        "_rate",
        "_reserved",
        "_waiting",
        "paused_until_ms",
        "refusals",
    )

    def __init__(self, limit: Limit, clock: Clock, near: Callable[[], bool] | None = None) -> None:
        """Nobody is under way."""
        self._clock = clock
        self._free = limit.at_once
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._pressing: deque[asyncio.Future[None]] = deque()
        self._near = near or _never
        self._reserved = limit.reserved if near is not None else 0
        self._rate = meter(limit.per_s, limit.burst)
        self._others = meter(limit.per_s * (1 - RESERVED), limit.burst) if near is not None else None
        self.paused_until_ms = 0
        self.refusals = 0
        """How often in a row the target has turned somebody away."""

    def crowded(self, *, pressing: bool = False) -> bool:
        """Whether who enters now must wait for a place."""
        return self._free <= 0 or (self._free <= self._reserved and not pressing and self._near())

    def slow(self, patience_s: float) -> bool:
        """Whether a call would wait for the rate longer than somebody has patience for."""
        return self._rate is not None and self._rate.wait_s(self._clock.monotonic()) > patience_s

    def enter_at_once(self) -> bool:
        """Take a place if there are enough of them and no rate to keep."""
        if self._free <= self._reserved or self._rate is not None:
            return False
        self._free -= 1
        return True

    async def enter(self, *, pressing: bool = False) -> None:
        """Take a place, waiting for it and for the rate where need be; what is pressing waits in a line of its own."""
        if self.crowded(pressing=pressing):
            place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            (self._pressing if pressing else self._waiting).append(place)
            await place
        else:
            self._free -= 1
        if self._rate is not None and not self.paused_s():
            wait_s = self._rate.claim_s(self._clock.monotonic())
            if wait_s > 0:
                await self._clock.sleep(wait_s)

    def leave(self) -> None:
        """Give the place to who waits longest, among those who are pressed if there are any."""
        self._free += 1
        while self._pressing or self._waiting:
            if self._free <= 0 or (not self._pressing and self.crowded()):
                return
            self._free -= 1
            (self._pressing or self._waiting).popleft().set_result(None)

    def turned_away(self, asked_ms: int, now_ms: int) -> None:
        """Leave the target alone as it asks; and longer, where it has said so before and then turned us away again."""
        self.refusals += 1
        doubted_ms = min(DOUBTED_CAP_MS, 1000 << min(self.refusals, 10))
        self.paused_until_ms = now_ms + max(asked_ms, doubted_ms)

    def paused_s(self) -> float:
        """How long the target has asked to be left alone. Who comes meanwhile takes nothing of the rate: it will not be sent."""
        if not self.paused_until_ms:
            return 0.0
        left_ms = self.paused_until_ms - milliseconds(self._clock.business_now())
        if left_ms <= 0:
            self.paused_until_ms = 0
        return max(0, left_ms) / 1000

    def rest_s(self, *, pressing: bool) -> float:
        """How long a call had better rest than wait here; 0 if it may come in, and then it has used some of its budget.

        A line that outlasts the leases of those who stand in it never ends: others take them up and stand in it again.
        """
        if self._rate is None:
            return 0.0
        now_s, others = self._clock.monotonic(), self._others
        ahead = len(self._pressing) if pressing else len(self._pressing) + len(self._waiting)
        line_s = self._rate.wait_s(now_s) + ahead * self._rate.interval_s
        if line_s > LINE_S_MAX:
            return line_s
        if others is None or pressing or not self._near():
            return 0.0
        return REST_S if others.wait_s(now_s) else others.claim_s(now_s)


def lanes(clock: Clock, shares: str = "", near: Callable[[], bool] | None = None) -> dict[str, Lane]:
    """A lane to every target. `shares` says what of a target's rate other programs leave: `procurement=0.02,…`."""
    told = (part.partition("=") for part in shares.split(",") if part)
    left = {system.strip(): float(share) for system, _, share in told}
    return {system: Lane(limit.left(left.get(system, 1.0)), clock, near) for system, limit in LIMITS.items()}


def _never() -> bool:
    return False
