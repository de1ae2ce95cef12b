"""`closeproof load`: a scenario's close day as load on the served estate, and a verdict on figures and books."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from cyclopts import Parameter
from rich.console import Console

from contracts.load import RESULT, Arrival, LoadResult, Schedule
from contracts.scenario import Load
from contracts.verdict import overall
from loadtests import schedule as schedules
from loadtests.summary import judged
from reports import load as report
from reports.load_junit import junit
from sim.cli_ask import Asked, Prepared, prepare
from sim.cli_progress import REWRITE_EVERY_S, ProgressLine, interruptible
from sim.cli_run import EXIT_CODES, people
from sim.errors import UserError
from sim.fence import wall_s
from sim.load.calm import as_toml, calmed
from sim.load.conduct import Outcome, Test, conduct
from sim.load.recorded import record
from sim.load.schedule import Window, arrivals_of, write
from sim.load.stand import Served, require_locust
from sim.rundir import Workshop

DOCUMENT: Final = "load.json"
SECONDS: Final = 60.0
WORKERS_MAX: Final = 16
CONCURRENCY_MAX: Final = 4000
PLAIN_EVERY_S: Final = 5.0

Named = Annotated[str, Parameter(help="A scenario by name (see: closeproof list), or the path of a TOML file.")]
Against = Annotated[
    Literal["estate", "end-to-end"],
    Parameter(help="estate: the load is the integration; end-to-end: the reference orchestrator is, the load watches."),
]


@dataclass(frozen=True)
class Wish:
    """A load test in the user's own words."""

    scenario: str
    against: Literal["estate", "end-to-end"]
    window: Window
    asked: Asked
    workers: int
    concurrency: int
    true_limits: bool
    schedule: str
    out: str
    limits: dict[str, float | None]


def load(  # noqa: PLR0913 - one argument for each option
    scenario: Named,
    /,
    *,
    against: Against = "estate",
    seconds: Annotated[float, Parameter(help="Wall seconds for the window; 60 unless said.", show_default=False)] = 0.0,
    rate: Annotated[float, Parameter(help="Instead: arrivals a second, on average.", show_default=False)] = 0.0,
    speed: Annotated[float, Parameter(help="Instead: times the pace of life.", show_default=False)] = 0.0,
    day: Annotated[str, Parameter(help="The day to play; the day of the close unless said.", show_default=False)] = "",
    hours: Annotated[str, Parameter(help="Only these hours of it, as 8-14.", show_default=False)] = "",
    seed: Annotated[int, Parameter(help="The one seed: the same papers at the same moments.")] = 1,
    scale: Annotated[float, Parameter(help="The volume, as a multiple of the scenario's.")] = 1.0,
    workers: Annotated[int, Parameter(help="Generator processes.")] = 1,
    concurrency: Annotated[int, Parameter(help="Arrivals under way at most, in each generator.")] = 1000,
    true_limits: Annotated[
        bool, Parameter(negative="", help="Let systems take their time, and refuse what is more than they allow.")
    ] = False,
    p95: Annotated[float | None, Parameter(help="Fail where 95 in 100 take longer, in ms.")] = None,
    p99: Annotated[float | None, Parameter(help="Fail where 99 in 100 take longer, in ms.")] = None,
    errors: Annotated[float | None, Parameter(help="Fail where a greater share of arrivals fails.")] = None,
    achieved: Annotated[float | None, Parameter(help="Fail below this share of the planned rate.")] = None,
    behind: Annotated[float | None, Parameter(help="Inconclusive where the generator is later, p99, in ms.")] = None,
    schedule: Annotated[
        str, Parameter(help="Play this file (an earlier test's arrivals.jsonl) again.", show_default=False)
    ] = "",
    out: Annotated[
        str, Parameter(help="Where results go; if left out, a fresh place below reports/out.", show_default=False)
    ] = "",
    as_json: Annotated[bool, Parameter(name="--json", negative="", help="Write one JSON document to stdout.")] = False,
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative="", help="No progress.")] = False,
) -> int:
    """Play a scenario's close day as load on a served estate; judge the figures, and then the books."""
    window = Window(day, hours, seconds, rate, speed)
    limits = {
        "p95_ms_max": p95,
        "p99_ms_max": p99,
        "error_share_max": errors,
        "achieved_share_min": achieved,
        "behind_ms_p99_max": behind,
    }
    asked = Asked(scenario, "", seed, scale)
    wish = Wish(scenario, against, window, asked, workers, concurrency, true_limits, schedule, out, limits)
    return command(_checked(wish), as_json=as_json, quiet=quiet)


def command(wish: Wish, *, as_json: bool, quiet: bool) -> int:
    """Play and report; the exit code."""
    require_locust()
    _check_out(wish.out)
    prepared = prepare(wish.asked)
    limits = _limits(prepared.scenario.load, wish.limits)
    prepared = replace(prepared, scenario=calmed(prepared.scenario))
    console = people()
    with Workshop("", f"load-{prepared.scenario.name}-{wish.against}-{wish.asked.seed}") as workshop:
        directory = workshop.path.resolve()
        served_scenario = msgspec.structs.replace(prepared.scenario, true_limits=wish.true_limits)
        (directory / "scenario.toml").write_text(as_toml(served_scenario), "utf-8")
        schedule, arrivals = _schedule(wish, prepared, directory, quiet=quiet)
        console.print(_in_words(wish, schedule, arrivals), soft_wrap=True)
        name = "load" if wish.against == "estate" else "workflow"
        served = Served("scenario.toml", schedule.seed, schedule.scale, not wish.true_limits, name)
        line = _Line(quiet=quiet)
        outcome = conduct(Test(schedule, arrivals, served, wish.workers, wish.concurrency, directory), line)
        line.clear()
        result = _result(wish, schedule, outcome, limits)
        _write(directory, result)
        left_in = _publish(workshop, wish.out)
    _show(result, console, left_in, as_json=as_json)
    return EXIT_CODES[result.verdict]


# -- what is asked ----------------------------------------------------------------------------------------------------


def _checked(wish: Wish) -> Wish:
    """The same, its window's length said; raises `UserError`."""
    window = wish.window
    named = {"--seconds": window.seconds, "--rate": window.rate, "--speed": window.speed}
    for option, value in named.items():
        if value < 0:
            raise UserError(option, 0, "", f"{value:g} is not above 0")
    given = [option for option, value in named.items() if value]
    if len(given) > 1:
        raise UserError(given[1], 0, "", f"says the same as {given[0]} in another way: give one of them")
    for option, number, most in (
        ("--workers", wish.workers, WORKERS_MAX),
        ("--concurrency", wish.concurrency, CONCURRENCY_MAX),
    ):
        if not 1 <= number <= most:
            raise UserError(option, 0, "", f"{number} is not a whole number from 1 to {most}")
    if wish.schedule and (given or window.day or window.hours):
        raise UserError("--schedule", 0, "", "says by itself what is played when: leave out day, hours and length")
    return wish if given else replace(wish, window=replace(window, seconds=SECONDS))


def _limits(scenario: Load, asked: dict[str, float | None]) -> Load:
    """The scenario's limits, and over them those of the command line."""
    given = {name: value for name, value in asked.items() if value is not None}
    try:
        return msgspec.convert({**msgspec.to_builtins(scenario), **given}, Load)
    except msgspec.ValidationError as error:
        option = {"p95_ms_max": "--p95", "p99_ms_max": "--p99", "error_share_max": "--errors"}
        option |= {"achieved_share_min": "--achieved", "behind_ms_p99_max": "--behind"}
        said, _, where = str(error).partition(" - at `$.")
        raise UserError(option.get(where.rstrip("`"), "load"), 0, "", said[:1].lower() + said[1:]) from None


def _schedule(wish: Wish, prepared: Prepared, directory: Path, *, quiet: bool) -> tuple[Schedule, list[Arrival]]:
    """What is to be played: made from a virtual run, or read."""
    path = directory / "arrivals.jsonl"
    if not wish.schedule:
        progress = ProgressLine(sys.stderr, quiet=quiet, before="recording  ")
        with interruptible(progress):
            recorded = record(prepared, progress)
        schedule, arrivals = arrivals_of(prepared, recorded, wish.against, wish.window)
        write(path, schedule, arrivals)
        return schedule, arrivals
    try:
        schedule, arrivals = schedules.read(Path(wish.schedule))
    except schedules.ScheduleError as error:
        raise UserError(error.file, error.line, error.key, error.message) from None
    for key, here, there in (
        ("scenario", prepared.scenario.name, schedule.scenario),
        ("against", wish.against, schedule.against),
    ):
        if here != there:
            raise UserError(wish.schedule, 1, key, f"it was made for {there}, and this is {here}")
    shutil.copyfile(wish.schedule, path)
    return schedule, arrivals


def _in_words(wish: Wish, schedule: Schedule, arrivals: list[Arrival]) -> str:
    """What is going to be played, for the first line."""
    number, phase = next((n, phase) for n, phase in enumerate(schedule.phases) if phase.measured)
    count = sum(arrival.phase == number for arrival in arrivals)
    beside = f" and {len(arrivals) - count:,} before and after" if len(arrivals) > count else ""
    limits = "true limits" if wish.true_limits else "limits lifted"
    return (
        f"load {schedule.scenario} · {schedule.against} · seed {schedule.seed} · scale {schedule.scale:g} · {limits} · "
        f"{count:,} arrivals in {phase.seconds:g} s{beside} · {wish.workers} generator{'s' * (wish.workers > 1)}"
    )


# -- what comes of it -------------------------------------------------------------------------------------------------


def _result(wish: Wish, schedule: Schedule, outcome: Outcome, limits: Load) -> LoadResult:
    thresholds = judged(outcome.measured, limits)
    books = outcome.books.verdict if outcome.books else "unknown"
    return LoadResult(
        schema=RESULT,
        scenario=schedule.scenario,
        seed=schedule.seed,
        scale=schedule.scale,
        against=schedule.against,
        limits="true" if wish.true_limits else "lifted",
        workers=wish.workers,
        begins=schedule.begins,
        ends=schedule.ends,
        speed=schedule.speed,
        fell_back_s=outcome.fell_back_s,
        verdict=overall([books, *(limit.verdict for limit in thresholds)]),
        measured=outcome.measured,
        thresholds=thresholds,
        books=outcome.books,
        command=_again(wish),
    )


def _again(wish: Wish) -> str:
    """The command that does the same."""
    window = wish.window
    words = ["closeproof", "load", wish.scenario, "--against", wish.against]
    for option, value, plain in (
        ("--schedule", wish.schedule, ""),
        ("--day", window.day, ""),
        ("--hours", window.hours, ""),
        ("--seconds", "" if wish.schedule else f"{window.seconds:g}", "0"),
        ("--rate", f"{window.rate:g}", "0"),
        ("--speed", f"{window.speed:g}", "0"),
        ("--seed", str(wish.asked.seed), ""),
        ("--scale", f"{wish.asked.scale:g}", "1"),
        ("--workers", str(wish.workers), "1"),
        ("--p95", _given(wish, "p95_ms_max"), ""),
        ("--p99", _given(wish, "p99_ms_max"), ""),
        ("--errors", _given(wish, "error_share_max"), ""),
        ("--achieved", _given(wish, "achieved_share_min"), ""),
        ("--behind", _given(wish, "behind_ms_p99_max"), ""),
    ):
        if value not in {"", plain}:
            words += [option, value]
    return shlex.join([*words, "--true-limits"] if wish.true_limits else words)


def _given(wish: Wish, name: str) -> str:
    value = wish.limits[name]
    return "" if value is None else f"{value:g}"


def _write(directory: Path, result: LoadResult) -> None:
    (directory / DOCUMENT).write_bytes(_document(result))
    (directory / "junit.xml").write_bytes(junit(result))
    (directory / "load.html").write_text(report.page(result), "utf-8")


def _document(result: LoadResult) -> bytes:
    return msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n"


def _show(result: LoadResult, console: Console, left_in: str, *, as_json: bool) -> None:
    report.show(result, console, left_in)
    if as_json:
        sys.stdout.buffer.write(_document(result))
        sys.stdout.flush()


# -- the directory ----------------------------------------------------------------------------------------------------


def _check_out(out: str) -> None:
    """Refuse to write over what is not a load test."""
    target = Path(out)
    if not out or not target.exists():
        return
    if not target.is_dir():
        raise UserError(out, 0, "", "is a file; --out names a directory")
    if any(target.iterdir()) and not (target / DOCUMENT).is_file():
        raise UserError(out, 0, "", f"is not empty and has no {DOCUMENT}, so it is no load test; nothing was written")


def _publish(workshop: Workshop, out: str) -> str:
    if not out:
        return workshop.publish()
    _check_out(out)
    try:
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(workshop.path, out)
    except OSError as error:
        raise UserError(out, 0, "", f"cannot be written: {error.strerror}") from None
    return out


class _Line:
    """Progress on stderr: one line rewritten at a terminal, a plain one every few seconds elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._rewrites = sys.stderr.isatty() and os.environ.get("TERM", "") != "dumb"
        self._next_s = 0.0

    def __call__(self, said: str) -> None:
        if self._quiet or wall_s() < self._next_s:
            return
        self._next_s = wall_s() + (REWRITE_EVERY_S if self._rewrites else PLAIN_EVERY_S)
        sys.stderr.write(f"\r{said}\x1b[K" if self._rewrites else f"{said}\n")
        sys.stderr.flush()

    def clear(self) -> None:
        if self._rewrites and not self._quiet:
            sys.stderr.write("\r\x1b[K")
