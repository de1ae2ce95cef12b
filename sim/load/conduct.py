"""One load test, from its first process to the verdict.

*estate*: the generators are the integration. Day by day the clock is moved on and that day's papers are carried over; the
window is played at its own moments, while the clock runs at the pace of life. *end-to-end*: the reference orchestrator is
the integration. It goes step by step up to the window; in it the clock runs as fast as the window is compressed, and the
generators are people who wait for their papers to be booked. Either way the month goes on to its end, and is judged.
"""

from __future__ import annotations

import contextlib
import select
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contracts.load import Arrival, Measured, Orders, Play, Progress, Schedule, Stop
from contracts.verdict import Summary
from loadtests import samples, summary
from sim.fence import wall_s
from sim.load.stand import (
    UP_S,
    Child,
    Control,
    Generator,
    Served,
    StandError,
    always_idle,
    generating,
    running,
)

HEAD_START_S: Final = 0.2
"""Generators are told so long before a phase begins."""
LOOK_EVERY_S: Final = 0.05
SILENT_S_MAX: Final = 120.0
"""A generator says how it stands several times a second while it plays; after so long without a word it hangs."""
LIFE: Final = 1.0

Telling = Callable[[str], None]
"""Called again and again with where things stand, in words."""


@dataclass(frozen=True)
class Test:
    """What is to be done."""

    schedule: Schedule
    arrivals: list[Arrival]
    served: Served
    workers: int
    concurrency: int
    directory: Path


@dataclass(frozen=True)
class Outcome:
    """What came of it; `books` is None where the estate did not settle."""

    measured: Measured
    books: Summary | None
    fell_back_s: float


def conduct(test: Test, tell: Telling) -> Outcome:
    """Do it; raises `StandError` where a process lets us down."""
    directory = test.directory
    with (
        running("the estate", directory, "estate.log", test.served.words()) as estate,
        Control(estate) as control,
        _subject(test, control) as orchestrator,
        generating(_orders(test, control), control.url, directory) as generators,
    ):
        _until(generators, lambda generator: generator.ready, lambda: None)
        others = [estate, *([orchestrator] if orchestrator else [])]
        fell_back_s = 0.0
        for number, phase in enumerate(test.schedule.phases):
            control.go_on(phase.until, tell)
            fell_back_s = max(fell_back_s, _play(test, control, generators, others, number, tell))
        for generator in generators:
            generator.tell(Stop())
        for generator in generators:
            generator.child.ended()
        control.go_on("", tell)
        books = control.settled(UP_S)
    noted = [sample for each in _samples(test) for sample in samples.read(each)]
    return Outcome(summary.measured(test.schedule, test.arrivals, noted), books, fell_back_s)


def _play(  # noqa: PLR0913 - everybody who takes part
    test: Test, control: Control, generators: list[Generator], others: list[Child], number: int, tell: Telling
) -> float:
    """One phase; how far the estate's clock fell behind in it."""
    phase = test.schedule.phases[number]
    begins_s = wall_s() + (HEAD_START_S if phase.measured else 0.0)
    for generator in generators:
        generator.tell(Play(number, begins_s))
    if phase.measured:
        speed = test.schedule.speed if test.schedule.against == "end-to-end" else LIFE
        control.post("/clock/speed", {"speed": speed})
        select.select((), (), (), max(0.0, begins_s - wall_s()))
        control.post("/clock/resume")

    def look() -> None:
        for child in others:
            child.check()
        tell(_in_words(test, number, [generator.progress for generator in generators]))

    _until(generators, lambda generator: generator.progress.phase == number and generator.progress.over, look)
    look()
    if not phase.measured:
        return 0.0
    fell_back_s = control.fell_back_s()
    control.post("/clock/pause")
    return fell_back_s


def _until(generators: list[Generator], there: Callable[[Generator], bool], look: Callable[[], None]) -> None:
    """Wait until all are there."""
    heard_s, said = wall_s(), [generator.progress for generator in generators]
    while not all(map(there, generators)):
        for generator in generators:
            generator.hear()
            generator.child.check()
        look()
        now = [generator.progress for generator in generators]
        if now != said:
            heard_s, said = wall_s(), now
        if wall_s() - heard_s > SILENT_S_MAX:
            raise StandError(f"the generators have got nothing done for {SILENT_S_MAX:g} s")
        select.select((), (), (), LOOK_EVERY_S)


def _in_words(test: Test, number: int, parts: list[Progress]) -> str:
    phase = test.schedule.phases[number]
    count = sum(arrival.phase == number for arrival in test.arrivals)
    taken, done, failed = (sum(getattr(part, name) for part in parts) for name in ("taken", "done", "failed"))
    what = f"measuring {phase.seconds:g} s" if phase.measured else "not measured"
    in_vain = f" · {failed:,} failed" if failed else ""
    return f"{phase.until[:16].replace('T', ' ')}  {what}: {taken:,} of {count:,} sent · {done:,} done{in_vain}"


@contextlib.contextmanager
def _subject(test: Test, control: Control) -> Iterator[Child | None]:
    """Whoever is the integration: the reference as a process of its own, or nobody but the generators."""
    if test.schedule.against == "estate":
        with always_idle() as url:
            control.put("/addresses", {"idle": url})
            yield None
        return
    words = ["-m", "sim.cli", "orchestrator", "serve", "--port", "0", "--estate", control.url]
    words += ["--token", control.token, "--db", "orchestrator"]
    with running("the orchestrator", test.directory, "orchestrator.log", words) as orchestrator:
        orchestrator.said("orchestrator at")
        yield orchestrator


def _orders(test: Test, control: Control) -> list[Orders]:
    form = control.form()
    return [
        Orders("arrivals.jsonl", path.name, n, test.workers, test.concurrency, -1, form)
        for n, path in enumerate(_samples(test))
    ]


def _samples(test: Test) -> list[Path]:
    return [test.directory / f"samples-{n + 1}.jsonl" for n in range(test.workers)]
