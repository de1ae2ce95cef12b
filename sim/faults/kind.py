"""What a fault kind is: one small class that stands between a crossing and its system.

Strikes run inside the crossing's own task: a caller that gives up, or dies, stops waiting and cancels nothing here. To
add a kind, write one file like `noop.py` and name it in `FAULTS`.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Awaitable, Callable, Coroutine
from typing import ClassVar, Protocol

from contracts.plan import Param
from contracts.ports import Delivery
from contracts.wire import Event, Response
from mocks.kit.operation import Incoming, Outcome
from sim.seed import Slots

CALL = "call"
DELIVERY = "delivery"
WORKER = "worker"

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


class CallCrossing:
    """One call on its way. `outcome` is set once the system has handled it."""

    __slots__ = (
        "answer",
        "attempt",
        "began",
        "incoming",
        "key",
        "latency_ms",
        "life",
        "operation",
        "outcome",
        "system",
        "timeout_s",
        "worker",
    )

    def __init__(  # noqa: PLR0913 - all that a crossing is
        self, worker: Party, system: str, incoming: Incoming, key: str, attempt: int, timeout_s: float, began: int
    ) -> None:
        """A call that a worker makes in its present life."""
        self.worker = worker
        self.life = worker.life
        self.system = system
        self.incoming = incoming
        self.operation = incoming.operation.name if incoming.operation else ""
        self.key = key
        self.attempt = attempt
        self.timeout_s = timeout_s
        self.began = began
        self.outcome: Outcome | None = None
        self.latency_ms = 0
        self.answer: Future[Response]


class DeliveryCrossing:
    """One delivery of an event on its way. `worker` is set once one has taken it.

    `at_answer` is called when a worker acknowledges, and may turn the outcome that the sender sees.
    """

    __slots__ = (
        "at_answer",
        "attempt",
        "began",
        "delivery_id",
        "event",
        "handed_over",
        "latency_ms",
        "settled",
        "worker",
    )

    def __init__(self, event: Event, attempt: int, delivery_id: str, began: int) -> None:
        """A delivery that a system makes."""
        self.event = event
        self.attempt = attempt
        self.delivery_id = delivery_id
        self.began = began
        self.worker: Party | None = None
        self.handed_over = False
        self.settled = False
        self.latency_ms = 0
        self.at_answer: Callable[[], str] | None = None


Reply = Response | None
"""What comes back of a call; None when nothing ever does."""
SendCall = Callable[[CallCrossing], Awaitable[Reply]]
SendDelivery = Callable[[DeliveryCrossing], Awaitable[str]]


class Surroundings(Protocol):
    """What a fault may use of the world around the crossing."""

    async def sleep(self, delay_s: float) -> None:
        """Let virtual time pass."""

    def receiver(self) -> Party | None:
        """The worker that would get the next delivery."""

    def another(self, crossing: DeliveryCrossing) -> DeliveryCrossing:
        """The same event under a delivery id of its own."""

    def deliveries_of(self, source: str) -> int:
        """How many deliveries of a source have reached a worker so far."""

    def detach(self, coroutine: Coroutine[object, object, None]) -> None:
        """Go on beside the crossing."""


class Kind:
    """The contract of a fault kind.

    `number` is its number in the fault vocabulary; `on` what it strikes; `needs_commit` restricts it to operations that
    change something; `recoverable` says whether a sound design survives it; `doors` where it can be brought about.
    """

    name: ClassVar[str]
    number: ClassVar[str]
    on: ClassVar[tuple[str, ...]]
    needs_commit: ClassVar[bool] = False
    recoverable: ClassVar[bool] = True
    doors: ClassVar[tuple[str, ...]] = (VIRTUAL, REAL)
    params: ClassVar[dict[str, type | tuple[type, ...]]] = {}

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
