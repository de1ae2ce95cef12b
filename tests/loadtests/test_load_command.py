"""`closeproof load` as a user meets it: real runs over real HTTP, what they leave, and what each exit code is for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sim.cli_ask import Asked, prepare
from sim.load import stand
from sim.load.calm import calmed
from sim.load.recorded import record
from sim.load.schedule import Window, arrivals_of, write
from tests.cli.command import cli, here

SCENARIO = ("load", "quiet-week-invoices", "--seconds", "2")
LEFT = {"load.json", "load.html", "junit.xml", "scenario.toml", "arrivals.jsonl", "samples-1.jsonl", "estate"}


def result(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    assert document["schema"] == "closeproof.load/1"
    return document


def test_a_load_test_leaves_figures_and_sound_books(tmp_path: Path) -> None:
    ran = cli(*SCENARIO, "--json", "--out", "here", "--workers", "2", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    found = result(ran.stdout)
    measured, books = found["measured"], found["books"]
    assert (found["verdict"], books["verdict"], books["ended"]) == ("pass", "pass", "quiescent")
    assert measured["planned"] == measured["done"] > 0
    assert (measured["failed"], measured["unplayed"], measured["unmeasured_failed"]) == (0, 0, 0)
    assert measured["unmeasured"] > 0
    assert measured["behind"]["count"] == measured["planned"]
    assert {path.name for path in (tmp_path / "here").iterdir()} >= LEFT | {"samples-2.jsonl"}
    assert (tmp_path / "here" / "load.json").read_text("utf-8") == ran.stdout
    assert (tmp_path / "here" / "estate" / "report.html").is_file()
    assert "━━  PASS  ━━" in ran.stderr


@pytest.mark.slow
def test_calls_that_are_refused_and_a_limit_that_cannot_hold_fail(tmp_path: Path) -> None:
    """The arrivals as they would be, but that one of the measured invoices is sent to where nothing is."""
    found = prepare(Asked("quiet-week-invoices"))
    calm = replace(found, scenario=calmed(found.scenario))
    schedule, arrivals = arrivals_of(calm, record(calm), "estate", Window(seconds=2))
    place = next(n for n, a in enumerate(arrivals) if schedule.phases[a.phase].measured and a.name == "invoice")
    astray = tuple(
        msgspec.structs.replace(step, path="/nowhere") if step.operation == "create_invoice" else step
        for step in arrivals[place].steps
    )
    arrivals[place] = msgspec.structs.replace(arrivals[place], steps=astray)
    write(tmp_path / "broken.jsonl", schedule, arrivals)
    broken = ("load", "quiet-week-invoices", "--schedule", "broken.jsonl", "--p95", "0.001", "--json", "-q")
    ran = cli(*broken, cwd=tmp_path)
    assert ran.returncode == 1, ran.stderr
    left = result(ran.stdout)
    verdicts = {limit["name"]: limit["verdict"] for limit in left["thresholds"]}
    assert verdicts == {"p95_ms_max": "fail", "error_share_max": "fail"}
    assert left["measured"]["reasons"]["create_invoice: status 404"] == 1
    assert left["books"]["verdict"] == "fail", "an invoice that never reached the ERP is missing in its books"
    assert "1 failed at create_invoice: status 404" in ran.stderr


@pytest.mark.slow
def test_end_to_end_the_reference_books_what_the_world_brings(tmp_path: Path) -> None:
    ran = cli(*SCENARIO, "--against", "end-to-end", "--scale", "2", "--json", "-q", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    found = result(ran.stdout)
    assert found["books"]["design"] == "workflow"
    assert found["measured"]["planned"] == found["measured"]["done"] > 0


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (("--seconds", "5", "--rate", "3"), "--rate: says the same as --seconds in another way"),
        (("--seconds", "-1"), "--seconds: -1 is not above 0"),
        (("--workers", "0"), "--workers: 0 is not a whole number from 1 to 16"),
        (("--concurrency", "99999"), "--concurrency: 99999 is not"),
        (("--p95", "-3"), "--p95: expected `float` > 0.0"),
        (("--errors", "2"), "--errors: expected `float` <= 1.0"),
        (("--schedule", "none.jsonl"), "none.jsonl: cannot be read"),
        (("--schedule", "none.jsonl", "--day", "2026-10-07"), "--schedule: says by itself"),
        (("--day", "2030-01-01"), "--day: next to nothing arrives on 2030-01-01"),
        (("--against", "nobody"), "nobody"),
        (("--out", "full"), "full: is not empty and has no load.json"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_and_exit_code_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    said: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious.txt").touch()
    assert here(["load", "quiet-week-invoices", "--quiet", *said]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "reports").exists()


def test_a_schedule_for_another_scenario_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    head = {"schema": "closeproof.arrivals/1", "scenario": "elsewhere", "seed": 1, "scale": 1.0, "against": "estate",
            "begins": "b", "ends": "e", "speed": 1.0, "phases": [{"until": "u", "measured": True, "seconds": 1.0}],
            "arrivals": 0}  # fmt: skip
    (tmp_path / "a.jsonl").write_text(json.dumps(head), "utf-8")
    assert here(["load", "quiet-week-invoices", "--schedule", "a.jsonl"]) == 2
    assert "a.jsonl:1: scenario: it was made for elsewhere" in capsys.readouterr().err


def test_without_locust_it_says_which_extra_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(stand, "find_spec", lambda _name: None)
    assert here(["load", "quiet-week-invoices"]) == 2
    said = capsys.readouterr().err
    assert "pip install 'closeproof[load]'" in said
    assert said.count("\n") == 1


def test_a_process_that_dies_is_the_harness_own_error_and_told_with_its_last_word(tmp_path: Path) -> None:
    with (
        stand.running(
            "the estate", tmp_path, "estate.log", ["-c", "print('out of luck'); raise SystemExit(9)"]
        ) as child,
        pytest.raises(stand.StandError, match="the estate ended with 9: out of luck"),
    ):
        child.said("never")
