"""The composition root: one run, from scenario, design, seed and plan to a summary. Only this module sees everything.

scenario → world → systems ⇄ wire ⇄ design → journal → verdict
"""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from contracts.journal import Effect, FaultTook, Milestone, RunEnded, RunStarted
from contracts.plan import Plan
from contracts.ports import Design
from contracts.scenario import Scenario
from contracts.verdict import Summary
from contracts.wire import Event
from sim import estate as estates
from sim.calendar_edges import EdgeWatch, edges
from sim.clock import Kernel, Livelock, steady_collector
from sim.fault_rules import BY_NAME, check_plan, check_weather
from sim.faults.kind import VIRTUAL, Armed
from sim.fence import FenceError, fence, wall_s
from sim.forecast import Drawn, Forecast, Planned, spells
from sim.journal import Journal
from sim.judges import Apart, Beside, Seat
from sim.seed import Seed
from sim.summary import Outcome, summarise
from sim.wire import Postman, Receivers, Wire
from sim.workers import Supervisor
from sim.world import World
from sim.world.calendar import local_ms

CHECK_EVERY_MS = 15 * 60_000
QUIESCENT = "quiescent"
MEMORY = Path("/dev/shm")  # noqa: S108 - the directory made in it has an unguessable name and closed permissions
"""Where durable directories lie if the machine has it: a virtual machine's disk need not survive the real one's crash."""


@dataclass(frozen=True)
class RunOptions:
    """What is to be run. `design_name` is what the user called it; `directory` is where the run leaves its files.

    `judge_apart`: the judge sits in a process of its own, on another core.
    """

    scenario: Scenario
    design_name: str
    design: Design
    seed: int
    scale: float = 1.0
    plan: Plan | None = None
    directory: Path | None = None
    replay: str = ""
    judge_apart: bool = False


@dataclass(frozen=True)
class Progress:
    """Where a run stands, for people who wait."""

    now: datetime
    share: float
    crossings: int
    open_obligations: int
    wall_s: float


class Stage:
    """Everything but who is under test: estate, world, wire, journal and oracle on one clock. Both doors have one."""

    door: ClassVar[str] = VIRTUAL

    def __init__(self, options: RunOptions, kernel: Kernel, judge: Seat) -> None:
        """Build the estate and the journal that `judge` reads; `connect` comes next."""
        scenario = options.scenario
        self.options = options
        self.began_wall_s = wall_s()
        self.kernel = kernel
        self.began_ms = self.kernel.now_ms
        self.bound_ms = _epoch_ms(scenario.calendar.end + timedelta(days=1 + scenario.calendar.run_off_days), scenario)
        self.healed_ms = _local_ms(scenario.calendar.lock or scenario.calendar.close, scenario)
        self.last_effect_ms = self.kernel.now_ms
        self.judge = judge
        self.journal = Journal(judge.read, options.directory)
        self.seed = Seed(options.seed)
        self.estate = estates.build(scenario, self.seed, self.token_now_ms())
        self.forecast = self._forecast(self.seed)

    def token_now_ms(self) -> Callable[[], int] | None:
        """The clock that tokens live by, where that is not the kernel's."""
        return None

    def connect(self, receivers: Receivers) -> None:
        """Put the wire between the estate and those under test, and let people take their places."""
        systems = self.estate.systems()
        self.wire = Wire(self.kernel, self.journal, systems, self.forecast, self.seed, receivers)
        tells = self.estate.tells if self.options.scenario.identity.granted else None
        self.postman = Postman(self.kernel, self.wire, systems, tells)
        world_seed, scale = self.seed.child("world"), self.options.scale
        self.world = World(self.kernel.env, world_seed, self.options.scenario, scale, self.estate, self.journal.add)
        for system in systems.values():
            system.sink = self._commit
            for process in system.processes:
                self.kernel.env.process(process(self.kernel.env))
        scenario = self.options.scenario
        self.wire.around.cut_offs_ms = {
            hospital.id: local_ms(hospital.time_zone, scenario.calendar.close) for hospital in scenario.hospital
        }

    def begin(self) -> None:
        """The first line of the journal, and the moment from which on nothing fails any more."""
        options = self.options
        name, scope = options.scenario.name, options.scenario.scope
        client = self.estate.identity.state.clients[estates.CLIENT_ID]
        self.journal.add(
            RunStarted(
                self.began_ms,
                name,
                options.design_name,
                options.seed,
                options.scale,
                scope,
                client.id,
                client.entities,
            )
        )
        self.kernel.after(self.healed_ms - self.began_ms, self._heal)
        watch = EdgeWatch(self.kernel, lambda: self.wire.crossings + self.wire.idle_crossings)
        for edge in edges(options.scenario):
            armed = self.forecast.at_edge(edge)
            if armed is not None:
                watch.wait_for(edge, armed)
        # Something must be due at the bound, or a design that sleeps for ever would carry the clock past it.
        self.kernel.after(self.bound_ms - self.began_ms, self._reach_bound)

    @property
    def at_rest(self) -> bool:
        """Whether nothing is due any more, and nothing took effect for as long as the scenario asks."""
        if (
            not self.world.month_over
            or self.kernel.now_ms < self.estate.paid_ms
            or self.world.open_intents
            or self.postman.on_the_way
            or self.wire.struck
        ):
            return False
        quiet_ms = self.options.scenario.calendar.quiet_hours * 3_600_000
        return self.kernel.now_ms - max(self.last_effect_ms, self.healed_ms) >= quiet_ms

    def verdict(self, reason: str, detail: str) -> Summary:
        """The last line of the journal, and what it all amounts to."""
        options = self.options
        self.journal.add(RunEnded(self.kernel.now_ms, reason, detail))
        digest = self.journal.close()
        outcome = Outcome(
            scenario=options.scenario,
            door=self.door,
            design=options.design_name,
            seed=options.seed,
            scale=options.scale,
            ended=reason,
            detail=detail,
            digest=digest,
            virtual_s=(self.kernel.now_ms - self.began_ms) / 1000,
            crossings=self.wire.crossings,
            idle_crossings=self.wire.idle_crossings,
            armed=self.forecast.armed,
            took=self.forecast.took,
            findings=self.judge.findings(),
            replay=options.replay,
        )
        peak_rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 + self.judge.peak_rss_mb
        return summarise(outcome, wall_s=round(wall_s() - self.began_wall_s, 3), peak_rss_mb=round(peak_rss_mb, 1))

    def _forecast(self, seed: Seed) -> Forecast:
        options = self.options
        scenario, targets = options.scenario, estates.targets(self.estate)
        if options.plan is not None:
            check_plan(options.plan, targets, self.door, edges(scenario))
            return Planned(options.plan, self._struck)
        check_weather(scenario.weather, targets, edges(scenario))
        return Drawn(
            [line for line in scenario.weather if self.door in BY_NAME[line.kind].doors],
            spells(scenario.front, scenario, seed),
            self.healed_ms,
            targets,
            seed,
            self._struck,
        )

    def _commit(self, effects: Sequence[Effect], events: Sequence[Event]) -> None:
        self.last_effect_ms = self.kernel.now_ms
        for effect in effects:
            self.journal.add(effect)
        self.world.notice(effects)
        self.postman.collect(events)

    def _struck(self, armed: Armed, harmless: bool) -> None:  # noqa: FBT001 - the signature of a report
        self.journal.add(
            FaultTook(self.kernel.now_ms, armed.kind.name, armed.target, armed.trigger, armed.params, harmless)
        )

    def _reach_bound(self) -> None:
        """Whoever runs the stage looks at the clock."""

    def _heal(self) -> None:
        self.journal.add(Milestone(self.kernel.now_ms, "healed"))


class Run(Stage):
    """One virtual run in the making."""

    def __init__(
        self, options: RunOptions, judge: Seat, durable_dir: Path, on_progress: Callable[[Progress], None] | None
    ) -> None:
        """Compose estate, world, wire, design, journal and judge."""
        kernel = Kernel(opening(options.scenario), on_tick=self._tick if on_progress else None)
        super().__init__(options, kernel, judge)
        self._on_progress = on_progress
        self.supervisor = Supervisor(
            self.kernel,
            self.journal,
            self.forecast,
            options.design,
            durable_dir,
            self.estate.settings,
            count=options.scenario.workers.count,
            restart_s=options.scenario.workers.restart_s,
        )
        self.connect(self.supervisor)

    def play(self, breaches: Sequence[FenceError]) -> Summary:
        """Let it all happen; the summary. `breaches` is the fence's list of what it refused, also if that was swallowed."""
        self.begin()
        reason, detail = self._until_over()
        if breaches and reason == QUIESCENT:
            reason, detail = "fence", str(breaches[0])
        return self.verdict(reason, detail)

    def _until_over(self) -> tuple[str, str]:
        try:
            self.world.open()
            self.supervisor.start(self.wire)
            self.world.start()
            self.journal.add(Milestone(self.kernel.now_ms, "opened"))
            self.kernel.run(self._is_over, check_every_ms=CHECK_EVERY_MS)
        except Livelock as spin:
            return "livelock", str(spin)
        if self.supervisor.failed:
            return "design-failed", self.supervisor.failed
        return ("bound", "") if self.kernel.now_ms >= self.bound_ms else (QUIESCENT, "")

    def _is_over(self) -> bool:
        return self.kernel.now_ms >= self.bound_ms or bool(self.supervisor.failed) or self.at_rest

    def _tick(self, now_ms: int) -> None:
        if self._on_progress is not None:
            self._on_progress(
                Progress(
                    self.kernel.utc(),
                    min(1.0, (now_ms - self.began_ms) / (self.healed_ms - self.began_ms)),
                    self.wire.crossings,
                    self.judge.standing().open_obligations,
                    wall_s() - self.began_wall_s,
                )
            )


def run(options: RunOptions, on_progress: Callable[[Progress], None] | None = None) -> Summary:
    """Run a scenario against a design in virtual time; with a directory, the journal and bodies are left there."""
    with (
        tempfile.TemporaryDirectory(prefix="closeproof-", dir=MEMORY if MEMORY.is_dir() else None) as scratch,
        steady_collector(),
        closing((Apart if options.judge_apart else Beside)(options.scenario.scope)) as judge,
    ):
        made = Run(options, judge, Path(scratch), on_progress)
        try:
            with fence(made.kernel) as active:
                return made.play(active.breaches)
        finally:
            made.kernel.close()


def opening(scenario: Scenario) -> datetime:
    """Midnight of the first day in the zone where it comes first."""
    return min(
        datetime.combine(scenario.calendar.start, time(), ZoneInfo(hospital.time_zone)).astimezone(UTC)
        for hospital in scenario.hospital
    )


def _epoch_ms(day: date, scenario: Scenario) -> int:
    return _local_ms(datetime.combine(day, time()), scenario)


def _local_ms(moment: datetime, scenario: Scenario) -> int:
    """A local wall time, in the zone where it comes last."""
    return max(
        round(moment.replace(tzinfo=ZoneInfo(hospital.time_zone)).timestamp() * 1000) for hospital in scenario.hospital
    )
