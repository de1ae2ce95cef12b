"""One life of one worker process of the design under test, and how it ends.

A crash is not a cancellation: an incarnation that dies is *abandoned*. Nothing of it runs again, not even a `finally`
block, and its `sqlite3` connections are rolled back and closed, as an operating system would do for it. What belongs
here is the life of one process; when its work runs is the clock's business, and why it dies is the fault plan's.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import weakref
from contextvars import Context, ContextVar
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

NEVER = sys.maxsize
"""A step count that no incarnation reaches."""

CURRENT: ContextVar[Incarnation | None] = ContextVar("CURRENT", default=None)
"""The incarnation whose code is running; none in the world, the systems and the wire. Tasks and timers inherit it."""


class IncarnationDiedError(BaseException):
    """Raised in code that goes on after its own incarnation died.

    Not an `Exception`, so that a retry loop under test does not swallow its own death.
    """


class TaskShelf:
    """Strong references to tasks, so that none is finalised at a moment the memory allocator chose."""

    __slots__ = ("_prune_at", "_tasks")

    def __init__(self) -> None:
        """Start empty."""
        self._tasks: list[asyncio.Task[Any]] = []
        self._prune_at = 64

    def add(self, task: asyncio.Task[Any]) -> None:
        """Keep a task; now and then let go of those that are done, which costs nothing on average."""
        tasks = self._tasks
        tasks.append(task)
        if len(tasks) > self._prune_at:
            tasks[:] = [kept for kept in tasks if not kept.done()]
            self._prune_at = 2 * len(tasks) + 64

    def __iter__(self) -> Iterator[asyncio.Task[Any]]:
        """Iterate in order of creation."""
        return iter(self._tasks)

    def __len__(self) -> int:
        """Count the tasks held, done ones included until they are let go."""
        return len(self._tasks)

    def clear(self) -> None:
        """Let go of all."""
        self._tasks.clear()


class Incarnation:
    """One life of one worker: alive until `kill`, and then never again."""

    def __init__(
        self,
        name: str,
        *,
        crash_at_step: int | None = None,
        on_error: Callable[[BaseException], None] | None = None,
    ) -> None:
        """Name it; with `crash_at_step` it dies in place of its n-th step.

        `on_error` hears of an exception that ended a root task; without it, that exception stops the run.
        """
        self.name = name
        self.crash_at_step = crash_at_step
        self.on_error = on_error
        self.on_death: list[Callable[[Incarnation], object]] = []
        self.alive = True
        self.death_reason: str | None = None
        self.steps = 0
        self.tasks = TaskShelf()
        # The clock compares one number for each step; crash point, pause and death all work by lowering it.
        self.step_limit = NEVER if crash_at_step is None else crash_at_step
        # Callbacks of a death must not inherit the dead: they would be dropped with it.
        self.outside = Context()
        self._connections: dict[int, weakref.ref[sqlite3.Connection]] = {}
        self._paused = False
        self._held: list[object] = []
        self._release: Callable[[list[object]], None] | None = None

    def __repr__(self) -> str:
        """Say who it is and how it fares, without an address."""
        return f"<Incarnation {self.name} {'alive' if self.alive else 'dead'} steps={self.steps}>"

    @property
    def connections(self) -> list[sqlite3.Connection]:
        """The open connections it made, in that order."""
        return [connection for held in self._connections.values() if (connection := held()) is not None]

    def register(self, connection: sqlite3.Connection) -> None:
        """Remember a connection, weakly: one that the worker forgets is the collector's, and must not keep its locks."""
        key = id(connection)
        connections = self._connections
        # The reference's callback removes the key before the address can be used again.
        connections[key] = weakref.ref(connection, lambda _: connections.pop(key, None))

    def kill(self, reason: str) -> None:
        """End this life now: nothing of it runs again, and what it had not committed is rolled back."""
        if not self.alive:
            return
        self.alive = False
        self.death_reason = reason
        self.step_limit = -1
        for connection in self.connections:
            # One that is closed already, or in the middle of a statement, refuses; the rest must still be closed.
            with contextlib.suppress(Exception):
                connection.rollback()
            with contextlib.suppress(Exception):
                connection.close()
        for mourner in tuple(self.on_death):
            self.outside.copy().run(mourner, self)

    def admit(self, handle: object) -> bool:
        """Decide, once the step limit is reached, whether a handle may run; a paused incarnation keeps it for later."""
        if not self.alive:
            return False
        if self._paused:
            self._held.append(handle)
            return False
        self.steps += 1
        self.kill(f"crash at step {self.steps}")
        return False

    def pause(self, release: Callable[[list[object]], None]) -> None:
        """Stand still, as a process does in a long collection or a frozen machine; see `Kernel.pause`."""
        self._paused = True
        self._release = release
        self.step_limit = -1

    def resume(self) -> None:
        """Go on, unaware, with all that came due meanwhile, in its order."""
        if not self.alive or not self._paused:
            return
        self._paused = False
        self.step_limit = NEVER if self.crash_at_step is None else self.crash_at_step
        held, self._held = self._held, []
        if self._release is not None:
            self._release(held)

    async def halt(self) -> NoReturn:
        """Never return: where a task that has just killed its own incarnation stops."""
        await asyncio.get_running_loop().create_future()
        msg = f"{self.name} went on after its death"
        raise IncarnationDiedError(msg)

    def raise_if_dead(self) -> None:
        """Stop synchronous code of a dead incarnation; code that can await uses `halt`, which runs no `finally`."""
        if not self.alive:
            msg = f"{self.name} is dead: {self.death_reason}"
            raise IncarnationDiedError(msg)
