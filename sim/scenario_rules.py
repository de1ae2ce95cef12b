"""What a scenario must obey beyond its form. Each rule yields the key and one sentence; the first broken one is told."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from contracts.scenario import WORKFLOWS, Calendar, Hospital, Scenario, Surge
from mocks import SYSTEMS

CALENDAR_DAYS_MAX: Final = 400
"""More than a year is not a scenario but a mistake in a date."""
PERIOD_END: Final = "period-end"
ID_FORM: Final = re.compile(r"[A-Z][A-Z0-9]{0,7}")

Broken = Iterator[tuple[str, str]]


def suggestion(given: str, known: Iterable[str]) -> str:
    """The nearest known name, as a question; nothing where none is near."""
    near = difflib.get_close_matches(given, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def broken_rules(scenario: Scenario) -> Broken:
    """Every rule that the scenario breaks."""
    yield from _scope(scenario)
    yield from _calendar(scenario.calendar)
    yield from _lock(scenario)
    yield from _hospitals(scenario)
    yield from _taxes(scenario)
    yield from _granted(scenario)
    yield from _others(scenario)
    yield from _peaks(scenario)
    yield from _shares(scenario)
    yield from _weather(scenario)


def _scope(scenario: Scenario) -> Broken:
    for place, workflow in enumerate(scenario.scope):
        if workflow not in WORKFLOWS:
            known = ", ".join(WORKFLOWS)
            yield (
                f"scope[{place}]",
                f'no workflow is called "{workflow}"{suggestion(workflow, WORKFLOWS)} (known: {known})',
            )


def _calendar(calendar: Calendar) -> Broken:
    if calendar.end < calendar.start:
        yield "calendar.end", f"{calendar.end} is before the start, {calendar.start}"
    if (calendar.end - calendar.start).days >= CALENDAR_DAYS_MAX:
        yield "calendar.end", f"{calendar.end} is more than {CALENDAR_DAYS_MAX} days after the start, {calendar.start}"
    if calendar.close.tzinfo is not None:
        yield "calendar.close", "the books close by each hospital's own clock: give a local time, without an offset"
    if calendar.close.date() < calendar.end:
        yield "calendar.close", f"{calendar.close} is before the end, {calendar.end}"
    if (calendar.close.date() - calendar.end).days > calendar.run_off_days:
        yield (
            "calendar.close",
            f"{calendar.close} is after the run-off, {calendar.run_off_days} days from {calendar.end}",
        )


def _lock(scenario: Scenario) -> Broken:
    calendar, in_play = scenario.calendar, PERIOD_END in scenario.scope
    if calendar.lock is None:
        if in_play:
            yield "calendar", f"with {PERIOD_END} in its scope, a scenario says when the ledger locks: give a lock"
        return
    if calendar.lock.tzinfo is not None:
        yield "calendar.lock", "the ledger locks by each hospital's own clock: give a local time, without an offset"
    elif calendar.lock <= calendar.close.replace(tzinfo=None):
        yield "calendar.lock", f"{calendar.lock} is not after the close, {calendar.close}"
    elif (calendar.lock.date() - calendar.end).days > calendar.run_off_days:
        yield "calendar.lock", f"{calendar.lock} is after the run-off, {calendar.run_off_days} days from {calendar.end}"


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone_exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # not found, a folder of zones, not a name at all
        return False
    return True


def _hospitals(scenario: Scenario) -> Broken:
    seen: dict[str, int] = {}
    for place, hospital in enumerate(scenario.hospital):
        where = f"hospital[{place}]"
        if not ID_FORM.fullmatch(hospital.id):
            yield f"{where}.id", f'"{hospital.id}" is not a capital letter and up to seven more capitals or digits'
        if hospital.id in seen:
            yield f"{where}.id", f'"{hospital.id}" is the id of hospital[{seen[hospital.id]}] already'
        seen[hospital.id] = place
        if hospital.joins is not None:
            yield from _joining(scenario, hospital, where)
        elif hospital.recodes is not None or hospital.brings_suppliers:
            what = "recodes" if hospital.recodes is not None else "brings_suppliers"
            yield f"{where}.{what}", "only a hospital that joins, on a day, has suppliers and codes of its own"
        if not _zone_exists(hospital.time_zone):
            nearest = suggestion(hospital.time_zone, _zones())
            yield f"{where}.time_zone", f'no time zone is called "{hospital.time_zone}"{nearest}'


def _joining(scenario: Scenario, hospital: Hospital, where: str) -> Broken:
    joins, calendar = hospital.joins, scenario.calendar
    if joins is None or not calendar.start < joins <= calendar.end:
        yield f"{where}.joins", f"{joins} is not after the start, {calendar.start}, and by the end, {calendar.end}"
    elif hospital.recodes is not None and hospital.recodes <= joins:
        yield f"{where}.recodes", f"{hospital.recodes} is not after the day on which it joins, {joins}"
    if "supplier-master" not in scenario.scope:
        yield f"{where}.joins", 'who joins brings suppliers and codes: "supplier-master" must be in scope'
    if hospital.open_orders or scenario.trade.standing_orders:
        yield f"{where}.joins", "a hospital that joins has no orders from before, neither open nor standing"
    if all(each.joins is not None for each in scenario.hospital):
        yield f"{where}.joins", "somebody must be there for others to join"


def _taxes(scenario: Scenario) -> Broken:
    calendar = scenario.calendar
    for place, hospital in enumerate(scenario.hospital):
        new, since = hospital.new_sales_tax, hospital.new_sales_tax_from
        if new is None and since is None:
            continue
        if new is None or since is None or hospital.sales_tax is None:
            yield (
                f"hospital[{place}]",
                "a tax that changes has a sales_tax, a new_sales_tax, and new_sales_tax_from, its first day",
            )
        elif not calendar.start <= since <= calendar.end:
            where = f"hospital[{place}].new_sales_tax_from"
            yield where, f"{since} is outside the calendar, {calendar.start} to {calendar.end}"
    if scenario.anomalies.tax_variance and all(hospital.sales_tax is None for hospital in scenario.hospital):
        yield "anomalies.tax_variance", "somebody must have a sales_tax for a tax to be wrong"


def _granted(scenario: Scenario) -> Broken:
    granted = scenario.identity.granted
    known = {hospital.id: hospital for hospital in scenario.hospital}
    for place, name in enumerate(granted):
        if name not in known:
            yield f"identity.granted[{place}]", f'no hospital is called "{name}"{suggestion(name, known)}'
    if granted and all(known[name].joins is not None for name in granted if name in known):
        yield "identity.granted", "somebody must be granted from the start"
    left_out = [name for name in known if name not in granted]
    if granted and left_out and "supplier-master" in scenario.scope:
        yield (
            "identity.granted",
            f"suppliers are the whole group's: with them in scope, {left_out[0]} must be granted too",
        )


def _others(scenario: Scenario) -> Broken:
    for system in scenario.others_use:
        if system not in SYSTEMS:
            known = ", ".join(SYSTEMS)
            yield (
                f"others_use.{system}",
                f'no system is called "{system}"{suggestion(system, SYSTEMS)} (known: {known})',
            )
        elif not scenario.true_limits:
            yield f"others_use.{system}", "without true_limits there is nothing to use up"


def _peaks(scenario: Scenario) -> Broken:
    calendar = scenario.calendar
    tables: tuple[tuple[str, tuple[Surge, ...]], ...] = (("peak", scenario.peak), ("surge", scenario.surge))
    for where, spell in (
        (f"{table}[{place}]", spell) for table, spells in tables for place, spell in enumerate(spells)
    ):
        if spell.end < spell.start:
            yield f"{where}.end", f"{spell.end} is before the start, {spell.start}"
        for name, day in (("start", spell.start), ("end", spell.end)):
            if not calendar.start <= day <= calendar.end:
                yield f"{where}.{name}", f"{day} is outside the calendar, {calendar.start} to {calendar.end}"


def _shares(scenario: Scenario) -> Broken:
    shares = (*msgspec.structs.astuple(scenario.anomalies), *msgspec.structs.astuple(scenario.disguises))
    total = sum(shares) * (1 + scenario.trade.split_delivery_share)
    if total > 1:
        yield "anomalies", f"the shares add up to {total:.2f} per order; at most one thing befalls an order"


def _weather(scenario: Scenario) -> Broken:
    for place, line in enumerate(scenario.weather):
        for name in ("rate", "in_front"):
            rate = getattr(line, name)
            if not 0 <= rate <= 1:
                yield f"weather[{place}].{name}", f"{rate} is not a share from 0 to 1"
    for place, front in enumerate(scenario.front):
        where = f"front[{place}]"
        if not front.systems:
            yield f"{where}.systems", "a front covers at least one system"
        if front.hours <= 0:
            yield f"{where}.hours", f"{front.hours} is no time at all"
        if bool(front.begins) == bool(front.count):
            yield where, "give either begins or count"
        elif front.begins and not _is_moment(front.begins):
            yield f"{where}.begins", f'"{front.begins}" is not a moment with an offset, as "2026-10-31T18:00:00-04:00"'


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
