"""Somebody's pytest run, in a process and a folder of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ENVIRONMENT: Final = {
    key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PYTEST", "VIRTUAL_ENV"))
}
QUIET: Final = ("-q", "-p", "no:cacheprovider", "-p", "no:pact", "-p", "no:schemathesis", "-W", "error")
"""A warning of ours would end somebody's run: they may count them as errors, as we do."""


@dataclass(frozen=True)
class Session:
    """What a run said, and how it ended."""

    code: int
    said: str

    def counts(self) -> dict[str, int]:
        """How many passed, failed, …: from the last line."""
        last = self.said.strip().splitlines()[-1]
        return {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|errors?|skipped)", last)}

    def replays(self) -> list[str]:
        """The commands that show it again, in order."""
        return re.findall(r"^Replay +(.+)$", self.said, re.MULTILINE)


def pytest_run(folder: Path, source: str, *words: str, python: str | Path = sys.executable) -> Session:
    """Run a test file in a folder."""
    if source:
        (folder / "test_it.py").write_text(source, "utf-8")
    return command([python, "-m", "pytest", *QUIET, *words], folder)


def command(words: Sequence[str | Path], folder: Path) -> Session:
    """Run any command there."""
    done = subprocess.run(words, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=300)
    return Session(done.returncode, done.stdout + done.stderr)
