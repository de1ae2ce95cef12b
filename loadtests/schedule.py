"""Reads an arrival schedule, and says in one line what is wrong with it: file, line, key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NoReturn, TypeVar
from zlib import crc32

import msgspec

from contracts.load import SCHEDULE, Arrival, Schedule

Read = TypeVar("Read", Schedule, Arrival)

_AT: Final = re.compile(r" - at `\$\.?(.*)`$")
_SYNTAX: Final = re.compile(r" \(byte \d+\)$")


class ScheduleError(Exception):
    """A schedule does not say what it must. Its text is the one line to print: `arrivals.jsonl:7: due_s: expected …`."""

    def __init__(self, file: str, line: int, key: str, message: str) -> None:
        """Name the place; line 0 stands for the file as a whole."""
        self.file = file
        self.line = line
        self.key = key
        self.message = message
        place = f"{file}:{line}" if line else file
        super().__init__(": ".join(part for part in (place, key, message) if part))


def read(path: Path) -> tuple[Schedule, list[Arrival]]:
    """The schedule in a file; raises `ScheduleError`."""
    shown = path.as_posix()
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise ScheduleError(shown, 0, "", f"cannot be read: {error.strerror}") from None
    if not lines:
        raise ScheduleError(shown, 0, "", f"is empty: its first line must be a schedule, {SCHEDULE}")
    schedule = _line(shown, 1, lines[0], Schedule)
    arrivals = [_line(shown, number, line, Arrival) for number, line in enumerate(lines[1:], 2)]
    for number, key, message in _broken_rules(schedule, arrivals):
        raise ScheduleError(shown, number, key, message)
    return schedule, arrivals


def part_of(arrivals: Iterable[Arrival], worker: int, workers: int) -> list[Arrival]:
    """What falls to one of several workers: whole lanes, because the calls of a lane build on each other."""
    mine = []
    for number, arrival in enumerate(arrivals):
        place = crc32(arrival.lane.encode()) if arrival.lane else number
        if place % workers == worker:
            mine.append(arrival)
    return mine


def _line(shown: str, number: int, line: bytes, into: type[Read]) -> Read:
    try:
        return msgspec.json.decode(line, type=into)
    except msgspec.ValidationError as error:
        _refuse(shown, number, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ScheduleError(shown, number, "", f"is not JSON: {_SYNTAX.sub('', str(error))}") from None


def _refuse(shown: str, number: int, said: str) -> NoReturn:
    """What msgspec says, with the key in front."""
    found = _AT.search(said)
    key = found.group(1) if found else ""
    message = _AT.sub("", said)
    field = re.search(r"(?:unknown|required) field `(.*)`", message)
    if field:
        key = ".".join(part for part in (key, field.group(1)) if part)
        message = "is missing" if "required" in message else "unknown key"
    raise ScheduleError(shown, number, key, message[:1].lower() + message[1:]) from None


def _broken_rules(schedule: Schedule, arrivals: Sequence[Arrival]) -> Iterator[tuple[int, str, str]]:
    """What types cannot say: line, key, message."""
    if sum(phase.measured for phase in schedule.phases) != 1:
        yield 1, "phases", "exactly one phase must be measured"
    if any(phase.measured and not phase.seconds for phase in schedule.phases):
        yield 1, "phases", "the measured phase must last some seconds"
    if len(arrivals) != schedule.arrivals:
        yield 1, "arrivals", f"{schedule.arrivals:,} are announced and {len(arrivals):,} follow"
    known: set[tuple[str, str, str]] = set()
    before = (0, 0.0)
    for number, arrival in enumerate(arrivals, 2):
        if arrival.phase >= len(schedule.phases):
            yield number, "phase", f"there is no phase {arrival.phase}: the first line lists {len(schedule.phases)}"
        if (arrival.phase, arrival.due_s) < before:
            yield number, "due_s", "comes before the line above it"
        before = (arrival.phase, arrival.due_s)
        for place, step in enumerate(arrival.steps):
            for field, (ref, operation, _) in step.fill.items():
                if (arrival.lane, ref, operation) not in known:
                    yield (
                        number,
                        f"steps[{place}].fill.{field}",
                        f"no earlier step of its lane is {operation} for {ref}",
                    )
            known.add((arrival.lane, arrival.ref, step.operation))
