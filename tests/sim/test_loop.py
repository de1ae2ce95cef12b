"""The loop: order, ordinary asyncio code, errors, and runs that cannot go on."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import simpy

from sim.clock import Kernel, Livelock, StalledError
from sim.incarnation import Incarnation

START = datetime(2026, 10, 1, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    with Kernel(START) as kernel:
        yield kernel


def since(kernel: Kernel) -> int:
    return kernel.now_ms - round(START.timestamp() * 1000)


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
