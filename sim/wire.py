"""The wire: the only way between systems and a design. Calls and deliveries cross it; it arms faults and journals.

A crossing lives on its own: the caller awaits only the reply, and its timeout or its death cancels nothing on the other
side. On a quiet crossing that is two timers; where faults lie in wait it is a task, with each fault between the caller
and the system, outermost first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from contracts.journal import Call, Delivered
from contracts.wire import Event, NotSent, Request, Response, TimedOut, WireError
from mocks.kit import signing
from mocks.kit.operation import Bend, Incoming
from mocks.kit.system import System
from sim.around import Around
from sim.clock import Kernel
from sim.faults.kind import (
    ACKNOWLEDGED,
    NO_WORKER,
    REFUSED,
    UNANSWERED,
    Armed,
    CallCrossing,
    DeliveryCrossing,
    Party,
    Reply,
    SendCall,
    SendDelivery,
)
from sim.forecast import LATENCY_BYTE, WINDOW_MS, Forecast
from sim.journal import Journal
from sim.seed import Seed
from sim.workers import OpenDelivery

Estate = Mapping[str, System[Any]]


class Receivers(Protocol):
    """Those who take deliveries."""

    def receiver(self) -> Party | None:
        """Who gets the next delivery; None when nobody is there."""

    def next_turn(self) -> None:
        """A delivery was handed out."""


class Lane:
    """The way to one operation of a system: what its target is called, how often each key went there, how long it takes."""

    __slots__ = ("attempts", "latencies_ms", "target")

    def __init__(self, target: str, latencies_ms: tuple[int, ...]) -> None:
        """Nothing has gone there yet."""
        self.target = target
        self.attempts: dict[str, int] = {}
        self.latencies_ms = latencies_ms


class Wire:
    """Everything that crosses between the estate and the design."""

    def __init__(  # noqa: PLR0913 - the wire is where everything meets
        self, kernel: Kernel, journal: Journal, estate: Estate, forecast: Forecast, seed: Seed, receivers: Receivers
    ) -> None:
        """Join the estate and those who work with it."""
        self.instant = False
        """Whether crossings take no time: where no clock moves, or limits are lifted."""
        self.patience_factor = 1.0
        """How many seconds of this clock a second of a sender's patience lasts."""
        self.crossings = 0
        self.idle_crossings = 0
        self.struck = 0
        self.receivers = receivers
        self.delivered: dict[str, int] = {}
        self.answering = {name: system.handle for name, system in estate.items()}
        """Who answers for each system: itself, unless a fault has put something in front of it."""
        self.around = Around(self, kernel, estate)
        self._kernel = kernel
        self._journal = journal
        self._estate = estate
        self._forecast = forecast
        self._seed = seed.child("wire")
        self._latencies_ms = {name: _latencies_ms(system) for name, system in estate.items()}
        self._lanes = {
            (name, operation): Lane(f"{name}.{operation}", self._latencies_ms[name])
            for name, system in estate.items()
            for operation in (*(operation.name for operation in system.operations), "?")
        }
        self._patience_ms = {name: _patience_ms(system) for name, system in estate.items()}

    def call(self, worker: Party, system_name: str, request: Request, timeout_s: float) -> Awaitable[Response]:
        """A worker calls a system; awaiting it raises `WireError` where no reply comes."""
        system = self._estate.get(system_name)
        if system is None:
            message = f"no system is called {system_name!r}"
            raise NotSent(message)
        return self.begin(worker, system_name, system.read(request), timeout_s).answer

    def begin(self, worker: Party, system_name: str, incoming: Incoming, timeout_s: float) -> CallCrossing:
        """A call that a system has read sets out; its `answer` comes, or fails, in the course of time."""
        now_ms = self._kernel.now_ms
        operation = incoming.operation
        lane = self._lanes[system_name, operation.name if operation else "?"]
        target, attempts = lane.target, lane.attempts
        key = incoming.subject.key or f"@{now_ms // WINDOW_MS * WINDOW_MS}"
        attempt = attempts[key] = attempts.get(key, 0) + 1
        slots = self._seed.slots(target, key, str(attempt))
        instant = self.instant
        latency_ms = 0 if instant else lane.latencies_ms[slots.first[LATENCY_BYTE]]
        # Its caller alone awaits it: asyncio's own future will do (`sim.handles`).
        answer: asyncio.Future[Response] = asyncio.Future(loop=self._kernel.loop)
        crossing = CallCrossing(
            worker, worker.life, system_name, incoming, key, attempt, timeout_s, now_ms, answer, latency_ms
        )
        armed = self._forecast.at_crossing(target, incoming.subject.entity, (key, attempt), slots, now_ms)
        timeout_ms = int(timeout_s * 1000)
        if armed:
            self._kernel.after(timeout_ms, self._expire, crossing)
            crossing.arrival = self._passing(latency_ms // 2)
            self.detach(self._struck(crossing, armed))
        elif instant:
            self._reply(crossing, self._execute(crossing))
        else:
            if latency_ms >= timeout_ms:
                self._kernel.after(timeout_ms, self._expire, crossing)
            self._kernel.after(latency_ms // 2, self._arrive, crossing)
        return crossing

    def touched(self, key: str) -> int:
        """How many calls there have been about a key, of whatever operation."""
        return sum(lane.attempts.get(key, 0) for lane in self._lanes.values())

    def deliver(self, event: Event, attempt: int, then: Callable[[str], None]) -> None:
        """A system delivers an event; `then` gets the outcome that the sender believes in."""
        target = f"{event.source}>{event.topic}"
        key = event.subject.key if event.version <= 1 else f"{event.subject.key}#{event.version}"
        slots = self._seed.slots(target, key, str(attempt))
        now_ms = self._kernel.now_ms
        latency_ms = 0 if self.instant else self._latencies_ms[event.source][slots.first[LATENCY_BYTE]]
        crossing = DeliveryCrossing(event, attempt, f"{event.event_id}.{attempt}", now_ms, then, latency_ms)
        armed = self._forecast.at_crossing(target, event.subject.entity, (key, attempt), slots, now_ms)
        if armed:
            crossing.arrival = self._passing(latency_ms)
            self.detach(self._struck_delivery(crossing, armed))
        else:
            self._kernel.after(latency_ms, self._hand_over, crossing)

    def detach(self, coroutine: Coroutine[object, object, None]) -> None:
        """Go on beside a crossing; a run is not over while something does."""

        async def counted() -> None:
            await coroutine
            self.struck -= 1

        self.struck += 1
        self._kernel.detached(counted())

    # A call's way.

    def _arrive(self, crossing: CallCrossing) -> None:
        response = self._execute(crossing)
        self._kernel.after(crossing.latency_ms - crossing.latency_ms // 2, self._reply, crossing, response)

    def _execute(self, crossing: CallCrossing) -> Response:
        outcome = crossing.outcome = self.answering[crossing.system](crossing.incoming, self._kernel.now_ms)
        return outcome.response

    async def _struck(self, crossing: CallCrossing, armed: Sequence[Armed]) -> None:
        crossing.bend = Bend()
        send: SendCall = self._reach
        for fault in reversed(armed):
            send = partial(fault.kind.strike_call, send=send, armed=fault, around=self.around)
        reply = await send(crossing)
        if isinstance(reply, Response):
            self._reply(crossing, reply)
        elif reply is not None:
            self._fail(crossing, reply, "not-sent" if isinstance(reply, NotSent) else "broken")

    def _passing(self, delay_ms: int) -> asyncio.Future[None]:
        """So much time from now: an armed crossing keeps the place in the queue that a quiet one would have."""
        passed: asyncio.Future[None] = self._kernel.loop.create_future()
        self._kernel.after(delay_ms, passed.set_result, None)
        return passed

    async def _reach(self, crossing: CallCrossing) -> Reply:
        held = self._kernel.now_ms - crossing.began
        await (asyncio.sleep(crossing.latency_ms // 2 / 1000) if held else crossing.arrival)
        handle = self.answering[crossing.system]
        outcome = crossing.outcome = handle(crossing.incoming, self._kernel.now_ms, crossing.bend)
        await asyncio.sleep((crossing.latency_ms - crossing.latency_ms // 2) / 1000)
        return outcome.response

    def _reply(self, crossing: CallCrossing, response: Response) -> None:
        if not crossing.answer.done():
            crossing.answer.set_result(response)
            self._note_call(crossing, "replied", response)

    def _expire(self, crossing: CallCrossing) -> None:
        if not crossing.answer.done():
            operation = crossing.incoming.operation
            message = (
                f"{crossing.system}.{operation.name if operation else '?'}: no reply within {crossing.timeout_s:g} s"
            )
            self._fail(crossing, TimedOut(message), "timed-out")

    def _fail(self, crossing: CallCrossing, error: WireError, outcome: str) -> None:
        if not crossing.answer.done():
            crossing.answer.set_exception(error)
            # A caller that died will never look: that is no error of anybody's.
            crossing.answer.exception()
            self._note_call(crossing, outcome, None)

    def _note_call(self, crossing: CallCrossing, outcome: str, response: Response | None) -> None:
        incoming, worker, came = crossing.incoming, crossing.worker, crossing.outcome
        idle = not incoming.subject.key and (came is None or came.idle or response is None or not response.ok)
        if idle:
            self.idle_crossings += 1
        else:
            self.crossings += 1
        operation, body = incoming.operation, self._journal.body
        secret = operation is not None and operation.form
        batch = operation.batch if operation is not None and incoming.problem is None else None
        self._journal.add(
            Call(
                self._kernel.now_ms,
                worker.name,
                crossing.system,
                operation.name if operation is not None else "",
                incoming.subject.entity,
                incoming.subject.key,
                crossing.attempt,
                outcome if crossing.life == worker.life and worker.alive else "abandoned",
                response.status if response is not None else 0,
                crossing.began,
                idle,
                "" if secret else body(incoming.request.body),
                "" if secret or response is None else body(response.body),
                batch(incoming) if batch is not None else (),
            )
        )

    # A delivery's way.

    async def _struck_delivery(self, crossing: DeliveryCrossing, armed: Sequence[Armed]) -> None:
        then = crossing.then
        send: SendDelivery = self._carry
        for fault in reversed(armed):
            send = partial(fault.kind.strike_delivery, send=send, armed=fault, around=self.around)
        outcome = await send(crossing)
        if not crossing.handed_over:
            self._note_delivery(crossing, outcome)
        then(outcome)

    async def _carry(self, crossing: DeliveryCrossing) -> str:
        outcome: asyncio.Future[str] = self._kernel.loop.create_future()
        crossing.then = outcome.set_result
        arrival, crossing.arrival = crossing.arrival, None
        on_time = arrival is not None and self._kernel.now_ms == crossing.began
        await (arrival if arrival is not None and on_time else self._passing(crossing.latency_ms))
        self._hand_over(crossing, crossing.signature)
        return await outcome

    def _hand_over(self, crossing: DeliveryCrossing, signature: str = "") -> None:
        worker = self.receivers.receiver()
        crossing.handed_over = True
        if worker is None:
            crossing.then(self._note_delivery(crossing, NO_WORKER))
            return
        self.receivers.next_turn()
        crossing.worker = worker
        event = crossing.event
        self.delivered[event.source] = self.delivered.get(event.source, 0) + 1
        headers = signing.headers(event, crossing.delivery_id, self._estate[event.source].signer)
        if signature:
            headers["signature"] = signature
            crossing.forged = True
        worker.take(OpenDelivery(event.source, headers, event.body, crossing.answer))
        # The answer travels, if only for an instant: what the worker does next is not the sender's doing.
        self._kernel.after(0, self._listen, crossing)

    def _listen(self, crossing: DeliveryCrossing) -> None:
        """The instant is over: nearly every answer is there, and only for the others a sender's patience is measured."""
        if crossing.status is not None:
            self._settle(crossing, crossing.status)
            return
        crossing.when_answered = partial(self._kernel.after, 0, self._settle, crossing)
        patience_ms = int(self._patience_ms[crossing.event.source] * self.patience_factor)
        self._kernel.after(patience_ms, self._lose_patience, crossing)

    def _lose_patience(self, crossing: DeliveryCrossing) -> None:
        if crossing.status is None:
            crossing.status = 0
            self._settle(crossing, 0)

    def _settle(self, crossing: DeliveryCrossing, status: int) -> None:
        outcome = UNANSWERED if status == 0 else ACKNOWLEDGED if 200 <= status < 300 else REFUSED
        if outcome == ACKNOWLEDGED and crossing.at_answer is not None:
            outcome = crossing.at_answer()
        crossing.then(self._note_delivery(crossing, outcome, status))

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
                crossing.forged,
            )
        )
        return outcome


class Postman:
    """Empties the systems' outboxes: each event until it is acknowledged or its family's policy gives it up."""

    def __init__(self, kernel: Kernel, wire: Wire, estate: Estate, tells: Callable[[str], bool] | None = None) -> None:
        """Deliver over the wire; `tells` says of which entities the receiver is told, if not of all."""
        self._tells = tells
        self.on_the_way = 0
        self.given_up = 0
        self._kernel = kernel
        self._wire = wire
        self._policy = {name: system.quirks.hooks() for name, system in estate.items() if _sends(system)}

    def collect(self, events: Sequence[Event]) -> None:
        """Take events that were just committed; each goes its own way, so their order is not assured.

        One that speaks of the end of something leaves when that comes.
        """
        tells = self._tells
        for event in events:
            if tells is not None and not tells(event.subject.entity):
                continue
            self.on_the_way += 1
            wait_ms = event.at_ms - self._kernel.now_ms
            if wait_ms > 0:
                self._kernel.after(wait_ms, self._send, event, 1)
            else:
                self._send(event, 1)

    def _send(self, event: Event, attempt: int) -> None:
        self._wire.deliver(event, attempt, partial(self._then, event, attempt))

    def _then(self, event: Event, attempt: int, outcome: str) -> None:
        """Delivered, as far as the sender knows; or once more after the family's delay; or given up."""
        if outcome in (UNANSWERED, REFUSED, NO_WORKER):
            delays = self._policy[event.source].retry_delays_s
            if attempt <= len(delays):
                self._kernel.after(delays[attempt - 1] * 1000, self._send, event, attempt + 1)
                return
            self.given_up += 1
        self.on_the_way -= 1


def _latencies_ms(system: System[Any]) -> tuple[int, ...]:
    """A system's times to answer, by one drawn byte: the median in the middle, the 95th percentile near 0.95, skewed."""
    median_ms = system.quirks.number("latency", "median_ms")
    ratio = system.quirks.number("latency", "p95_ms") / median_ms
    return tuple(int(median_ms * ratio ** (2.2 * (byte + 0.5) / 256 - 1.1)) + 1 for byte in range(256))


def _sends(system: System[Any]) -> bool:
    return "webhooks" in system.quirks.sections


def _patience_ms(system: System[Any]) -> int:
    return int(system.quirks.hooks().ack_timeout_s * 1000) if _sends(system) else 0
