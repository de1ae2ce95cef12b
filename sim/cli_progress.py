"""Progress for people who wait: one line rewritten at a terminal, a few plain lines elsewhere. No threads, no clocks but one.

It also hears Ctrl-C: a run stops at its next tick, where nothing of it is half done.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from collections.abc import Iterator
from types import FrameType
from typing import Final, TextIO

from sim.fence import wall_s
from sim.run import Progress

REWRITE_EVERY_S: Final = 0.1
PLAIN_EVERY_S: Final = 15.0
PATIENCE_S: Final = 3
BAR_MAX: Final = 30


class ProgressLine:
    """Where a run stands. Call it with each `Progress`."""

    def __init__(self, out: TextIO, *, quiet: bool = False, before: str = "") -> None:
        """Write to `out`; `before` goes in front of each line."""
        self._out = out
        self._quiet = quiet
        self._before = before
        self._rewrites = out.isatty() and os.environ.get("TERM", "") != "dumb"
        self._colour = self._rewrites and not os.environ.get("NO_COLOR")
        self._width = shutil.get_terminal_size((80, 24)).columns
        self._next_s = wall_s() + (0.0 if self._rewrites else PLAIN_EVERY_S)
        self._shown = False
        self.interrupted = False

    def __call__(self, progress: Progress) -> None:
        """Say it, if it is time."""
        if self.interrupted:
            raise KeyboardInterrupt
        now_s = wall_s()
        if self._quiet or now_s < self._next_s:
            return
        self._next_s = now_s + (REWRITE_EVERY_S if self._rewrites else PLAIN_EVERY_S)
        self._write(progress)

    def clear(self) -> None:
        """Take the line away."""
        if self._shown and self._rewrites:
            self._out.write("\r\x1b[K")
            self._out.flush()
        self._shown = False

    def _write(self, progress: Progress) -> None:
        rate = progress.crossings / progress.wall_s if progress.wall_s else 0.0
        where = "run-off" if progress.share >= 1 else f"{progress.share:.0%}"
        day = f"{progress.now:%Y-%m-%d %H:%M}"
        after = f"{rate:,.0f} crossings/s  {progress.open_obligations:,} open  {progress.wall_s:.0f} s"
        self._shown = True
        if not self._rewrites:
            self._out.write(f"{self._before}{day}  {where}  {after}\n")
            self._out.flush()
            return
        room = min(BAR_MAX, self._width - 1 - len(f"{self._before}{day}    {where:>7}  {after}"))
        full = round(room * progress.share)
        bar = f"{'━' * full}{'─' * (room - full)}"
        if self._colour:
            bar = f"\x1b[32m{bar[:full]}\x1b[0m{bar[full:]}"
        line = f"{self._before}{day}  {bar}  {where:>7}  {after}"
        self._out.write(f"\r{line if room >= 0 else line[: self._width - 1]}\x1b[K")
        self._out.flush()


@contextlib.contextmanager
def interruptible(line: ProgressLine) -> Iterator[None]:
    """Let Ctrl-C, or a polite end from outside, stop the run at its next tick; if none comes soon, on the spot."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        if line.interrupted:
            raise KeyboardInterrupt
        line.interrupted = True
        signal.alarm(PATIENCE_S)

    def insist(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    wanted = {signal.SIGINT: ask, signal.SIGTERM: ask, signal.SIGALRM: insist}
    before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    try:
        yield
        if line.interrupted:
            raise KeyboardInterrupt
    finally:
        signal.alarm(0)
        for number, handler in before.items():
            signal.signal(number, handler)
        line.clear()
