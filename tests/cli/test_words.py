"""`list`, `explain`, `check`, `--help`, `--version`: everything that has a name is there, and explained."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.cases import CATEGORIES
from contracts.invariants import INVARIANTS
from contracts.scenario import Anomalies, Load, Thresholds
from mocks import SYSTEMS
from sim import explain
from sim.designs import design_names
from sim.faults import FAULTS
from sim.scenario_file import list_scenarios
from tests.cli.command import cli, here, words


def test_the_list_names_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert here(["list", "--json"]) == 0
    there = json.loads(capsys.readouterr().out)
    assert there.pop("schema") == "closeproof.list/1"
    names = {sort: [each["name"] for each in rows] for sort, rows in there.items()}
    assert names == {
        "scenarios": [name for name, _, _ in list_scenarios()],
        "designs": list(design_names()),
        "faults": [kind.name for kind in FAULTS],
        "invariants": [invariant.id for invariant in INVARIANTS],
        "systems": list(SYSTEMS),
    }
    assert all(value for rows in there.values() for each in rows for value in each.values())


def test_the_list_for_people_fits_eighty_columns(tmp_path: Path) -> None:
    listed = cli("list", cwd=tmp_path)
    assert listed.returncode == 0
    assert "timeout-after-commit" in listed.stdout
    assert max(map(len, listed.stdout.splitlines())) <= 80


def test_the_list_loads_nothing_heavy(tmp_path: Path) -> None:
    """What makes a command slow to answer is what it imports: servers, clients, name pools and pictures are for others."""
    asked = [sys.executable, "-X", "importtime", *words("list")[1:]]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert "cyclopts" in loaded
    assert not loaded & {"faker", "uvicorn", "httpx", "aiohttp", "jinja2", "sqlite3", "apsw"}


EVERY_NAME = [
    *(name for invariant in INVARIANTS for name in (invariant.id, invariant.name)),
    *(name for kind in FAULTS for name in (kind.number, kind.name)),
    *("0", "1", "2", "3", "4", "130", "exit-3"),
    *Thresholds.__struct_fields__,
    *Anomalies.__struct_fields__,
    *Load.__struct_fields__,
    *CATEGORIES,
    *SYSTEMS,
]


@pytest.mark.parametrize("name", EVERY_NAME)
def test_every_name_is_explained(name: str) -> None:
    for each in explain.explanations(name):
        assert len(each.text) > 20
        assert name.lower().replace("_", "-") in {known.lower().replace("_", "-") for known in each.names}


def test_a_name_of_two_things_is_explained_twice() -> None:
    assert [each.sort for each in explain.explanations("4")] == ["fault", "exit code"]
    assert explain.explanations("i01") == explain.explanations("effect_once")


@pytest.mark.parametrize("name", [name for name, _, _ in list_scenarios()])
def test_every_packaged_scenario_is_sound(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert here(["check", name]) == 0
    said = capsys.readouterr().out
    assert "orders" in said
    assert f"sound: {name}.toml breaks no rule" in said


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    for asked in ([], ["--help"], ["-h"]):
        assert here(asked) == 0
        said = capsys.readouterr().out
        assert "closeproof COMMAND" in said
        assert "130" in said
    assert here(["run", "--help"]) == 0
    said = capsys.readouterr().out
    assert all(option in said for option in ("--design", "--seed", "--scale", "--plan", "--out", "--json", "--quiet"))
    assert here(["--version"]) == 0
    assert capsys.readouterr().out == "closeproof 0.1.0\n"


def test_a_reader_that_has_seen_enough_meets_no_traceback(tmp_path: Path) -> None:
    piped = subprocess.run(
        ["bash", "-c", f"'{words()[0]}' -m sim.cli list | head -n 1"],  # noqa: S607 - any bash will do
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert piped.stderr == ""
