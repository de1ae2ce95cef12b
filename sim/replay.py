"""Runs again what a run directory holds and compares the digests: the same seed must give the same journal, bit for bit."""

from __future__ import annotations

import sys
import tempfile
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from contracts import journal
from reports.entries import in_words, moment, tag
from reports.words import printable
from sim import rundir
from sim.cli_ask import prepare
from sim.cli_run import people, watched
from sim.errors import UserError


class Difference(NamedTuple):
    """The first line on which two journals part; an empty line where one had ended."""

    line: int
    before: str
    now: str


def command(directory_name: str, *, design: str = "", quiet: bool = False) -> int:
    """Run again; 0 when the digests are the same, 3 when not."""
    directory = Path(directory_name)
    repro = rundir.read_repro(directory)
    events = directory / "events.jsonl"
    if not events.is_file():
        raise UserError(directory.as_posix(), 0, "", "is not a whole run directory: it has no events.jsonl")
    prepared = prepare(repro.asked(directory, design))
    console = people()
    console.print(f"replaying {prepared.in_words()}", soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="closeproof-replay-") as scratch:
        summary = watched(prepared, Path(scratch), quiet=quiet)
        if summary.digest == repro.digest:
            sys.stdout.write(f"same: {summary.digest}\n")
            console.print(f"verdict then: {repro.verdict} · now: {summary.verdict}")
            return 0
        found = first_difference(events, Path(scratch) / "events.jsonl")
    _report(found, repro, summary.digest)
    return 3


def first_difference(before: Path, now: Path) -> Difference | None:
    """Where two journals part; None when they are the same."""
    with before.open("rb") as old, now.open("rb") as new:
        for number, (one, other) in enumerate(zip_longest(old, new, fillvalue=b""), 1):
            if one != other:
                return Difference(
                    number, one.decode("utf-8", "replace").strip(), other.decode("utf-8", "replace").strip()
                )
    return None


def _report(found: Difference | None, repro: rundir.Repro, digest: str) -> None:
    out = sys.stdout
    out.write(f"differs: {repro.digest} then, {digest} now\n")
    if found is None:
        out.write("events.jsonl is as now: it is not the journal that repro.toml speaks of\n")
    else:
        out.write(f"the journals part on line {found.line}:\n")
        out.write(f"  then  {_told(found.before)}\n  now   {_told(found.now)}\n")
    changed = [
        f"{name} {then} then, {now} now"
        for name, now in rundir.versions().items()
        if (then := repro.versions.get(name, "unknown")) != now
    ]
    if changed:
        out.write(f"what may explain it: {'; '.join(changed)}\n")


def _told(line: str) -> str:
    """A line in words and as it stands, or that there is none."""
    if not line:
        return "(the journal had ended)"
    try:
        entry = journal.decode(line.encode())
    except ValueError:
        return printable(line)
    return printable(f"{moment(entry.at)} {tag(entry)} {in_words(entry)}") + f"\n        {printable(line)}"
