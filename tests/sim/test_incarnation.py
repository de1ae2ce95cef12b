"""Lives of workers: a crash is not a cancellation, and happens wherever it is asked to."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sim.clock import Kernel
from sim.fence import fence
from sim.incarnation import CURRENT, Incarnation, IncarnationDiedError

START = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    with Kernel(START) as kernel:
        yield kernel


def test_crash_runs_no_finally_block(kernel: Kernel) -> None:
    """`task.cancel()` would run it; a process that loses power does not."""
    log: list[str] = []
    worker = Incarnation("w1")

    async def work() -> None:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            log.append("cancelled")
        finally:
            log.append("finally")

    kernel.spawn(work(), worker)
    kernel.loop.call_later(5, worker.kill, "power")
    kernel.run()
    assert log == []
    assert not worker.alive
    assert worker.death_reason == "power"


def test_the_dead_do_not_move_the_clock(kernel: Kernel) -> None:
    worker = Incarnation("w1")
    kernel.spawn(asyncio.sleep(1_000_000), worker)
    kernel.loop.call_later(5, worker.kill, "power")
    kernel.run()
    assert kernel.utc() == datetime(2026, 10, 1, 0, 0, 5, tzinfo=UTC)


def test_everything_a_worker_starts_dies_with_it(kernel: Kernel) -> None:
    log: list[str] = []
    worker = Incarnation("w1")

    async def child() -> None:
        await asyncio.sleep(6)
        log.append("child")

    async def work() -> None:
        task = asyncio.create_task(child())
        asyncio.get_running_loop().call_later(7, log.append, "timer")
        await task

    kernel.spawn(work(), worker)
    kernel.loop.call_later(5, worker.kill, "power")
    kernel.run()
    assert log == []


def test_detached_task_survives_its_caller(kernel: Kernel) -> None:
    """A crossing runs to its commit whatever becomes of whoever asked for it."""
    log: list[object] = []
    worker = Incarnation("w1")

    async def crossing(reply: asyncio.Future[str]) -> None:
        assert CURRENT.get() is None
        await asyncio.sleep(10)
        log.append("commit")
        reply.set_result("200")

    async def work() -> None:
        assert CURRENT.get() is worker
        reply = kernel.loop.create_future()
        kernel.detached(crossing(reply))
        log.append(await reply)

    kernel.spawn(work(), worker)
    kernel.loop.call_later(5, worker.kill, "power")
    kernel.run()
    assert log == ["commit"]


def test_failing_detached_task_stops_the_run(kernel: Kernel) -> None:
    log: list[str] = []

    async def crossing() -> None:
        await asyncio.sleep(5)
        raise ZeroDivisionError

    kept = kernel.detached(crossing())
    kernel.loop.call_later(6, log.append, "too late")
    with pytest.raises(ZeroDivisionError):
        kernel.run()
    assert kept.done()
    assert log == []


def test_detached_task_somebody_waits_for_fails_there(kernel: Kernel) -> None:
    async def crossing() -> None:
        await asyncio.sleep(5)
        raise ZeroDivisionError

    async def main() -> str:
        (done,), _ = await asyncio.wait([kernel.detached(crossing())])
        return type(done.exception()).__name__

    assert kernel.run_until_complete(main()) == "ZeroDivisionError"


def test_what_a_death_sets_off_is_not_dropped_with_the_dead(kernel: Kernel) -> None:
    """A restart is scheduled from inside the dying worker's own step."""
    lives: list[str] = []

    def start(name: str) -> None:
        worker = Incarnation(name)
        worker.on_death.append(lambda _dead: kernel.loop.call_later(30, start, name + "'"))
        kernel.spawn(work(worker), worker)

    async def work(worker: Incarnation) -> None:
        lives.append(worker.name)
        await asyncio.sleep(1)
        if len(lives) < 3:
            worker.kill("crash at a call")
            with contextlib.suppress(BaseException):
                await worker.halt()
            lives.append("went on")

    start("w")
    kernel.run()
    assert lives == ["w", "w'", "w''"]


def test_connections_are_rolled_back_and_closed(kernel: Kernel, tmp_path: Path) -> None:
    worker = Incarnation("w1")
    kept: list[sqlite3.Connection] = []

    async def work() -> None:
        connection = sqlite3.connect(tmp_path / "store.db")
        kept.append(connection)
        connection.execute("create table t (n)")
        connection.execute("insert into t values (1)")
        connection.commit()
        connection.execute("insert into t values (2)")
        assert worker.connections == [connection]
        await asyncio.sleep(10)

    kernel.spawn(work(), worker)
    kernel.loop.call_later(5, worker.kill, "power")
    with fence(kernel):
        kernel.run()
    with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
        kept[0].execute("select 1")
    after = sqlite3.connect(tmp_path / "store.db")
    assert after.execute("select n from t").fetchall() == [(1,)]
    after.close()


def test_connection_the_worker_forgets_is_left_to_the_collector(kernel: Kernel, tmp_path: Path) -> None:
    """Held on to by us, it would keep its locks for ever; it lies in a cycle with its statement cache."""
    worker = Incarnation("w1")

    async def work() -> None:
        first = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
        first.execute("create table t (n)")
        first.execute("begin immediate")
        del first
        gc.collect()
        assert worker.connections == []
        second = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
        second.execute("begin immediate")
        second.close()

    kernel.spawn(work(), worker)
    with fence(kernel):
        kernel.run()


def _crash_at(step: int | None, store: Path) -> tuple[int, list[int], list[str]]:
    """Run a small two-phase program that dies at a step and is started again from what it had committed."""
    log: list[str] = []
    total = 0

    async def work() -> None:
        store_connection = sqlite3.connect(store)
        store_connection.execute("create table if not exists done (n integer primary key)")
        try:
            for n in range(3):
                if store_connection.execute("select 1 from done where n = ?", (n,)).fetchone():
                    continue
                await asyncio.sleep(1)
                store_connection.execute("insert into done values (?)", (n,))
                await asyncio.sleep(0)
                store_connection.commit()
        finally:
            log.append("finally")
        store_connection.close()

    with Kernel(START) as kernel, fence(kernel):
        first = Incarnation("w1", crash_at_step=step)
        first.on_death.append(lambda _dead: kernel.spawn(work(), Incarnation("w1 again")))
        kernel.spawn(work(), first)
        kernel.run()
        total = first.steps
        finals = list(log)
    connection = sqlite3.connect(store)
    done = [n for (n,) in connection.execute("select n from done order by n")]
    connection.close()
    return total, done, finals


def test_crash_at_every_step_of_a_small_program(tmp_path: Path) -> None:
    """Wherever it dies, the second life finds only what was committed, and finishes; nothing is done twice."""
    steps, done, finals = _crash_at(None, tmp_path / "whole.db")
    assert done == [0, 1, 2]
    assert finals == ["finally"]
    assert steps > 9
    for step in range(1, steps + 1):
        died_at, done, finals = _crash_at(step, tmp_path / f"{step}.db")
        assert died_at == step
        assert done == [0, 1, 2]
        assert finals == ["finally"]  # the second life's; the first one's never ran


def test_synchronous_code_of_the_dead_can_be_stopped(kernel: Kernel) -> None:
    worker = Incarnation("w1")
    log: list[str] = []

    async def work() -> None:
        worker.kill("crash at an ack")
        try:
            worker.raise_if_dead()
        except Exception:  # noqa: BLE001 - a retry loop that must not swallow its own death
            log.append("swallowed")
        log.append("went on")

    kernel.spawn(work(), worker)
    kernel.run()
    assert log == []
    with pytest.raises(IncarnationDiedError, match="w1 is dead: crash at an ack"):
        worker.raise_if_dead()


def test_failure_of_a_root_task_is_reported(kernel: Kernel) -> None:
    errors: list[BaseException] = []
    worker = Incarnation("w1", on_error=errors.append)

    async def work() -> None:
        await asyncio.sleep(1)
        msg = "bug"
        raise ValueError(msg)

    kernel.spawn(work(), worker)
    kernel.run()
    assert [str(error) for error in errors] == ["bug"]


def test_failure_of_a_root_task_nobody_hears_of_stops_the_run(kernel: Kernel) -> None:
    async def work() -> None:
        await asyncio.sleep(1)
        msg = "bug"
        raise ValueError(msg)

    kernel.spawn(work(), Incarnation("w1"))
    with pytest.raises(ValueError, match="bug"):
        kernel.run()


def test_failure_of_a_side_task_is_the_design_s_own_affair(kernel: Kernel) -> None:
    async def side() -> None:
        msg = "bug"
        raise ValueError(msg)

    async def work() -> None:
        task = asyncio.create_task(side())
        del task
        asyncio.get_running_loop().call_soon(int, "x")
        await asyncio.sleep(5)

    worker = Incarnation("w1")
    kernel.spawn(work(), worker)
    kernel.run()
    assert worker.alive


def test_zombie_goes_on_with_what_came_due_in_its_order(kernel: Kernel) -> None:
    log: list[tuple[str, int]] = []
    worker = Incarnation("w1")
    start = kernel.now_ms

    async def work(name: str, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        log.append((name, kernel.now_ms - start))

    for name, delay_s in (("b", 20), ("a", 10), ("late", 90)):
        kernel.spawn(work(name, delay_s), worker)
    kernel.loop.call_later(5, kernel.pause, worker, start + 60_000)
    kernel.run()
    assert log == [("a", 60_000), ("b", 60_000), ("late", 90_000)]


def test_the_paused_can_die(kernel: Kernel) -> None:
    log: list[str] = []
    worker = Incarnation("w1")

    async def work() -> None:
        await asyncio.sleep(10)
        log.append("went on")

    kernel.spawn(work(), worker)
    kernel.loop.call_later(5, kernel.pause, worker, kernel.now_ms + 60_000)
    kernel.loop.call_later(30, worker.kill, "power")
    kernel.run()
    assert log == []


def test_another_life_needs_another_incarnation(kernel: Kernel) -> None:
    worker = Incarnation("w1")
    worker.kill("power")
    with pytest.raises(ValueError, match="w1 is dead"):
        kernel.spawn(asyncio.sleep(1), worker)


def test_the_dead_are_closed_quietly_after_everything(caplog: pytest.LogCaptureFixture) -> None:
    """Their `finally` blocks run at last, find everything closed, and nobody hears of it."""
    log: list[str] = []
    worker = Incarnation("w1")
    to_close: Callable[[], None] = lambda: log.append("finally")  # noqa: E731

    async def stubborn() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            to_close()
            await asyncio.sleep(1)

    with Kernel(START) as kernel:
        kernel.spawn(stubborn(), worker)
        kernel.loop.call_later(5, worker.kill, "power")
        kernel.run()
        assert log == []
    assert log == ["finally"]
    assert caplog.records == []
