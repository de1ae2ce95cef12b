"""Same scenario, design, seed and plan: the same journal, byte for byte, in any process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def digest(seed: int, hash_seed: str, directory: Path, scale: float = 0.3) -> str:
    """The digest of a run in a fresh process."""
    directory.mkdir()
    command = [sys.executable, str(HERE / "digest_of.py"), "quiet-week", str(seed), str(scale), str(directory)]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def first_difference(one: Path, other: Path) -> str:
    """The first line in which two journals differ, for whoever must find out why."""
    lines = (one / "events.jsonl").read_text().splitlines(), (other / "events.jsonl").read_text().splitlines()
    for number, (left, right) in enumerate(zip(*lines, strict=False), start=1):
        if left != right:
            return f"line {number}:\n  {left}\n  {right}"
    return f"one journal has {len(lines[0])} lines, the other {len(lines[1])}"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_one_seed_one_digest_in_any_process(seed: int, tmp_path: Path) -> None:
    """Two processes with different hash seeds write the same journal."""
    one, other = tmp_path / "one", tmp_path / "other"
    same = digest(seed, "1", one) == digest(seed, "4242", other)
    assert same, first_difference(one, other)


def test_another_seed_another_digest(tmp_path: Path) -> None:
    """Seeds matter."""
    assert digest(11, "0", tmp_path / "one") != digest(12, "0", tmp_path / "other")
