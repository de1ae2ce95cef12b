"""The wire: the only way between systems and a design. Calls and deliveries cross it; it arms faults and journals.

A crossing lives on its own: the caller awaits only the reply, and its timeout or its death cancels nothing on the other
side. On a quiet crossing that is two timers; where faults lie in wait it is a task, with each fault between the caller
and the system, outermost first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from functools import partial
from typing import Any

from contracts.journal import Call, Delivered
from contracts.wire import Event, NotSent, Request, Response, TimedOut
from mocks.kit import signing
from mocks.kit.operation import Outcome
from mocks.kit.system import System
from sim.clock import Kernel
from sim.faults.kind import (
    ACKNOWLEDGED,
    NO_WORKER,
    REFUSED,
    UNANSWERED,
    Armed,
    CallCrossing,
    DeliveryCrossing,
    Reply,
    SendCall,
    SendDelivery,
)
from sim.forecast import LATENCY_SLOT, WINDOW_MS, Forecast
from sim.journal import Journal
from sim.seed import Seed
from sim.workers import Supervisor, VirtualDelivery, Worker

Estate = Mapping[str, System[Any]]


class Wire:
    """Everything that crosses between the estate and the design."""

    def __init__(  # noqa: PLR0913 - the wire is where everything meets
        self, kernel: Kernel, journal: Journal, estate: Estate, forecast: Forecast, seed: Seed, supervisor: Supervisor
    ) -> None:
        """Join the estate and the workers."""
        self.crossings = 0
        self.idle_crossings = 0
        self.struck = 0
        self._kernel = kernel
        self._journal = journal
        self._estate = estate
        self._forecast = forecast
        self._seed = seed.child("wire")
        self._supervisor = supervisor
        self._attempts: dict[tuple[str, str], int] = {}
        self._delivered: dict[str, int] = {}
        self._latency = {name: _Latency(system) for name, system in estate.items()}
        self._patience_s = {name: _ack_timeout_s(system) for name, system in estate.items()}

    async def call(self, worker: Worker, system_name: str, request: Request, timeout_s: float) -> Response:
        """A worker calls a system; raises `WireError` where no reply comes."""
        system = self._estate.get(system_name)
        if system is None:
            message = f"no system is called {system_name!r}"
            raise NotSent(message)
        now_ms = self._kernel.now_ms
        incoming = system.read(request)
        operation = incoming.operation
        target = f"{system_name}.{operation.name}" if operation else f"{system_name}.?"
        key = incoming.subject.key or f"@{now_ms // WINDOW_MS * WINDOW_MS}"
        attempt = self._attempts[target, key] = self._attempts.get((target, key), 0) + 1
        slots = self._seed.slots(target, key, str(attempt))
        crossing = CallCrossing(worker, system_name, incoming, key, attempt, timeout_s, now_ms)
        crossing.answer = asyncio.get_running_loop().create_future()
        crossing.latency_ms = self._latency[system_name].draw(slots.uniform(LATENCY_SLOT))
        armed = self._forecast.at_call(target, incoming.subject.entity, (key, attempt), slots, now_ms)
        timeout_ms = int(timeout_s * 1000)
        if armed:
            self._kernel.after(timeout_ms, self._expire, crossing)
            self.detach(self._struck(crossing, armed))
        else:
            if crossing.latency_ms >= timeout_ms:
                self._kernel.after(timeout_ms, self._expire, crossing)
            self._kernel.after(crossing.latency_ms // 2, self._arrive, crossing)
        return await crossing.answer

    async def deliver(self, event: Event, attempt: int) -> str:
        """A system delivers an event; the outcome that the sender believes in."""
        target = f"{event.source}>{event.topic}"
        key = event.subject.key if event.version <= 1 else f"{event.subject.key}#{event.version}"
        slots = self._seed.slots(target, key, str(attempt))
        now_ms = self._kernel.now_ms
        crossing = DeliveryCrossing(event, attempt, f"{event.event_id}.{attempt}", now_ms)
        crossing.latency_ms = self._latency[event.source].draw(slots.uniform(LATENCY_SLOT))
        armed = self._forecast.at_delivery(target, event.subject.entity, (key, attempt), slots, now_ms)
        send: SendDelivery = self._hand_over
        for fault in reversed(armed):
            send = partial(fault.kind.strike_delivery, send=send, armed=fault, around=self)
        outcome = await send(crossing)
        if not crossing.handed_over:
            self._note_delivery(crossing, outcome)
        return outcome

    # What faults may use of the wire (`sim.faults.kind.Surroundings`).

    async def sleep(self, delay_s: float) -> None:
        """Let virtual time pass."""
        await asyncio.sleep(delay_s)

    def kill(self, worker: Worker, reason: str) -> None:
        """End a worker's life on the spot."""
        self._supervisor.kill(worker, reason)

    def receiver(self) -> Worker | None:
        """The worker that would get the next delivery."""
        return self._supervisor.receiver()

    def another(self, crossing: DeliveryCrossing) -> DeliveryCrossing:
        """The same event under a delivery id of its own."""
        copy_id = f"{crossing.delivery_id}.again"
        copy = DeliveryCrossing(crossing.event, crossing.attempt, copy_id, self._kernel.now_ms)
        copy.latency_ms = crossing.latency_ms
        return copy

    def deliveries_of(self, source: str) -> int:
        """How many deliveries of a source have reached a worker so far."""
        return self._delivered.get(source, 0)

    def detach(self, coroutine: Coroutine[object, object, None]) -> None:
        """Go on beside the crossing; a run is not over while something does."""

        async def counted() -> None:
            await coroutine
            self.struck -= 1

        self.struck += 1
        self._kernel.detached(counted())

    # A call's way.

    def _arrive(self, crossing: CallCrossing) -> None:
        outcome = self._execute(crossing)
        back_ms = crossing.latency_ms - crossing.latency_ms // 2
        self._kernel.after(back_ms, self._reply, crossing, outcome.response)

    def _execute(self, crossing: CallCrossing) -> Outcome:
        system = self._estate[crossing.system]
        outcome = crossing.outcome = system.handle(crossing.incoming, self._kernel.now_ms)
        return outcome

    async def _struck(self, crossing: CallCrossing, armed: Sequence[Armed]) -> None:
        send: SendCall = self._reach
        for fault in reversed(armed):
            send = partial(fault.kind.strike_call, send=send, armed=fault, around=self)
        reply = await send(crossing)
        if reply is not None:
            self._reply(crossing, reply)

    async def _reach(self, crossing: CallCrossing) -> Reply:
        await asyncio.sleep(crossing.latency_ms // 2 / 1000)
        outcome = self._execute(crossing)
        await asyncio.sleep((crossing.latency_ms - crossing.latency_ms // 2) / 1000)
        return outcome.response

    def _reply(self, crossing: CallCrossing, response: Response) -> None:
        if not crossing.answer.done():
            crossing.answer.set_result(response)
            self._note_call(crossing, "replied", response)

    def _expire(self, crossing: CallCrossing) -> None:
        if not crossing.answer.done():
            message = f"{crossing.system}.{crossing.operation}: no reply within {crossing.timeout_s:g} s"
            crossing.answer.set_exception(TimedOut(message))
            # A caller that died will never look: that is no error of anybody's.
            crossing.answer.exception()
            self._note_call(crossing, "timed-out", None)

    def _note_call(self, crossing: CallCrossing, outcome: str, response: Response | None) -> None:
        incoming = crossing.incoming
        fruitless = crossing.outcome is None or crossing.outcome.idle or response is None or not response.ok
        idle = fruitless and not incoming.subject.key
        if idle:
            self.idle_crossings += 1
        else:
            self.crossings += 1
        secret = incoming.operation is not None and incoming.operation.form
        self._journal.add(
            Call(
                self._kernel.now_ms,
                crossing.worker.name,
                crossing.system,
                crossing.operation,
                incoming.subject.entity,
                incoming.subject.key,
                crossing.attempt,
                outcome if crossing.life == crossing.worker.life and crossing.worker.alive else "abandoned",
                response.status if response is not None else 0,
                crossing.began,
                idle,
                "" if secret else self._journal.body(incoming.request.body),
                "" if secret or response is None else self._journal.body(response.body),
            )
        )

    # A delivery's way.

    async def _hand_over(self, crossing: DeliveryCrossing) -> str:
        await asyncio.sleep(crossing.latency_ms / 1000)
        worker = self._supervisor.receiver()
        crossing.handed_over = True
        if worker is None or worker.ports is None:
            return self._note_delivery(crossing, NO_WORKER)
        self._supervisor.next_turn()
        crossing.worker = worker
        event = crossing.event
        self._delivered[event.source] = self._delivered.get(event.source, 0) + 1
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        headers = signing.headers(event, crossing.delivery_id, self._estate[event.source].webhook_secret)
        worker.ports.inbound.put(VirtualDelivery(event, headers, answer))
        self._kernel.after(int(self._patience_s[event.source] * 1000), _give_up, answer)
        status = await answer
        outcome = UNANSWERED if status == 0 else ACKNOWLEDGED if 200 <= status < 300 else REFUSED
        if outcome == ACKNOWLEDGED and crossing.at_answer is not None:
            outcome = crossing.at_answer()
        return self._note_delivery(crossing, outcome, status)

    def _note_delivery(self, crossing: DeliveryCrossing, outcome: str, status: int = 0) -> str:
        self.crossings += 1
        event = crossing.event
        self._journal.add(
            Delivered(
                self._kernel.now_ms,
                event.source,
                event.topic,
                event.subject.entity,
                event.subject.key,
                event.version,
                event.event_id,
                crossing.delivery_id,
                crossing.attempt,
                outcome,
                crossing.worker.name if crossing.worker else "",
                status,
                crossing.began,
                self._journal.body(event.body),
            )
        )
        return outcome


class Postman:
    """Empties the systems' outboxes: each event until it is acknowledged or its family's policy gives it up."""

    def __init__(self, kernel: Kernel, wire: Wire, estate: Estate) -> None:
        """Deliver over the wire."""
        self.on_the_way = 0
        self.given_up = 0
        self._kernel = kernel
        self._wire = wire
        self._policy = {name: system.quirks.hooks() for name, system in estate.items() if _sends(system)}

    def collect(self, events: Sequence[Event]) -> None:
        """Take events that were just committed; each goes its own way, so their order is not assured."""
        for event in events:
            self.on_the_way += 1
            self._kernel.detached(self._deliver(event))

    async def _deliver(self, event: Event) -> None:
        delays = self._policy[event.source].retry_delays_s
        for attempt in range(1, len(delays) + 2):
            outcome = await self._wire.deliver(event, attempt)
            if outcome not in (UNANSWERED, REFUSED, NO_WORKER):
                break
            if attempt <= len(delays):
                await asyncio.sleep(delays[attempt - 1])
        else:
            self.given_up += 1
        self.on_the_way -= 1


class _Latency:
    """A system's time to answer: its median, and its 95th percentile as a ratio to it."""

    __slots__ = ("_median_ms", "_ratio")

    def __init__(self, system: System[Any]) -> None:
        self._median_ms = system.quirks.number("latency", "median_ms")
        self._ratio = system.quirks.number("latency", "p95_ms") / self._median_ms

    def draw(self, uniform: float) -> int:
        """Milliseconds: the median at one half, near the 95th percentile at 0.95, skewed as latencies are."""
        return int(self._median_ms * self._ratio ** (2.2 * uniform - 1.1)) + 1


def _give_up(answer: asyncio.Future[int]) -> None:
    if not answer.done():
        answer.set_result(0)


def _sends(system: System[Any]) -> bool:
    return "webhooks" in system.quirks.sections


def _ack_timeout_s(system: System[Any]) -> float:
    return system.quirks.hooks().ack_timeout_s if _sends(system) else 0.0
