"""What a fault kind is: one small class that stands between a crossing and its system.

Strikes run inside the crossing's own task: a caller that gives up, or dies, stops waiting and cancels nothing here. To
add a kind, write one file like `noop.py` and name it in `FAULTS`.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Awaitable, Callable, Coroutine
from typing import ClassVar, Protocol

import msgspec

from contracts.plan import Param
from contracts.ports import Delivery
from contracts.wire import BrokenReply, Event, Response, WireError
from mocks.kit.operation import Bend, Incoming, Operation, Outcome
from sim.seed import Slots

CALL = "call"
DELIVERY = "delivery"
WORKER = "worker"
CALENDAR = "calendar"

VIRTUAL = "virtual"
REAL = "real"

ACKNOWLEDGED = "acknowledged"
REFUSED = "refused"
UNANSWERED = "unanswered"
NO_WORKER = "no-worker"
LOST = "lost"


class Armed:
    """One fault lying in wait on one crossing. It reports once whether it did what its kind is for."""

    __slots__ = ("_report", "kind", "params", "target", "trigger")

    def __init__(
        self,
        kind: Kind,
        target: str,
        trigger: dict[str, str | int],
        params: dict[str, Param],
        report: Callable[[Armed, bool], None],
    ) -> None:
        """Lie in wait; `report(armed, harmless)` writes it to the journal."""
        self.kind = kind
        self.target = target
        self.trigger = trigger
        self.params = params
        self._report: Callable[[Armed, bool], None] | None = report

    def took_effect(self) -> None:
        """It did what its kind is for."""
        self._tell(harmless=False)

    def was_harmless(self) -> None:
        """It changed the course of the crossing, and yet not what its kind is for."""
        self._tell(harmless=True)

    def _tell(self, *, harmless: bool) -> None:
        if self._report is not None:
            report, self._report = self._report, None
            report(self, harmless)

    def number(self, name: str) -> float:
        """A parameter that is a number."""
        return float(self.params[name])


class Party(Protocol):
    """Whoever calls systems and takes their deliveries: a worker behind the virtual door, a program behind the real one."""

    @property
    def name(self) -> str:
        """What the journal calls it."""

    @property
    def life(self) -> int:
        """How often it has come to life."""

    @property
    def alive(self) -> bool:
        """Whether it lives now, as far as anybody can tell."""

    def take(self, delivery: Delivery) -> None:
        """Be handed a delivery, to be answered in time."""

    def kill(self, reason: str) -> None:
        """Die on the spot."""


class CallCrossing(msgspec.Struct, eq=False):
    """One call on its way. `outcome` is set once the system has handled it.

    Where a fault lies in wait, `bend` is what it does to the handling, and `arrival` the moment at which the call reaches
    the system if nothing holds it up: a place in the queue that is taken as it sets out, like any quiet call's.
    """

    worker: Party
    life: int
    """The worker's, when it made the call."""
    system: str
    incoming: Incoming
    key: str
    attempt: int
    timeout_s: float
    began: int
    answer: Future[Response]
    latency_ms: int
    outcome: Outcome | None = None
    # These two are set where a fault lies in wait, and read nowhere else.
    bend: Bend = None  # type: ignore[assignment]
    arrival: Future[None] = None  # type: ignore[assignment]

    @property
    def committed(self) -> bool:
        """Whether the system's books are other than before."""
        return self.outcome is not None and self.outcome.committed


class CutReply(BrokenReply):
    """The connection broke in the middle of this reply; a door with sockets sends what had come of it."""

    def __init__(self, response: Response) -> None:
        """The reply that was on its way."""
        super().__init__("connection reset in the middle of the reply")
        self.response = response


class DeliveryCrossing(msgspec.Struct, eq=False):
    """One delivery of an event on its way. `worker` is set once one has taken it.

    `status` is its answer, 0 once nobody waits for it any longer; `when_answered` is set if it does not come at once.
    `at_answer` is called when a worker acknowledges, and may turn the outcome that the sender sees. Where a fault lies in
    wait, `signature` may stand in place of the sender's own, and `arrival` is as for a call; a copy has none.
    """

    event: Event
    attempt: int
    delivery_id: str
    began: int
    then: Callable[[str], None]
    """What its sender does with the outcome that it believes in."""
    latency_ms: int
    worker: Party | None = None
    handed_over: bool = False
    forged: bool = False
    status: int | None = None
    when_answered: Callable[[int], None] | None = None
    at_answer: Callable[[], str] | None = None
    signature: str = ""
    arrival: Future[None] | None = None

    def answer(self, status: int) -> None:
        """The worker answers, and only its first answer counts."""
        if self.status is None:
            self.status = status
            if self.when_answered is not None:
                self.when_answered(status)


Reply = Response | WireError | None
"""What comes back of a call: a response, the error that the caller meets instead, or None when nothing ever does."""
ParamForm = type | tuple[type, ...] | tuple[str, ...]
SendCall = Callable[[CallCrossing], Awaitable[Reply]]
SendDelivery = Callable[[DeliveryCrossing], Awaitable[str]]


class Surroundings(Protocol):
    """What a fault may use of the world around the crossing."""

    @property
    def now_ms(self) -> int:
        """The moment."""

    async def sleep(self, delay_s: float) -> None:
        """Let virtual time pass."""

    def detach(self, coroutine: Coroutine[object, object, None]) -> None:
        """Go on beside the crossing."""

    # The system's side.

    def refusal(self, crossing: CallCrossing, status: int, code: str, message: str) -> Response:
        """A refusal in the words of the system's family."""

    def expire_token(self, crossing: CallCrossing) -> bool:
        """Have the system accept the call's token no longer; whether it was good until now."""

    def lag(self, source: str, key: str, as_of_ms: int, told: Callable[[], None]) -> Callable[[], None]:
        """Have reads about a key answered as of a moment; `told` hears of each that this changed. Gives what ends it."""

    def cut_off_ms(self, entity: str) -> int:
        """When the entity's books close; 0 if they do not."""

    def touched(self, key: str) -> int:
        """How many calls there have been about a key, of whatever operation."""

    # The receivers' side.

    def receiver(self) -> Party | None:
        """The worker that would get the next delivery."""

    def another(self, crossing: DeliveryCrossing, event: Event | None = None) -> DeliveryCrossing:
        """The same event, or another in its place, under a delivery id of its own."""

    def deliveries_of(self, source: str) -> int:
        """How many deliveries of a source have reached a worker so far."""

    def signature(self, event: Event) -> str:
        """What the sender signs an event with."""

    def pause(self, party: Party | None, for_s: float) -> bool:
        """Have a worker stand still; False where there is none that lives."""

    def doom(self, party: Party | None, lives: int, steps: int, died: Callable[[], None]) -> bool:
        """Have a worker die now and in each of its next lives after so many steps; `died` hears of each of the latter."""

    def set_clock(self, party: Party | None, off_s: float) -> Callable[[], bool] | None:
        """Set a worker's clock off; gives what sets it right again and says whether anybody had looked at it."""


class Kind:
    """The contract of a fault kind.

    `number` is its number in the fault vocabulary; `on` what it strikes; `needs_commit` restricts it to operations that
    change something; `recoverable` says whether a sound design survives it, `expect` what that design does; `stops` that
    a crossing it strikes never comes to anything; `doors` where it can be brought about. A parameter is of a type, or one
    of some words.
    """

    name: ClassVar[str]
    number: ClassVar[str]
    on: ClassVar[tuple[str, ...]]
    expect: ClassVar[str]
    needs_commit: ClassVar[bool] = False
    recoverable: ClassVar[bool] = True
    stops: ClassVar[bool] = False
    doors: ClassVar[tuple[str, ...]] = (VIRTUAL, REAL)
    params: ClassVar[dict[str, ParamForm]] = {}

    def unfit(self, operation: Operation) -> str:
        """Why it cannot strike an operation; empty where it can."""
        return "commits nothing" if self.needs_commit and not operation.commits else ""

    def draw(self, slots: Slots) -> dict[str, Param]:
        """Parameters for one strike, from draws of its own."""
        del slots
        return {}

    def defaults(self) -> dict[str, Param]:
        """Parameters that a plan may leave out."""
        return {}

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """Stand between a call and its system."""
        del armed, around
        return await send(crossing)

    async def strike_delivery(
        self, crossing: DeliveryCrossing, send: SendDelivery, armed: Armed, around: Surroundings
    ) -> str:
        """Stand between an event and the design; gives the outcome that the sender believes in."""
        del armed, around
        return await send(crossing)


class WorkerKind(Kind):
    """A kind that befalls a worker: whoever makes the call that it strikes, or would get the delivery."""

    on = (CALL, DELIVERY)
    doors = (VIRTUAL,)

    def befall(self, worker: Party | None, armed: Armed, around: Surroundings) -> None:
        """What happens to the worker; the crossing goes on."""
        raise NotImplementedError

    async def strike_call(self, crossing: CallCrossing, send: SendCall, armed: Armed, around: Surroundings) -> Reply:
        """It befalls the caller while its request is out."""
        self.befall(crossing.worker, armed, around)
        return await send(crossing)

    async def strike_delivery(
        self, crossing: DeliveryCrossing, send: SendDelivery, armed: Armed, around: Surroundings
    ) -> str:
        """It befalls whoever would get the delivery."""
        crossing.worker = around.receiver()
        self.befall(crossing.worker, armed, around)
        return await send(crossing)
