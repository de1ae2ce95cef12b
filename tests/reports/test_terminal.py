"""What people see: golden texts at 80 columns, and what holds at any width."""

from __future__ import annotations

import io
from pathlib import Path
from typing import cast

import msgspec
import pytest
from rich.cells import cell_len
from rich.console import Console

from contracts.verdict import Evidence
from reports.terminal import evidence_lines, show, show_briefly
from tests.reports.samples import FAILED, LINES, PASSED, SAMPLES, rendered


@pytest.mark.parametrize("name", SAMPLES)
def test_it_reads_as_agreed(name: str) -> None:
    """After a change on purpose: `python -m tests.reports.samples`, and look at the difference."""
    assert rendered(SAMPLES[name]) == Path(__file__).with_name(f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("width", [60, 80, 100])
def test_nothing_runs_over_the_edge_but_what_must_stay_whole(name: str, width: int) -> None:
    lines = [
        line
        for line in rendered(SAMPLES[name], width).splitlines()
        if not line.startswith(("Replay", "Left in", "Page"))
    ]
    assert [line for line in lines if cell_len(line) > width] == []


def test_the_last_line_replays_it() -> None:
    for summary in SAMPLES.values():
        assert rendered(summary).splitlines()[-1] == f"Replay   {summary.replay}"


def test_a_long_replay_command_stays_one_line() -> None:
    long = msgspec.structs.replace(PASSED, replay="closeproof run " + "x" * 200)
    assert rendered(long).splitlines()[-1].endswith("x" * 200)


def test_no_line_ends_in_blanks_and_nothing_is_coloured_in_a_pipe() -> None:
    text = rendered(FAILED)
    assert [line for line in text.splitlines() if line != line.rstrip()] == []
    assert "\x1b" not in text


def test_colour_at_a_terminal_and_none_with_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    def shown() -> str:
        console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system="standard")
        show(FAILED, console, LINES)
        return cast("io.StringIO", console.file).getvalue()

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[31m" in shown()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[31m" not in shown()


def test_what_a_design_wrote_cannot_steer_the_terminal() -> None:
    evil = Evidence("x", "posted \x1b[2J\x07 twice", 1, (41_207,), "fail")
    invariant = msgspec.structs.replace(FAILED.invariants[0], evidence=(evil,))
    assert "\x1b" not in rendered(msgspec.structs.replace(FAILED, invariants=(invariant,)))


def test_it_asks_only_for_the_lines_that_it_shows() -> None:
    assert evidence_lines(FAILED) == {41_207, 40_102, 12}
    assert evidence_lines(PASSED) == set()


def test_briefly_is_the_verdict_its_reason_and_the_replay() -> None:
    console = Console(file=io.StringIO(), width=80)
    show_briefly(FAILED, console)
    head, why, last = cast("io.StringIO", console.file).getvalue().splitlines()
    assert " FAIL " in head
    assert why == "   1 of 3 invariants and 1 of 2 thresholds failed; 88,123.45 USD at risk"
    assert last.startswith("Replay ")
