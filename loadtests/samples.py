"""What a generator notes down while it plays, one line each, for `loadtests.summary` to add up afterwards.

Times are seconds since the measured phase began. Nothing is rounded, binned or dropped on the way.
"""

from __future__ import annotations

from pathlib import Path

import msgspec


class Called(msgspec.Struct, frozen=True, gc=False, tag="call", tag_field="sample"):
    """One call of the measured phase: when it was sent, how long it took, its status (0: no answer)."""

    operation: str
    sent_s: float
    took_s: float
    status: int


class Played(msgspec.Struct, frozen=True, gc=False, tag="arrival", tag_field="sample"):
    """One arrival of the measured phase: when it was due, when the generator took it up, when it ended, and why badly."""

    name: str
    due_s: float
    taken_s: float
    ended_s: float
    failed: str = ""


class Aside(msgspec.Struct, frozen=True, gc=False, tag="aside", tag_field="sample"):
    """All arrivals of the other phases together."""

    played: int
    failed: int
    reasons: dict[str, int]


Sample = Called | Played | Aside

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Sample] = msgspec.json.Decoder(Sample)


def write(path: Path, samples: list[Sample]) -> None:
    """Leave them in a file."""
    path.write_bytes(_encoder.encode_lines(samples))


def read(path: Path) -> list[Sample]:
    """What a generator left."""
    return [_decoder.decode(line) for line in path.read_bytes().splitlines()]
