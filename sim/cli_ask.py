"""What a user asks for on the command line, read and checked before anything runs."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from contracts.plan import Plan
from contracts.ports import Design
from contracts.scenario import Scenario
from sim.calendar_edges import edges
from sim.designs import load_design
from sim.errors import UserError
from sim.estate import build, targets
from sim.fault_rules import Targets, check_plan, check_weather
from sim.faults.kind import VIRTUAL
from sim.run import RunOptions
from sim.scenario_file import load_plan, load_scenario
from sim.seed import Seed


@dataclass(frozen=True)
class Asked:
    """A run in the user's own words."""

    scenario: str
    design: str = ""
    seed: int = 1
    scale: float = 1.0
    plan: str = ""

    def command(self, design_name: str) -> str:
        """The command that brings about the same run."""
        words = ["closeproof", "run", self.scenario, "--design", self.design or design_name, "--seed", str(self.seed)]
        if self.scale != 1:
            words += ["--scale", f"{self.scale:g}" if float(f"{self.scale:g}") == self.scale else repr(self.scale)]
        if self.plan:
            words += ["--plan", self.plan]
        return shlex.join(words)


@dataclass(frozen=True)
class Prepared:
    """The same, read and found sound."""

    asked: Asked
    scenario: Scenario
    scenario_file: Path
    design_name: str
    design: Design
    plan: Plan | None

    def options(self, directory: Path | None = None, *, judge_apart: bool = False) -> RunOptions:
        """What the composition root takes."""
        return RunOptions(
            scenario=self.scenario,
            design_name=self.design_name,
            design=self.design,
            seed=self.asked.seed,
            scale=self.asked.scale,
            plan=self.plan,
            directory=directory,
            replay=self.asked.command(self.design_name),
            judge_apart=judge_apart,
        )

    def in_words(self) -> str:
        """What was drawn, for the first line."""
        faults = (
            f"plan {self.asked.plan} ({len(self.plan.fault)} faults)"
            if self.plan is not None
            else "the scenario's weather"
        )
        return (
            f"{self.scenario.name} · design {self.design_name} · seed {self.asked.seed} · "
            f"scale {self.asked.scale:g} · {faults}"
        )


def prepare(asked: Asked) -> Prepared:
    """Read everything that is named; raises `UserError`."""
    if asked.seed < 0:
        raise UserError("--seed", 0, "", f"{asked.seed} is not a whole number from 0")
    if not (math.isfinite(asked.scale) and asked.scale > 0):
        raise UserError("--scale", 0, "", f"{asked.scale:g} is not a number above 0")
    scenario, scenario_file = read_scenario(asked.scenario)
    plan = load_plan(asked.plan, sound_plan(scenario)) if asked.plan else None
    design_name, design = load_design(asked.design)
    return Prepared(asked, scenario, scenario_file, design_name, design, plan)


def read_scenario(name_or_path: str) -> tuple[Scenario, Path]:
    """A scenario whose weather names what there is."""

    def check(scenario: Scenario) -> None:
        check_weather(scenario.weather, _targets(scenario), edges(scenario))

    return load_scenario(name_or_path, check)


def sound_plan(scenario: Scenario, door: str = VIRTUAL) -> Callable[[Plan], None]:
    """The check of a plan for a scenario behind a door."""
    return lambda plan: check_plan(plan, _targets(scenario), door, edges(scenario))


def _targets(scenario: Scenario) -> Targets:
    return targets(build(scenario, Seed(1)))
