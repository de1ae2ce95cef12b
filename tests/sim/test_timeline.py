"""The timeline: SimPy's own order, from a heap that stays small."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import UTC, datetime
from random import Random
from typing import Any

import simpy

from sim.clock import Kernel
from sim.timeline import ASIDE_MS

START = datetime(2026, 10, 1, tzinfo=UTC)
WAITS_MS = (0, 1, ASIDE_MS - 1, ASIDE_MS, 7 * ASIDE_MS, 7 * ASIDE_MS + 1)


def heard(env: simpy.Environment, run: Callable[[], object]) -> list[tuple[int, int]]:
    """Who wakes when, of many who wait now shortly and now long, often until the same moment."""
    woken: list[tuple[int, int]] = []

    def waits(who: int) -> Generator[simpy.Event, Any, None]:
        draws = Random(who)
        for _ in range(50):
            yield env.timeout(draws.choice(WAITS_MS))
            woken.append((int(env.now), who))

    for who in range(20):
        env.process(waits(who))
    run()
    return woken


def test_the_order_is_that_of_simpy() -> None:
    """To the last tie."""
    kernel = Kernel(START)
    plain = simpy.Environment(kernel.now_ms)
    assert heard(kernel.env, kernel.run) == heard(plain, plain.run)


def test_those_who_wait_for_the_same_hours_lie_in_the_heap_as_one() -> None:
    """However many they are."""
    env = Kernel(START).env
    for number in range(1000):
        env.timeout(10 * ASIDE_MS + number % 7)
    assert len(env._queue) == 1
