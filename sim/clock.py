"""One virtual clock for SimPy processes and ordinary asyncio code: the heart of the project.

Waiting is the stepping of one SimPy environment: asyncio's timers lie in SimPy's own heap, so both kinds of code meet on
one time line, ties broken first-in-first-out, and a quiet week costs one step. Time is an integer: milliseconds since
the Unix epoch. Everything is repeatable: no order depends on a memory address, no finaliser runs at a moment of the
allocator's choosing. What work means, and whose it is, does not belong here; a life of a worker is `sim.incarnation`.
"""
# The loop below is SimPy's `step` and asyncio's `Handle._run` written into one; it must touch the insides of both.
# ruff: noqa: SLF001

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterable, Iterator
from contextvars import Context, copy_context
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush
from itertools import count
from math import ceil
from typing import TYPE_CHECKING, Any, Self, TypeVar, TypeVarTuple, cast

import msgspec
import simpy

from sim.fence import FenceError, caller_of
from sim.incarnation import CURRENT, Incarnation, TaskShelf

if TYPE_CHECKING:
    from asyncio.events import _ExceptionHandler, _TaskFactory

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NORMAL = 1
"""SimPy's priority for ordinary events; timers take it too, so that ties fall by order of creation alone."""


class Livelock(RuntimeError):
    """Too many steps in one virtual instant: something spins and time cannot move."""


class StalledError(RuntimeError):
    """An awaited result can no longer come: nothing is left to do."""


class Handle(msgspec.Struct):
    """A callback that is due; made a million times per run, hence a struct, which is built in C."""

    _callback: Any
    _args: tuple[Any, ...]
    _context: Context
    _cancelled: bool = False

    def cancel(self) -> None:
        """Make it do nothing, and let go of what it held."""
        if not self._cancelled:
            self._cancelled = True
            self._callback = None
            self._args = ()

    def cancelled(self) -> bool:
        """Say whether it was cancelled."""
        return self._cancelled


class Timer(Handle):
    """A callback at a later moment, itself an entry of SimPy's heap."""

    _when_ms: int = 0
    _loop: Any = None

    def when(self) -> float:
        """Return its moment in the loop's seconds."""
        return self._when_ms / 1000

    def cancel(self) -> None:
        """Make it do nothing; it stays in the heap until it is due or too many like it lie there."""
        if not self._cancelled:
            super().cancel()
            self._loop._timer_cancelled()


class Future(asyncio.Future[T]):
    """A future that hashes by a number, drawn the first time anyone asks: a set of them has one order in every run."""

    __slots__ = ("_number",)
    _number: int

    def __hash__(self) -> int:
        """Return its number."""
        try:
            return self._number
        except AttributeError:
            self._number = next(cast("VirtualLoop", self._loop).numbers)
            return self._number


class Task(asyncio.Task[T]):
    """A task that hashes by a number (`asyncio.wait` and `TaskGroup` walk sets of them) and knows whose it is."""

    __slots__ = ("_number", "incarnation")
    _number: int
    incarnation: Incarnation | None

    def __hash__(self) -> int:
        """Return its number."""
        try:
            return self._number
        except AttributeError:
            self._number = next(cast("VirtualLoop", self._loop).numbers)
            return self._number


class VirtualLoop(asyncio.AbstractEventLoop):
    """An asyncio event loop without a selector: when nothing is ready, the next event of the SimPy heap happens."""

    def __init__(self, env: simpy.Environment, *, steps_per_instant_max: int) -> None:
        """Wait on an environment whose time is integer milliseconds."""
        self.env = env
        self.numbers = count(1)
        self.ready: deque[Handle] = deque()
        self.tasks = TaskShelf()
        self.on_boundary: Callable[[int], bool] = lambda _when_ms: False
        self.boundary_ms = sys.maxsize
        self._queue = cast("list[tuple[int, int, int, Any]]", env._queue)
        self._steps_per_instant_max = steps_per_instant_max
        self._cancelled_timers = 0
        self._failed: list[Task[Any]] = []
        self._errors: list[BaseException] = []
        self._stopping = self._running = self._closed = False
        self._task_factory: _TaskFactory | None = None
        self._exception_handler: _ExceptionHandler | None = None

    # -- callbacks and timers -------------------------------------------------------------------------------------

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Run a callback in this instant, after those already due."""
        if self._closed:
            msg = "the virtual loop is closed"
            raise RuntimeError(msg)
        handle = Handle(callback, args, copy_context() if context is None else context)
        self.ready.append(handle)
        return cast("asyncio.Handle", handle)

    call_soon_threadsafe = call_soon  # there is one thread: the fence sees to it

    def call_later(
        self, delay: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Run a callback after some seconds, rounded up to a millisecond."""
        # Durations such as 0.07 s are a hair more than 70 ms in binary: the thousandth of a millisecond forgives that.
        delay_ms = ceil(delay * 1000 - 0.001) if delay > 0 else 0
        return self._schedule(cast("int", self.env._now) + delay_ms, callback, args, context)

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Run a callback at a moment of `time()`, rounded up to a millisecond."""
        return self._schedule(max(ceil(when * 1000 - 0.001), cast("int", self.env._now)), callback, args, context)

    def _schedule(self, when_ms: int, callback: Any, args: Any, context: Context | None) -> asyncio.TimerHandle:
        timer = Timer(callback, args, copy_context() if context is None else context, False, when_ms, self)  # noqa: FBT003
        heappush(self._queue, (when_ms, NORMAL, next(self.env._eid), timer))
        return cast("asyncio.TimerHandle", timer)

    def _timer_cancelled(self) -> None:
        """Sweep the heap once cancelled timers outnumber the rest; keys are unique, so the order cannot change."""
        self._cancelled_timers += 1
        if self._cancelled_timers > 1000 and 2 * self._cancelled_timers > len(self._queue):
            self.sweep()

    def sweep(self, dead: Incarnation | None = None) -> None:
        """Drop cancelled timers and those of the dead from the heap, in place: the running loop holds on to the list."""

        def lives(event: object) -> bool:
            if not isinstance(event, Timer):
                return True
            return not event._cancelled and (dead is None or event._context.get(CURRENT) is not dead)

        self._queue[:] = [entry for entry in self._queue if lives(entry[3])]
        heapify(self._queue)
        self._cancelled_timers = 0

    def time(self) -> float:
        """Return the clock's reading in seconds since the Unix epoch."""
        return self.env._now / 1000

    # -- tasks and futures ----------------------------------------------------------------------------------------

    def create_future(self) -> asyncio.Future[Any]:
        """Make a future that hashes by number."""
        return Future(loop=self)

    def create_task(self, coro: Any, *, name: object = None, context: Context | None = None) -> asyncio.Task[Any]:
        """Make a task that hashes by number, and keep it from the garbage collector until it is done."""
        if self._task_factory is not None:
            return cast("asyncio.Task[Any]", self._task_factory(self, coro))
        # asyncio's own default names count per process; ours count per loop.
        label = f"task-{next(self.numbers)}" if name is None else str(name)
        task: Task[Any] = Task(coro, loop=self, name=label, context=context)
        incarnation = CURRENT.get() if context is None else context.get(CURRENT)
        task.incarnation = incarnation
        (self.tasks if incarnation is None else incarnation.tasks).add(task)
        return task

    def set_task_factory(self, factory: _TaskFactory | None) -> None:
        """Make tasks another way; such tasks lose their numbered order and their keeper."""
        self._task_factory = factory

    def get_task_factory(self) -> _TaskFactory | None:
        """Return the other way of making tasks, if one was set."""
        return self._task_factory

    # -- running --------------------------------------------------------------------------------------------------

    def run_forever(self) -> None:
        """Run until stopped, or until nothing is left to do."""
        with self._current():
            self._turn()

    def run_until_complete(self, future: Any) -> Any:
        """Run until a coroutine or future is done, and return its result."""
        task = asyncio.ensure_future(future, loop=self)
        task.add_done_callback(self._stop_callback)
        try:
            self.run_forever()
        finally:
            task.remove_done_callback(self._stop_callback)
        if not task.done():
            msg = f"nothing is left to do at {self.env._now} ms, and {describe(task)} is not done"
            raise StalledError(msg)
        return task.result()

    def _stop_callback(self, _future: asyncio.Future[Any]) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop once what is due in this instant has run."""
        self._stopping = True

    @contextlib.contextmanager
    def _current(self) -> Iterator[None]:
        """Be the running loop, which is what makes unchanged asyncio code find this one."""
        if self._closed:
            msg = "the virtual loop is closed"
            raise RuntimeError(msg)
        if self._running or asyncio._get_running_loop() is not None:
            msg = "an event loop is running already; a virtual run cannot be nested in it"
            raise RuntimeError(msg)
        self._running = True
        asyncio._set_running_loop(self)
        try:
            yield
        finally:
            self._running = self._stopping = False
            asyncio._set_running_loop(None)

    def _turn(self) -> None:  # noqa: C901, PLR0912 - flat on purpose: every call in here would be paid a million times
        """Run what is ready in order, then the next event of the heap, until something says stop.

        One flat loop with everything in locals: this is where a month of virtual time goes by.
        """
        env, queue, ready = self.env, self._queue, self.ready
        popleft, steps_max, steps = ready.popleft, self._steps_per_instant_max, 0
        while True:
            steps += 1
            if steps > steps_max:
                raise self._livelock()
            if ready:
                handle = popleft()
                if handle._cancelled:
                    continue
            else:
                if self._stopping or self._failed or self._errors:
                    self._raise_errors()
                    if self._stopping:
                        return
                if not queue:
                    return
                when_ms, _, _, event = queue[0]
                if event.__class__ is Timer and event._cancelled:
                    heappop(queue)
                    self._cancelled_timers -= 1
                    continue
                if when_ms != env._now:
                    if when_ms >= self.boundary_ms:
                        if self.on_boundary(when_ms):
                            return
                        continue  # what happened at the boundary may have put something earlier into the heap
                    env._now = when_ms
                    steps = 0
                heappop(queue)
                if event.__class__ is not Timer:
                    callbacks, event.callbacks = event.callbacks, None
                    for callback in callbacks:
                        callback(event)
                    if not event._ok and not hasattr(event, "_defused"):
                        raise event._value
                    continue
                handle = event
            incarnation = handle._context.get(CURRENT)
            if incarnation is not None:
                if incarnation.steps + 1 >= incarnation.step_limit and not incarnation.admit(handle):
                    continue
                incarnation.steps += 1
            try:
                handle._context.run(handle._callback, *handle._args)
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:  # noqa: BLE001 - a callback may raise anything; it is reported, not lost
                self.call_exception_handler(
                    {"message": "exception in a callback", "exception": error, "handle": handle}
                )

    def _livelock(self) -> Livelock:
        """Name the instant and whoever the next handles belong to: those that keep it from passing."""
        spinning = sorted({describe(handle) for handle in list(self.ready)[:1000]}) or ["SimPy events"]
        moment = datetime.fromtimestamp(self.env._now / 1000, UTC).isoformat()
        msg = f"more than {self._steps_per_instant_max} steps at {moment}: {', '.join(spinning[:5])}"
        return Livelock(msg)

    # -- errors ---------------------------------------------------------------------------------------------------

    def judge(self, task: asyncio.Task[Any]) -> None:
        """Note a detached task that failed; by the end of the instant somebody must have asked for its exception."""
        if not task.cancelled() and getattr(task, "_log_traceback", False):
            self._failed.append(cast("Task[Any]", task))

    def fail(self, error: BaseException) -> None:
        """Stop the run with an error, once what is due in this instant has run."""
        self._errors.append(error)

    def _raise_errors(self) -> None:
        failed, self._failed = self._failed, []
        self._errors += [cast("BaseException", task.exception()) for task in failed if task._log_traceback]
        if self._errors:
            errors, self._errors = self._errors, []
            raise errors[0]

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Stop the run with an exception nobody caught, unless it is the affair of the design under test alone."""
        if self._exception_handler is not None:
            self._exception_handler(self, context)
        else:
            self.default_exception_handler(context)

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """As `call_exception_handler`, whatever handler was set."""
        error = context.get("exception")
        task, handle = context.get("task", context.get("future")), context.get("handle")
        if error is None or self._closed or (handle is None and not isinstance(task, Task)):
            return
        owner = handle._context.get(CURRENT) if isinstance(handle, Handle) else getattr(task, "incarnation", None)
        if owner is None:
            self.fail(error)

    def set_exception_handler(self, handler: _ExceptionHandler | None) -> None:
        """Hear of exceptions that nobody caught."""
        self._exception_handler = handler

    def get_exception_handler(self) -> _ExceptionHandler | None:
        """Return who hears of them."""
        return self._exception_handler

    # -- state ----------------------------------------------------------------------------------------------------

    def is_running(self) -> bool:
        """Say whether it runs."""
        return self._running

    def is_closed(self) -> bool:
        """Say whether it is closed."""
        return self._closed

    def close(self) -> None:
        """Refuse further work."""
        self._closed = True
        self.ready.clear()

    def get_debug(self) -> bool:
        """Return False: asyncio's debug mode reads the wall clock."""
        return False

    def set_debug(self, enabled: bool) -> None:  # noqa: FBT001 - asyncio's signature
        """Ignore it, for the same reason."""

    async def shutdown_asyncgens(self) -> None:
        """Do nothing: generators are finalised where they are dropped."""

    async def shutdown_default_executor(self) -> None:
        """Do nothing: there is no executor."""


def _refusing(name: str) -> Callable[..., Any]:
    def refuse(*_args: Any, **_kwargs: Any) -> Any:
        msg = f"loop.{name}() called at {caller_of(sys._getframe(1))}: no threads, sockets, processes or signals here"
        raise FenceError(msg)

    return refuse


_REFUSED = (
    "run_in_executor set_default_executor getaddrinfo getnameinfo create_connection create_server start_tls sendfile "
    "create_unix_connection create_unix_server connect_accepted_socket create_datagram_endpoint connect_read_pipe "
    "connect_write_pipe subprocess_shell subprocess_exec add_reader remove_reader add_writer remove_writer sock_recv "
    "sock_recv_into sock_recvfrom sock_recvfrom_into sock_sendall sock_sendto sock_connect sock_accept sock_sendfile "
    "add_signal_handler remove_signal_handler"
)
for _name in _REFUSED.split():
    setattr(VirtualLoop, _name, _refusing(_name))


def describe(work: object) -> str:
    """Name a task, or the task behind a handle, and whose it is."""
    if isinstance(work, Handle):
        owner = getattr(work._callback, "__self__", None)
        if not isinstance(owner, asyncio.Task):
            incarnation = work._context.get(CURRENT)
            whose = f" of {incarnation.name}" if incarnation else ""
            return f"callback {getattr(work._callback, '__qualname__', type(work._callback).__name__)}{whose}"
        work = owner
    if isinstance(work, asyncio.Task):
        incarnation = getattr(work, "incarnation", None)
        whose = f" of {incarnation.name}" if incarnation else ""
        return f"{work.get_name()} ({getattr(work.get_coro(), '__qualname__', '?')}){whose}"
    return type(work).__name__


class Kernel:
    """The clock, and the ways to put work on it."""

    def __init__(
        self,
        start: datetime,
        *,
        steps_per_instant_max: int = 100_000,
        on_tick: Callable[[int], None] | None = None,
    ) -> None:
        """Start the clock at an aware moment; `on_tick` hears the time about once a virtual hour, for progress only."""
        if start.tzinfo is None:
            msg = "the start needs a time zone"
            raise ValueError(msg)
        start_ms = round(start.timestamp() * 1000)
        self.env = simpy.Environment(initial_time=start_ms)
        # What it leaves abstract it refuses, by the names below it.
        self.loop = VirtualLoop(  # type: ignore[abstract]
            self.env, steps_per_instant_max=steps_per_instant_max
        )
        self.loop.on_boundary = self._on_boundary
        self._on_tick = on_tick
        self._next_tick_ms = start_ms + HOUR_MS if on_tick else sys.maxsize
        self._next_collection_ms = start_ms + DAY_MS
        self._until: Callable[[], bool] | None = None
        self._next_check_ms = self._until_ms = sys.maxsize
        self._check_every_ms = 0
        self._met = False
        self._incarnations: list[Incarnation] = []
        self._outside = copy_context()
        self._outside.run(CURRENT.set, None)

    # -- time -----------------------------------------------------------------------------------------------------

    @property
    def now_ms(self) -> int:
        """Return the milliseconds since the Unix epoch."""
        return cast("int", self.env._now)

    def utc(self) -> datetime:
        """Return the moment, aware, in UTC."""
        return datetime.fromtimestamp(self.env._now / 1000, UTC)

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
        now_ms = cast("int", self.env._now)
        self.loop._schedule(now_ms + delay_ms, callback, args, self._outside)

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
        with self.loop._current(), _steady_collector():
            self.loop._turn()
        if isinstance(until, int):
            queue = self.loop._queue
            if self.now_ms < until and (not queue or queue[0][0] >= until):
                self.env._now = until
            self._met = self.now_ms >= until
        elif self._until is not None and not self._met:
            self._met = self._until()
        return self._met

    def run_until_complete(self, coro: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end and return its result."""
        self._until, self._until_ms, self._next_check_ms = None, sys.maxsize, sys.maxsize
        self._set_boundary()
        with _steady_collector():
            return cast("T", self.loop.run_until_complete(coro))

    def _set_boundary(self) -> None:
        """The running loop compares one number; whatever must happen between instants shares it."""
        self.loop.boundary_ms = min(self._until_ms, self._next_check_ms, self._next_tick_ms, self._next_collection_ms)

    def _on_boundary(self, when_ms: int) -> bool:
        """Do what is due before the clock moves to a moment; say whether to stop here."""
        if when_ms >= self._next_collection_ms:
            self._next_collection_ms += DAY_MS * (1 + (when_ms - self._next_collection_ms) // DAY_MS)
            gc.collect()
            gc.freeze()  # what survived is passed over next time: a collection costs what a day made, not what a month keeps
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
def _steady_collector() -> Iterator[None]:
    """Collect garbage at fixed steps of virtual time only, and only what the run made.

    What was there before is frozen: it costs nothing to pass over, and the process's history changes no finaliser's hour.
    """
    automatic, ours = gc.isenabled(), gc.get_freeze_count() == 0
    gc.disable()
    if ours:
        gc.freeze()
    try:
        yield
    finally:
        if ours:
            gc.unfreeze()
        if automatic:
            gc.enable()
