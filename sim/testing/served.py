"""The estate over HTTP, as a fixture: `closeproof serve` in a process of its own, on a free port, for the length of a test."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import msgspec
import pytest

from sim.door.client import Control
from sim.testing.marker import Wanted
from sim.testing.note import Note
from sim.testing.verdict import Verdict

START_S: Final = 60.0
END_S: Final = 60.0
WAIT_S: Final = 60.0


class NotSettledError(AssertionError):
    """There is no verdict: estate and program under test did not come to rest in time."""


class _Served(msgspec.Struct, frozen=True):
    """What `closeproof serve --json` says."""

    url: str
    token: str


class ServedEstate:
    """What `served_estate` stands for. The program under test gets `url` and `settings`; the test has `control`."""

    def __init__(self, served: _Served, control: Control, wanted: Wanted, course: _Course) -> None:
        """Take over an estate that has just been served."""
        self.url = served.url
        self.token = served.token
        """The control plane's; a program under test needs it for settings and clock only."""
        self.control = control
        self.settings: dict[str, Any] = control.get("/settings")
        """`client_id`, `client_secret`, `webhook_secret`, `token_url`, `systems` and more."""
        (self.seed,) = wanted.seeds()
        self.scenario = wanted.scenario
        self.scale = wanted.scale
        self._course = course

    def verdict(self, timeout_s: float = WAIT_S, *, advance: bool = False) -> Verdict:
        """Wait until all is settled, and say what came of it; with `advance`, step by step instead of by the clock."""
        summary = self.control.settled(timeout_s, advance=advance)
        if summary is None:
            where = self.control.get("/")
            message = f"not settled within {timeout_s:g} s; nothing was judged: {msgspec.json.encode(where).decode()}"
            raise NotSettledError(message)
        self._course.verdict = Verdict(summary, self._course.directory)
        return self._course.verdict


class _Course:
    """How it was served, and what came of it once that is known."""

    def __init__(self, words: list[str], directory: Path) -> None:
        self.command = shlex.join(["closeproof", *words])
        self.directory = directory
        self.verdict: Verdict | None = None

    def report(self) -> str:
        if self.verdict is None:  # one that did not pass is false
            return f"no verdict was asked for\nReplay   {self.command}"
        return self.verdict.report()


@contextlib.contextmanager
def serving(wanted: Wanted, out: Path, note: Note) -> Iterator[ServedEstate]:
    """Serve an estate for a block; it leaves its run directory at the end."""
    out.mkdir(parents=True, exist_ok=True)
    log = out / "serve.log"
    words = _words(wanted)
    course = _Course(words, out / "run")
    note.tell(course)
    note.record(seed=wanted.seeds()[0], replay=course.command)
    with log.open("wb") as said:
        process = _start([*words, "--port", "0", "--json", "--out", str(course.directory)], said)
        try:
            served = _ready(process, log)
            with Control(served.url, served.token) as control:
                yield ServedEstate(served, control, wanted, course)
        finally:
            _end(process)
            if course.verdict is not None:
                note.record(verdict=course.verdict.summary.verdict)


def _words(wanted: Wanted) -> list[str]:
    """As `serve` itself would repeat it."""
    (seed,) = wanted.seeds()
    words = ["serve", wanted.scenario, "--seed", str(seed)]
    words += [] if wanted.scale == 1 else ["--scale", f"{wanted.scale:g}"]
    words += ["--plan", wanted.plan] if wanted.plan else []
    return [*words, "--speed", f"{wanted.speed:g}"]


def _start(words: list[str], said: IO[bytes]) -> subprocess.Popen[bytes]:
    # -P: a folder of the user's that is called as one of ours must not be taken for it
    command = [sys.executable, "-P", "-m", "sim.cli", *words]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said)  # noqa: S603 - ours


def _ready(process: subprocess.Popen[bytes], log: Path) -> _Served:
    """Wait for its address."""
    watchdog = threading.Timer(START_S, process.kill)
    watchdog.start()
    try:
        line = process.stdout.readline() if process.stdout else b""
    finally:
        watchdog.cancel()
    if not line:
        process.wait(END_S)
        pytest.fail(f"the estate could not be served: {log.read_text('utf-8').strip()}", pytrace=False)
    return msgspec.json.decode(line, type=_Served)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Judged, if that has not been done, and gone."""
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
