"""The recorder: takes entries in order, writes canonical lines, feeds the oracle, and keeps nothing.

Memory stays flat: lines leave through a bounded buffer into the file (or only into the digest, in sweeps). Bodies are
stored once, by digest, and only when there is a directory to store them in; their digests are in the entries either way,
so lean and full runs have the same journal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec

from contracts.journal import Entry

BUFFER_BYTES_MAX = 262_144
_encode = msgspec.json.Encoder().encode_into


class Journal:
    """All that happens, on its way to disk and to the oracle."""

    def __init__(self, watch: Callable[[Entry], None], directory: Path | None = None) -> None:
        """Record; with a directory, also write `events.jsonl` and `bodies.jsonl` there."""
        self.entries = 0
        self._watch = watch
        self._hash = hashlib.sha256()
        self._buffer = bytearray()
        self._file: IO[bytes] | None = (directory / "events.jsonl").open("wb") if directory else None
        self._bodies: IO[bytes] | None = (directory / "bodies.jsonl").open("wb") if directory else None
        self._stored: set[str] = set()

    def add(self, entry: Entry) -> None:
        """Record an entry; the order of calls is the order of the journal."""
        self.entries += 1
        buffer = self._buffer
        _encode(entry, buffer, -1)
        buffer += b"\n"
        if len(buffer) > BUFFER_BYTES_MAX:
            self._flush()
        self._watch(entry)

    def body(self, content: bytes) -> str:
        """The digest that stands for a body, which is stored once."""
        if not content:
            return ""
        digest = hashlib.blake2b(content, digest_size=12).hexdigest()
        if self._bodies is not None and digest not in self._stored:
            self._stored.add(digest)
            line = {"digest": digest, "body": content.decode("utf-8", "backslashreplace")}
            self._bodies.write(msgspec.json.encode(line) + b"\n")
        return digest

    def close(self) -> str:
        """Write what is left; the digest of the whole journal."""
        self._flush()
        for file in (self._file, self._bodies):
            if file is not None:
                file.close()
        return self._hash.hexdigest()

    def _flush(self) -> None:
        self._hash.update(self._buffer)
        if self._file is not None:
            self._file.write(self._buffer)
        self._buffer.clear()
