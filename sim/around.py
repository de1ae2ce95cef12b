"""What faults may do to the world around a crossing (`sim.faults.kind.Surroundings`): to systems, workers and their clocks.

None of it costs anything until a fault uses it. When one strikes is not decided here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from contracts.wire import Event, Response
from mocks.kit.operation import Bend, Incoming, Outcome, Refused
from sim.faults.kind import CallCrossing, DeliveryCrossing, Party
from sim.workers import Worker

if TYPE_CHECKING:
    from mocks.kit.system import System
    from sim.clock import Kernel
    from sim.wire import Wire

Handle = Callable[..., Outcome]


class Around:
    """The surroundings of one wire's crossings."""

    def __init__(self, wire: Wire, kernel: Kernel, estate: Mapping[str, System[Any]]) -> None:
        """Nothing is out of order yet."""
        self.cut_offs_ms: dict[str, int] = {}
        self._wire = wire
        self._kernel = kernel
        self._estate = estate
        self._lags: dict[str, list[_Lag]] = {}

    @property
    def now_ms(self) -> int:
        """The moment."""
        return self._kernel.now_ms

    async def sleep(self, delay_s: float) -> None:
        """Let virtual time pass."""
        await asyncio.sleep(delay_s)

    def detach(self, coroutine: Coroutine[object, object, None]) -> None:
        """Go on beside the crossing."""
        self._wire.detach(coroutine)

    # The system's side.

    def refusal(self, crossing: CallCrossing, status: int, code: str, message: str) -> Response:
        """A refusal in the words of the system's family."""
        return self._estate[crossing.system].refuse(Refused(status, code, message), self._kernel.now_ms)

    def expire_token(self, crossing: CallCrossing) -> bool:
        """Have the system accept the call's token no longer; whether it was good until now."""
        return self._estate[crossing.system].expire(crossing.incoming.request.headers.get("authorization", ""))

    def lag(self, source: str, key: str, as_of_ms: int, told: Callable[[], None]) -> Callable[[], None]:
        """A replica stands in front of the system until the last lag is over; then the system answers for itself again."""
        lags = self._lags.setdefault(source, [])
        lag = _Lag(key, as_of_ms, told)
        lags.append(lag)
        system = self._estate[source]
        self._wire.answering[source] = _Replica(system.handle, lags).handle

        def over() -> None:
            lags.remove(lag)
            if not lags:
                self._wire.answering[source] = system.handle

        return over

    def cut_off_ms(self, entity: str) -> int:
        """When the entity's books close; 0 if they do not."""
        return self.cut_offs_ms.get(entity, 0)

    def touched(self, key: str) -> int:
        """How many calls there have been about a key, of whatever operation."""
        return self._wire.touched(key)

    # The receivers' side.

    def receiver(self) -> Party | None:
        """The worker that would get the next delivery."""
        return self._wire.receivers.receiver()

    def another(self, crossing: DeliveryCrossing, event: Event | None = None) -> DeliveryCrossing:
        """The same event, or another in its place, under a delivery id of its own."""
        copy_id = f"{crossing.delivery_id}.again"
        now_ms = self._kernel.now_ms
        event = event or crossing.event
        return DeliveryCrossing(event, crossing.attempt, copy_id, now_ms, crossing.then, crossing.latency_ms)

    def deliveries_of(self, source: str) -> int:
        """How many deliveries of a source have reached a worker so far."""
        return self._wire.delivered.get(source, 0)

    def signature(self, event: Event) -> str:
        """What the sender signs an event with."""
        return self._estate[event.source].signer.sign(event.body)

    def pause(self, party: Party | None, for_s: float) -> bool:
        """Have a worker stand still; False where there is none that lives."""
        worker = _living(party)
        if worker is None or worker.incarnation is None:
            return False
        self._kernel.pause(worker.incarnation, self._kernel.now_ms + int(for_s * 1000))
        return True

    def doom(self, party: Party | None, lives: int, steps: int, died: Callable[[], None]) -> bool:
        """Have a worker die now and in each of its next lives after so many steps; `died` hears of each of the latter."""
        worker = _living(party)
        if worker is None:
            return False
        worker.doomed += [(steps, died)] * lives
        worker.kill("crash loop")
        return True

    def set_clock(self, party: Party | None, off_s: float) -> Callable[[], bool] | None:
        """Set a worker's clock off; gives what sets it right again and says whether anybody had looked at it."""
        worker = _living(party)
        return (
            worker.ports.clock.set_off(int(off_s * 1000)) if worker is not None and worker.ports is not None else None
        )


class _Lag:
    """One key that a replica has not heard of yet."""

    __slots__ = ("as_of_ms", "key", "told")

    def __init__(self, key: str, as_of_ms: int, told: Callable[[], None]) -> None:
        self.key = key
        self.as_of_ms = as_of_ms
        self.told = told


class _Replica:
    """Answers for a system while some of its reads lag."""

    def __init__(self, handle: Handle, lags: list[_Lag]) -> None:
        self._handle = handle
        self._lags = lags

    def handle(self, incoming: Incoming, now_ms: int, bend: Bend | None = None) -> Outcome:
        """As the system would, except for reads about what has not arrived here."""
        lag = next((lag for lag in self._lags if lag.key == incoming.subject.key), None)
        if lag is None or incoming.operation is None or incoming.operation.commits:
            return self._handle(incoming, now_ms, bend)
        behind = Bend(as_of_ms=lag.as_of_ms)
        outcome = self._handle(incoming, now_ms, behind)
        if behind.hid:
            lag.told()
        return outcome


def _living(party: Party | None) -> Worker | None:
    return party if isinstance(party, Worker) and party.alive else None
