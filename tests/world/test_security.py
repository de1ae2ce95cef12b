"""Keys and secrets change under a design that works on: a whole run, judged."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from msgspec.structs import replace

from contracts.journal import Call, Effect, read
from contracts.scenario import Identity
from sim.designs import load_design
from sim.run import RunOptions, run
from sim.scenario_file import load_scenario

WEEK = load_scenario("quiet-week")[0]


@pytest.mark.parametrize("overlap_hours", [0.0, 24.0])
def test_keys_and_a_secret_change_and_nobody_notices_in_the_books(tmp_path: Path, overlap_hours: float) -> None:
    """What is withdrawn at once is met by a 401 and a new token; with an overlap nobody meets anything."""
    rules = Identity(key_days=1, secret_on=dt.date(2026, 10, 7), overlap_hours=overlap_hours)
    name, design = load_design("workflow")
    summary = run(RunOptions(replace(WEEK, identity=rules, weather=()), name, design, 4, 1.0, directory=tmp_path))
    assert summary.verdict == "pass"
    entries = list(read(tmp_path / "events.jsonl"))
    refused = [entry for entry in entries if isinstance(entry, Call) and entry.status == 401]
    assert bool(refused) is (overlap_hours == 0)
    assert {entry.what for entry in entries if isinstance(entry, Effect) and entry.system == "identity"} == {
        "key.rotated",
        "key.withdrawn",
        "secret.changed",
    }
