"""A schedule file is read whole or refused in one line: file, line, key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.load import Arrival
from loadtests.schedule import ScheduleError, part_of, read

HEAD: dict[str, Any] = {
    "schema": "closeproof.arrivals/1", "scenario": "x", "seed": 1, "scale": 1.0, "against": "estate",
    "begins": "2026-10-31T12:00:00Z", "ends": "2026-10-31T13:00:00Z", "speed": 360.0,
    "phases": [{"until": "2026-10-31T12:00:00Z"}, {"until": "2026-10-31T13:00:00Z", "measured": True, "seconds": 10.0}],
    "arrivals": 2,
}  # fmt: skip
POST = {"system": "cloud_erp", "operation": "create_invoice", "method": "POST", "path": "/invoices", "body": {"A": "1"}}
TELL = {"system": "ap_automation", "operation": "set_status", "method": "PUT", "path": "/s", "body": {"v": "?"},
        "fill": {"v": ["INV", "create_invoice", "VoucherNumber"]}}  # fmt: skip
FIRST = {"phase": 0, "due_s": 0.0, "name": "invoice", "lane": "L", "ref": "INV", "steps": [POST]}
SECOND = {"phase": 1, "due_s": 0.5, "name": "status", "lane": "L", "ref": "INV", "steps": [TELL]}


def written(tmp_path: Path, *lines: object) -> Path:
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
    return path


def test_the_good_file_is_good(tmp_path: Path) -> None:
    schedule, arrivals = read(written(tmp_path, HEAD, FIRST, SECOND))
    assert schedule.phases[1].seconds == 10
    assert [arrival.due_s for arrival in arrivals] == [0.0, 0.5]
    assert arrivals[1].steps[0].fill["v"] == ("INV", "create_invoice", "VoucherNumber")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("{",), "a.jsonl:1: is not JSON"),
        (({**HEAD, "schema": "closeproof.arrivals/2"},), "a.jsonl:1: schema: invalid enum value 'closeproof.arrivals/2'"),
        (({key: value for key, value in HEAD.items() if key != "seed"},), "a.jsonl:1: seed: is missing"),
        ((HEAD, FIRST, {**SECOND, "due_s": -1}), "a.jsonl:3: due_s: expected `float` >= 0.0"),
        ((HEAD, FIRST, {**SECOND, "due": 1}), "a.jsonl:3: due: unknown key"),
        ((HEAD, FIRST, {**SECOND, "steps": []}), "a.jsonl:3: steps: expected `array` of length >= 1"),
        ((HEAD, FIRST, {**SECOND, "steps": [{**POST, "path": "x"}]}), "a.jsonl:3: steps[0].path: expected `str` matching"),
        ((HEAD, FIRST, {**SECOND, "steps": [{**POST, "method": "FETCH"}]}), "a.jsonl:3: steps[0].method: invalid enum"),
        ((HEAD, FIRST, {**SECOND, "phase": 2}), "a.jsonl:3: phase: there is no phase 2: the first line lists 2"),
        ((HEAD, {**FIRST, "phase": 1, "due_s": 1}, SECOND), "a.jsonl:3: due_s: comes before the line above it"),
        ((HEAD, FIRST), "a.jsonl:1: arrivals: 2 are announced and 1 follow"),
        ((HEAD, {**FIRST, "lane": "M"}, SECOND), "a.jsonl:3: steps[0].fill.v: no earlier step of its lane is create_invoice"),
        (({**HEAD, "phases": HEAD["phases"][:1]}, FIRST, SECOND), "a.jsonl:1: phases: exactly one phase must be measured"),
        (("",), "a.jsonl:1: is not JSON"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(tmp_path: Path, lines: tuple[object, ...], said: str) -> None:
    with pytest.raises(ScheduleError) as refused:
        read(written(tmp_path, *lines, *([""] if lines == ("",) else [])))
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ScheduleError, match="cannot be read: No such file"):
        read(tmp_path / "none.jsonl")


def test_workers_share_the_arrivals_out_by_whole_lanes(tmp_path: Path) -> None:
    _, (first, second) = read(written(tmp_path, HEAD, FIRST, SECOND))
    many = [Arrival(0, 0.0, "x", first.steps, f"lane-{n % 7}", str(n)) for n in range(50)]
    many += [Arrival(0, 0.0, "poll", second.steps) for _ in range(10)]
    parts = [part_of(many, worker, 3) for worker in range(3)]
    assert sum(map(len, parts)) == 60
    lanes = [{arrival.lane for arrival in part if arrival.lane} for part in parts]
    assert not lanes[0] & lanes[1] | lanes[1] & lanes[2] | lanes[0] & lanes[2]
    assert all(any(not arrival.lane for arrival in part) for part in parts)
