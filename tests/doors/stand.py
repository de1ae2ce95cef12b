"""Serves an estate, and the reference orchestrator, as the processes a user would start; every one of them ends with its block."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from contracts.journal import Effect, read
from contracts.verdict import Summary
from reports import summary_json

PATIENCE_S = 60.0
"""How long anything may take to come up, or to come about, before a test gives up."""


class Process:
    """A command of ours, with what it says on stderr."""

    def __init__(self, *words: str | Path, cwd: Path) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sim.cli", *map(str, words)],
            cwd=cwd,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    def said(self, pattern: str) -> re.Match[str]:
        """Wait for a line; the match."""

        def look() -> re.Match[str] | None:
            assert self.process.poll() is None, "\n".join(self.lines)
            return next((found for line in list(self.lines) if (found := re.search(pattern, line))), None)

        return until(look, f"a line like {pattern!r}")

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._reader.join(PATIENCE_S)
        if self.process.stderr is not None:
            self.process.stderr.close()
        return code


def until(look: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """Look again and again until there is something to see."""
    ends = time.monotonic() + patience_s
    while not (seen := look()):
        assert time.monotonic() < ends, f"waited {patience_s:g} s in vain for {what}"
        time.sleep(0.01)
    return seen


class Served:
    """A served estate."""

    def __init__(self, process: Process, directory: Path) -> None:
        self.process = process
        self.directory = directory
        found = process.said(r"control plane +(http://\S+)/_estate +token (\w+)")
        process.said("The clock waits")
        self.url, self.token = found.groups()
        self.control = httpx.Client(
            base_url=f"{self.url}/_estate",
            headers={"authorization": f"Bearer {self.token}"},
            timeout=300.0,
        )

    def get(self, path: str) -> Any:
        """Read from the control plane."""
        return self.control.get(path).raise_for_status().json()

    def post(self, path: str, body: Any = None) -> Any:
        """Do something at the control plane."""
        return self.control.post(path, json=body).raise_for_status().json()

    def advance(self, **asked: Any) -> Any:
        """Go step by step."""
        return self.post("/clock/advance", {"patience_s": 240, **asked})

    def summary(self, patience_s: float = PATIENCE_S) -> Summary:
        """The verdict, once it is settled."""

        def look() -> Summary | None:
            answer = self.control.get("/verdict").raise_for_status()
            return summary_json.decode(answer.content) if answer.status_code == 200 else None

        found: Summary = until(look, "the verdict", patience_s)
        return found

    def authorized(self) -> httpx.Client:
        """A client of the systems with a token of its own."""
        settings = self.get("/settings")
        form = {key: settings[key] for key in ("client_id", "client_secret")}
        token = httpx.post(settings["token_url"], data={"grant_type": "client_credentials", **form}).json()
        return httpx.Client(
            base_url=self.url, headers={"authorization": f"Bearer {token['access_token']}"}, timeout=30.0
        )


@contextlib.contextmanager
def serving(tmp_path: Path, *words: str | Path) -> Iterator[Served]:
    """An estate on a free port."""
    directory = tmp_path / "served"
    process = Process("serve", *words, "--port", "0", "--out", directory, cwd=tmp_path)
    try:
        served = Served(process, directory)
        with served.control:
            yield served
    finally:
        process.stop()


def orchestrator(served: Served, db: Path, *more: str) -> Process:
    """The reference orchestrator, started and introduced."""
    process = Process(
        "orchestrator",
        "serve",
        "--estate",
        served.url,
        "--token",
        served.token,
        "--db",
        db,
        "--port",
        "0",
        *more,
        cwd=db.parent,
    )
    try:
        process.said("orchestrator at")
    except BaseException:
        process.stop()
        raise
    return process


@contextlib.contextmanager
def orchestrating(served: Served, db: Path, *more: str) -> Iterator[Process]:
    """The reference orchestrator, for a block."""
    process = orchestrator(served, db, *more)
    try:
        yield process
    finally:
        process.stop()


def journals(directory: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What was posted in each entity's ledger, line for line, in no order; numbers that the ERP gave are its own affair."""
    posted: dict[str, list[tuple[Any, ...]]] = {}
    for entry in read(directory / "events.jsonl"):
        if isinstance(entry, Effect) and entry.lines:
            lines = sorted((line.account, line.role, line.amount_minor, line.currency) for line in entry.lines)
            journal = (entry.what, entry.source_ref, entry.on, bool(entry.reverses), lines)
            posted.setdefault(entry.entity, []).append(journal)
    return {entity: sorted(entries) for entity, entries in posted.items()}


def effects(directory: Path) -> list[tuple[str, ...]]:
    """What was brought about: where, what, for whom, about which paper, how much; in no order."""
    return sorted(
        (
            entry.system,
            entry.what,
            entry.entity,
            entry.source_ref,
            entry.number if entry.system == "cloud_erp" else "",  # elsewhere it may be one that the ERP gave
            str(entry.amount_minor),
            entry.on,
            entry.state,
            *(ref for ref in entry.about if not ref.startswith("cloud_erp:")),  # likewise
        )
        for entry in read(directory / "events.jsonl")
        if isinstance(entry, Effect)
    )
