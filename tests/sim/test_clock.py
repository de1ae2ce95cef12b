"""The clock: one time line for SimPy and asyncio, the same in every run."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import simpy

from sim.clock import DAY_MS, HOUR_MS, NEAR_MS, Kernel
from sim.incarnation import CURRENT, Incarnation

START = datetime(2026, 10, 1, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    with Kernel(START) as kernel:
        yield kernel


def since(kernel: Kernel) -> int:
    return kernel.now_ms - round(START.timestamp() * 1000)


# -- time ---------------------------------------------------------------------------------------------------------


def test_time_is_integer_milliseconds_since_the_epoch(kernel: Kernel) -> None:
    assert kernel.now_ms == 1_790_812_800_000
    assert type(kernel.env.now) is int
    kernel.run_until_complete(asyncio.sleep(0.25))
    assert (type(kernel.now_ms), since(kernel)) == (int, 250)
    assert kernel.utc() == START + timedelta(milliseconds=250)
    assert kernel.loop.time() == kernel.now_ms / 1000


def test_start_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Kernel(datetime(2026, 10, 1))  # noqa: DTZ001 - the mistake under test


@pytest.mark.parametrize("delay_ms", [0, 1, 3, 7, 57, 69, 70, 285, 1001, 1005, 2300, 4350, 86_400_001])
def test_delays_in_seconds_lose_no_millisecond(kernel: Kernel, delay_ms: int) -> None:
    """0.07 s is a hair more than 70 ms in binary; rounding up blindly would make it 71."""
    kernel.run_until_complete(asyncio.sleep(delay_ms / 1000))
    assert since(kernel) == delay_ms


def test_part_of_a_millisecond_rounds_up(kernel: Kernel) -> None:
    kernel.run_until_complete(asyncio.sleep(0.0001))
    assert since(kernel) == 1


def test_a_call_back_belongs_to_no_incarnation(kernel: Kernel) -> None:
    """What the wire does for a worker goes on when that worker dies."""
    worker, told = Incarnation("w1"), []

    async def ask() -> None:
        kernel.after(2000, lambda: told.append((since(kernel), CURRENT.get())))
        await asyncio.sleep(1)
        worker.kill("crash")

    kernel.spawn(ask(), worker)
    kernel.run()
    assert told == [(2000, None)]


def test_gap_of_many_days_is_one_step(kernel: Kernel) -> None:
    """Event loops that cap a wait at a day die on idle weekends."""
    kernel.run_until_complete(asyncio.sleep(400 * 86_400))
    assert since(kernel) == 400 * DAY_MS


def test_simpy_and_asyncio_interleave_on_one_clock(kernel: Kernel) -> None:
    log: list[tuple[int, str]] = []

    def process() -> Generator[simpy.Event, Any, None]:
        for _ in range(3):
            yield kernel.env.timeout(1000)
            log.append((since(kernel), "simpy"))

    async def task() -> None:
        for _ in range(3):
            await asyncio.sleep(0.7)
            log.append((since(kernel), "asyncio"))

    kernel.process(process())
    kernel.detached(task())
    kernel.run()
    assert log == [
        (700, "asyncio"),
        (1000, "simpy"),
        (1400, "asyncio"),
        (2000, "simpy"),
        (2100, "asyncio"),
        (3000, "simpy"),
    ]


def test_each_side_can_wait_for_the_other(kernel: Kernel) -> None:
    log: list[object] = []

    async def task() -> str:
        log.append(await kernel.happened(kernel.env.timeout(1000, value="event")))
        failed = kernel.env.event().fail(ValueError("broken"))
        with pytest.raises(ValueError, match="broken"):
            await kernel.happened(failed)
        assert await kernel.happened(failed) if failed.processed and failed.ok else True
        return "result"

    async def failing() -> None:
        raise KeyError

    def process() -> Generator[simpy.Event, Any, None]:
        log.append((yield kernel.outcome(kernel.detached(task()))))
        try:
            yield kernel.outcome(kernel.detached(failing()))
        except KeyError:
            log.append("caught")

    kernel.process(process())
    kernel.run()
    assert log == ["event", "result", "caught"]


# -- how far to run -----------------------------------------------------------------------------------------------


def test_run_to_a_moment_leaves_what_is_due_then(kernel: Kernel) -> None:
    log: list[int] = []
    for delay_s in (1, 2, 3):
        kernel.loop.call_later(delay_s, log.append, delay_s)
    assert kernel.run(kernel.now_ms + 2000)
    assert (log, since(kernel)) == ([1], 2000)
    assert kernel.run(kernel.now_ms + DAY_MS)
    assert (log, since(kernel)) == ([1, 2, 3], DAY_MS + 2000)


def test_stopped_run_skips_nothing(kernel: Kernel) -> None:
    log: list[int] = []
    kernel.loop.call_later(1, kernel.loop.stop)
    kernel.loop.call_later(2, lambda: log.append(since(kernel)))
    assert not kernel.run(kernel.now_ms + 5000)
    assert since(kernel) == 1000
    assert kernel.run(kernel.now_ms + 5000)
    assert log == [2000]


def test_run_until_a_predicate_holds(kernel: Kernel) -> None:
    log: list[int] = []
    for delay_s in range(1, 10):
        kernel.loop.call_later(delay_s, log.append, delay_s)
    assert kernel.run(lambda: len(log) >= 3)
    assert (log, since(kernel)) == ([1, 2, 3], 3000)
    assert not kernel.run(lambda: len(log) > 100)
    assert kernel.run(lambda: len(log) == 9)


def test_predicate_is_asked_as_seldom_as_told(kernel: Kernel) -> None:
    asked: list[int] = []

    async def busy() -> None:
        for _ in range(3600):
            await asyncio.sleep(1)

    def predicate() -> bool:
        asked.append(since(kernel))
        return False

    kernel.detached(busy())
    kernel.run(predicate, check_every_ms=600_000)
    assert len(asked) == 7


def test_cancelled_timers_do_not_keep_a_run_alive_or_pile_up(kernel: Kernel) -> None:
    async def main() -> None:
        for _ in range(20_000):
            async with asyncio.timeout(86_400):
                await asyncio.sleep(0.001)

    kernel.run_until_complete(main())
    assert len(kernel.env._queue) < 2100
    assert not kernel.run(lambda: False)
    assert since(kernel) == 20_000


def test_progress_is_told_about_once_an_hour() -> None:
    ticks: list[int] = []
    with Kernel(START, on_tick=ticks.append) as kernel:

        async def busy() -> None:
            for _ in range(100):
                await asyncio.sleep(600)

        kernel.run_until_complete(busy())
        begin = round(START.timestamp() * 1000)
        assert [(tick - begin) // HOUR_MS for tick in ticks] == list(range(16))


# -- garbage ------------------------------------------------------------------------------------------------------


class Knot:
    """Garbage that only the collector finds."""

    def __init__(self, told: Callable[[], None]) -> None:
        self.self = self
        weakref.finalize(self, told)


def finaliser_hours(litter: int) -> list[float]:
    """Run three days that make a knot every five hours, amid some litter, and note when each is found."""
    found: list[float] = []
    with Kernel(START, collect_every_ms=DAY_MS) as kernel:

        async def main() -> None:
            for _ in range(15):
                Knot(lambda: found.append(since(kernel) / HOUR_MS))
                rubbish: list[object] = [[n] for n in range(litter)]
                rubbish.append(rubbish)
                await asyncio.sleep(5 * 3600)

        kernel.run_until_complete(main())
        return list(found)


def test_finalisers_run_at_fixed_steps_of_virtual_time() -> None:
    """Automatic collection comes after so many allocations, and so at another moment with every small change."""
    hours = finaliser_hours(0)
    assert hours == finaliser_hours(5000)
    assert sorted(set(hours)) == [20, 45, 70]


def test_collector_is_as_before_after_a_run(kernel: Kernel) -> None:
    gc.collect()
    kernel.detached(asyncio.sleep(3 * 86_400))
    kernel.run()
    assert (gc.isenabled(), gc.get_freeze_count()) == (True, 0)
    gc.disable()
    try:
        kernel.run()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_near_and_far_have_one_order(kernel: Kernel) -> None:
    """Callbacks in their small heap, callbacks beyond it and SimPy's events: by moment, and then by order of creation."""
    draws, start_ms = Random(7), kernel.now_ms
    due: list[tuple[int, int]] = []
    happened: list[tuple[int, int]] = []
    for number in range(300):
        delay_ms = draws.choice((0, 1, NEAR_MS - 1, NEAR_MS, NEAR_MS + 1))
        mine = (start_ms + delay_ms, number)
        due.append(mine)
        if draws.random() < 0.5:
            kernel.after(delay_ms, happened.append, mine)
        else:
            kernel.env.timeout(delay_ms, mine).callbacks.append(lambda event: happened.append(event.value))
    kernel.run(start_ms + 1)
    assert happened == sorted(due)[: len(happened)]
    assert {moment_ms for moment_ms, _ in happened} == {start_ms}
    kernel.run()
    assert happened == sorted(due)


def test_a_run_that_is_stopped_with_only_near_things_left_has_not_met_its_moment(kernel: Kernel) -> None:
    """What lies in the small heap is still to come, as what lies in the large one would be."""
    kernel.after(1, kernel.loop.stop)
    kernel.after(1000, int)
    assert not kernel.run(kernel.now_ms + HOUR_MS)
    assert since(kernel) == 1
