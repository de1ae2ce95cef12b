"""One virtual clock for SimPy processes and ordinary asyncio code: the heart of the project.

Time is an integer: milliseconds since the Unix epoch. Everything is repeatable: no order depends on a memory address, no
finaliser runs at a moment of the allocator's choosing. How a callback gets its turn is `sim.loop`; a life of a worker is
`sim.incarnation`; what work means does not belong here.
"""
# The kernel reads SimPy's clock and asyncio's task flags where they lie: both are private.
# ruff: noqa: SLF001

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
import warnings
from collections.abc import Callable, Coroutine, Generator, Iterable, Iterator
from contextvars import copy_context
from datetime import UTC, datetime
from heapq import heappush
from typing import Any, Self, TypeVar, cast

import simpy

from sim.handles import Task
from sim.incarnation import CURRENT, Incarnation
from sim.loop import NORMAL, Livelock, StalledError, VirtualLoop

__all__ = ["DAY_MS", "HOUR_MS", "Kernel", "Livelock", "StalledError", "steady_collector"]

T = TypeVar("T")

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NEAR_MS = 60_000
"""What is due sooner than this lies in a heap with little else."""
COLLECT_EVERY_MS = 90 * DAY_MS
"""Virtual time between collections of cyclic garbage: a month makes next to none, and looking for it costs a twentieth."""


class Kernel:
    """The clock, and the ways to put work on it."""

    def __init__(
        self,
        start: datetime,
        *,
        steps_per_instant_max: int = 100_000,
        on_tick: Callable[[int], None] | None = None,
        collect_every_ms: int = COLLECT_EVERY_MS,
    ) -> None:
        """Start the clock at an aware moment; `on_tick` hears the time about once a virtual hour, for progress only."""
        if start.tzinfo is None:
            msg = "the start needs a time zone"
            raise ValueError(msg)
        start_ms = round(start.timestamp() * 1000)
        self.env = simpy.Environment(start_ms)
        self.now_ms = start_ms
        """The milliseconds since the Unix epoch; a plain number, for everybody asks. It always equals the environment's."""
        self.loop = self._make_loop(steps_per_instant_max)
        self.loop.on_boundary = self._on_boundary
        self._near, self._queue, self._numbers = self.loop.near, self.loop._queue, self.env._eid
        self._on_tick = on_tick
        self._next_tick_ms = start_ms + HOUR_MS if on_tick else sys.maxsize
        self._collect_every_ms = collect_every_ms
        self._next_collection_ms = start_ms + collect_every_ms
        self._until: Callable[[], bool] | None = None
        self._next_check_ms = self._until_ms = sys.maxsize
        self._check_every_ms = 0
        self._met = False
        self._incarnations: list[Incarnation] = []
        self._outside = copy_context()
        self._outside.run(CURRENT.set, None)

    def _make_loop(self, steps_per_instant_max: int) -> VirtualLoop:
        # What it leaves abstract it refuses, by the names below it.
        return VirtualLoop(self.env, self, steps_per_instant_max=steps_per_instant_max)  # type: ignore[abstract]

    # -- time -----------------------------------------------------------------------------------------------------

    def stand_at(self, moment_ms: int) -> None:
        """Show a moment up to which nothing is due."""
        self.env._now = self.now_ms = moment_ms

    def utc(self) -> datetime:
        """Return the moment, aware, in UTC."""
        return datetime.fromtimestamp(self.now_ms / 1000, UTC)

    # -- work -----------------------------------------------------------------------------------------------------

    def process(self, generator: Generator[simpy.Event, Any, Any]) -> simpy.Process:
        """Start a SimPy process; an exception nobody waits for stops the run."""
        return self.env.process(generator)

    def detached(self, coro: Coroutine[Any, Any, T], *, name: str | None = None) -> asyncio.Task[T]:
        """Start a task that belongs to no incarnation: the death of whoever called cancels nothing in it."""
        task = self.loop.create_task(coro, name=name, context=self._outside.copy())
        task.add_done_callback(self.loop.judge, context=self._outside.copy())
        return task

    def after(self, delay_ms: int, callback: Callable[..., object], *args: object) -> None:
        """Call back after some milliseconds, on behalf of no incarnation: the cheapest way to wait."""
        heap = self._near if delay_ms < NEAR_MS else self._queue
        heappush(heap, (self.now_ms + delay_ms, NORMAL, next(self._numbers), callback, args))

    def spawn(
        self, coro: Coroutine[Any, Any, T], incarnation: Incarnation, *, name: str | None = None
    ) -> asyncio.Task[T]:
        """Start a root task of an incarnation; all that it starts belongs to the same life."""
        if not incarnation.alive:
            coro.close()
            msg = f"{incarnation.name} is dead; another life needs another Incarnation"
            raise ValueError(msg)
        if incarnation not in self._incarnations:
            self._incarnations.append(incarnation)
            incarnation.outside = self._outside.copy()
            incarnation.on_death.insert(0, self._bury)
        context = self._outside.copy()
        context.run(CURRENT.set, incarnation)
        task = self.loop.create_task(coro, name=name, context=context)
        task.add_done_callback(self._root_done, context=self._outside.copy())
        return task

    def _root_done(self, task: asyncio.Task[Any]) -> None:
        incarnation = cast("Task[Any]", task).incarnation
        if task.cancelled() or incarnation is None or not incarnation.alive:
            return
        error = task.exception()
        if error is not None:
            (incarnation.on_error or self.loop.fail)(error)

    def _bury(self, incarnation: Incarnation) -> None:
        """Take the timers of the dead from the heap: they must not move the clock."""
        self.loop.sweep(incarnation)

    def pause(self, incarnation: Incarnation, until_ms: int) -> None:
        """Let an incarnation stand still until a moment: it then goes on, a zombie, with all that came due meanwhile."""
        incarnation.pause(cast("Callable[[Iterable[object]], None]", self.loop.ready.extend))
        self.loop.call_at(until_ms / 1000, incarnation.resume, context=self._outside.copy())

    async def happened(self, event: simpy.Event) -> Any:
        """Wait, in asyncio code, for a SimPy event; return its value or raise its failure."""
        if not event.processed:
            future = self.loop.create_future()

            def tell(event: simpy.Event) -> None:
                # A waiter that gave up or died leaves the failure to whoever else waits, or to stop the run.
                if not future.done():
                    event.defused = True
                    future.set_result(None)

            event.callbacks.append(tell)
            await future
        if not event.ok:
            raise cast("BaseException", event.value)
        return event.value

    def outcome(self, future: asyncio.Future[Any]) -> simpy.Event:
        """Return an event by which a SimPy process can wait for a task or future."""
        event = self.env.event()

        def tell(done: asyncio.Future[Any]) -> None:
            if done.cancelled():
                event.fail(cast("Exception", asyncio.CancelledError()))
            elif (error := done.exception()) is not None:
                event.fail(cast("Exception", error))
            else:
                event.succeed(done.result())

        future.add_done_callback(tell, context=self._outside.copy())
        return event

    # -- running --------------------------------------------------------------------------------------------------

    def run(self, until: Callable[[], bool] | int | None = None, *, check_every_ms: int = 0) -> bool:
        """Run until the clock reaches `until`, or it comes true, or nothing is left to do; say whether it was met.

        A moment is exclusive: what is due at it stays to be done. A predicate is asked whenever the clock is about to
        move, everything due before having happened; with `check_every_ms`, at most once in so much virtual time.
        """
        self._met = False
        self._until = until if callable(until) else None
        self._until_ms = until if isinstance(until, int) else sys.maxsize
        self._next_check_ms = self.now_ms if self._until else sys.maxsize
        self._check_every_ms = check_every_ms
        self._set_boundary()
        with self.loop._current(), steady_collector():
            self.loop._turn()
        if isinstance(until, int):
            if self.now_ms < until <= self.loop.due_ms():
                self.stand_at(until)
            self._met = self.now_ms >= until
        elif self._until is not None and not self._met:
            self._met = self._until()
        return self._met

    def run_until_complete(self, coro: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end and return its result."""
        self._until, self._until_ms, self._next_check_ms = None, sys.maxsize, sys.maxsize
        self._set_boundary()
        with steady_collector():
            return cast("T", self.loop.run_until_complete(coro))

    def _set_boundary(self) -> None:
        """The running loop compares one number; whatever must happen between instants shares it."""
        self.loop.boundary_ms = min(self._until_ms, self._next_check_ms, self._next_tick_ms, self._next_collection_ms)

    def _on_boundary(self, when_ms: int) -> bool:
        """Do what is due before the clock moves to a moment; say whether to stop here."""
        if when_ms >= self._next_collection_ms:
            self._next_collection_ms = (
                when_ms - (when_ms - self._next_collection_ms) % self._collect_every_ms + self._collect_every_ms
            )
            gc.collect()
            gc.freeze()  # what survived is passed over next time: a collection costs what was made since the last
        if self._on_tick is not None and when_ms >= self._next_tick_ms:
            self._next_tick_ms += HOUR_MS * (1 + (when_ms - self._next_tick_ms) // HOUR_MS)
            self._on_tick(self.now_ms)
        if self._until is not None and when_ms >= self._next_check_ms:
            self._next_check_ms = when_ms + max(self._check_every_ms, 1)
            self._met = self._until()
        self._set_boundary()
        return self._met or when_ms >= self._until_ms

    # -- the end --------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End it all: close the coroutines that were kept, the dead ones' too, and say nothing of it."""
        self.loop.close()
        shelves = [self.loop.tasks, *(incarnation.tasks for incarnation in self._incarnations)]
        with warnings.catch_warnings():
            # A `finally` that starts a task now finds the loop closed and leaves a coroutine that nobody ever awaits.
            warnings.simplefilter("ignore", RuntimeWarning)
            for task in [task for shelf in shelves for task in shelf]:
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                task._log_traceback = False
                coro = task.get_coro()
                if isinstance(coro, Coroutine):
                    # Its `finally` blocks run now, long after the verdict, and find everything closed.
                    with contextlib.suppress(BaseException):
                        coro.close()
            for shelf in shelves:
                shelf.clear()

    def __enter__(self) -> Self:
        """Use it for a block."""
        return self

    def __exit__(self, *_exc: object) -> None:
        """Close it."""
        self.close()


@contextlib.contextmanager
def steady_collector() -> Iterator[None]:
    """Collect garbage at fixed steps of virtual time only, and only what the run made.

    What was there before is frozen: it costs nothing to pass over, and the process's history changes no finaliser's hour.
    Whoever builds a run and judges it does so within one of these; the ones inside it then change nothing.
    """
    # A collector that is off is in somebody's hands already; asking it how much is frozen would walk through all of that.
    if not gc.isenabled():
        yield
        return
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        # All that the run made counts as young: without this the first allocation afterwards looks through it all.
        gc.freeze()
        gc.unfreeze()
        gc.enable()
