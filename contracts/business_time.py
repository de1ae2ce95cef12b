"""Business time: what a clock shows that only runs while people work. Made of the hours that the journal tells of."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

HOUR_MS: Final = 3_600_000


class BusinessTime:
    """The working days of one place: day `n` is from `opens[n]` to `closes[n]`."""

    __slots__ = ("_closes", "_opens", "_worked_ms")

    def __init__(self, opens: Sequence[int], closes: Sequence[int]) -> None:
        """Add the days up once, so that a span of any length is two look-ups."""
        self._opens = opens
        self._closes = closes
        self._worked_ms = (0, *accumulate(close - open_ for open_, close in zip(opens, closes, strict=True)))

    def hours_between(self, begins_ms: int, ends_ms: int) -> float:
        """The hours that people worked between two moments."""
        return (self._until_ms(ends_ms) - self._until_ms(begins_ms)) / HOUR_MS

    def covers(self, at_ms: int) -> bool:
        """Whether people work at a moment, the last of a day included."""
        day = bisect_left(self._closes, at_ms)
        return day < len(self._closes) and self._opens[day] <= at_ms

    def ends_before(self, at_ms: int) -> bool:
        """Whether nothing is known any more of who works at a moment."""
        return not self._closes or at_ms > self._closes[-1]

    def _until_ms(self, at_ms: int) -> int:
        day = bisect_left(self._closes, at_ms)
        begun_ms = max(0, at_ms - self._opens[day]) if day < len(self._closes) else 0
        return self._worked_ms[day] + begun_ms
