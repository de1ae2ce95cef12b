"""The clock: one time line for SimPy and asyncio, the same in every run."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import weakref
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import simpy

from sim.clock import DAY_MS, HOUR_MS, Kernel, Livelock, StalledError
from sim.incarnation import Incarnation

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


# -- order --------------------------------------------------------------------------------------------------------


def test_equal_deadlines_fall_first_in_first_out(kernel: Kernel) -> None:
    """The heap of asyncio compares only the time: one unrelated timer reorders the others."""
    log: list[int] = []

    async def waiter(n: int) -> None:
        await asyncio.sleep(1)
        log.append(n)

    async def main() -> None:
        asyncio.get_running_loop().call_later(0.5, log.append, -1)
        tasks = [asyncio.create_task(waiter(n)) for n in range(50)]
        for n in (3, 17, 31):
            asyncio.get_running_loop().call_later(0.9, int).cancel()
            tasks[n].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    kernel.run_until_complete(main())
    assert log == [-1, *(n for n in range(50) if n not in (3, 17, 31))]


SETS_OF_TASKS = """
import asyncio, sys
from datetime import UTC, datetime
from sim.clock import Kernel

log = []
ballast = [object() for _ in range(int(sys.argv[1]))]

async def victim(n):
    try:
        await asyncio.sleep(100)
    finally:
        log.append(n)

async def failing():
    await asyncio.sleep(1)
    raise ValueError

async def main():
    tasks = [asyncio.create_task(victim(n)) for n in range(40)]
    futures = [asyncio.get_running_loop().create_future() for _ in range(20)]
    for n, future in enumerate(futures):
        asyncio.get_running_loop().call_later(1 + n % 3, future.set_result, n)
    ballast.append([bytearray(n % 100) for n in range(len(ballast))])
    done, _ = await asyncio.wait(futures)
    log.extend(future.result() for future in done)
    done, pending = await asyncio.wait(tasks, timeout=5)
    for task in pending:
        task.cancel()
    await asyncio.wait(tasks)
    try:
        async with asyncio.TaskGroup() as group:
            for n in range(40):
                group.create_task(victim(100 + n))
            group.create_task(failing())
    except* ValueError:
        log.append("group")
    log.extend(task.get_name() for task in asyncio.all_tasks())

with Kernel(datetime(2026, 10, 1, tzinfo=UTC)) as kernel:
    kernel.run_until_complete(main())
print(log)
"""


def test_sets_of_tasks_have_one_order_in_every_process() -> None:
    """`asyncio.wait` and `TaskGroup` walk sets: by address, and PYTHONHASHSEED does not fix that."""
    outputs = {
        subprocess.run(
            [sys.executable, "-c", SETS_OF_TASKS, ballast],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed, ballast in (("0", "0"), ("1", "1000"), ("2", "12345"), ("3", "77777"))
    }
    assert len(outputs) == 1
    assert "group" in outputs.pop()


def test_two_kernels_in_one_process_give_the_same_names(kernel: Kernel) -> None:
    """Those of asyncio count per process."""

    async def name() -> str:
        task = asyncio.current_task()
        assert task is not None
        return task.get_name()

    with Kernel(START) as other:
        names = [other.run_until_complete(name()), kernel.run_until_complete(name())]
    assert names == ["task-1", "task-1"]


# -- asyncio unchanged --------------------------------------------------------------------------------------------


def test_ordinary_asyncio_code_runs_unchanged(kernel: Kernel) -> None:
    async def main() -> list[object]:
        queue: asyncio.Queue[int] = asyncio.Queue(maxsize=1)
        lock, event, gate = asyncio.Lock(), asyncio.Event(), asyncio.Semaphore(2)
        log: list[object] = []

        async def producer() -> None:
            for n in range(3):
                async with lock, gate:
                    await queue.put(n)
                await asyncio.sleep(1)
            event.set()

        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            group.create_task(producer())
            log.extend([await queue.get() for _ in range(3)])
            await event.wait()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await asyncio.sleep(3)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(asyncio.sleep(5)), 1)
        log.append(await asyncio.gather(asyncio.sleep(1, "a"), asyncio.sleep(2, "b")))
        return [*log, since(kernel)]

    assert kernel.run_until_complete(main()) == [0, 1, 2, ["a", "b"], 3000 + 2000 + 1000 + 2000]


def test_virtual_run_is_not_nested_in_another_loop(kernel: Kernel) -> None:
    async def main() -> None:
        kernel.run()

    with pytest.raises(RuntimeError, match="nested"):
        asyncio.run(main())
    with pytest.raises(RuntimeError, match="nested"):
        kernel.run_until_complete(main())


# -- errors -------------------------------------------------------------------------------------------------------


def test_failing_process_stops_the_run(kernel: Kernel) -> None:
    def process() -> Generator[simpy.Event, Any, None]:
        yield kernel.env.timeout(5)
        raise ZeroDivisionError

    kernel.process(process())
    with pytest.raises(ZeroDivisionError):
        kernel.run()
    assert since(kernel) == 5


def test_failed_event_nobody_waits_for_stops_the_run(kernel: Kernel) -> None:
    kernel.env.event().fail(ValueError("lost"))
    with pytest.raises(ValueError, match="lost"):
        kernel.run()


def test_failing_callback_of_nobody_stops_the_run(kernel: Kernel) -> None:
    kernel.loop.call_later(1, int, "x")
    with pytest.raises(ValueError, match="invalid literal"):
        kernel.run()


def test_awaited_result_that_cannot_come_is_named(kernel: Kernel) -> None:
    async def main() -> None:
        await kernel.loop.create_future()

    with pytest.raises(StalledError, match=r"nothing is left .* task-1 \(.*main\) is not done"):
        kernel.run_until_complete(main())


def test_livelock_names_the_instant_and_the_culprit() -> None:
    """A task that swallows its cancellation and spins would keep the instant from ever passing."""

    async def stubborn() -> None:
        while True:
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                continue

    with Kernel(START, steps_per_instant_max=1000) as kernel:
        task = kernel.spawn(stubborn(), Incarnation("w2"), name="relay")
        kernel.loop.call_later(1, task.cancel)
        with pytest.raises(Livelock, match=r"1000 steps at 2026-10-01T00:00:00\+00:00: relay \(.*stubborn\) of w2"):
            kernel.run()


def test_livelock_among_simpy_processes() -> None:
    with Kernel(START, steps_per_instant_max=1000) as kernel:

        def process() -> Generator[simpy.Event, Any, None]:
            while True:
                yield kernel.env.timeout(0)

        kernel.process(process())
        with pytest.raises(Livelock):
            kernel.run()


def test_many_steps_are_no_livelock_while_time_moves() -> None:
    async def busy() -> None:
        for _ in range(1000):
            await asyncio.sleep(0.001)

    with Kernel(START, steps_per_instant_max=100) as kernel:
        kernel.run_until_complete(busy())


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
    with Kernel(START) as kernel:

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
