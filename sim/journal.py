"""The recorder: takes entries in order, writes canonical lines, shows the judge, and keeps nothing.

Entries wait in a bounded batch and are then written and shown to the judge together: the same order, the same lines, and
far fewer cold starts of the code that handles them. Bodies are stored once, by digest, and only when there is a directory
to store them in; their digests are in the entries either way, so lean and full runs have the same journal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b, sha256
from itertools import islice
from pathlib import Path
from typing import IO

import msgspec

from contracts.journal import Entry, decode

BATCH_MAX = 1_000
Watch = Callable[[Sequence[Entry], bytes], None]
"""Who is shown each batch: the entries, and their canonical lines for whoever reads elsewhere."""
_encode_lines = msgspec.json.Encoder().encode_lines


class _Body(msgspec.Struct, frozen=True, gc=False):
    digest: str
    body: str


class Journal:
    """All that happens, on its way to disk and to the judge."""

    def __init__(self, watch: Watch, directory: Path | None = None) -> None:
        """Record; with a directory, also write `events.jsonl` and `bodies.jsonl` there. `watch` is shown every batch."""
        self._watch = watch
        self._batch: list[Entry] = []
        self._hash = sha256()
        self._file: IO[bytes] | None = (directory / "events.jsonl").open("w+b") if directory else None
        self._shown_to: int | None = None
        self._bodies: IO[bytes] | None = (directory / "bodies.jsonl").open("wb") if directory else None
        self._stored: set[str] = set()
        self._new_bodies: list[tuple[str, bytes]] = []

    def judge_later(self) -> None:
        """From now on nothing is shown before somebody asks; it is read back then. Without a directory nothing changes."""
        self.catch_up()
        if self._file is not None:
            self._shown_to = self._file.tell()

    def add(self, entry: Entry) -> None:
        """Record an entry; the order of calls is the order of the journal."""
        self._batch.append(entry)
        if len(self._batch) >= BATCH_MAX:
            self._write()

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
        self._write()
        if self._shown_to is not None and self._file is not None:
            self._file.seek(self._shown_to)
            while lines := list(islice(self._file, BATCH_MAX)):
                self._watch([decode(line) for line in lines], b"".join(lines))
            self._shown_to = self._file.tell()

    def _write(self) -> None:
        batch, self._batch = self._batch, []
        lines = _encode_lines(batch)
        self._hash.update(lines)
        if self._file is not None:
            self._file.write(lines)
        if self._bodies is not None:
            bodies, self._new_bodies = self._new_bodies, []
            stored = [_Body(digest, content.decode("utf-8", "backslashreplace")) for digest, content in bodies]
            self._bodies.write(_encode_lines(stored))
        if self._shown_to is None:
            self._watch(batch, lines)

    def close(self) -> str:
        """Write what is left; the digest of the whole journal."""
        self.catch_up()
        for file in (self._file, self._bodies):
            if file is not None:
                file.close()
        return self._hash.hexdigest()
