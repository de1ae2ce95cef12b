"""The security officer: turns keys, changes the design's secret, grants it who joins, on the days that the scenario names.

A new secret is handed over with the settings, as an administrator would put it into a vault; the design must come and look.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from typing import Any, Final

import simpy

from contracts.scenario import Hospital, Scenario
from sim.seed import Seed
from sim.world.calendar import DAY_MS, HOUR_MS, local_ms
from sim.world.hands import Systems
from sim.world.scope import granted_ever

OFFICER: Final = "security-officer"
AT: Final = dt.time(10, 40)
"""In the middle of the day's work, as a key that leaked is changed. Assumption."""

Playing = Generator[simpy.Event, Any, None]


class Security:
    """Keys and secrets, changed by the calendar."""

    def __init__(self, env: simpy.Environment, seed: Seed, scenario: Scenario, systems: Systems) -> None:
        """Know the days."""
        self._env = env
        self._seed = seed
        self._calendar = scenario.calendar
        self._zone = scenario.hospital[0].time_zone
        self._rules = scenario.identity
        self._systems = systems
        self._joining = (
            [each for each in granted_ever(scenario) if each.joins is not None] if self._rules.granted else []
        )
        self._overlap_ms = round(scenario.identity.overlap_hours * HOUR_MS)

    def start(self) -> None:
        """Keep to the calendar, if it names any day."""
        if self._rules.key_days:
            self._env.process(self._turns_keys())
        if self._rules.secret_on is not None:
            self._env.process(self._changes_secret(self._rules.secret_on))
        for hospital in self._joining:
            self._env.process(self._grants(hospital))

    def _turns_keys(self) -> Playing:
        identity = self._systems.identity
        day = self._calendar.start + dt.timedelta(days=self._rules.key_days)
        while day <= self._calendar.end:
            yield self._until(day)
            now_ms = self._now()
            before = identity.perform(now_ms, OFFICER, identity.state.rotate_key)
            yield self._env.timeout(self._overlap_ms)
            self._withdraw(before)
            day += dt.timedelta(days=max(self._rules.key_days, -(-self._overlap_ms // DAY_MS)))

    def _withdraw(self, kid: str) -> None:
        identity = self._systems.identity
        identity.perform(self._now(), OFFICER, identity.state.withdraw_key, kid)

    def _changes_secret(self, day: dt.date) -> Playing:
        yield self._until(day)
        identity, settings = self._systems.identity, self._systems.settings
        secret, until_ms = self._seed.uuid("secret", day.isoformat()).hex, self._now() + self._overlap_ms
        client = settings["client_id"]
        identity.perform(self._now(), OFFICER, identity.state.change_secret, client, secret, until_ms)
        settings["client_secret"] = secret

    def _grants(self, hospital: Hospital) -> Playing:
        """In the course of its first day. Tokens that are out do not know it, and what was told before then was not told us."""
        yield self._until(hospital.joins or self._calendar.start)
        identity, client = self._systems.identity, self._systems.settings["client_id"]
        identity.perform(self._now(), OFFICER, identity.state.grant, client, hospital.id)

    def _until(self, day: dt.date) -> simpy.Event:
        at_ms = local_ms(self._zone, dt.datetime.combine(day, AT))
        return self._env.timeout(max(0, at_ms - self._now()))

    def _now(self) -> int:
        return int(self._env.now)  # an int already; SimPy only types it float
