"""What the parts of one worker share: its store, its clock, its alarm, the tasks it has started, and how it fails.

A transaction is synchronous and never waits; only when another process holds the file does it come back a little later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from contracts.ports import Ports
from orchestrator.canonical import milliseconds
from orchestrator.store.sqlite import LeaseLostError, SqliteStore, StoreBusyError

Result = TypeVar("Result")
BUSY_TRIES: Final = 40
BUSY_S: Final = 0.05


class Alarm:
    """Has the diary looked at in time, when something falls due before its owner would look anyway."""

    def __init__(self, office: Office) -> None:
        """Nobody looks yet."""
        self._office = office
        self._look: Callable[[], Coroutine[Any, Any, object]] | None = None
        self._set: set[int] = set()
        self.next_look_ms = 0

    def answered_by(self, look: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Who looks when it rings."""
        self._look = look

    def set(self, at_ms: int) -> None:
        """Ring then; unless somebody looks before that anyway, and will see it."""
        if at_ms < self.next_look_ms and at_ms not in self._set:
            self._set.add(at_ms)
            self._office.spawn(self._ring, at_ms)

    async def _ring(self, at_ms: int) -> None:
        await self._office.ports.clock.sleep(max(0, at_ms - self._office.now_ms()) / 1000)
        self._set.discard(at_ms)
        if self._look is not None:
            await self._look()


class Office:
    """One worker's desk."""

    def __init__(self, ports: Ports, store: SqliteStore) -> None:
        """Nothing under way yet."""
        self.ports = ports
        self.store = store
        self.alarm = Alarm(self)
        self.ended: list[tuple[str, int, int]] = []
        """Successes that nothing waits for: remote id, effect, fence. They are written with the next transaction."""
        self._clock = ports.clock
        self._now = self._clock.business_now()
        self._now_ms = milliseconds(self._now)
        self._loop = asyncio.get_running_loop()
        self.failed: asyncio.Future[None] = self._loop.create_future()
        self._tasks: list[asyncio.Task[None]] = []
        self._prune_at = 64

    def now_ms(self) -> int:
        """The moment; many ask within one."""
        now = self._clock.business_now()
        if now is not self._now:
            self._now, self._now_ms = now, milliseconds(now)
        return self._now_ms

    def spawn(self, work: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> None:  # noqa: ANN401 - passed on
        """Start a task of this worker. The list keeps it alive; what is done is let go now and then."""
        tasks = self._tasks
        tasks.append(self._loop.create_task(self._guarded(work, arguments)))
        if len(tasks) > self._prune_at:
            tasks[:] = [task for task in tasks if not task.done()]
            self._prune_at = 2 * len(tasks) + 64

    async def _guarded(self, work: Callable[..., Coroutine[Any, Any, None]], arguments: tuple[Any, ...]) -> None:
        """A lost lease is another worker's gain; any other error is a bug, and must end this worker loudly."""
        try:
            await work(*arguments)
        except LeaseLostError as error:
            self.ports.telemetry.note("lease lost", about=str(error))
        except Exception as error:  # noqa: BLE001 - handed on to `run`
            if not self.failed.done():
                self.failed.set_exception(error)

    async def transact(self, work: Callable[..., Result], *arguments: Any) -> Result:  # noqa: ANN401 - passed on
        """Do the work in one transaction, together with what has ended quietly since the last one."""
        tries = 0
        while True:
            try:
                if not self.ended:
                    return self.store.run(work, *arguments)
                result: Result = self.store.run(self._with_ended, work, arguments)
            except StoreBusyError:
                tries += 1
                if tries >= BUSY_TRIES:
                    raise
                await self._clock.sleep(BUSY_S * tries)
            else:
                self.ended.clear()
                return result

    def _with_ended(self, work: Callable[..., Result], arguments: tuple[Any, ...]) -> Result:
        self.store.finish_quietly(self.ended)
        return work(*arguments)
