"""When faults strike: the explicit plan, or the weather that a seed draws. Both speak of crossings by their subject.

A draw depends on seed, site, operation, business key and attempt alone. One hash serves all kinds of a crossing, each
with a place of its own in it, so taking a kind away disturbs no other. Inside a run nothing here knows which design is
being tested: two designs under one seed meet the same weather.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from contracts.plan import Fault, Front, Plan, Weather
from contracts.scenario import Scenario
from sim.calendar_edges import Edge
from sim.fault_rules import BY_NAME, Targets, fits
from sim.faults import FAULTS
from sim.faults.kind import CALENDAR, Armed, Kind
from sim.seed import Seed, Slots, limit_of, word_at

WINDOW_MS = 600_000
"""Crossings without a business key are drawn by windows of ten minutes."""
NEVER = sys.maxsize
LATENCY_BYTE = 0
"""The byte of a crossing's draws that decides its latency; it stands in slot 0, and the fault kinds have those after it."""

Report = Callable[[Armed, bool], None]


class Rule(NamedTuple):
    """A kind, where in its block of a crossing's draws its own stands, and the limit below which it strikes."""

    kind: Kind
    word: slice
    limit: bytes


Glance = tuple[int, int, int, Rule]
"""A rule behind what nearly always says no by itself: its block, where its draw's first byte stands there, the limit's first."""


class Outlook(NamedTuple):
    """How things stand for a target, and until when."""

    until_ms: int
    rules: tuple[Glance, ...]


PLACE = {kind.name: place for place, kind in enumerate(FAULTS, start=1)}


class Forecast:
    """Says which faults lie in wait on a crossing, and counts them."""

    def __init__(self, report: Report) -> None:
        """Tell `report` whenever a fault takes effect."""
        self.armed: dict[str, int] = {}
        self.took: dict[str, int] = {}
        self._report = report

    def at_crossing(
        self, target: str, entity: str, trigger: tuple[str, int], slots: Slots, now_ms: int
    ) -> Sequence[Armed]:
        """What lies in wait on a crossing; `trigger` is its key and attempt."""
        raise NotImplementedError

    def await_point(self, worker: str, life: int) -> Armed | None:
        """The crash that lies in wait in a worker's own code, if any."""
        del worker, life
        return None

    def at_edge(self, edge: Edge) -> Armed | None:
        """What a scenario promises of an edge of its calendar, if anything."""
        del edge
        return None

    def _arm(
        self, kind: Kind, target: str, trigger: dict[str, str | int], params: dict[str, str | int | float]
    ) -> Armed:
        self.armed[kind.name] = self.armed.get(kind.name, 0) + 1
        return Armed(kind, target, trigger, {**kind.defaults(), **params}, self._note)

    def _note(self, armed: Armed, harmless: bool) -> None:  # noqa: FBT001 - the signature of a report
        if not harmless:
            self.took[armed.kind.name] = self.took.get(armed.kind.name, 0) + 1
        self._report(armed, harmless)


class Drawn(Forecast):
    """Weather: rates per kind and target, higher inside fronts, until `until_ms`; then everything is healed."""

    def __init__(  # noqa: PLR0913 - what weather is made of
        self,
        weather: Sequence[Weather],
        fronts: Sequence[Spell],
        until_ms: int,
        targets: Targets,
        seed: Seed,
        report: Report,
    ) -> None:
        """Take the scenario's weather, this run's fronts, and what there is to strike."""
        super().__init__(report)
        self._seed = seed.child("fault-params")
        self._targets = targets
        self._weather = tuple(weather)
        self._fronts = tuple(fronts)
        self._until_ms = until_ms
        self._outlooks: dict[str, Outlook] = {}

    def at_crossing(
        self, target: str, entity: str, trigger: tuple[str, int], slots: Slots, now_ms: int
    ) -> Sequence[Armed]:
        """Compare each kind's draw with its rate."""
        del entity
        outlook = self._outlooks.get(target)
        if outlook is None or now_ms >= outlook.until_ms:
            outlook = self._outlooks[target] = self._outlook(target, now_ms)
        rules = outlook.rules
        if not rules:
            return ()
        found: list[Armed] = []
        block, number = slots.first, 0
        for needed, first, highest, rule in rules:
            if needed != number:
                block, number = slots.block(needed), needed
            if block[first] <= highest and block[rule.word] < rule.limit:
                kind = rule.kind
                params = kind.draw(self._seed.slots(kind.name, target, *trigger))
                found.append(self._arm(kind, target, {"key": trigger[0], "attempt": trigger[1]}, params))
        return found

    def at_edge(self, edge: Edge) -> Armed | None:
        """One line of weather promises them all."""
        kind = next((BY_NAME[line.kind] for line in self._weather if line.target == CALENDAR), None)
        return self._arm(kind, CALENDAR, edge.trigger, {}) if kind is not None else None

    def _outlook(self, target: str, now_ms: int) -> Outlook:
        """One rule a kind, outermost first, until a front comes or goes; nothing once everything is healed."""
        if now_ms >= self._until_ms:
            return Outlook(NEVER, ())
        system = target.replace(">", ".").partition(".")[0]
        fronts = [spell for spell in self._fronts if system in spell.systems]
        in_front = any(spell.begins_ms <= now_ms < spell.ends_ms for spell in fronts)
        turns = [moment for spell in fronts for moment in (spell.begins_ms, spell.ends_ms) if moment > now_ms]
        rates = self._rates(target, in_front=in_front)
        rules = tuple(_rule(name, rates[name]) for name in sorted(rates, key=PLACE.__getitem__))
        return Outlook(min([self._until_ms, *turns]), rules)

    def _rates(self, target: str, *, in_front: bool) -> dict[str, float]:
        """How often each kind that can strike does; where several lines fit, the roughest holds."""
        rates: dict[str, float] = {}
        operation = self._targets.get(target)
        for line in self._weather:
            rate = max(line.rate, line.in_front) if in_front else line.rate
            kind = BY_NAME[line.kind]
            if rate > 0 and fits(line.target, target) and (operation is None or not kind.unfit(operation)):
                rates[line.kind] = max(rate, rates.get(line.kind, 0.0))
        return rates


def _rule(name: str, rate: float) -> Glance:
    block, word = word_at(PLACE[name])
    limit = limit_of(rate)
    return block, word.start, limit[0], Rule(BY_NAME[name], word, limit)


class Planned(Forecast):
    """A plan: exactly these faults, each at most once, except `nth`, which counts crossings of its target."""

    def __init__(self, plan: Plan, report: Report) -> None:
        """Take a plan that was checked."""
        super().__init__(report)
        self._by_target: dict[str, list[Fault]] = {}
        self._seen: dict[tuple[str, str], int] = {}
        for fault in plan.fault:
            self._by_target.setdefault(fault.target, []).append(fault)

    def at_crossing(
        self, target: str, entity: str, trigger: tuple[str, int], slots: Slots, now_ms: int
    ) -> Sequence[Armed]:
        """Look for lines of the plan that mean this crossing."""
        del slots, now_ms
        lines = self._by_target.get(target)
        if lines is None:
            return ()
        every = self._seen[target, ""] = self._seen.get((target, ""), 0) + 1
        own = self._seen[target, entity] = self._seen.get((target, entity), 0) + 1 if entity else every
        meant = [line for line in lines if _means(line.trigger, entity, trigger, every, own)]
        # Outermost first, as weather has them, in whatever order the plan tells them.
        meant.sort(key=lambda line: PLACE[line.kind])
        return [self._arm(BY_NAME[line.kind], target, line.trigger, line.params) for line in meant]

    def await_point(self, worker: str, life: int) -> Armed | None:
        """A crash in the worker's own code; `life` says in which of its lives, the first if left out."""
        for line in self._by_target.get("worker", ()):
            if line.trigger["worker"] == worker and line.trigger.get("life", 1) == life:
                return self._arm(BY_NAME[line.kind], "worker", line.trigger, {"point": "await"})
        return None

    def at_edge(self, edge: Edge) -> Armed | None:
        """The line that names it."""
        for line in self._by_target.get(CALENDAR, ()):
            if line.trigger == edge.trigger:
                return self._arm(BY_NAME[line.kind], CALENDAR, line.trigger, line.params)
        return None


class Spell:
    """A front with its times fixed."""

    __slots__ = ("begins_ms", "ends_ms", "systems")

    def __init__(self, systems: tuple[str, ...], begins_ms: int, ends_ms: int) -> None:
        """Bad weather over systems from one moment to another."""
        self.systems = systems
        self.begins_ms = begins_ms
        self.ends_ms = ends_ms


def spells(fronts: Sequence[Front], scenario: Scenario, seed: Seed) -> list[Spell]:
    """Fix the times of fronts: given ones as they stand (UTC), counted ones drawn over the calendar."""
    first = datetime.combine(scenario.calendar.start, datetime.min.time(), UTC)
    days = (scenario.calendar.end - scenario.calendar.start).days + 1
    fixed: list[Spell] = []
    for place, front in enumerate(fronts):
        starts = [datetime.fromisoformat(front.begins).astimezone(UTC)] if front.begins else []
        starts += [
            first + timedelta(minutes=int(seed.draw("front", str(place), str(n)) * days * 24 * 60))
            for n in range(front.count)
        ]
        for start in starts:
            begins_ms = int(start.timestamp() * 1000)
            fixed.append(Spell(front.systems, begins_ms, begins_ms + round(front.hours * 3_600_000)))
    return fixed


def _means(trigger: dict[str, str | int], entity: str, crossing: tuple[str, int], every: int, own: int) -> bool:
    if "nth" in trigger:
        wanted = trigger.get("entity")
        return trigger["nth"] == (every if wanted is None else own) and wanted in (None, entity)
    return (trigger["key"], trigger["attempt"]) == crossing
