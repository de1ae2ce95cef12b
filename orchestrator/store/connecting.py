"""Opening the store's file: how durable it is, and who shares a connection.

What is to survive a process lies in the file. What all lives in one process lies in its memory, for as long as anybody there
holds it, and in the file when nobody does.

Through APSW, which brings its own SQLite, and not the standard library's `sqlite3`. No process may open the file with both:
each would lose the other's locks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Protocol

import apsw


class Rows(Protocol):
    """What a statement found; what a row holds, the statement says."""

    def __iter__(self) -> Iterator[Any]:
        """One row after the other."""

    def fetchall(self) -> list[Any]:
        """All the rows that are left."""


Execute = Callable[..., Rows]
"""Executes a statement with its values."""


def one(rows: Rows) -> Any:  # noqa: ANN401 - as above
    """The one row there may be, or None. Read to the end: who stops before holds the file as it was, however long it sleeps."""
    found = rows.fetchall()
    return found[0] if found else None


BUSY_MS: Final = 10_000
PREPARED: Final = 512
"""Statements kept ready, in a ring: of a smaller one what is asked seldom would drop out."""
CACHE: Final = "PRAGMA cache_size=-65536"
"""64 MB: the default of 2 MB reads a month's pages again and again."""
LASTING: Final = {"normal": "PRAGMA synchronous=NORMAL", "full": "PRAGMA synchronous=FULL"}
UNWIPED: Final = "PRAGMA secure_delete=OFF"
"""In memory what is freed need not be wiped."""
REMEMBERING: Final = "PRAGMA synchronous=OFF"
"""A file that is written whole, and stays as it was if the process dies over it; it need not survive the machine."""


class Held:
    """A connection, for as long as somebody holds it."""

    def __init__(self, connection: apsw.Connection) -> None:
        """Nobody holds it yet."""
        self.connection = connection
        self.holders = 0

    def let_go(self) -> None:
        """One who held it does not need it any more."""
        self.holders -= 1
        if not self.holders:
            self._end()

    def _end(self) -> None:
        """Nobody does."""
        self.connection.close()


class Remembered(Held):
    """A connection to what is in memory, shared by all workers of this process; a file keeps it for the next of them."""

    def __init__(self, path: Path) -> None:
        """Take over what the file holds, if it is there."""
        super().__init__(_opened(":memory:", UNWIPED))
        self._path = path
        if path.exists():
            with self._file() as file:
                _copy(file, self.connection)

    def _end(self) -> None:
        del _shared[self._path]
        if self._path.parent.exists():  # else whoever gave the directory has taken it back
            with self._file() as file:
                _copy(self.connection, file)
        super()._end()

    def _file(self) -> closing[apsw.Connection]:
        return closing(_opened(str(self._path), REMEMBERING))


_shared: Final[dict[Path, Remembered]] = {}
"""What the workers of this process hold, by file."""


def hold(path: Path, sync: str) -> Held:
    """A connection with the durability asked for."""
    held: Held
    if sync != "off":
        held = Held(_opened(str(path), "PRAGMA journal_mode=WAL", LASTING[sync]))
    else:
        path = path.resolve()
        held = _shared.get(path) or _shared.setdefault(path, Remembered(path))
    held.holders += 1
    return held


def _copy(source: apsw.Connection, target: apsw.Connection) -> None:
    with target.backup("main", source, "main") as pages:
        pages.step()


def _opened(name: str, *pragmas: str) -> apsw.Connection:
    connection = apsw.Connection(name, statementcachesize=PREPARED)
    connection.set_busy_timeout(BUSY_MS)
    for pragma in (*pragmas, CACHE):
        connection.execute(pragma).fetchall()
    return connection
