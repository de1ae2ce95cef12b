"""The judge in a process of its own: a journal's lines come in, its words go out. `sim.judges` starts it and listens.

    python -m sim.judge_apart procure-to-pay < events.jsonl

It imports nothing of the simulation but this file: a journal is all that it needs.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import IO, Final

import msgspec

from contracts.journal import AnyEntry
from contracts.judge import Findings, Judge

BATCH: Final = 1_000
_encode: Final = msgspec.json.Encoder().encode


class Standing(msgspec.Struct, frozen=True, tag=True):
    """How things stand, as far as it has read."""

    open_obligations: int = 0
    open_cases: int = 0


class LastWord(msgspec.Struct, frozen=True, tag=True):
    """What all of it came to, and the memory that took."""

    findings: Findings
    peak_rss_mb: float


read_word: Final = msgspec.json.Decoder(Standing | LastWord).decode


def words(journal: IO[bytes], scope: Sequence[str]) -> Iterator[Standing | LastWord]:
    """Read a journal to its end; a word now and then, and the last."""
    judge = Judge(scope)
    decode = msgspec.json.Decoder(AnyEntry).decode
    while batch := [decode(line) for line in islice(journal, BATCH)]:
        judge.look(batch)
        yield Standing(judge.open_obligations, judge.open_cases)
    yield LastWord(judge.findings(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def main(scope: Sequence[str]) -> None:
    """Judge what comes in. Ctrl-C is for the run, which then closes the pipe; nobody listens any more after that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()  # an index that only grows is no garbage
    said = sys.stdout.fileno()
    try:
        for word in words(sys.stdin.buffer, scope):
            os.write(said, _encode(word) + b"\n")
            if isinstance(word, LastWord):
                os.close(said)  # somebody waits for the end of what is said; this process takes a while to end
                os._exit(0)  # and taking the index apart would take longer
    except BrokenPipeError:
        os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
