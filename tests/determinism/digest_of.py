"""Run by the determinism tests in a process of its own: prints the digest of one small run, and leaves its journal."""

from __future__ import annotations

import sys
from pathlib import Path

from sim.designs import load_design
from sim.run import RunOptions, run
from sim.scenario_file import load_scenario


def main() -> None:
    """Arguments: scenario, seed, scale, directory."""
    name, seed, scale, directory = sys.argv[1:]
    scenario, _ = load_scenario(name)
    design_name, design = load_design("workflow")
    summary = run(RunOptions(scenario, design_name, design, int(seed), float(scale), directory=Path(directory)))
    sys.stdout.write(f"{summary.digest} {summary.verdict} {summary.crossings}\n")


if __name__ == "__main__":
    main()
