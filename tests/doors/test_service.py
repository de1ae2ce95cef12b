"""The reference orchestrator as a process: what it says of itself, how it ends, and what kill -9 costs it: nothing."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import apsw
import httpx
import pytest

from orchestrator.store.verify import verify
from tests.doors.stand import Process, Served, orchestrating, orchestrator, serving, until

KILLS = 10
DAY_S = 86_400


def address(process: Process) -> tuple[str, dict[str, str]]:
    """Where it is, and the headers of its read API."""
    url, token = process.said(r"orchestrator at (\S+) +read API token (\w+)").groups()
    return url, {"authorization": f"Bearer {token}"}


@pytest.mark.slow
def test_killed_ten_times_in_a_faulted_week_it_loses_nothing(tmp_path: Path) -> None:
    db = tmp_path / "db"
    with serving(tmp_path, "quiet-week", "--scale", "0.3", "--seed", "5", "--speed", "6000") as served:
        process = orchestrator(served, db)
        try:
            seen = 0
            for _ in range(KILLS):
                wanted = seen + 25
                until(partial(under_way, served, wanted), "work to be under way")
                seen = wanted
                process.kill()
                process.stop()
                process = orchestrator(served, db)
            assert served.advance()["reached"]
            summary = served.summary()
        finally:
            process.stop()
    assert verify(db).broken == ""
    assert (summary.verdict, summary.ended) == ("pass", "quiescent")
    assert summary.open_obligations == 0
    assert sum(count.took_effect for count in summary.faults) > 0


def under_way(served: Served, wanted: int) -> bool:
    """Whether so much has crossed."""
    return bool(served.get("/")["crossings"] >= wanted)


@pytest.mark.slow
def test_it_says_how_it_is_and_what_became_of_a_paper(tmp_path: Path) -> None:
    with serving(tmp_path, "quiet-week", "--scale", "0.2", "--plan", empty_plan(tmp_path)) as served:
        with orchestrating(served, tmp_path / "db", "--grant", "ann=H1") as process:
            url, headers = address(process)
            (grant,) = process.said(r"grant for ann +(\S+)").groups()
            assert served.advance(seconds=3 * DAY_S)["reached"]
            with httpx.Client(base_url=url) as anybody:
                assert anybody.get("/health").json() == {"status": "ok", "why": ""}
                assert "/lineage/{paper}" in anybody.get("/openapi.json").json()["paths"]
                assert anybody.get("/idle").json()["idle"] is True
                for path in ("/status", "/cases", "/lineage/x"):
                    assert anybody.get(path).status_code == 401
                assert anybody.get("/nowhere").status_code == 404
                assert anybody.delete("/status", headers=headers).status_code == 405
                assert anybody.post("/hooks/procurement", content=b"{}").status_code == 401, "an unsigned delivery"
                for when in ("yesterday", "2026-10-05", "9999-01-01T00:00:00Z"):
                    assert anybody.get("/idle", params={"now": when}).status_code == 422
                look(anybody, headers)
                ann = {"authorization": f"Bearer {grant}"}
                assert anybody.get("/dead-letters", headers=ann).json() == {"dead_letters": []}
                assert anybody.get("/status", headers=ann).status_code == 403
                replay = {"key": "po:H1:PO-H1-000001:1", "reason": "why not"}
                asked = [anybody.post("/replays", headers=each, json=replay).status_code for each in ({}, headers, ann)]
                assert asked == [401, 403, 404]
            assert process.stop() == 0
        assert accounted(tmp_path, 0).startswith("S01 passes: ")
        with closing(apsw.Connection(str(tmp_path / "db" / "orchestrator.db"))) as database:
            database.execute("UPDATE effect SET remote_id='AP-666' WHERE id=1")
        assert "table effect: (1, " in accounted(tmp_path, 1)
        assert served.control.get("/verdict").status_code == 202


def accounted(folder: Path, status: int) -> str:
    """What `orchestrator verify` says of the database."""
    command = [sys.executable, "-m", "sim.cli", "orchestrator", "verify", str(folder / "db")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == status
    return done.stdout + done.stderr


def look(client: httpx.Client, headers: dict[str, str]) -> None:
    """Status, then one paper from its number to its posting, then cases."""
    status: Any = client.get("/status", headers=headers).json()
    assert status["inbox"] > status["processes"] > 0
    assert status["effects"]["done"] > 0
    lineage = client.get("/lineage/PO-H1-000001", headers=headers).json()
    operations = {effect["operation"]: effect["status"] for effect in lineage["processes"][0]["effects"]}
    assert operations["cloud_erp.create_purchase_order"] == "done"
    assert client.get("/lineage/PO-NOBODY", headers=headers).status_code == 404
    cases = client.get("/cases", headers=headers).json()["cases"]
    assert [case for case in client.get("/cases?open=true", headers=headers).json()["cases"] if case not in cases] == []


def empty_plan(folder: Path) -> Path:
    """A plan without a fault."""
    path = folder / "no-faults.toml"
    path.write_text("", "utf-8")
    return path


@pytest.mark.parametrize(
    ("estate", "said"),
    [("http://127.0.0.1:9", "Cannot connect to host"), ("nonsense", "closeproof: orchestrator: nonsense/_estate")],
)
def test_without_an_estate_it_says_so_in_a_line(estate: str, said: str, tmp_path: Path) -> None:
    process = Process(
        "orchestrator", "serve", "--estate", estate, "--token", "t", "--db", tmp_path, "--port", "0", cwd=tmp_path
    )
    until(lambda: process.process.poll() is not None, "its end")
    assert process.stop() == 2
    assert len(process.lines) == 1
    assert said in process.lines[0]
