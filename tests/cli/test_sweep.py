"""Many seeds: what is counted, which seeds are named, and the exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.verdict import AnomalyScore
from sim.errors import UserError
from sim.sweep import exit_code, seeds
from sim.sweep_count import Result
from tests.cli.command import design, environment


def sweep(*said: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the module."""
    asked = [sys.executable, "-m", "sim.sweep", *said]
    return subprocess.run(asked, cwd=cwd, env=environment(), capture_output=True, text=True, check=False, timeout=120)


def test_seeds_that_pass_are_counted(tmp_path: Path) -> None:
    done = sweep("quiet-week", "--seeds", "1-3", "--scale", "0.05", "--jobs", "2", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    swept = json.loads(done.stdout)
    assert swept["schema"] == "closeproof.sweep/1"
    assert [(run["seed"], run["verdict"]) for run in swept["runs"]] == [(1, "pass"), (2, "pass"), (3, "pass")]
    assert "quiet-week     3     3     0        0" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_seeds_that_fail_are_named_with_their_replay(tmp_path: Path) -> None:
    design(tmp_path)
    done = sweep("quiet-week", "--design", "mine.py", "--seeds", "4", "--scale", "0.05", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "✗ quiet-week seed 4: I01, " in done.stderr
    assert "closeproof run quiet-week --design mine.py --seed 4 --scale 0.05" in done.stderr


def test_mistakes_are_told_once(tmp_path: Path) -> None:
    for said in (("quiet-wek",), ("quiet-week", "--seeds", "1-b"), (), ("quiet-week", "--design", "nope")):
        done = sweep(*said, cwd=tmp_path)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr


def test_lists_of_seeds() -> None:
    assert seeds("1-4") == [1, 2, 3, 4]
    assert seeds("7") == [7]
    assert seeds("9-10,1,9") == [1, 9, 10]
    for wrong in ("", "a", "1-", "-1", "1,,2"):
        with pytest.raises(UserError):
            seeds(wrong)


def test_the_worst_result_decides() -> None:
    def result(verdict: str, error: str = "") -> Result:
        return Result("s", 1, verdict, (), (), AnomalyScore(0, 0, 0, 0), 0, 0, 0.0, "", "", error)

    assert exit_code([result("pass")]) == 0
    assert exit_code([result("pass"), result("unknown")]) == 4
    assert exit_code([result("unknown"), result("unknown", "boom")]) == 3
    assert exit_code([result("unknown", "boom"), result("fail")]) == 1
