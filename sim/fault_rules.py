"""What a plan and a scenario's weather must obey: they name what exists, behind a door that can do it, and leave hope.

Each mistake is told with its place, as `fault[2].kind`, and one sentence. Hopeless is what no design could recover from: it
would say nothing about the design, so it is refused before anything runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

from contracts.plan import Fault, Param, Plan, Weather
from mocks.kit.operation import Operation
from sim.calendar_edges import Edge
from sim.faults import FAULTS
from sim.faults.kind import CALENDAR, CALL, DELIVERY, VIRTUAL, WORKER, Kind

Targets = Mapping[str, Operation | None]
"""All that can be struck: `system.operation` with its operation, `system>topic` with none."""

BY_NAME: Final = {kind.name: kind for kind in FAULTS}
DEADLY: Final = ("crash", "crash-loop", "pause")
LATE: Final = ("timeout-executed-later", "cut-off-race", "pause")
"""Kinds after which a request may be executed when its caller has looked it up, found nothing and sent it again."""


class PlanProblem(Exception):
    """A plan or weather names something that does not exist, or leaves no hope. `key` says where, as `fault[2].kind`."""

    def __init__(self, key: str, message: str) -> None:
        """Name the place and what is wrong with it."""
        super().__init__(message)
        self.key = key
        self.message = message


def fits(pattern: str, target: str) -> bool:
    """Whether a target, either half of which may be `*`, means this one."""
    for mark in (".", ">"):
        left, found, right = pattern.partition(mark)
        if found:
            system, same, rest = target.partition(mark)
            return bool(same) and left in ("*", system) and right in ("*", rest)
    return False


def check_weather(weather: Sequence[Weather], targets: Targets, edges: Sequence[Edge] = ()) -> None:
    """Refuse weather that names what does not exist, or that no design could come through."""
    for place, line in enumerate(weather):
        kind = _kind(line.kind, f"weather[{place}].kind")
        if CALENDAR in kind.on:
            _check_calendar(line.target, edges, f"weather[{place}].target")
        else:
            _check_target(kind, line.target, targets, f"weather[{place}].target")
    for place, reason in _hopeless_weather(weather, targets):
        raise PlanProblem(f"weather[{place}]", f"no design could recover: {reason}")


def check_plan(plan: Plan, targets: Targets, door: str = VIRTUAL, edges: Sequence[Edge] = ()) -> None:
    """Refuse a plan that names what does not exist, or not behind this door, or that no design could come through."""
    for place, line in enumerate(plan.fault):
        where = f"fault[{place}]"
        kind = _kind(line.kind, f"{where}.kind")
        if door not in kind.doors:
            raise PlanProblem(f"{where}.kind", f"{kind.name} cannot be brought about behind the {door} door")
        if line.target == WORKER and WORKER in kind.on:
            _check_trigger(line.trigger, {"worker", "await_point"}, {"life"}, where)
            continue
        if CALENDAR in kind.on:
            _check_calendar(line.target, edges, f"{where}.target")
            if line.trigger not in [edge.trigger for edge in edges]:
                raise PlanProblem(f"{where}.trigger", f"the scenario's calendar has no such edge; {_told(edges)}")
            continue
        _check_target(kind, line.target, targets, f"{where}.target")
        if "nth" in line.trigger:
            _check_trigger(line.trigger, {"nth"}, {"entity"}, where)
        else:
            _check_trigger(line.trigger, {"key", "attempt"}, set(), where)
        _check_params(kind, line.params, where)
    for place, reason in _hopeless_plan(plan.fault):
        raise PlanProblem(f"fault[{place}]", f"no design could recover: {reason}")


# -- names, places, parameters ------------------------------------------------------------------------------------------


def _kind(name: str, where: str) -> Kind:
    if name not in BY_NAME:
        raise PlanProblem(where, f"no fault kind is called {name!r} (known: {', '.join(BY_NAME)})")
    return BY_NAME[name]


def _check_target(kind: Kind, target: str, targets: Targets, where: str) -> None:
    meant = [operation for name, operation in targets.items() if fits(target, name)]
    if not meant:
        raise PlanProblem(where, f"{target!r} is no operation (system.operation) and no topic (system>topic)")
    operations = [operation for operation in meant if operation is not None]
    needed = CALL if operations else DELIVERY
    if needed not in kind.on:
        raise PlanProblem(where, f"{kind.name} strikes {' and '.join(kind.on)}, and {target!r} is a {needed}")
    reasons = [kind.unfit(operation) for operation in operations]
    if reasons and all(reasons):
        raise PlanProblem(where, f"{kind.name} cannot strike {target!r}: it {reasons[0]}")


def _check_calendar(target: str, edges: Sequence[Edge], where: str) -> None:
    if target != CALENDAR:
        raise PlanProblem(where, f"an edge of the calendar has the target {CALENDAR!r}, not {target!r}")
    if not edges:
        raise PlanProblem(where, "no month ends and no clock changes within this calendar")


def _told(edges: Sequence[Edge]) -> str:
    return "it has " + ", ".join(f"{edge.what} on {edge.on} in {edge.zone}" for edge in edges)


def _check_trigger(trigger: dict[str, str | int], needs: set[str], may: set[str], where: str) -> None:
    given = set(trigger)
    if not needs <= given or not given <= needs | may:
        forms = "{key, attempt}, {nth} or {nth, entity}; for the target worker {worker, await_point}"
        raise PlanProblem(f"{where}.trigger", f"has {', '.join(sorted(given)) or 'nothing'}; give {forms}")
    for name in ("attempt", "nth", "await_point", "life"):
        value = trigger.get(name, 1)
        if not isinstance(value, int) or value < 1:
            raise PlanProblem(f"{where}.trigger.{name}", f"{value!r} is not a count from 1")


def _check_params(kind: Kind, params: Mapping[str, Param], where: str) -> None:
    for name, value in params.items():
        place = f"{where}.params.{name}"
        if name not in kind.params:
            known = ", ".join(sorted(kind.params)) or "none"
            raise PlanProblem(place, f"{kind.name} has no such parameter (it has: {known})")
        form = kind.params[name]
        words = [word for word in form if isinstance(word, str)] if isinstance(form, tuple) else []
        if words and value not in words:
            raise PlanProblem(place, f"{value!r} is none of {', '.join(words)}")
        if not words and (not isinstance(value, form) or isinstance(value, bool)):  # type: ignore[arg-type]
            raise PlanProblem(place, f"{value!r} is of the wrong type")


# -- hope ---------------------------------------------------------------------------------------------------------------


def _hopeless_weather(weather: Sequence[Weather], targets: Targets) -> Iterator[tuple[int, str]]:
    """The line, and why nobody could come through."""
    for place, line in enumerate(weather):
        kind, always = BY_NAME[line.kind], line.rate >= 1
        struck = [(name, operation) for name, operation in targets.items() if fits(line.target, name)]
        if always and line.kind in DEADLY:
            yield place, f"with {line.kind} at every crossing of {line.target} no worker comes to anything"
        for name, operation in struck:
            if always and kind.stops and operation is not None and (operation.commits or operation.form):
                yield place, f"{line.kind} lets no call of {name} through as long as the weather lasts"
            elif always and kind.stops and operation is None and _is_deaf(name, weather, targets):
                yield place, f"every {name} is lost, and no poll of its source gets through"
            elif line.kind == "key-ignored" and operation is not None and operation.honours_key:
                reason = _keyless(name, operation, weather, targets)
                if reason:
                    yield place, reason


def _is_deaf(topic: str, weather: Sequence[Weather], targets: Targets) -> bool:
    """Whether each list of the topic's source is always turned away."""
    source = topic.partition(">")[0]
    lists = [
        name
        for name, operation in targets.items()
        if operation is not None
        and name.startswith(f"{source}.")
        and operation.method == "GET"
        and not operation.subject
    ]
    return all(
        any(line.rate >= 1 and BY_NAME[line.kind].stops and fits(line.target, name) for line in weather)
        for name in lists
    )


def _keyless(name: str, operation: Operation, weather: Sequence[Weather], targets: Targets) -> str:
    """Why an operation whose key is ignored could not be sent again safely; empty where it could."""
    for line in weather:
        if line.kind in LATE and fits(line.target, name) and max(line.rate, line.in_front) > 0:
            reason = f"a call of {name} may be executed after it was looked up and sent again ({line.kind})"
            return f"{reason}, and with its idempotency key ignored both stand"
    system = name.partition(".")[0]
    finds = [
        other
        for other, found in targets.items()
        if found is not None
        and other.startswith(f"{system}.")
        and found.method == "GET"
        and found.path == operation.path
    ]
    if not finds:
        return f"{name} cannot be looked up, so without its idempotency key nobody could tell whether it was done"
    for line in weather:
        if line.kind == "stale-read" and any(fits(line.target, find) for find in finds):
            return f"neither the idempotency key of {name} nor its look-up, {finds[0]} (stale-read), can be trusted"
    return ""


def _hopeless_plan(lines: Sequence[Fault]) -> Iterator[tuple[int, str]]:
    """Two lines about the same paper of which one makes a late double, and the other takes away what would catch it."""
    for (_, one), (place, other) in combinations(enumerate(lines), 2):
        kinds = {one.kind, other.kind}
        if one.target != other.target or "key-ignored" not in kinds or not kinds & set(LATE):
            continue
        key = one.trigger.get("key")
        if one.trigger == other.trigger or (key is not None and key == other.trigger.get("key")):
            late = min(kinds - {"key-ignored"})
            reason = f"the same {one.target} may be executed after it was looked up and sent again ({late})"
            yield place, f"{reason}, and with its idempotency key ignored both stand"
