"""Makes arrivals of what was recorded: which are measured, when each is due, and what it sends.

A paper's calls that follow each other at once are one arrival; the papers of one order are a lane. The chosen window is
compressed into seconds, evenly, so that its own peaks stay. What lies before and after it is played too, a day at a time
and unmeasured, because books can only be judged whole.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

import msgspec

from contracts.load import SCHEDULE, Against, Arrival, Phase, Schedule, Step
from contracts.scenario import Scenario
from sim.cli_ask import Prepared
from sim.door.api import SPEED_MAX
from sim.door.pace import moment
from sim.errors import UserError
from sim.estate import build
from sim.load.recorded import Crossed, Recorded
from sim.seed import Seed
from sim.world.books import month_of, next_month
from sim.world.calendar import HOUR_MS, MINUTE_MS, local_ms

AT_ONCE_MS: Final = 10 * MINUTE_MS
"""Calls about a paper that lie further apart than this are two arrivals."""
PROMPT_MS: Final = 30 * MINUTE_MS
"""A paper that takes the reference longer than this waits for something; nobody watches for it."""
BEFORE_CLOSE_MS: Final = 5 * MINUTE_MS
SECONDS_MAX: Final = 3600.0
ERP: Final = "cloud_erp"
ASKING: Final = "open_case"
LOOKS: Final = {
    "purchase-order": ("find_purchase_orders", "/purchaseOrders"),
    "goods-receipt": ("find_receipts", "/receipts"),
    "invoice": ("find_invoices", "/invoices"),
}
"""Where a paper is seen once it stands in the books."""
READS: Final = {
    "goods-receipt": ("inventory", "get_receipt", "/receipts/"),
    "invoice": ("ap_automation", "get_invoice", "/invoices/"),
}
"""Papers that the reference is brought whole. No webhook reaches a generator: it reads what it is going to post."""


@dataclass(frozen=True)
class Window:
    """What is to be measured, and how fast: exactly one of `seconds`, `rate` and `speed` is above nought."""

    day: str = ""
    hours: str = ""
    seconds: float = 0.0
    rate: float = 0.0
    speed: float = 0.0


@dataclass(frozen=True)
class _Due:
    """An arrival in the scenario's own time."""

    at_ms: int
    name: str
    steps: tuple[Step, ...]
    lane: str = ""
    ref: str = ""


def arrivals_of(
    prepared: Prepared, recorded: Recorded, against: Against, window: Window
) -> tuple[Schedule, list[Arrival]]:
    """The schedule; raises `UserError` where the window holds nothing, or cannot be played."""
    scenario = prepared.scenario
    if against == "estate":
        all_due = sorted([*_journeys(scenario, recorded), *_polls(scenario, recorded)], key=lambda due: due.at_ms)
    else:
        all_due = sorted(_watched(recorded), key=lambda due: due.at_ms)
    begins_ms, ends_ms = _bounds(scenario, all_due, window)
    inside = [due for due in all_due if begins_ms <= due.at_ms <= ends_ms]
    seconds = _seconds(window, ends_ms - begins_ms, len(inside))
    speed = (ends_ms - begins_ms) / 1000 / seconds
    if against == "estate":
        cuts = _cuts(scenario, begins_ms, ends_ms, seconds)
    else:
        cuts = [ends_ms]
        all_due = inside
        if speed > SPEED_MAX:
            raise UserError("--seconds", 0, "", f"{seconds:g} would need {speed:,.0f} times the pace of life")
    phases, arrivals = _phased(all_due, cuts, begins_ms, ends_ms, seconds)
    if against == "end-to-end":  # the clock runs through the window by itself, from its beginning
        phases = [msgspec.structs.replace(phase, until=moment(begins_ms)) for phase in phases]
    head = Schedule(
        schema=SCHEDULE,
        scenario=scenario.name,
        seed=prepared.asked.seed,
        scale=prepared.asked.scale,
        against=against,
        begins=moment(begins_ms),
        ends=moment(ends_ms),
        speed=round(speed, 6),
        phases=tuple(phases),
        arrivals=len(arrivals),
    )
    return head, arrivals


def write(path: Path, schedule: Schedule, arrivals: Iterable[Arrival]) -> None:
    """The file."""
    path.write_bytes(msgspec.json.Encoder().encode_lines([schedule, *arrivals]))


# -- what arrives -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Call:
    """A recorded call, understood."""

    at_ms: int
    key: str
    step: Step
    reply: dict[str, Any]


def _understood(scenario: Scenario, crossed: Iterable[Crossed]) -> Iterator[_Call]:
    systems = build(scenario, Seed(0)).systems()
    for each in crossed:
        request = each.request
        incoming = systems[each.system].read(request)
        operation = incoming.operation
        if operation is None or operation.form or not each.response.ok or operation.name == ASKING:
            # Tokens are the generator's own affair, what was refused is no part of the work, and nothing here needs a
            # person: where the reference asked one all the same, it was a false alarm.
            continue
        step = Step(
            system=each.system,
            operation=operation.name,
            method=cast("Any", request.method),
            path=request.path,
            query=dict(request.query),
            body=msgspec.json.decode(request.body) if request.body else None,
            key=request.headers.get("idempotency-key", ""),
        )
        reply = msgspec.json.decode(each.response.body) if step.body is not None else {}
        yield _Call(each.at_ms, incoming.subject.key, step, reply)


def _journeys(scenario: Scenario, recorded: Recorded) -> Iterator[_Due]:
    """All that is done for each paper, burst by burst; a lane's replies are carried from one to the next."""
    by_ref = defaultdict[str, list[_Call]](list)
    for call in _understood(scenario, recorded.crossed):
        if call.key:
            ref = call.key if call.key in recorded.papers else f"{call.step.system}:{call.key}"
            by_ref[ref].append(call)
    for ref, calls in by_ref.items():
        paper = recorded.papers.get(ref)
        given: dict[str, tuple[str, str, str]] = {}
        for burst in _bursts(sorted(calls, key=lambda call: call.at_ms)):
            steps = tuple(_filled(call, ref, given) for call in burst)
            books = any(step.system == ERP and step.method == "POST" for step in steps)
            name = paper.what if paper and books else "status"
            if name in READS:
                steps = (_read(name, ref), *steps)
            lane = f"{paper.entity}/{paper.order}" if paper else ref
            yield _Due(burst[0].at_ms, name, steps, lane, ref)


def _read(what: str, ref: str) -> Step:
    system, operation, path = READS[what]
    return Step(system, operation, "GET", path + ref.partition(":")[2])


def _bursts(calls: list[_Call]) -> Iterator[list[_Call]]:
    burst: list[_Call] = []
    for call in calls:
        if burst and call.at_ms - burst[-1].at_ms > AT_ONCE_MS:
            yield burst
            burst = []
        burst.append(call)
    yield burst


def _filled(call: _Call, ref: str, given: dict[str, tuple[str, str, str]]) -> Step:
    """The step, its body open where it repeats what a system gave it: a number that another run would give anew."""
    body = call.step.body or {}
    fill = {name: given[value] for name, value in body.items() if isinstance(value, str) and value in given}
    said = {value for value in body.values() if isinstance(value, str)}
    if call.step.method == "POST":
        for name, value in call.reply.items():
            if isinstance(value, str) and value and value not in said:
                given.setdefault(value, (ref, call.step.operation, name))
    return msgspec.structs.replace(call.step, fill=fill) if fill else call.step


def _polls(scenario: Scenario, recorded: Recorded) -> Iterator[_Due]:
    for call in _understood(scenario, recorded.crossed):
        if not call.key:
            yield _Due(call.at_ms, "poll", (call.step,))


def _watched(recorded: Recorded) -> Iterator[_Due]:
    """Somebody who waits for each paper to stand in the books, from the moment at which it comes about."""
    for ref, paper in recorded.papers.items():
        booked_ms = recorded.booked_ms.get(ref)
        if booked_ms is not None and booked_ms - paper.at <= PROMPT_MS:
            operation, path = LOOKS[paper.what]
            step = Step(ERP, operation, "GET", path, {"SourceRef": ref}, until="items")
            yield _Due(paper.at, paper.what, (step,), ref=ref)


# -- when it arrives --------------------------------------------------------------------------------------------------


def _bounds(scenario: Scenario, all_due: list[_Due], window: Window) -> tuple[int, int]:
    """From the first to the last paper of the chosen hours."""
    zone = scenario.hospital[0].time_zone
    papers = [due.at_ms for due in all_due if due.ref]
    days = sorted({dt.datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone)).date() for at_ms in papers})
    close = scenario.calendar.close.date()
    day = _day(window.day) if window.day else max((day for day in days if day <= close), default=close)
    first, last = _hours(window.hours)
    midnight_ms = local_ms(zone, dt.datetime.combine(day, dt.time()))
    inside = [at_ms for at_ms in papers if first * HOUR_MS <= at_ms - midnight_ms < last * HOUR_MS]
    if len(inside) < 2 or inside[0] == inside[-1]:
        known = f"papers come from {days[0]} to {days[-1]}" if days else "no papers come at all"
        raise UserError("--day", 0, "", f"next to nothing arrives on {day} from {first:g} to {last:g} h ({known})")
    return inside[0], inside[-1]


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UserError("--day", 0, "", f"{text!r} is not a date such as 2026-10-31") from None


def _hours(text: str) -> tuple[float, float]:
    found = re.fullmatch(r"(\d{1,2})-(\d{1,2})", text or "0-24")
    hours = (float(found[1]), float(found[2])) if found else (0.0, 0.0)
    if not 0 <= hours[0] < hours[1] <= 24:
        raise UserError("--hours", 0, "", f"{text!r} are not hours of a day such as 8-14")
    return hours


def _seconds(window: Window, span_ms: int, count: int) -> float:
    seconds = window.seconds or (count / window.rate if window.rate else span_ms / 1000 / window.speed)
    if not 1.0 <= seconds <= SECONDS_MAX:
        message = f"{count:,} arrivals would take {seconds:,.1f} s: between 1 and {SECONDS_MAX:,.0f} can be played"
        raise UserError("--rate" if window.rate else "--speed" if window.speed else "--seconds", 0, "", message)
    return round(seconds, 3)


def _cuts(scenario: Scenario, begins_ms: int, ends_ms: int, seconds: float) -> list[int]:
    """Where the clock stops to let the unmeasured be played: each midnight, each close, both ends of the window."""
    calendar, zone = scenario.calendar, scenario.hospital[0].time_zone
    month_ends = next_month(month_of(calendar.start)) <= calendar.end + dt.timedelta(days=1)
    closes = {local_ms(hospital.time_zone, calendar.close) for hospital in scenario.hospital if month_ends}
    needs_ms = ends_ms + round(seconds * 1000) + BEFORE_CLOSE_MS
    if any(begins_ms < close_ms < needs_ms for close_ms in closes):
        raise UserError("--hours", 0, "", "the window reaches into the close: end it earlier, or begin it later")
    days = (calendar.end - calendar.start).days + calendar.run_off_days + 3
    midnights = {
        local_ms(zone, dt.datetime.combine(calendar.start + dt.timedelta(days=n), dt.time())) for n in range(days)
    }
    outside = {cut for cut in midnights | {close_ms - 1000 for close_ms in closes} if not begins_ms <= cut <= ends_ms}
    return sorted({*outside, begins_ms - 1, ends_ms})


def _phased(
    all_due: list[_Due], cuts: list[int], begins_ms: int, ends_ms: int, seconds: float
) -> tuple[list[Phase], list[Arrival]]:
    """Sort arrivals into phases. Polls are traffic, not work: outside the window nobody needs them."""
    phases: list[Phase] = []
    arrivals: list[Arrival] = []
    waiting = iter(all_due)
    due = next(waiting, None)
    for cut in cuts:
        measured = cut == ends_ms
        inside: list[_Due] = []
        while due is not None and due.at_ms <= cut:
            if measured or due.ref:
                inside.append(due)
            due = next(waiting, None)
        if not inside:
            continue
        phases.append(Phase(moment(cut), measured, seconds if measured else 0.0))
        for each in inside:
            due_s = round((each.at_ms - begins_ms) * seconds / (ends_ms - begins_ms), 6) if measured else 0.0
            arrivals.append(
                Arrival(len(phases) - 1, due_s, each.name, each.steps, each.lane, each.ref, moment(each.at_ms))
            )
    return phases, arrivals
