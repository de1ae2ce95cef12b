"""The progress line: one line rewritten at a terminal, few plain ones elsewhere, none when quiet."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest

from sim import cli_progress
from sim.cli_progress import ProgressLine
from sim.run import Progress

HALF = Progress(datetime(2026, 10, 16, 9, 59, tzinfo=UTC), 0.5, 12_000, 34, 3.0)
DONE = Progress(datetime(2026, 11, 3, 9, 59, tzinfo=UTC), 1.0, 24_000, 0, 6.0)


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        """Yes."""
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The wall clock, in our hands."""
    now_s = [0.0]
    monkeypatch.setattr(cli_progress, "wall_s", lambda: now_s[0])
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    return now_s


def test_a_terminal_gets_one_line(clock: list[float]) -> None:
    out = Terminal()
    line = ProgressLine(out)
    for clock[0], progress in ((0.0, HALF), (0.01, HALF), (0.2, DONE)):
        line(progress)
    first, second = out.getvalue().split("\r")[1:]
    assert first == "2026-10-16 09:59  ━━━━━━━━━━─────────      50%  4,000 crossings/s  34 open  3 s\x1b[K"
    assert len(first.removesuffix("\x1b[K")) <= 79
    assert "run-off" in second
    line.clear()
    assert out.getvalue().endswith("\r\x1b[K")


def test_a_narrow_terminal_is_not_overrun(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    del clock
    monkeypatch.setenv("COLUMNS", "40")
    out = Terminal()
    ProgressLine(out)(HALF)
    assert len(out.getvalue().strip("\r").removesuffix("\x1b[K")) <= 39


def test_a_pipe_gets_few_plain_lines(clock: list[float]) -> None:
    out = io.StringIO()
    line = ProgressLine(out)
    for clock[0] in range(31):
        line(HALF)
    assert out.getvalue() == "2026-10-16 09:59  50%  4,000 crossings/s  34 open  3 s\n" * 2
    line.clear()
    assert "\r" not in out.getvalue()


def test_quiet_says_nothing(clock: list[float]) -> None:
    del clock
    out = Terminal()
    line = ProgressLine(out, quiet=True)
    line(HALF)
    line.clear()
    assert out.getvalue() == ""


def test_an_interrupt_is_raised_at_the_next_tick(clock: list[float]) -> None:
    del clock
    line = ProgressLine(io.StringIO(), quiet=True)
    line.interrupted = True
    with pytest.raises(KeyboardInterrupt):
        line(HALF)
