"""Self-check S01: the audit's chain is whole, and every row is what its links say was written.

All statements of the chain are carried out again in an empty database, whose rows are then compared with those that are
there. So a row that was changed, added or removed by anybody but the engine is found, and named. Somebody who writes the
whole chain anew is found only by whoever kept the last digest elsewhere: that is what it is told for.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import apsw
import msgspec

from orchestrator.store.audited import FIRST, digest_of
from orchestrator.store.connecting import BUSY_MS
from orchestrator.store.sqlite import SCHEMA

Row = tuple[Any, ...]


class Checked(msgspec.Struct, frozen=True):
    """What S01 found: how many links and rows were looked at, the last digest, and the first thing that is wrong."""

    links: int
    rows: int
    head: str
    broken: str = ""


class _BrokenError(Exception):
    """The first thing that is wrong."""


class _Check:
    """One check under way."""

    def __init__(self, there: apsw.Connection) -> None:
        self._there = there
        self._again = apsw.Connection(":memory:")
        self.links = self.rows = 0
        self.head = FIRST

    def close(self) -> None:
        """Let go of both."""
        self._there.close()
        self._again.close()

    def all(self) -> None:
        """The chain, then the rows; raises at the first thing that is wrong."""
        for statement in SCHEMA:
            self._again.execute(statement)
        try:
            self._there.execute("BEGIN")  # what is written meanwhile is not seen
            for link in self._there.execute("SELECT seq, at, actor, what, previous, digest FROM audit ORDER BY seq"):
                self._follow(*link)
        except apsw.Error as error:
            message = f"there is no audit to be read: {error}"
            raise _BrokenError(message) from error
        for (table,) in self._again.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall():
            self._compare(str(table))

    def _follow(self, seq: int, at: int, actor: str, what: str, previous: str, digest: str) -> None:  # noqa: PLR0913 - a link
        if seq != self.links + 1:
            message = f"link {self.links + 1} is missing"
            raise _BrokenError(message)
        if previous != self.head:
            message = f"link {seq} does not follow from link {self.links}"
            raise _BrokenError(message)
        if digest != digest_of(at, actor, what.encode(), previous):
            message = f"link {seq} is not what was written"
            raise _BrokenError(message)
        for sql, values in msgspec.json.decode(what):
            self._again.execute(sql, values).fetchall()
        self.links, self.head = seq, digest

    def _compare(self, table: str) -> None:
        for found, right in zip_longest(_rows(self._there, table), _rows(self._again, table)):
            if found != right:
                message = f"table {table}: {_difference(found, right)}"
                raise _BrokenError(message)
            self.rows += 1


def verify(directory: Path) -> Checked:
    """Check a store's directory, whether its engine is at work or not."""
    there = apsw.Connection(str(directory / "orchestrator.db"), flags=apsw.SQLITE_OPEN_READONLY)
    there.set_busy_timeout(BUSY_MS)
    check = _Check(there)
    broken = ""
    try:
        check.all()
    except _BrokenError as error:
        broken = str(error)
    finally:
        check.close()
    return Checked(check.links, check.rows, check.head, broken)


def _rows(database: apsw.Connection, table: str) -> Iterator[Row]:
    columns = database.execute(f"PRAGMA table_info({table})").fetchall()  # names are the schema's own
    key = ", ".join(str(name) for _, name, _, _, _, place in columns if place)
    return database.execute(f"SELECT * FROM {table} ORDER BY {key}")  # noqa: S608 - as above


def _difference(found: Row | None, right: Row | None) -> str:
    if right is None:
        return f"no link wrote {_shown(found)}"
    if found is None:
        return f"{_shown(right)} was written, and is gone"
    return f"{_shown(found)} was written as {_shown(right)}"


def _shown(row: Row | None) -> str:
    text = ", ".join(map(repr, row or ()))
    return f"({text[:160]}…)" if len(text) > 160 else f"({text})"
