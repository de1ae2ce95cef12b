"""The recorder: takes entries in order, writes canonical lines, feeds the oracle, and keeps nothing.

Entries wait in a bounded batch and are then written and shown to the oracle together: the same order, the same lines, and
far fewer cold starts of the code that handles them. Bodies are stored once, by digest, and only when there is a directory
to store them in; their digests are in the entries either way, so lean and full runs have the same journal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b, sha256
from pathlib import Path
from typing import IO

import msgspec

from contracts.journal import Entry

BATCH_MAX = 1_000
_encode_lines = msgspec.json.Encoder().encode_lines


class _Body(msgspec.Struct, frozen=True, gc=False):
    digest: str
    body: str


class Journal:
    """All that happens, on its way to disk and to the oracle."""

    def __init__(self, watch: Callable[[Sequence[Entry]], None], directory: Path | None = None) -> None:
        """Record; with a directory, also write `events.jsonl` and `bodies.jsonl` there. `watch` is shown every batch."""
        self._watch = watch
        self._batch: list[Entry] = []
        self._hash = sha256()
        self._file: IO[bytes] | None = (directory / "events.jsonl").open("wb") if directory else None
        self._bodies: IO[bytes] | None = (directory / "bodies.jsonl").open("wb") if directory else None
        self._stored: set[str] = set()
        self._new_bodies: list[tuple[str, bytes]] = []

    def add(self, entry: Entry) -> None:
        """Record an entry; the order of calls is the order of the journal."""
        self._batch.append(entry)
        if len(self._batch) >= BATCH_MAX:
            self.catch_up()

    def body(self, content: bytes) -> str:
        """The digest that stands for a body, which is stored once."""
        if not content:
            return ""
        digest = blake2b(content, digest_size=12).hexdigest()
        if self._bodies is not None and digest not in self._stored:
            self._stored.add(digest)
            self._new_bodies.append((digest, content))
        return digest

    def catch_up(self) -> None:
        """Write and show what waits; whoever asks how things stand calls this first."""
        batch, self._batch = self._batch, []
        lines = _encode_lines(batch)
        self._hash.update(lines)
        if self._file is not None:
            self._file.write(lines)
        if self._bodies is not None:
            bodies, self._new_bodies = self._new_bodies, []
            stored = [_Body(digest, content.decode("utf-8", "backslashreplace")) for digest, content in bodies]
            self._bodies.write(_encode_lines(stored))
        self._watch(batch)

    def close(self) -> str:
        """Write what is left; the digest of the whole journal."""
        self.catch_up()
        for file in (self._file, self._bodies):
            if file is not None:
                file.close()
        return self._hash.hexdigest()
