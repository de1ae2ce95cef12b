"""`closeproof run` and `closeproof replay`, as processes: exit codes, the two streams, and what a run leaves."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from pathlib import Path
from xml.etree import ElementTree as Xml  # noqa: ICN001 - it is XML that is read

import msgspec
import pytest

from contracts import journal
from contracts.journal import FaultTook, RunEnded, RunStarted
from contracts.verdict import SCHEMA, Summary
from reports import summary_json
from sim.rundir import FILES
from sim.scenario_file import load_plan, load_scenario
from tests.cli.command import cli, design, environment, words

SMALL = ("run", "quiet-week", "--scale", "0.05")
IDLE = (*SMALL, "--design", "mine.py")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a run passed, with JSON asked for."""
    folder = tmp_path_factory.mktemp("home")
    done = cli(*SMALL, "--seed", "3", "--json", cwd=folder)
    (folder / "out").write_text(done.stdout, "utf-8")
    (folder / "err").write_text(done.stderr, "utf-8")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def left(home: Path) -> Path:
    """What it left."""
    return home / "reports" / "out" / "quiet-week-workflow-3"


def test_stdout_holds_one_document_and_stderr_the_rest(home: Path, left: Path) -> None:
    out, err = ((home / name).read_text("utf-8") for name in ("out", "err"))
    summary = summary_json.decode(out.encode())
    assert json.loads(out)["schema"] == SCHEMA
    assert (summary.verdict, summary.seed, summary.scale) == ("pass", 3, 0.05)
    assert out.encode() == (left / "summary.json").read_bytes()
    lines = err.splitlines()
    assert lines[0] == "running quiet-week · design workflow · seed 3 · scale 0.05 · the scenario's weather"
    assert lines[-1] == "Replay   closeproof run quiet-week --design workflow --seed 3 --scale 0.05"
    assert "Left in  reports/out/quiet-week-workflow-3" in lines
    assert "\x1b" not in err


def test_the_run_directory_is_whole(home: Path, left: Path) -> None:
    assert {path.name for path in left.iterdir()} == FILES - {"plan.toml"}
    assert [path.name for path in left.parent.iterdir()] == [left.name]
    entries = list(journal.read(left / "events.jsonl"))
    assert isinstance(entries[0], RunStarted)
    assert isinstance(entries[-1], RunEnded)
    assert load_scenario(left / "scenario.toml")[0].name == "quiet-week"
    faults = load_plan(left / "faults.toml").fault
    took = [entry for entry in entries if isinstance(entry, FaultTook)]
    assert [(f.kind, f.target, f.trigger, f.params) for f in faults] == [
        (t.kind, t.target, t.trigger, t.params) for t in took
    ]
    assert Xml.parse(left / "junit.xml").getroot().get("failures") == "0"  # noqa: S314 - our own document
    repro = msgspec.toml.decode((left / "repro.toml").read_bytes())
    summary = summary_json.decode((left / "summary.json").read_bytes())
    assert (repro["digest"], repro["seed"], repro["scenario"]) == (summary.digest, 3, "quiet-week")
    assert str(home) not in (left / "repro.toml").read_text("utf-8")


def test_a_replay_gives_the_same_digest(home: Path, left: Path) -> None:
    again = cli("replay", left.relative_to(home), cwd=home)
    assert again.returncode == 0, again.stderr
    summary = summary_json.decode((left / "summary.json").read_bytes())
    assert again.stdout == f"same: {summary.digest}\n"


def test_the_faults_that_took_effect_replay_it_as_a_plan(left: Path, tmp_path: Path) -> None:
    """The plan says it all: with it instead of the weather, the journal is the same."""
    plan = left / "faults.toml"
    again = cli(*SMALL, "--seed", "3", "--plan", plan, "--out", tmp_path / "again", "--quiet", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "again" / "events.jsonl").read_bytes() == (left / "events.jsonl").read_bytes()
    assert (tmp_path / "again" / "plan.toml").read_bytes() == plan.read_bytes()
    assert cli("replay", "again", cwd=tmp_path).returncode == 0


def test_a_replay_that_differs_shows_where(left: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    changed.mkdir()
    for path in left.iterdir():
        (changed / path.name).write_bytes(path.read_bytes())
    digest = summary_json.decode((left / "summary.json").read_bytes()).digest
    repro = (left / "repro.toml").read_text("utf-8")
    (changed / "repro.toml").write_text(repro.replace(digest, "0" * 64), "utf-8")
    lines = (left / "events.jsonl").read_bytes().splitlines(keepends=True)
    lines[4] = lines[4].replace(b'"at":1', b'"at":2')
    (changed / "events.jsonl").write_bytes(b"".join(lines))
    again = cli("replay", changed, cwd=tmp_path)
    assert again.returncode == 3
    assert "the journals part on line 5:" in again.stdout
    assert again.stdout.count('"entry":') == 2


def test_a_second_run_gets_a_place_of_its_own_and_out_is_replaced(tmp_path: Path) -> None:
    design(tmp_path)
    for _ in range(2):
        assert cli(*IDLE, "--quiet", cwd=tmp_path).returncode == 1
    out = tmp_path / "reports" / "out"
    assert sorted(path.name for path in out.iterdir()) == ["quiet-week-mine-1", "quiet-week-mine-1-2"]
    old = (out / "quiet-week-mine-1" / "repro.toml").stat().st_ino
    assert cli(*IDLE, "--quiet", "--out", out / "quiet-week-mine-1", cwd=tmp_path).returncode == 1
    assert (out / "quiet-week-mine-1" / "repro.toml").stat().st_ino != old
    assert len(list(out.iterdir())) == 2


def test_a_design_that_loses_everything_fails_with_findings(tmp_path: Path) -> None:
    design(tmp_path)
    done = cli(*IDLE, "--out", "lost", cwd=tmp_path)
    assert done.returncode == 1
    assert " FAIL " in done.stderr
    assert "✗ I01 " in done.stderr
    assert "… and " in done.stderr
    summary = msgspec.json.decode((tmp_path / "lost" / "summary.json").read_bytes(), type=Summary)
    assert summary.money_at_risk_minor > 0
    assert summary.replay == "closeproof run quiet-week --design mine.py --seed 1 --scale 0.05"


def test_a_design_that_raises_is_named_with_what_it_said(tmp_path: Path) -> None:
    design(tmp_path, "async def run(ports, durable_dir):\n    raise ValueError('oh no')\n")
    done = cli(*IDLE, cwd=tmp_path)
    assert done.returncode == 1
    assert "ValueError: oh no" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_that_exercised_nothing_is_inconclusive(tmp_path: Path) -> None:
    done = cli("run", "quiet-week", "--scale", "0.0001", "--quiet", cwd=tmp_path)
    assert done.returncode == 4, done.stderr
    assert " UNKNOWN " in done.stderr


def test_no_color_at_a_terminal(tmp_path: Path) -> None:
    design(tmp_path)
    coloured, plain = (at_a_terminal(*IDLE, cwd=tmp_path, **env) for env in ({}, {"NO_COLOR": "1"}))
    assert "\x1b[31m" in coloured
    assert "\x1b[31m" not in plain
    assert "\x1b[32m" not in plain


def at_a_terminal(*said: str, cwd: Path, **env: str) -> str:
    """What appears on a terminal's screen."""
    ours, theirs = pty.openpty()
    full = environment(TERM="xterm", COLUMNS="80", **env)
    with subprocess.Popen(words(*said), cwd=cwd, env=full, stdout=subprocess.DEVNULL, stderr=theirs):
        os.close(theirs)
        shown = bytearray()
        try:
            while piece := os.read(ours, 65_536):
                shown += piece
        except OSError:  # the other side has closed: the terminal's way of saying so
            pass
    os.close(ours)
    return shown.decode()


SPINNING = "async def run(ports, durable_dir):\n    while True:\n        pass\n"
SLOW = "async def run(ports, durable_dir):\n    while True:\n        await ports.clock.sleep(0.05)\n"


@pytest.mark.parametrize("text", [SLOW, SPINNING], ids=["between ticks", "within one"])
def test_an_interrupted_run_leaves_nothing(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    mine = design(tmp_path, text)
    asked = words("run", "month-end", "--design", mine)
    with subprocess.Popen(asked, cwd=folder, env=environment(), stderr=subprocess.PIPE, text=True) as running:
        while not list(folder.glob("reports/out/.closeproof-*/events.jsonl")):
            assert running.poll() is None
            time.sleep(0.02)
        time.sleep(0.3)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=30)
    assert running.returncode == 130, err
    assert err.splitlines()[-1] == "interrupted: nothing was left behind"
    assert list(folder.iterdir()) == []


def test_a_harness_error_is_one_line_and_a_traceback_in_a_file(tmp_path: Path) -> None:
    broken = "import sim.cli, sim.cli_run\nsim.cli_run.run = lambda *_: 1 / 0\nsim.cli.main()\n"
    asked = [*words()[:1], "-c", broken, *SMALL]
    done = subprocess.run(
        asked, cwd=tmp_path, env=environment(TMPDIR=str(tmp_path)), capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    line = done.stderr.splitlines()[-1]
    assert line.startswith("closeproof: harness error: ZeroDivisionError: division by zero (traceback: ")
    (file,) = tmp_path.glob("closeproof-traceback-*.txt")
    assert "ZeroDivisionError" in file.read_text("utf-8")
    assert list(tmp_path.iterdir()) == [file]
    debugged = subprocess.run([*asked, "--debug"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert debugged.returncode == 3
    assert "Traceback" in debugged.stderr
