"""Where the judge sits: beside the run, or in a process of its own that is handed the journal's lines.

Nothing in a run listens to the judge, so it may read on another core while the run goes on: a month is over sooner by
what judging it takes. Whoever runs many months at once has no core to spare, and keeps it beside. What it finds is the
same either way.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final, Protocol, cast

from contracts.journal import Entry
from contracts.judge import Findings, Judge
from sim.judge_apart import LastWord, Standing, read_word

PIPE_BYTES: Final = 1 << 20
"""What may lie between run and judge: more than a run writes while the judge's process starts."""
ROOT: Final = str(Path(__file__).parents[1])
READ_BYTES: Final = 1 << 16


def has_room() -> bool:
    """Whether there is another core to judge on."""
    return len(os.sched_getaffinity(0)) > 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) > 1


class JudgeLostError(RuntimeError):
    """The judge's process ended before its last word: nobody judged this run."""


class Seat(Protocol):
    """A judge, wherever it sits."""

    def read(self, batch: Sequence[Entry], lines: bytes) -> None:
        """Entries, and the same as lines of the journal."""

    def standing(self) -> Standing:
        """How things stand, as far as it has read."""

    def findings(self) -> Findings:
        """What all of it came to."""

    @property
    def peak_rss_mb(self) -> float:
        """The memory it took, where that was not the run's own."""

    def close(self) -> None:
        """Nobody wants to know any more."""


class Beside:
    """In the run's own process."""

    peak_rss_mb = 0.0

    def __init__(self, scope: Sequence[str]) -> None:
        """Judge the workflows in `scope`."""
        self._judge = Judge(scope)

    def read(self, batch: Sequence[Entry], lines: bytes) -> None:
        """Look at the entries."""
        del lines
        self._judge.look(batch)

    def standing(self) -> Standing:
        """Of this moment."""
        return Standing(self._judge.open_obligations, self._judge.open_cases)

    def findings(self) -> Findings:
        """What all of it came to."""
        return self._judge.findings()

    def close(self) -> None:
        """There is nothing to let go of."""


class Apart:
    """In a process of its own: lines go in, words come out. Start it before the fence goes up."""

    def __init__(self, scope: Sequence[str]) -> None:
        """Let it take its seat; the run goes on meanwhile."""
        paths = [ROOT, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-P", "-m", "sim.judge_apart", *scope],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            pipesize=PIPE_BYTES,
            bufsize=0,
        )
        self._lines = cast("IO[bytes]", self._process.stdin)
        self._words = cast("IO[bytes]", self._process.stdout)
        os.set_blocking(self._words.fileno(), False)
        self._said = b""
        self._standing = Standing()
        self.peak_rss_mb = 0.0

    def read(self, batch: Sequence[Entry], lines: bytes) -> None:
        """Hand over the lines; wait only if it lies far behind."""
        del batch
        left = memoryview(lines)
        try:
            while left:
                left = left[self._lines.write(left) :]
        except BrokenPipeError:
            raise JudgeLostError("the judge's process ended while the run went on") from None

    def standing(self) -> Standing:
        """The latest of what it has said so far."""
        with contextlib.suppress(BlockingIOError):
            while said := self._words.read(READ_BYTES):
                self._said += said
        *whole, self._said = self._said.split(b"\n")
        for line in whole[-1:]:
            word = read_word(line)
            if isinstance(word, Standing):
                self._standing = word
        return self._standing

    def findings(self) -> Findings:
        """Close the journal, wait until it is read, and hear the last word."""
        self._lines.close()
        os.set_blocking(self._words.fileno(), True)
        *_, last = (self._said + self._rest()).rstrip(b"\n").split(b"\n")
        word: Standing | LastWord = read_word(last) if last else Standing()
        if isinstance(word, Standing):
            raise JudgeLostError("the judge's process ended before its last word")
        self.peak_rss_mb = word.peak_rss_mb
        return word.findings

    def _rest(self) -> bytes:
        said = b""
        while more := self._words.read(READ_BYTES):
            said += more
        return said

    def close(self) -> None:
        """Close both ends; with nobody to read from or to write to, it ends by itself."""
        with contextlib.suppress(BrokenPipeError):
            self._lines.close()
        self._words.close()
        self._process.wait()
