"""A worker put together from its parts. Designs that differ replace a part or a habit; there is no other switch."""

from __future__ import annotations

from pathlib import Path

from contracts.ports import Ports
from orchestrator.canonical import milliseconds
from orchestrator.engine.caller import Caller
from orchestrator.engine.closes import Closes
from orchestrator.engine.closing import Closing
from orchestrator.engine.dispatcher import Dispatcher
from orchestrator.engine.effects import Effects
from orchestrator.engine.habits import Habits
from orchestrator.engine.intake import Intake
from orchestrator.engine.news import zones
from orchestrator.engine.office import Office
from orchestrator.engine.replay import Came, Wish, replay
from orchestrator.engine.steps import Steps
from orchestrator.engine.streams import Streams
from orchestrator.engine.working_days import WorkingDays, holidays
from orchestrator.store.audited import AuditedStore
from orchestrator.store.sqlite import SqliteStore


class Orchestrator:
    """One worker."""

    intake_type: type[Intake] = Intake

    def __init__(self, ports: Ports, durable_dir: Path, habits: Habits | None = None) -> None:
        """Open the store and put the parts together; nothing happens yet."""
        habits = habits or Habits()
        settings = ports.settings
        self.store = _store(ports, durable_dir)
        self.office = Office(ports, self.store)
        places = zones(settings.get("entities", ""))
        closes = Closes(settings.get("close_calendar", ""), places)
        caller = Caller(ports, closes)
        calendar = WorkingDays(places, holidays(settings.get("holidays", "")))
        steps = Steps(self.store, calendar, coded="supplier-master" in settings.get("workflows", ""))
        effects = Effects(self.office, caller, steps, places, habits)
        self.intake = self.intake_type(self.office, caller, steps, effects, places, habits)
        closing = Closing(self.office, caller, steps, effects, closes)
        self.streams = Streams(self.office, caller, self.intake, effects, closing, habits)
        caller.tokens.granted = self.streams.granted
        self.dispatcher = Dispatcher(self.office, effects, steps, self.streams)

    async def run(self) -> None:
        """Work until something fails that must not be survived."""
        await self.office.transact(self.streams.prepare, self.office.now_ms())
        self.office.spawn(self.intake.receive)
        self.office.spawn(self.dispatcher.run)
        await self.office.failed

    async def live(self) -> None:
        """The same, in a process that outlives this worker: in the end it lets go of the store."""
        try:
            await self.run()
        finally:
            self.store.close()

    async def replay(self, wish: Wish) -> Came:
        """Take a dead letter up again, for whoever may ask for it."""
        now_ms = self.office.now_ms()
        came = await self.office.transact(replay, self.store, wish, now_ms)
        self.office.alarm.set(now_ms)
        return came


def _store(ports: Ports, durable_dir: Path) -> SqliteStore:
    """The store, with an account of itself where one is asked for."""
    sync = ports.settings.get("sync", "normal")
    if ports.settings.get("audit", "off") != "on":
        return SqliteStore(durable_dir, ports.worker, sync)
    return AuditedStore(durable_dir, ports.worker, sync, lambda: milliseconds(ports.clock.business_now()))
