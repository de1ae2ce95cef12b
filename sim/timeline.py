"""SimPy's environment with a small heap: what is due in a few hours or later lies aside until the first of it is due.

A month has hundreds of people who wait for another day, and every step of the clock would sift the heap through them all.
The order is the heap's own, to the last tie: what was aside comes back before anything of its first moment happens.
"""

from __future__ import annotations

from heapq import heappush
from typing import Any

import simpy
from simpy.events import NORMAL

ASIDE_MS = 14_400_000
"""How much lies together: what is due sooner than this goes into the heap at once."""
FIRST = -1
"""A priority before all of SimPy's."""


class Timeline(simpy.Environment):
    """An environment whose time is integer milliseconds."""

    def __init__(self, start_ms: int) -> None:
        """Nothing is due yet."""
        super().__init__(start_ms)
        # SimPy binds these for the sake of speed, but not for a class that is derived from its own.
        for name in ("timeout", "process", "event"):
            setattr(self, name, getattr(self, name))
        self._aside: dict[int, list[Any]] = {}
        """By their part of time, in no order but that the earliest is the first."""

    def schedule(self, event: simpy.Event, priority: Any = NORMAL, delay: Any = 0) -> None:  # noqa: ANN401 - SimPy's types
        """Have an event happen after some time."""
        entry = (self._now + delay, priority, next(self._eid), event)
        if delay < ASIDE_MS:
            heappush(self._queue, entry)
        else:
            self._put_aside(entry)

    def _put_aside(self, entry: Any) -> None:  # noqa: ANN401 - an entry of SimPy's heap
        when_ms = entry[0]
        part = when_ms // ASIDE_MS
        aside = self._aside.setdefault(part, [])
        if aside and aside[0][0] <= when_ms:
            aside.append(entry)
            return
        aside.insert(0, entry)
        back: Any = (when_ms, FIRST, next(self._eid), self._take_back, (part,))
        heappush(self._queue, back)

    def _take_back(self, part: int) -> None:
        for entry in self._aside.pop(part, ()):
            heappush(self._queue, entry)
