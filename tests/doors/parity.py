"""One scenario through both doors, step by step behind the real one, and what is different then.

`python -m tests.doors.parity month-end --scale 1` does it for a whole month without faults: minutes. Ends with 0 if nothing
differs and both pass, else with 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from contracts.plan import Plan
from contracts.verdict import Summary
from sim.designs import load_design
from sim.run import RunOptions, run
from sim.scenario_file import load_plan, load_scenario
from tests.doors.stand import effects, journals, orchestrating, serving

FAULT_FREE: Final = "# no fault at all\n"
SHOWN: Final = 3


class Doors(NamedTuple):
    """What came of a run through either door, and where it lies."""

    virtual: Summary
    real: Summary
    virtual_directory: Path
    real_directory: Path


def through_both(scenario: str, scale: float, seed: int, directory: Path, plan: str | None = FAULT_FREE) -> Doors:
    """Play it through one and then through the other; without a plan, in the scenario's own weather."""
    words: list[str | Path] = [scenario, "--scale", str(scale), "--seed", str(seed)]
    parsed = None
    if plan is not None:
        plan_file = directory / "plan.toml"
        plan_file.write_text(plan, "utf-8")
        words += ["--plan", plan_file]
        parsed = load_plan(plan_file)
    virtual = virtually(scenario, seed, directory / "virtual", scale, parsed)
    with serving(directory, *words) as served, orchestrating(served, directory / "db"):
        while not served.advance()["reached"]:
            pass  # a whole month takes longer than one request may
        real = served.summary()
    return Doors(virtual, real, directory / "virtual", served.directory)


def virtually(scenario: str, seed: int, directory: Path, scale: float = 1.0, plan: Plan | None = None) -> Summary:
    """Through the virtual door alone."""
    directory.mkdir()
    name, design = load_design("workflow")
    return run(RunOptions(load_scenario(scenario)[0], name, design, seed, scale, plan, directory))


def differences(doors: Doors) -> Iterator[str]:
    """What is not the same: verdicts, truth, effects, journals of each entity, trial balances."""
    virtual, real = doors.virtual, doors.real
    verdicts = [[(i.id, i.verdict, i.violations) for i in summary.invariants] for summary in (virtual, real)]
    for what, one, other in (
        ("the verdict", virtual.verdict, real.verdict),
        ("what each invariant says", verdicts[0], verdicts[1]),
        ("the truth", virtual.truth, real.truth),
        ("trial balances", virtual.ledgers, real.ledgers),
    ):
        if one != other:
            yield f"{what}: {one} · {other}"
    yield from _apart("effects", effects(doors.virtual_directory), effects(doors.real_directory))
    here, there = journals(doors.virtual_directory), journals(doors.real_directory)
    for entity in sorted(here | there):
        yield from _apart(f"journals of {entity}", here.get(entity, []), there.get(entity, []))


def _apart(what: str, one: Sequence[object], other: Sequence[object]) -> Iterator[str]:
    here, there = Counter(map(repr, one)), Counter(map(repr, other))
    for door, only in (("virtual", here - there), ("real", there - here)):
        if only:
            yield f"{what}: {only.total()} only through the {door} door, as {', '.join(sorted(only)[:SHOWN])}"


def main() -> int:
    """The command."""
    asked = argparse.ArgumentParser(prog="python -m tests.doors.parity", description=__doc__)
    asked.add_argument("scenario")
    asked.add_argument("--scale", type=float, default=1.0)
    asked.add_argument("--seed", type=int, default=7)
    said = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="closeproof-parity-") as directory:
        doors = through_both(said.scenario, said.scale, said.seed, Path(directory))
        found = list(differences(doors))
        entries = sum(map(len, journals(doors.real_directory).values()))
    for door in (doors.virtual, doors.real):
        sys.stdout.write(f"{door.door}: {door.verdict}, {door.crossings:,} crossings, {door.wall_s:,.0f} s\n")
    sys.stdout.writelines(f"different: {line}\n" for line in found)
    sys.stdout.write(f"{entries:,} journals of {len(doors.real.ledgers)} entities, {len(found)} differences\n")
    return 0 if not found and doors.real.verdict == "pass" else 1


if __name__ == "__main__":
    sys.exit(main())
