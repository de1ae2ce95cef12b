"""The estate in virtual time, as a fixture: a design in, a verdict out, in this process and in seconds."""

from __future__ import annotations

import asyncio
import inspect
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.ports import Design
from sim import rundir
from sim.cli_ask import Asked, Prepared, prepare
from sim.errors import UserError
from sim.fence import under_way
from sim.run import run
from sim.testing.marker import Wanted, shown
from sim.testing.note import Note
from sim.testing.verdict import Verdict


class VirtualEstate:
    """What `virtual_estate` stands for. Runs are one after the other: the virtual clock takes the whole process."""

    def __init__(self, wanted: Wanted, out: Path, note: Note, again: str) -> None:
        """Nothing runs yet; `again` is the command that runs the test once more."""
        (self.seed,) = wanted.seeds()
        self.scenario = wanted.scenario
        self.scale = wanted.scale
        self._wanted = wanted
        self._out = out
        self._note = note
        self._again = again
        self._runs = 0

    def run(self, design: Design | str | Path = "") -> Verdict:
        """Put a design through the scenario: `async def design(ports, durable_dir)`, or what `closeproof run` takes."""
        if under_way():
            message = (
                "virtual_estate.run() was called while another virtual run is under way in this process. The virtual clock "
                "takes the whole process, so one comes after the other: do not call it from a design or from a thread. "
                "pytest -n 4 runs tests side by side, in processes of their own"
            )
            raise RuntimeError(message)
        if _in_a_loop():
            message = "virtual_estate.run() brings an event loop of its own: call it from `def test_…`, not `async def`"
            raise RuntimeError(message)
        prepared, replay = self._prepared(design)
        with rundir.Workshop(str(self._directory()), prepared.design_name) as workshop:
            summary = run(replace(prepared.options(workshop.path), replay=replay))
            rundir.write(workshop.path, prepared, summary)
            verdict = Verdict(summary, Path(workshop.publish()))
        self._note.tell(verdict)
        self._note.record(seed=self.seed, verdict=summary.verdict, replay=replay)
        return verdict

    def _prepared(self, design: Design | str | Path) -> tuple[Prepared, str]:
        """What is to be run, and the command that runs it again."""
        wanted = self._wanted
        asked = Asked(wanted.scenario, "", self.seed, wanted.scale, wanted.plan)
        given = not callable(design)
        named = wanted.path(str(design)) if not callable(design) else _address(design)
        try:
            prepared = prepare(replace(asked, design=named) if given else asked)
        except UserError as error:
            pytest.fail(str(error), pytrace=False)
        if callable(design):
            name = _label(named) or getattr(design, "__name__", type(design).__name__)
            prepared = replace(prepared, asked=replace(asked, design=named), design_name=name, design=design)
        if given or named:
            return prepared, prepared.asked.command(prepared.design_name)
        return prepared, self._again  # what only its test can make, its test runs again

    def _directory(self) -> Path:
        self._runs += 1
        return self._out / ("run" if self._runs == 1 else f"run-{self._runs}")


def _address(design: Design) -> str:
    """`file.py:name`, as the command line takes it; empty for what was made inside a function."""
    name = getattr(design, "__qualname__", "")
    module = sys.modules.get(getattr(design, "__module__", ""))
    if not name.isidentifier() or getattr(module, name, None) is not design:
        return ""
    file = inspect.getsourcefile(design)
    return f"{shown(Path(file))}:{name}" if file else ""


def _label(address: str) -> str:
    """The name by which `closeproof run` would call it, so that both leave the same journal."""
    file, _, name = address.rpartition(":")
    return Path(file).stem if name == "run" else f"{Path(file).stem}:{name}" if file else ""


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
