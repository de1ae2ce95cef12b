"""One run behind the real door: the estate, its clock and its subject, from the first line of the journal to the summary."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import msgspec

from contracts.journal import Milestone
from contracts.plan import Fault, Plan
from contracts.verdict import Evidence, InvariantResult, Judgement, Summary, ThresholdResult, overall
from contracts.wire import Response, WireError
from mocks.kit.operation import Incoming
from mocks.kit.system import System
from sim import estate as estates
from sim.calendar_edges import edges
from sim.door.clock import SteppedKernel
from sim.door.faults import Amended
from sim.door.pace import Pace
from sim.door.subject import Subject
from sim.fault_rules import BY_NAME, check_plan
from sim.faults.kind import REAL, CallCrossing
from sim.fence import wall_s
from sim.forecast import Forecast
from sim.judges import Beside
from sim.run import QUIESCENT, RunOptions, Stage, opening
from sim.seed import Seed

HOLD_S: Final = 30.0
"""Business seconds that a connection stays open when no reply is going to come; then it is dropped, as gateways do."""
BEHIND_S_MAX: Final = 14_400.0
"""Business seconds that either side may lie behind the clock before lateness says more of the pace than of the subject."""
LATENESS: Final = ("I20",)
LATENESS_THRESHOLDS: Final = ("post_hours_p95_max", "anomalies_missed_max")
FELL_BEHIND: Final = (
    "{who} fell {hours:.1f} hours behind the pace of the clock, so lateness cannot be judged: serve it more slowly"
)


IS_OVER: Final = Response(503, b'{"error":"the run is over"}', {"content-type": "application/json"})


class NoReplyError(Exception):
    """No reply will come: drop the connection."""


@dataclass(frozen=True)
class Terms:
    """How an estate is served, apart from what is run."""

    speed: float = 1.0
    capacity: bool = False


class ServedStage(Stage):
    """Estate, world, wire, journal and judge round a stepped clock."""

    door: ClassVar[str] = REAL
    kernel: SteppedKernel
    forecast: Amended

    def __init__(self, options: RunOptions, terms: Terms, subject: Subject) -> None:
        """Compose everything; the clock waits for the subject's first sign."""
        super().__init__(options, SteppedKernel(opening(options.scenario)), Beside(options.scenario.scope))
        self.subject = subject
        self.terms = terms
        if terms.capacity:
            self.journal.judge_later()
        self.connect(subject)
        self.pace = Pace(self.kernel, terms.speed, self.bound_ms, lambda: self.at_rest and not subject.open_calls)
        self.pace.changed = self._gear
        self.pace.calls_under_way = lambda: subject.open_calls > 0
        subject.meet(self.pace)
        self._held: set[asyncio.Future[None]] = set()
        self._gear()
        self.begin()
        self.world.open()
        self.world.start()
        self.journal.add(Milestone(self.kernel.now_ms, "opened"))

    def token_now_ms(self) -> Callable[[], int]:
        """Tokens live in wall time, as everything does that only the protocol knows."""
        return lambda: self.began_ms + int((wall_s() - self.began_wall_s) * 1000)

    def _forecast(self, seed: Seed) -> Forecast:
        return Amended(super()._forecast(seed), self._struck)

    def _gear(self) -> None:
        """Crossings take time on the business clock; where that does not run by itself they take none, and limits mean nothing."""
        running = self.pace.gear == "running"
        self.wire.instant = self.terms.capacity or not running
        for system in self.estate.systems().values():
            system.limited = not self.wire.instant
        # Whoever delivers is as patient as its family is, in wall time: sockets know no other.
        self.wire.patience_factor = max(1.0, self.pace.speed) if running else 1.0

    # -- crossings ----------------------------------------------------------------------------------------------------

    async def through(self, system: System[Any], incoming: Incoming) -> Response:
        """One call, over the wire; raises `NoReplyError` where no reply will come."""
        pace, subject = self.pace, self.subject
        if pace.state == "over":
            return IS_OVER
        pace.first_sign()
        pace.touch()
        crossing = self.wire.begin(subject, system.name, incoming, HOLD_S)
        if not crossing.answer.done():
            await self._answered(crossing)
        elif self.kernel.next_due_ms() <= self.kernel.now_ms:
            pace.poke()
        subject.stir(changed=crossing.outcome is not None and crossing.outcome.committed)
        try:
            return crossing.answer.result()
        except WireError as error:
            raise NoReplyError from error

    async def _answered(self, crossing: CallCrossing) -> None:
        """Wait on the outer loop for what happens on the inner one."""
        subject = self.subject
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def tell(_: object) -> None:
            if not answered.done():
                answered.set_result(None)

        crossing.answer.add_done_callback(tell)
        subject.open_calls += 1
        subject.stir()
        self._held.add(answered)
        self.pace.poke()
        try:
            await answered
        finally:
            self._held.discard(answered)
            subject.open_calls -= 1

    def add_fault(self, fault: Fault) -> int:
        """Add a line to the plan while it runs; raises `PlanProblem`."""
        check_plan(Plan((fault,)), estates.targets(self.estate), self.door, edges(self.options.scenario))
        return self.forecast.add(fault)

    def unsupported_weather(self) -> list[str]:
        """Kinds of the scenario's weather that cannot be brought about here."""
        kinds = {line.kind for line in self.options.scenario.weather} if self.options.plan is None else set()
        return sorted(kind for kind in kinds if self.door not in BY_NAME[kind].doors)

    # -- the end ------------------------------------------------------------------------------------------------------

    def finish(self, detail: str = "") -> Summary:
        """Judge what there is. Before the estate is at rest that is a run cut short."""
        pace = self.pace
        quiescent = self.at_rest and not detail
        behind = (("the program under test", self.subject.behind_s), ("the estate itself", pace.behind_s_max))
        pace.go("over")
        summary = self.verdict(QUIESCENT if quiescent else "bound", detail)
        if not quiescent:
            summary = doubting(summary, (), ("open_obligations_max",), "")
        for who, behind_s in behind:
            if behind_s > BEHIND_S_MAX:
                says = FELL_BEHIND.format(who=who, hours=behind_s / 3600)
                return doubting(summary, LATENESS, LATENESS_THRESHOLDS, says)
        return summary

    def close(self) -> None:
        """Let go of everything that still lies on the clock."""
        self.pace.go("over")
        for answered in self._held:
            if not answered.done():
                answered.set_exception(NoReplyError())
        self.kernel.close()


def doubting(summary: Summary, invariants: tuple[str, ...], thresholds: tuple[str, ...], says: str) -> Summary:
    """The same summary, where nothing can be said for certain about some of its parts."""
    doubt = Evidence("run", says, 0, (), "unknown")
    unknown: Judgement = "unknown"

    def judged(result: InvariantResult) -> InvariantResult:
        if result.id not in invariants:
            return result
        return msgspec.structs.replace(result, verdict=unknown, violations=0, at_risk_minor=0, evidence=(doubt,))

    def measured(result: ThresholdResult) -> ThresholdResult:
        return msgspec.structs.replace(result, verdict=unknown) if result.name in thresholds else result

    checked = tuple(judged(result) for result in summary.invariants)
    limits = tuple(measured(result) for result in summary.thresholds)
    verdict = overall([*(part.verdict for part in checked), *(part.verdict for part in limits)])
    return msgspec.structs.replace(summary, invariants=checked, thresholds=limits, verdict=verdict)
