"""A stage for the world alone: real systems, a bare SimPy clock, and no design, unless a test plays one itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import msgspec
import simpy

from contracts.cases import Category, NewCase
from contracts.journal import Anomaly, Document, Effect, Entry, Obligation
from contracts.scenario import Scenario
from contracts.wire import Event
from mocks.service_desk.models import CaseSent
from sim import estate as estates
from sim.scenario_file import load_scenario
from sim.seed import Seed
from sim.world import World
from sim.world.calendar import local_ms

MONTH_END = load_scenario("plain-month")[0]
QUIET_WEEK = load_scenario("quiet-week")[0]


class Stage:
    """A world at play. `journal` holds truth and effects in order; `react` is called with each effect."""

    def __init__(self, scenario: Scenario, seed: int, scale: float = 1.0) -> None:
        """Set everything up; nothing has happened."""
        first = min(
            local_ms(h.time_zone, dt.datetime.combine(scenario.calendar.start, dt.time())) for h in scenario.hospital
        )
        self.scenario = scenario
        self.env = simpy.Environment(initial_time=first)
        self.journal: list[Entry] = []
        self.react: Callable[[Effect], None] | None = None
        root = Seed(seed)
        self.estate = estates.build(scenario, root)
        self.world = World(self.env, root.child("world"), scenario, scale, self.estate, self.journal.append)
        for system in self.estate.systems().values():
            system.sink = self._committed

    def play(self, until_ms: int | None = None) -> Stage:
        """Let the whole story happen."""
        self.world.open()
        self.world.start()
        self.env.run(until_ms)
        return self

    def later(self, delay_ms: int, act: Callable[[], None]) -> None:
        """Do something in a while."""
        timeout = self.env.timeout(delay_ms)
        assert timeout.callbacks is not None
        timeout.callbacks.append(lambda _: act())

    def open_case(self, category: Category, entity: str, *subjects: str) -> None:
        """A design asks the desk, now."""
        key = f"{category}/{'+'.join(subjects)}/{len(self.estate.service_desk.state.cases)}"
        new = NewCase(key, category, entity, subjects, 1, "USD")
        sent = msgspec.convert(msgspec.to_builtins(new), CaseSent)
        desk = self.estate.service_desk
        desk.perform(int(self.env.now), "design", lambda work: desk.state.open_case(work, sent))

    def effects(self, what: str) -> list[Effect]:
        """Committed effects of a kind."""
        return [entry for entry in self.journal if isinstance(entry, Effect) and entry.what == what]

    @property
    def obligations(self) -> list[Obligation]:
        """Every version of every obligation, in order."""
        return [entry for entry in self.journal if isinstance(entry, Obligation)]

    @property
    def documents(self) -> list[Document]:
        """Every paper, in order."""
        return [entry for entry in self.journal if isinstance(entry, Document)]

    @property
    def anomalies(self) -> list[Anomaly]:
        """Every anomaly, in order."""
        return [entry for entry in self.journal if isinstance(entry, Anomaly)]

    def invoices(self) -> list[Document]:
        """Every invoice, copies and second bills included."""
        return [paper for paper in self.documents if paper.what == "invoice"]

    def _committed(self, effects: Sequence[Effect], events: Sequence[Event]) -> None:
        del events
        self.journal.extend(effects)
        self.world.notice(effects)
        for effect in effects:
            if self.react is not None:
                self.react(effect)
