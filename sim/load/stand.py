"""The processes of a load test, each a command that anybody could start by hand, and the estate's control plane.

Whatever was started ends with its block. What a process says goes into a log of its own; where one dies, the last line of
that log is what the user is told.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Final

import httpx
import msgspec

from contracts.load import Orders, Progress, Told
from sim.door import client
from sim.errors import UserError
from sim.fence import wall_s

UP_S: Final = 60.0
"""How long a process may take to come up."""
DOWN_S: Final = 30.0
LOOK_EVERY_S: Final = 0.05
ADVANCE_S: Final = 600.0
A_DAY: Final = timedelta(days=1)
TOLD_IN: Final = "CLOSEPROOF_LOAD"
GENERATOR: Final = Path("loadtests/locustfile.py")


class StandError(Exception):
    """A process of the load test died, hung, or did not do what it should: our own affair, not the estate's."""


class Child:
    """A process of ours, with a log."""

    def __init__(  # noqa: PLR0913 - what a process is
        self, name: str, directory: Path, log: str, words: list[str], env: dict[str, str] | None = None, fd: int = -1
    ) -> None:
        """Start it in a directory; `fd` is a file descriptor that it inherits."""
        self.name = name
        self._log = directory / log
        with self._log.open("wb") as file:
            self._process = subprocess.Popen(  # noqa: S603 - our own commands
                [sys.executable, *words],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=directory,
                env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", "PYTHONPATH": _path(), **(env or {})},
                pass_fds=(fd,) if fd >= 0 else (),
            )

    def said(self, pattern: str) -> re.Match[str]:
        """Wait for something in its log; the match."""
        ends_s = wall_s() + UP_S
        while wall_s() < ends_s:
            found = re.search(pattern, self._log.read_text("utf-8", "replace"))
            if found:
                return found
            self.check()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(LOOK_EVERY_S)
        raise StandError(f"{self.name} did not come up within {UP_S:g} s")

    def check(self) -> None:
        """Raise if it is dead."""
        code = self._process.poll()
        if code is not None:
            lines = self._log.read_text("utf-8", "replace").strip().splitlines()
            raise StandError(f"{self.name} ended with {code}: {lines[-1] if lines else 'it said nothing'}")

    def ended(self) -> None:
        """Wait for its own end."""
        try:
            self._process.wait(DOWN_S)
        except subprocess.TimeoutExpired:
            raise StandError(f"{self.name} did not end within {DOWN_S:g} s") from None

    def stop(self) -> None:
        """Ask it to end, and see to it."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(DOWN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


@contextlib.contextmanager
def running(name: str, directory: Path, log: str, words: list[str]) -> Iterator[Child]:
    """A child for the length of a block."""
    child = Child(name, directory, log, words)
    try:
        yield child
    finally:
        child.stop()


@dataclass(frozen=True)
class Served:
    """How an estate is to be served."""

    scenario: str
    seed: int
    scale: float
    capacity: bool
    name: str

    def words(self) -> list[str]:
        """The command."""
        words = ["-m", "sim.cli", "serve", self.scenario, "--port", "0", "--name", self.name]
        words += ["--seed", str(self.seed), "--scale", repr(self.scale), "--out", "estate"]
        return [*words, "--capacity"] if self.capacity else words


class Control(client.Control):
    """The control plane of the estate that the test has up."""

    def __init__(self, estate: Child) -> None:
        """Find out where it is."""
        url, self.token = estate.said(r"control plane +(http://\S+)/_estate +token (\w+)").groups()
        super().__init__(url, self.token)
        self._estate = estate

    def form(self) -> dict[str, str]:
        """What a client gets its tokens for."""
        settings = self.get("/settings")
        return {name: settings[name] for name in ("client_id", "client_secret")}

    def go_on(self, to: str, tell: Callable[[str], None]) -> None:
        """Move the clock step by step, to a moment or (with none) to the end of it all; say each day that it is."""
        now = self.get("/clock")["now"]
        while True:
            tell(f"{now[:16].replace('T', ' ')}  going on to {to[:16].replace('T', ' ') or 'the end'}")
            near = bool(to) and datetime.fromisoformat(to) <= datetime.fromisoformat(now) + A_DAY
            seconds = None if near else A_DAY.total_seconds()
            said = self.advance(seconds=seconds, to=to, patience_s=ADVANCE_S)
            if not said["reached"]:
                raise StandError(f"the estate did not get beyond {said['now']} within {ADVANCE_S:g} s")
            now = said["now"]
            if near or said["resting"]:
                return

    def fell_back_s(self) -> float:
        """How far the estate's clock fell behind its pace, in wall time."""
        return float(self.get("/clock")["fell_back_s"])

    def _call(self, method: str, path: str, body: object = None, timeout_s: float = client.ANSWER_S) -> httpx.Response:
        """As any client does; but what goes wrong here is the stand's, and a dead estate says so itself."""
        try:
            return super()._call(method, path, body, timeout_s)
        except client.ControlError as error:
            self._estate.check()
            raise StandError(str(error)) from None


class Generator:
    """A Locust process, and the socket over which it is told what to play."""

    def __init__(self, orders: Orders, url: str, directory: Path, ours: socket.socket) -> None:
        """Start it."""
        words = ["-m", "locust", "-f", _locustfile().as_posix(), "--headless", "-u", "1", "--host", url]
        words += ["--only-summary", "--exit-code-on-error", "0", "--loglevel", "WARNING"]
        name = f"generator-{orders.worker + 1}"
        env = {TOLD_IN: msgspec.json.encode(orders).decode()}
        self.child = Child(name, directory, f"{name}.log", words, env, orders.wire)
        self.progress = Progress()
        self.ready = False
        self._wire = ours
        self._rest = b""

    def tell(self, told: Told) -> None:
        """Say what to do next."""
        try:
            self._wire.sendall(msgspec.json.encode(told) + b"\n")
        except OSError:
            self.child.check()
            raise

    def hear(self) -> None:
        """Read what it said, if it said something."""
        while select.select((self._wire,), (), (), 0)[0]:
            said = self._wire.recv(65536)
            if not said:
                self.child.ended()
                self.child.check()
            *lines, self._rest = (self._rest + said).split(b"\n")
            for line in lines:
                self.progress = msgspec.json.decode(line, type=Progress)
                self.ready = True

    def close(self) -> None:
        """End it, if it has not ended by itself."""
        self._wire.close()
        self.child.stop()


def require_locust() -> None:
    """Raise `UserError` where the generator is not installed."""
    if find_spec("locust") is None:
        raise UserError(
            "load", 0, "", "needs Locust, which comes with the extra `load`: pip install 'closeproof[load]'"
        )


@contextlib.contextmanager
def generating(orders: list[Orders], url: str, directory: Path) -> Iterator[list[Generator]]:
    """All generators; `wire` of the orders is filled in here."""
    generators: list[Generator] = []
    try:
        for each in orders:
            ours, theirs = socket.socketpair()
            with theirs:
                told = msgspec.structs.replace(each, wire=theirs.fileno())
                generators.append(Generator(told, url, directory, ours))
        yield generators
    finally:
        for generator in generators:
            generator.close()


def _locustfile() -> Path:
    found = find_spec("loadtests")
    return Path(next(iter(found.submodule_search_locations or ()))) / GENERATOR.name if found else GENERATOR


def _path() -> str:
    """Processes find our packages where this one did, whatever directory they run in."""
    return os.pathsep.join(path or str(Path.cwd()) for path in sys.path)


# -- the subject that is always idle ----------------------------------------------------------------------------------


class _AlwaysIdle(BaseHTTPRequestHandler):
    """Generators act when they are told to, so the clock need never wait for them."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Say so."""
        body = b'{"idle":true}'
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""


@contextlib.contextmanager
def always_idle() -> Iterator[str]:
    """The URL of an idle endpoint."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _AlwaysIdle)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/idle"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
