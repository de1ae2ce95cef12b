"""`closeproof compare`: which designs, which seeds, how it goes, and where the page lies.

It ends with 0 when all designs could be compared, whatever came out: a comparison has no winner to fail.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from contracts.comparison import Comparison, RunResult
from reports import comparison as report
from sim.cli_ask import Asked, Prepared, prepare
from sim.cli_run import people
from sim.compare import Played, compared, play_all
from sim.errors import UserError
from sim.fence import wall_s
from sim.rundir import Workshop

PAGE: Final = "comparison.html"
DOCUMENT: Final = "comparison.json"
HARNESS: Final = 3
SEEDS_MAX: Final = 10_000


@dataclass(frozen=True)
class Wish:
    """A comparison in the user's own words."""

    scenario: str
    designs: str
    seeds: str = "10"
    scale: float = 1.0
    jobs: int = 2
    out: str = ""


def command(wish: Wish, *, as_json: bool = False, quiet: bool = False) -> int:
    """Compare and report; the exit code."""
    designs, seeds = designs_of(wish.designs), seeds_of(wish.seeds)
    if wish.jobs < 1:
        raise UserError("--jobs", 0, "", f"{wish.jobs} is not a number of processes from 1")
    # A user's mistake is told here, once, before anything runs.
    prepared = [prepare(Asked(wish.scenario, design, seeds[0], wish.scale)) for design in designs]
    _check(wish.out)
    console = people()
    console.print(
        f"comparing {', '.join(designs)} in {prepared[0].scenario.name}: {len(seeds)} seeds each, "
        f"scale {wish.scale:g}, the same months and the same faults for all",
        soft_wrap=True,
    )
    made = compare(prepared[0], designs, seeds, jobs=wish.jobs, quiet=quiet)
    left_in = leave(made, wish.out)
    report.show(made, console, f"{left_in}/{PAGE}")
    if as_json:
        sys.stdout.buffer.write(encode(made))
        sys.stdout.flush()
    return HARNESS if any(result.error for result in made.runs) else 0


def compare(
    scenario: Prepared, designs: tuple[str, ...], seeds: tuple[int, ...], *, jobs: int, quiet: bool
) -> Comparison:
    """Run every design under every seed."""
    # Seed by seed, so that whoever stops early has seen all designs under the first few.
    wanted = [replace(scenario.asked, design=design, seed=seed) for seed in seeds for design in designs]
    began_s, done = wall_s(), list[Played]()
    line = _Line(len(wanted), quiet=quiet)
    for played in play_all(wanted, min(jobs, len(wanted))):
        done.append(played)
        line(played.result, len(done))
    line.clear()
    return compared(scenario, designs, done, wall_s=wall_s() - began_s)


def encode(comparison: Comparison) -> bytes:
    """The document as it goes to stdout and into the directory."""
    return msgspec.json.format(msgspec.json.encode(comparison), indent=2) + b"\n"


def designs_of(text: str) -> tuple[str, ...]:
    """`A,B`: two or more, each once."""
    designs = tuple(part.strip() for part in text.split(",") if part.strip())
    if len(set(designs)) < 2:
        raise UserError("--designs", 0, "", f"{text!r} names fewer than two designs, as point-to-point,workflow")
    if len(set(designs)) < len(designs):
        raise UserError("--designs", 0, "", f"{text!r} names a design twice")
    return designs


def seeds_of(text: str) -> tuple[int, ...]:
    """`10` is how many, from 1; `3-7` and `1,5,9-12` are which."""
    if not re.fullmatch(r"\d{1,9}(-\d{1,9})?(,\d{1,9}(-\d{1,9})?)*", text):
        raise UserError("--seeds", 0, "", f"{text!r} is neither how many, as 10, nor which, as 3-7 or 1,5,9-12")
    spans = [part.partition("-") for part in text.split(",")]
    if text.isdigit():
        spans = [("1", "-", text)]
    chosen = {seed for first, _, last in spans for seed in _span(int(first), int(last or first))}
    if not chosen:
        raise UserError("--seeds", 0, "", f"{text!r} is no seed at all")
    return tuple(sorted(chosen))


def _span(first: int, last: int) -> Iterable[int]:
    if last - first >= SEEDS_MAX:
        raise UserError("--seeds", 0, "", f"{first}-{last} are more than {SEEDS_MAX:,} seeds")
    return range(first, last + 1)


# -- the directory ----------------------------------------------------------------------------------------------------


def leave(comparison: Comparison, out: str) -> str:
    """Write page and document; how to call their directory in messages."""
    files = {PAGE: report.page(comparison).encode(), DOCUMENT: encode(comparison)}
    if not out:
        name = Path(comparison.scenario).stem
        with Workshop("", f"compare-{name}") as workshop:
            for file, content in files.items():
                (workshop.path / file).write_bytes(content)
            return workshop.publish()
    _check(out)
    target = Path(out)
    try:
        target.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            half = target / f".{file}.{os.getpid()}"
            half.write_bytes(content)
            half.replace(target / file)
    except OSError as error:
        raise UserError(out, 0, "", f"cannot be written: {error.strerror}") from None
    return out


def _check(out: str) -> None:
    """Refuse to write beside what is not a comparison."""
    target = Path(out)
    if not out or not target.exists():
        return
    if not target.is_dir():
        raise UserError(out, 0, "", "is a file; --out names a directory")
    other = sorted({path.name for path in target.iterdir()} - {PAGE, DOCUMENT})
    if other:
        raise UserError(out, 0, "", f"holds {other[0]}, so it is no comparison's directory; nothing was written")


class _Line:
    """Progress on stderr: a line rewritten at a terminal, one for each run elsewhere."""

    def __init__(self, of: int, *, quiet: bool) -> None:
        self._of = of
        self._quiet = quiet
        self._rewrites = sys.stderr.isatty() and os.environ.get("TERM", "") != "dumb"

    def __call__(self, result: RunResult, done: int) -> None:
        if self._quiet:
            return
        line = f"{done:,} of {self._of:,}  {result.design} seed {result.seed}: {result.error or result.verdict}"
        sys.stderr.write(f"\r{line}\x1b[K" if self._rewrites else f"{line}\n")
        sys.stderr.flush()

    def clear(self) -> None:
        if self._rewrites and not self._quiet:
            sys.stderr.write("\r\x1b[K")
