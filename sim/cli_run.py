"""`closeproof run`: ask, run, leave a directory, say what came of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from rich.console import Console

from contracts.verdict import Judgement, Summary
from reports import summary_json, terminal
from sim import rundir
from sim.cli_ask import Asked, Prepared, prepare
from sim.cli_progress import ProgressLine, interruptible
from sim.judges import has_room
from sim.run import run

ORDERS_MIN: Final = 500
"""From so many orders on a run is long enough to be judged in a process of its own."""
EXIT_CODES: Final[dict[Judgement, int]] = {"pass": 0, "fail": 1, "unknown": 4, "not applicable": 4}


def people() -> Console:
    """Where people read: stderr, no wider than reads well."""
    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    console.width = min(console.width, terminal.WIDTH_MAX)
    return console


def command(asked: Asked, *, out: str = "", as_json: bool = False, quiet: bool = False) -> int:
    """Run and report; the exit code."""
    prepared = prepare(asked)
    console = people()
    with rundir.Workshop(out, f"{prepared.scenario.name}-{prepared.design_name}-{asked.seed}") as workshop:
        console.print(f"running {prepared.in_words()}", soft_wrap=True)
        summary = watched(prepared, workshop.path, quiet=quiet)
        rundir.write(workshop.path, prepared, summary)
        left_in = workshop.publish()
    if quiet:
        terminal.show_briefly(summary, console)
    else:
        _show(summary, console, left_in)
    if as_json:
        sys.stdout.buffer.write(summary_json.encode(summary))
        sys.stdout.flush()
    return EXIT_CODES[summary.verdict]


def watched(prepared: Prepared, directory: Path | None, *, quiet: bool = False) -> Summary:
    """Run with progress on stderr, and an ear for Ctrl-C."""
    line = ProgressLine(sys.stderr, quiet=quiet)
    with interruptible(line):
        return run(prepared.options(directory, judge_apart=has_room() and _is_long(prepared)), line)


def _is_long(prepared: Prepared) -> bool:
    """Whether a judge's process starts in less time than it saves."""
    scenario = prepared.scenario
    days = (scenario.calendar.end - scenario.calendar.start).days + 1
    orders_per_day = sum(hospital.orders_per_day for hospital in scenario.hospital)
    return orders_per_day * days * prepared.asked.scale >= ORDERS_MIN


def _show(summary: Summary, console: Console, left_in: str) -> None:
    events = Path(left_in) / "events.jsonl"
    lines = rundir.entries_for(events, terminal.evidence_lines(summary))
    detail = rundir.last_words(events) if summary.ended in {"design-failed", "fence"} else ""
    terminal.show(summary, console, lines, left_in, detail)
