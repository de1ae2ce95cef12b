"""What lies on the clock and what waits for it: callbacks, timers, futures and tasks, none with an order of its address.

asyncio walks sets of tasks and futures; here they hash by numbers that one loop gives out, so that every run walks them
alike. When they run is the loop's business.
"""
# These stand in for asyncio's own classes and share their private fields with them.
# ruff: noqa: SLF001

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from sim.incarnation import CURRENT, Incarnation

if TYPE_CHECKING:
    from sim.loop import VirtualLoop

T = TypeVar("T")


class Handle(msgspec.Struct):
    """A callback that is due; made a million times per run, hence a struct, which is built in C."""

    _call: tuple[Any, ...]
    """The callback and its arguments, as they came and as they go: nothing is packed anew."""
    _context: Context
    _cancelled: bool = False

    def cancel(self) -> None:
        """Make it do nothing, and let go of what it held."""
        if not self._cancelled:
            self._cancelled = True
            self._call = (None,)

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
    """A future that hashes by a number, drawn the first time anyone asks: a set of them has one order in every run.

    Where only one task can ever come by a future, asyncio's own will do: no set holds it, and awaiting it is a shorter way.
    """

    _loop: VirtualLoop
    _number = 0

    def __hash__(self) -> int:
        """Return its number."""
        self._number = self._number or next(self._loop.numbers)
        return self._number


class Task(asyncio.Task[T]):
    """A task that hashes by a number (`asyncio.wait` and `TaskGroup` walk sets of them) and knows whose it is."""

    __slots__ = ("incarnation",)
    _loop: VirtualLoop
    _number = 0
    incarnation: Incarnation | None

    def __hash__(self) -> int:
        """Return its number."""
        self._number = self._number or next(self._loop.numbers)
        return self._number


def describe(work: object) -> str:
    """Name a task, or the task behind a handle, and whose it is."""
    if isinstance(work, Handle):
        callback = work._call[0]
        owner = getattr(callback, "__self__", None)
        if not isinstance(owner, asyncio.Task):
            incarnation = work._context.get(CURRENT)
            whose = f" of {incarnation.name}" if incarnation else ""
            return f"callback {getattr(callback, '__qualname__', type(callback).__name__)}{whose}"
        work = owner
    if isinstance(work, asyncio.Task):
        incarnation = getattr(work, "incarnation", None)
        whose = f" of {incarnation.name}" if incarnation else ""
        return f"{work.get_name()} ({getattr(work.get_coro(), '__qualname__', '?')}){whose}"
    return type(work).__name__
