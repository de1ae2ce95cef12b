"""Opening the store's file: how durable it is, and who shares a connection.

Through APSW, which brings its own SQLite, and not the standard library's `sqlite3`. No process may open the file with both:
each would lose the other's locks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol
from weakref import WeakValueDictionary

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
PASSING: Final = (
    "PRAGMA locking_mode=EXCLUSIVE",
    "PRAGMA journal_mode=MEMORY",
    "PRAGMA secure_delete=OFF",  # the file goes with the run: what is freed need not be wiped
    "PRAGMA synchronous=OFF",
)


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
            self.connection.close()


_shared: Final[WeakValueDictionary[Path, Held]] = WeakValueDictionary()
"""What the workers of this process share, by file."""


def hold(path: Path, sync: str) -> Held:
    """A connection with the durability asked for."""
    if sync != "off":
        held = Held(_opened(path, "PRAGMA journal_mode=WAL", LASTING[sync]))
    else:
        found = _shared.get(path.resolve())
        held = found if found is not None and found.holders else Held(_opened(path, *PASSING))
        _shared[path.resolve()] = held
    held.holders += 1
    return held


def _opened(path: Path, *pragmas: str) -> apsw.Connection:
    connection = apsw.Connection(str(path), statementcachesize=PREPARED)
    connection.set_busy_timeout(BUSY_MS)
    for pragma in (*pragmas, CACHE):
        connection.execute(pragma).fetchall()
    return connection
