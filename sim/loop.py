"""An asyncio event loop whose waiting is the stepping of one SimPy environment.

asyncio's timers lie in SimPy's own heap, so both kinds of code meet on one time line, ties broken first-in-first-out,
and a quiet week costs one step. Callbacks that are due soon lie in a small heap beside it, under the same order. What runs on it, and until when, is `sim.clock`'s business.
"""
# The loop below is SimPy's `step` and asyncio's `Handle._run` written into one; it must touch the insides of both.
# ruff: noqa: SLF001

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import Context, copy_context
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush
from itertools import count
from math import ceil
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, TypeVarTuple, cast

import simpy

from sim.fence import FenceError, caller_of
from sim.handles import Future, Handle, Task, Timer, describe
from sim.incarnation import CURRENT, Incarnation, TaskShelf

if TYPE_CHECKING:
    from asyncio.events import _ExceptionHandler, _TaskFactory

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

NORMAL = 1
"""SimPy's priority for ordinary events; timers take it too, so that ties fall by order of creation alone."""

CALLBACK_FIELDS = 5
"""What `Kernel.after` puts into a heap has one field more than anything else: a callback, and its arguments."""


class Livelock(RuntimeError):
    """Too many steps in one virtual instant: something spins and time cannot move."""


class StalledError(RuntimeError):
    """An awaited result can no longer come: nothing is left to do."""


class Clock(Protocol):
    """What shows the time."""

    now_ms: int


class VirtualLoop(asyncio.AbstractEventLoop):
    """An asyncio event loop without a selector: when nothing is ready, the next event of the SimPy heap happens."""

    get_debug = bool
    """No: asyncio's debug mode reads the wall clock. Every task and future asks, and a type answers without a frame."""

    def __init__(self, env: simpy.Environment, clock: Clock, *, steps_per_instant_max: int) -> None:
        """Wait on an environment whose time is integer milliseconds, and move a clock along with it."""
        self.env = env
        self.clock = clock
        self.numbers = count(1)
        self.ready: deque[Handle] = deque()
        self.near: list[Any] = []
        """Callbacks due within a minute, a heap by itself: what crosses the wire need not sift through all who wait for hours."""
        self.tasks = TaskShelf()
        self.on_boundary: Callable[[int], bool] = lambda _when_ms: False
        self.boundary_ms = sys.maxsize
        self._queue = cast("list[Any]", env._queue)
        """SimPy's heap: events and timers, each behind its moment, priority and number, by which both heaps have one order."""
        self._steps_per_instant_max = steps_per_instant_max
        self._cancelled_timers = 0
        self._failed: list[Task[Any]] = []
        self._errors: list[BaseException] = []
        self._stopping = self._running = self._closed = False
        self._task_factory: _TaskFactory | None = None
        self._exception_handler: _ExceptionHandler | None = None

    # -- callbacks and timers -------------------------------------------------------------------------------------

    def call_soon(self, *call: Any, context: Context | None = None) -> asyncio.Handle:  # type: ignore[override]
        """Run a callback in this instant, after those already due."""
        if self._closed:
            msg = "the virtual loop is closed"
            raise RuntimeError(msg)
        handle = Handle(call, copy_context() if context is None else context)
        self.ready.append(handle)
        return handle  # type: ignore[return-value]

    call_soon_threadsafe = call_soon  # type: ignore[assignment]  # there is one thread: the fence sees to it

    def call_later(
        self, delay: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Run a callback after some seconds, rounded up to a millisecond."""
        # Durations such as 0.07 s are a hair more than 70 ms in binary: the thousandth of a millisecond forgives that.
        delay_ms = ceil(delay * 1000 - 0.001) if delay > 0 else 0
        return self._schedule(self.clock.now_ms + delay_ms, (callback, *args), context)

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Run a callback at a moment of `time()`, rounded up to a millisecond."""
        return self._schedule(max(ceil(when * 1000 - 0.001), self.clock.now_ms), (callback, *args), context)

    def _schedule(self, when_ms: int, call: Any, context: Context | None) -> asyncio.TimerHandle:
        timer = Timer(call, copy_context() if context is None else context, False, when_ms, self)  # noqa: FBT003
        heappush(self._queue, (when_ms, NORMAL, next(self.env._eid), timer))
        return timer  # type: ignore[return-value]

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

    def due_ms(self) -> int:
        """Return the moment of what is due first, of either heap; `sys.maxsize` if nothing is left."""
        return min((heap[0][0] for heap in (self.near, self._queue) if heap), default=sys.maxsize)

    def time(self) -> float:
        """Return the clock's reading in seconds since the Unix epoch."""
        return self.clock.now_ms / 1000

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
            msg = f"nothing is left to do at {self.clock.now_ms} ms, and {describe(task)} is not done"
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

    def _turn(self) -> None:  # noqa: C901, PLR0912, PLR0915 - flat on purpose: every call in here would be paid a million times
        """Run what is ready in order, then the next event of the heaps, until something says stop.

        One flat loop with everything in locals: this is where a month of virtual time goes by.
        """
        env, clock, near, queue, ready = self.env, self.clock, self.near, self._queue, self.ready
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
                heap = near if near and (not queue or near[0] < queue[0]) else queue
                if not heap:
                    return
                entry = heappop(heap)
                when_ms, event = entry[0], entry[3]
                if type(event) is Timer and event._cancelled:
                    self._cancelled_timers -= 1
                    continue
                if when_ms != clock.now_ms:
                    if when_ms >= self.boundary_ms:
                        heappush(heap, entry)
                        if self.on_boundary(when_ms):
                            return
                        continue  # what happened at the boundary may have put something earlier into the heap
                    env._now = clock.now_ms = when_ms
                    steps = 0
                if len(entry) == CALLBACK_FIELDS:
                    event(*entry[4])
                    continue
                if type(event) is not Timer:
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
                handle._context.run(*handle._call)
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:  # noqa: BLE001 - a callback may raise anything; it is reported, not lost
                self.call_exception_handler(
                    {"message": "exception in a callback", "exception": error, "handle": handle}
                )

    def _livelock(self) -> Livelock:
        """Name the instant and whoever the next handles belong to: those that keep it from passing."""
        spinning = sorted({describe(handle) for handle in list(self.ready)[:1000]}) or ["SimPy events"]
        moment = datetime.fromtimestamp(self.clock.now_ms / 1000, UTC).isoformat()
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

    def set_debug(self, enabled: bool) -> None:  # noqa: FBT001 - asyncio's signature
        """Ignore it, for the reason that `get_debug` has."""

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
