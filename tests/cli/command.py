"""Runs the real command line: as a process of its own, or, where only words matter, in this one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sim.cli import app, guarded

IDLE = "async def run(ports, durable_dir):\n    await ports.clock.sleep(1e9)\n"
"""A design that looks on: everything is lost."""


def environment(**more: str) -> dict[str, str]:
    """Ours, without what would colour or widen the output."""
    kept = {key: value for key, value in os.environ.items() if key not in {"COLUMNS", "NO_COLOR", "FORCE_COLOR"}}
    return {**kept, **more}


def words(*said: str | Path) -> list[str]:
    """A command line."""
    return [sys.executable, "-m", "sim.cli", *map(str, said)]


def cli(*said: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run it as a user would."""
    return subprocess.run(
        words(*said), cwd=cwd, env=environment(**env), capture_output=True, text=True, check=False, timeout=120
    )


def here(said: Sequence[str | Path]) -> int:
    """Run it in this process; the exit code."""
    return guarded(lambda: app([str(word) for word in said]))


def design(folder: Path, text: str = IDLE, name: str = "mine.py") -> Path:
    """A user's design file."""
    path = folder / name
    path.write_text(text, "utf-8")
    return path
