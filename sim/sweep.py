"""Many seeds of a scenario at once: `python -m sim.sweep quiet-week --seeds 1-200 --scale 0.1`.

Each run is lean (no directory) and lies in a worker process of its own, since the fence allows one virtual run per
process at a time. What a seed found can be seen again by the command that stands beside it.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from functools import cache
from multiprocessing import active_children
from typing import Annotated, Final, cast

import msgspec
from cyclopts import App, Parameter
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from contracts.verdict import AnomalyScore, Summary
from reports.terminal import put
from reports.words import MARKS, counted
from sim.cli import HARNESS, guarded
from sim.cli_ask import Asked, Prepared, prepare
from sim.cli_run import people
from sim.designs import design_names
from sim.errors import UserError
from sim.fence import wall_s
from sim.run import run
from sim.sweep_count import Anomalies, FaultRuns, Recall, Result, counts

SCHEMA: Final = "closeproof.sweep/1"
FAILED_SHOWN: Final = 20
NAME: Final = "python -m sim.sweep"


class Sweep(msgspec.Struct, frozen=True):
    """All of them."""

    schema: str
    runs: tuple[Result, ...]
    wall_s: float
    faults: tuple[FaultRuns, ...]
    anomalies: Anomalies


def sweep(asked: Iterable[Asked], jobs: int) -> Iterator[Result]:
    """Run them all, in worker processes; results come as they are ready."""
    workers = ProcessPoolExecutor(jobs, initializer=_Worker.begin)
    try:
        for future in as_completed([workers.submit(_Worker.play, each) for each in asked]):
            yield future.result()
    finally:
        # On the way out by Ctrl-C, what runs is told as well: the signal may have come to this process alone.
        if sys.exc_info()[0] is not None:
            for worker in active_children():
                os.kill(cast("int", worker.pid), signal.SIGINT)
        workers.shutdown(cancel_futures=True)


class _Worker:
    """A worker process. Ctrl-C ends the run in hand, and those that it has been given and not begun."""

    playing = False
    stopped = False

    @classmethod
    def begin(cls) -> None:
        """Listen from the first moment."""
        signal.signal(signal.SIGINT, cls._stop)

    @classmethod
    def _stop(cls, _number: int, _frame: object) -> None:
        cls.stopped = True
        if cls.playing:
            raise KeyboardInterrupt

    @classmethod
    def play(cls, asked: Asked) -> Result:
        """One run."""
        if cls.stopped:
            raise KeyboardInterrupt
        cls.playing = True
        try:
            prepared = replace(_prepared(replace(asked, seed=0)), asked=asked)
            return _result(run(prepared.options()))
        except Exception as error:  # noqa: BLE001 - one broken run must not hide the others
            return _broken(asked, error)
        finally:
            cls.playing = False


def _broken(asked: Asked, error: Exception) -> Result:
    said = f"{type(error).__name__}: {error}"
    nobody = AnomalyScore(0, 0, 0, 0)
    replay = asked.command(asked.design)
    return Result(asked.scenario, asked.seed, "unknown", (), (), nobody, 0, 0, 0.0, "", replay, said)


@cache
def _prepared(asked: Asked) -> Prepared:
    return prepare(asked)


def _result(summary: Summary) -> Result:
    broken = [i.id for i in summary.invariants if i.verdict == "fail"]
    broken += [t.name for t in summary.thresholds if t.verdict == "fail"]
    return Result(
        scenario=summary.scenario,
        seed=summary.seed,
        verdict=summary.verdict,
        broken=tuple(broken),
        faults=summary.faults,
        anomalies=summary.anomalies,
        money_at_risk_minor=summary.money_at_risk_minor,
        crossings=summary.crossings,
        wall_s=summary.wall_s,
        digest=summary.digest,
        replay=summary.replay,
    )


def seeds(text: str) -> list[int]:
    """`1-200`, `7`, or `1,5,9-12`."""
    if not re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", text):
        raise UserError("--seeds", 0, "", f"{text!r} is not a list of seeds, as 1-200 or 1,5,9-12")
    spans = (part.partition("-") for part in text.split(","))
    return sorted({seed for first, _, last in spans for seed in range(int(first), int(last or first) + 1)})


class _Count:
    """Progress on stderr: a line rewritten at a terminal, one for each tenth elsewhere."""

    def __init__(self, of: int) -> None:
        self._of = of
        self._began_s = wall_s()
        self._rewrites = sys.stderr.isatty() and os.environ.get("TERM", "") != "dumb"

    def __call__(self, done: list[Result]) -> None:
        if not self._rewrites and len(done) * 10 // self._of == (len(done) - 1) * 10 // self._of:
            return
        verdicts = Counter(result.verdict for result in done)
        took_s = wall_s() - self._began_s
        line = f"{len(done):,} of {self._of:,} runs  {verdicts['fail']:,} failed  {verdicts['unknown']:,} unknown  {took_s:.0f} s"
        sys.stderr.write(f"\r{line}\x1b[K" if self._rewrites else f"{line}\n")
        sys.stderr.flush()

    def clear(self) -> None:
        if self._rewrites:
            sys.stderr.write("\r\x1b[K")


def command(
    *scenarios: Annotated[str, Parameter(help="Scenarios by name or path.")],
    design: Annotated[str, Parameter(help="A design, as for closeproof run.", show_default=False)] = "",
    seeds: Annotated[str, Parameter(name="--seeds", help="1-200, 7, or 1,5,9-12.")] = "1-20",
    scale: Annotated[float, Parameter(help="The volume, as a multiple of the scenario's.")] = 1.0,
    jobs: Annotated[int, Parameter(help="Worker processes; as many as there are cores if left out.")] = 0,
    as_json: Annotated[bool, Parameter(name="--json", negative="", help="One JSON document on stdout.")] = False,
) -> int:
    """Run many seeds of scenarios and count what they find."""
    if not scenarios:
        raise UserError("SCENARIO", 0, "", "name at least one scenario")
    design = design or design_names()[0]
    wanted = [Asked(name, design, seed, scale) for name in scenarios for seed in _seeds(seeds)]
    played = [prepare(Asked(name, design, 0, scale)).scenario for name in scenarios]  # a mistake is told here, once
    began_s, done, count = wall_s(), list[Result](), _Count(len(wanted))
    for result in sweep(wanted, min(jobs or os.cpu_count() or 1, len(wanted))):
        done.append(result)
        count(done)
    count.clear()
    done.sort(key=lambda result: (result.scenario, result.seed))
    met = counts(done, played)
    all_of_it = Sweep(SCHEMA, tuple(done), round(wall_s() - began_s, 3), met.faults, met.anomalies)
    show(all_of_it)
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(all_of_it) + b"\n")
    return exit_code(done)


_seeds = seeds


def exit_code(done: Iterable[Result]) -> int:
    """A failure beats a broken harness beats what could not be judged."""
    results = list(done)
    verdicts = {result.verdict for result in results}
    if "fail" in verdicts:
        return 1
    if any(result.error for result in results):
        return HARNESS
    return 4 if "unknown" in verdicts else 0


def show(swept: Sweep) -> None:
    """The tables, on stderr."""
    put(people(), *_parts(swept))


def _parts(swept: Sweep) -> Iterator[Text | Padding]:
    for title, table in (
        ("Runs", _verdicts(swept)),
        ("Faults that took effect", _faults(swept)),
        ("Anomalies", _anomalies(swept)),
    ):
        yield Text(title, style="bold")
        yield Padding(table, (0, 0, 1, 2))
    troubled = [result for result in swept.runs if result.verdict != "pass"]
    for result in troubled[:FAILED_SHOWN]:
        colour = "red" if result.verdict == "fail" else "yellow"
        why = result.error or ", ".join(result.broken) or "could not be judged"
        mark = MARKS["fail" if result.verdict == "fail" else "unknown"]
        yield Text.assemble((mark, f"bold {colour}"), f" {result.scenario} seed {result.seed}: {why}")
        yield Text(f"  {result.replay}", style="dim")
    if len(troubled) > FAILED_SHOWN:
        yield Text(f"… and {len(troubled) - FAILED_SHOWN} more")
    crossings = sum(result.crossings for result in swept.runs)
    rate = len(swept.runs) / swept.wall_s if swept.wall_s else 0
    yield Text(f"{counted(len(swept.runs), 'run')}, {crossings:,} crossings, {swept.wall_s:,.1f} s, {rate:,.1f} runs/s")


def _grid(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left")
    return table


def _verdicts(swept: Sweep) -> Table:
    table = _grid("scenario", "runs", "pass", "fail", "unknown")
    for scenario in dict.fromkeys(result.scenario for result in swept.runs):
        verdicts = [result.verdict for result in swept.runs if result.scenario == scenario]
        fails = Text(str(verdicts.count("fail")), style="bold red" if "fail" in verdicts else "")
        unknown = Text(str(verdicts.count("unknown")), style="bold yellow" if "unknown" in verdicts else "")
        table.add_row(scenario, f"{len(verdicts):,}", f"{verdicts.count('pass'):,}", fails, unknown)
    return table


def _faults(swept: Sweep) -> Table:
    """What the weather promises and no run met stands out."""
    table = _grid("kind", "in runs", "took effect", "armed")
    for each in swept.faults:
        runs = Text(f"{each.runs:,}", style="" if each.runs else "bold yellow")
        table.add_row(each.kind, runs, f"{each.took_effect:,}", f"{each.armed:,}")
    return table


def _anomalies(swept: Sweep) -> Table:
    """Recall by class, what was held out apart; precision over all of it."""
    table = _grid("class", "true", "flagged", "missed", "recall")
    found = swept.anomalies
    for in_all in (found.tuned, found.held_out):
        classes = [each for each in found.classes if each.held_out == in_all.held_out]
        for each in classes:
            table.add_row(each.what, *_recall(each))
        if classes or not in_all.held_out:
            table.add_row(Text(in_all.what, style="bold"), *_recall(in_all))
    precision = "" if found.precision is None else f"{found.precision:.1%}"
    table.add_row(f"precision, {counted(found.false_alarms, 'false alarm')}", "", "", "", precision)
    return table


def _recall(of: Recall) -> tuple[Text, str, str, str]:
    there = Text(f"{of.true:,}", style="" if of.true else "bold yellow")
    return there, f"{of.flagged:,}", f"{of.missed:,}", "" if of.recall is None else f"{of.recall:.1%}"


def main() -> None:
    """The module's own command line."""
    app = App(
        name=NAME,
        default_command=command,
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
    )
    sys.exit(guarded(app, name=NAME))


if __name__ == "__main__":
    main()
