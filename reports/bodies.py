"""Bodies that crossed the wire, fetched from where a run keeps them: once each, by digest."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final

import msgspec

from reports.words import printable

LETTERS_MAX: Final = 1000


class _Line(msgspec.Struct):
    digest: str
    body: str


_decode = msgspec.json.Decoder(_Line).decode


def read_bodies(file: Path, digests: AbstractSet[str]) -> dict[str, str]:
    """The bodies that go by these digests, laid out to be read and cut where they are long."""
    found: dict[str, str] = {}
    if not digests or not file.is_file():
        return found
    starts = tuple(f'{{"digest":"{digest}"'.encode() for digest in sorted(digests))
    with file.open("rb") as lines:
        for line in lines:
            if line.startswith(starts):
                kept = _decode(line)
                found[kept.digest] = _laid_out(kept.body)
                if len(found) == len(starts):
                    break
    return found


def _laid_out(body: str) -> str:
    with contextlib.suppress(ValueError):
        body = json.dumps(json.loads(body), indent=1, ensure_ascii=False)
    shown = "\n".join(printable(each) for each in body[:LETTERS_MAX].splitlines())
    return shown + (" …" if len(body) > LETTERS_MAX else "")
