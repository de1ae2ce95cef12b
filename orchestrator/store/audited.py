"""A store that keeps an account of itself: one link of a hash chain for each transaction that changed something.

A link holds every statement that wrote, with its values, who wrote and when; its digest covers all of that and the digest
of the link before. So a link cannot be changed, left out or put in without breaking the chain, and the rows themselves
can be compared with what the links say was written (`orchestrator.store.verify`). It is written inside the transaction
that it tells of: neither is ever there without the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from orchestrator.store.connecting import Rows, one
from orchestrator.store.sqlite import Result, SqliteStore, StoreError

AUDIT: Final = """CREATE TABLE IF NOT EXISTS audit (seq INTEGER PRIMARY KEY, at INTEGER, actor TEXT, what TEXT,
    previous TEXT, digest TEXT)"""
FIRST: Final = "0" * 64
"""What stands in place of a link before the first."""
_LAST: Final = "SELECT digest FROM audit ORDER BY seq DESC LIMIT 1"
_WRITES: Final = "IUD"
"""INSERT, UPDATE, DELETE."""
_encode = msgspec.json.Encoder().encode


def digest_of(at: int, actor: str, what: bytes, previous: str) -> str:
    """The digest of a link."""
    return hashlib.sha256(b"%s\n%d\n%s\n%s" % (previous.encode(), at, actor.encode(), what)).hexdigest()


class AuditedStore(SqliteStore):
    """A worker's view of the shared file, with an account of all that it writes."""

    def __init__(self, directory: Path, owner: str, sync: str, now_ms: Callable[[], int]) -> None:
        """Open the file; one that was written without an account cannot have one from now on."""
        self._now_ms = now_ms
        self._written: list[tuple[str, Any]] = []
        super().__init__(directory, owner, sync)

    def _prepare(self) -> None:
        super()._prepare()
        self._execute, self._run = self._run, self._noted
        super().run(self._begin)

    def _begin(self) -> None:
        execute = self._execute
        execute(AUDIT)
        used = execute("SELECT 1 FROM watermark UNION ALL SELECT 1 FROM inbox UNION ALL SELECT 1 FROM effect LIMIT 1")
        if one(used) and not one(execute(_LAST)):
            message = "the database was written without an audit, and cannot have one from here on"
            raise StoreError(message)

    def run(self, work: Callable[..., Result], *arguments: Any) -> Result:  # noqa: ANN401 - passed on
        """Do all of the work in one transaction, its link included, or none of it."""
        result: Result = super().run(self._with_link, work, arguments)
        return result

    def _with_link(self, work: Callable[..., Result], arguments: tuple[Any, ...]) -> Result:
        self._written.clear()
        before = self._db.total_changes()
        result = work(*arguments)
        if self._db.total_changes() != before:
            self._link()
        return result

    def _noted(self, sql: str, values: Any = ()) -> Rows:  # noqa: ANN401 - as APSW takes them
        if sql[0] in _WRITES:
            self._written.append((sql, values))
        return self._execute(sql, values)

    def _link(self) -> None:
        row = one(self._execute(_LAST))
        previous = row[0] if row else FIRST
        at, what = self._now_ms(), _encode(self._written)
        link = (at, self.owner, what.decode(), previous, digest_of(at, self.owner, what, previous))
        self._execute("INSERT INTO audit (at, actor, what, previous, digest) VALUES (?,?,?,?,?)", link)
