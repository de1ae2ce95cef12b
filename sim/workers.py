"""The design under test, alive: workers, their lives, crashes and restarts.

A worker is a name; each of its lives is an incarnation with a fresh inbound queue and nothing but the durable directory
behind it. Whatever a dead life was doing is abandoned where it stood. Who crashes and when is not decided here, except
for crashes at an await point, which the forecast names and the incarnation counts.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from contracts.journal import WorkerLife
from contracts.ports import Delivery, Design
from contracts.wire import Request, Response
from sim.clock import Kernel
from sim.incarnation import Incarnation

if TYPE_CHECKING:
    import httpx

    from sim.forecast import Forecast
    from sim.journal import Journal
    from sim.wire import Wire

LIVES_MAX = 500
"""A design that dies more often than this is broken, and the run says so."""


class OpenDelivery(msgspec.Struct, eq=False):
    """One delivery that waits for its answer (`contracts.ports.Delivery`)."""

    source: str
    headers: Mapping[str, str]
    body: bytes
    _answer: Callable[[int], None]
    """Leads to the sender's side of the connection, where only the first answer counts."""

    def ack(self) -> None:
        """Answer 200."""
        self._answer(200)

    def refuse(self, status: int) -> None:
        """Answer with a status."""
        self._answer(status)


class VirtualInbound:
    """A worker's webhook endpoint (`contracts.ports.Inbound`)."""

    def __init__(self, kernel: Kernel) -> None:
        """Nothing came yet."""
        self._loop = kernel.loop
        self._waiting: deque[Delivery] = deque()
        self._receiver: asyncio.Future[None] | None = None

    def put(self, delivery: Delivery) -> None:
        """A delivery arrives."""
        self._waiting.append(delivery)
        if self._receiver is not None and not self._receiver.done():
            self._receiver.set_result(None)

    async def receive(self) -> Delivery:
        """Wait for the next delivery."""
        while not self._waiting:
            # Here and in `sleep` nobody else awaits it: asyncio's own future will do (`sim.handles`).
            self._receiver = asyncio.Future(loop=self._loop)
            await self._receiver
        return self._waiting.popleft()


class ClockOff:
    """A clock on the wall that is wrong. Nothing that measures time by it is told."""

    def __init__(self, kernel: Kernel, off_ms: int) -> None:
        """Be wrong by so much."""
        self.read = False
        self._kernel = kernel
        self._off_ms = off_ms

    @property
    def now_ms(self) -> int:
        """What it shows."""
        self.read = True
        return self._kernel.now_ms + self._off_ms

    def utc(self) -> datetime:
        """The same, aware."""
        return self._kernel.utc() + timedelta(milliseconds=self._off_ms)


class VirtualClock:
    """Business time and waiting (`contracts.ports.Clock`)."""

    def __init__(self, kernel: Kernel) -> None:
        """Read the kernel's clock."""
        self._kernel = kernel
        self._loop = kernel.loop
        self._wall: Kernel | ClockOff = kernel
        self._now_ms = -1
        self._now = kernel.utc()

    def business_now(self) -> datetime:
        """The virtual moment; many ask within one."""
        now_ms = self._wall.now_ms
        if now_ms != self._now_ms:
            self._now_ms, self._now = now_ms, self._wall.utc()
        return self._now

    def set_off(self, off_ms: int) -> Callable[[], bool]:
        """Be wrong by so much, until what this gives is called: it says whether anybody has looked meanwhile."""
        wrong = self._wall = ClockOff(self._kernel, off_ms)

        def set_right() -> bool:
            if self._wall is wrong:
                self._wall = self._kernel
            return wrong.read

        return set_right

    def monotonic(self) -> float:
        """Virtual seconds."""
        return self._kernel.now_ms / 1000

    async def sleep(self, delay_s: float) -> None:
        """Let virtual time pass: `asyncio.sleep`, but for its look-ups and its call-off of what has happened."""
        if delay_s <= 0:
            await asyncio.sleep(0)
            return
        passed: asyncio.Future[None] = asyncio.Future(loop=self._loop)
        timer = self._loop.call_later(delay_s, _wake, passed)
        try:
            await passed
        except asyncio.CancelledError:
            timer.cancel()
            raise


def _wake(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)


class SilentTelemetry:
    """Notes that nobody reads in a virtual run (`contracts.ports.Telemetry`)."""

    def note(self, name: str, /, **fields: str | int | float) -> None:
        """Drop it."""


class VirtualHttp:
    """Calls over the wire (`contracts.ports.Http`)."""

    def __init__(self, wire: Wire, worker: Worker) -> None:
        """Call on behalf of a worker."""
        self._wire = wire
        self._worker = worker

    async def send(self, system: str, request: Request, timeout_s: float) -> Response:
        """Cross the wire."""
        return await self._wire.call(self._worker, system, request, timeout_s)


class VirtualPorts:
    """Everything one life of a worker may touch (`contracts.ports.Ports`)."""

    def __init__(self, worker: Worker, wire: Wire, kernel: Kernel, settings: Mapping[str, str]) -> None:
        """Ports for a worker's new life."""
        self.worker = worker.name
        self.http = VirtualHttp(wire, worker)
        self.inbound = VirtualInbound(kernel)
        self.clock = VirtualClock(kernel)
        self.telemetry = SilentTelemetry()
        self.settings = settings

    def transport(self) -> httpx.AsyncBaseTransport:
        """The same wire for httpx, which is loaded only now: few designs want it, and it takes a while."""
        from sim.transport import WireTransport  # noqa: PLC0415

        return WireTransport(self.http)


class Worker:
    """A worker of the design: a name, and at most one life at a time."""

    def __init__(self, name: str) -> None:
        """Not alive yet."""
        self.name = name
        self.life = 0
        self.alive = False
        """Whether it lives now."""
        self.incarnation: Incarnation | None = None
        self.ports: VirtualPorts | None = None
        self.doomed: list[tuple[int, Callable[[], None]]] = []
        """Lives that will be short: after how many steps each ends, and who wants to hear of it."""

    def take(self, delivery: Delivery) -> None:
        """Be handed a delivery; one that has left its post lets it lie."""
        if self.ports is not None:
            self.ports.inbound.put(delivery)

    def kill(self, reason: str) -> None:
        """End this life."""
        if self.incarnation is not None:
            self.incarnation.kill(reason)


class Supervisor:
    """Starts the workers, and starts them again after a death, as a process manager would."""

    def __init__(  # noqa: PLR0913 - what it takes to run a foreign program
        self,
        kernel: Kernel,
        journal: Journal,
        forecast: Forecast,
        design: Design,
        durable_dir: Path,
        settings: Mapping[str, str],
        *,
        count: int,
        restart_s: float,
    ) -> None:
        """Prepare `count` workers of a design."""
        self.workers = [Worker(f"w{number}") for number in range(1, count + 1)]
        self.failed = ""
        self._kernel = kernel
        self._journal = journal
        self._forecast = forecast
        self._design = design
        self._durable_dir = durable_dir
        self._settings = settings
        self._restart_s = restart_s
        self._in_turn = deque(self.workers)

    def start(self, wire: Wire) -> None:
        """Bring every worker to life."""
        for worker in self.workers:
            self._bring_to_life(worker, wire)

    def receiver(self) -> Worker | None:
        """The worker that gets the next delivery: the living ones in turn; None when all are dead."""
        for worker in self._in_turn:
            if worker.alive and worker.ports is not None:
                return worker
        return None

    def next_turn(self) -> None:
        """A delivery was handed out."""
        self._in_turn.rotate(-1)

    def _bring_to_life(self, worker: Worker, wire: Wire) -> None:
        worker.life += 1
        if worker.life > LIVES_MAX:
            self.failed = self.failed or f"{worker.name} died {LIVES_MAX} times"
            return
        lurking = self._forecast.await_point(worker.name, worker.life)
        last_step = int(lurking.trigger["await_point"]) if lurking else None
        mourned = lurking.took_effect if lurking else None
        if worker.doomed and last_step is None:
            last_step, mourned = worker.doomed.pop(0)
        incarnation = Incarnation(f"{worker.name}#{worker.life}", crash_at_step=last_step)
        worker.incarnation, worker.alive = incarnation, True
        worker.ports = VirtualPorts(worker, wire, self._kernel, self._settings)
        self._note(worker, "started")

        def died(_: Incarnation) -> None:
            worker.alive = False
            if mourned is not None and incarnation.steps == incarnation.crash_at_step:
                mourned()
            self._note(worker, "crashed", incarnation.death_reason or "")
            self._restart_later(worker, wire)

        def failed(error: BaseException) -> None:
            self._note(worker, "failed", f"{type(error).__name__}: {error}")
            incarnation.kill("its code raised")

        incarnation.on_death.append(died)
        incarnation.on_error = failed
        self._kernel.spawn(self._live(worker, worker.ports), incarnation)

    async def _live(self, worker: Worker, ports: VirtualPorts) -> None:
        """A design that returns has left its post: nothing is delivered to it again, and nobody calls it back."""
        await self._design(ports, self._durable_dir)
        self._note(worker, "returned")
        worker.ports = None

    def _restart_later(self, worker: Worker, wire: Wire) -> None:
        async def restart() -> None:
            await asyncio.sleep(self._restart_s)
            self._bring_to_life(worker, wire)

        self._kernel.detached(restart())

    def _note(self, worker: Worker, what: str, detail: str = "") -> None:
        self._journal.add(WorkerLife(self._kernel.now_ms, worker.name, what, worker.life, detail))
