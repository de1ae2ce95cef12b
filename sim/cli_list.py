"""`closeproof list` and `closeproof check`: what there is, and what a scenario would do."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from typing import Any

import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from contracts.invariants import INVARIANTS
from contracts.scenario import Scenario
from mocks import SYSTEMS
from reports.terminal import put
from sim.designs import PACKAGE, design_names
from sim.explain import first_line, first_sense
from sim.faults import FAULTS
from sim.scenario_file import list_scenarios

LIST_SCHEMA = "closeproof.list/1"


def list_command(*, as_json: bool = False) -> int:
    """Print what there is."""
    there = _there()
    if as_json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode({"schema": LIST_SCHEMA, **there})) + b"\n")
        return 0
    console = _answers()
    for title, rows in there.items():
        table = _table()
        for row in rows:
            table.add_row(*row.values())
        put(console, Text(title, style="bold"), Padding(table, (0, 0, 1, 2)))
    put(console, Text("closeproof explain NAME says more of each", style="dim"))
    return 0


def _there() -> dict[str, list[dict[str, str]]]:
    return {
        "scenarios": [{"name": name, "title": title} for name, title, _ in list_scenarios()],
        "designs": [
            {"name": name, "title": first_line(f"{PACKAGE}.{name.replace('-', '_')}")} for name in design_names()
        ],
        "faults": [
            {"name": kind.name, "number": kind.number, "title": first_sense(first_line(type(kind).__module__))}
            for kind in FAULTS
        ],
        "invariants": [
            {"name": i.id, "title": i.name, "says": first_sense(first_line(type(i).__module__))} for i in INVARIANTS
        ],
        "systems": [{"name": system, "title": first_line(f"mocks.{system}")} for system in SYSTEMS],
    }


def check_command(name: str) -> int:
    """Read a scenario and say what it would do."""
    from sim.cli_ask import read_scenario  # noqa: PLC0415 - `list` starts without the whole estate

    scenario, path = read_scenario(name)
    console = _answers()
    table = _table()
    for row in _description(scenario):
        table.add_row(*row)
    head = Text.assemble((scenario.name, "bold"), f": {scenario.title}")
    story = Padding(Text(" ".join(scenario.story.split()), style="dim"), (0, 0, 1, 0)) if scenario.story else ""
    put(console, head, story, table, "", Text(f"sound: {path.name} breaks no rule", style="green"))
    return 0


def _description(scenario: Scenario) -> Iterator[tuple[str, str]]:
    calendar = scenario.calendar
    days = (calendar.end - calendar.start).days + 1
    yield "in scope", ", ".join(scenario.scope)
    yield (
        "calendar",
        f"{calendar.start} to {calendar.end} ({days} days), books close {calendar.close:%Y-%m-%d %H:%M} local",
    )
    yield "", f"then at most {calendar.run_off_days} days of run-off, until {calendar.quiet_hours:g} quiet hours"
    for place, (hospital, orders) in enumerate(zip(scenario.hospital, _orders(scenario), strict=True)):
        volume = f"{orders:,} orders and {hospital.open_orders:,} open at the start"
        yield "" if place else "hospitals", f"{hospital.id}  {hospital.name} ({hospital.time_zone}): {volume}"
    for place, peak in enumerate(scenario.peak):
        yield "" if place else "peaks", f"{peak.start} to {peak.end}, {peak.factor:g} times the volume"
    for place, weather in enumerate(scenario.weather):
        front = f", {_percent(weather.in_front)} in a front" if weather.in_front else ""
        yield (
            "" if place else "weather",
            f"{weather.kind} on {weather.target}: {_percent(weather.rate)} of crossings{front}",
        )
    for place, spell in enumerate(scenario.front):
        when = f"from {spell.begins}" if spell.begins else f"{spell.count} drawn by the seed"
        yield "" if place else "fronts", f"{', '.join(spell.systems)}: {when}, {spell.hours:g} hours"
    for place, (key, share) in enumerate((k, v) for k, v in _set(scenario.anomalies) if v):
        yield "" if place else "anomalies", f"{key.replace('_', ' ')}: {_percent(share)} of invoices"
    for place, (key, limit) in enumerate((k, v) for k, v in _set(scenario.thresholds) if v is not None):
        yield "" if place else "thresholds", f"{key.removesuffix('_max').replace('_', ' ')}: at most {limit:g}"


def _orders(scenario: Scenario) -> list[int]:
    """How many orders each hospital places over the calendar, at scale 1."""
    from sim.world.calendar import working_hours  # noqa: PLC0415 - as above
    from sim.world.volume import in_peak, volumes  # noqa: PLC0415 - as above

    first, last = scenario.calendar.start, scenario.calendar.end
    days = (first + dt.timedelta(days=n) for n in range((last - first).days + 1))
    worked = frozenset(day for day in days if in_peak(scenario, day))
    holidays = frozenset(scenario.calendar.holidays)
    hours = [working_hours(hospital.time_zone, first, last, holidays, worked) for hospital in scenario.hospital]
    return [sum(volumes(scenario, place, hours[place], 1.0)[1].values()) for place in range(len(hours))]


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _set(struct: msgspec.Struct) -> Iterator[tuple[str, Any]]:
    yield from msgspec.structs.asdict(struct).items()


def _answers() -> Console:
    console = Console(highlight=False, markup=False, emoji=False)
    console.width = min(console.width, 120)
    return console


def _table() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="cyan")
    return table
