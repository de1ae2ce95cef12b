"""Bills without an order, filed under what copies of them would have in common: found by a key, never by looking at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from orchestrator.store.connecting import Execute

BILLS: Final = """CREATE TABLE IF NOT EXISTS bill (entity TEXT, key TEXT, paper TEXT, face TEXT,
    PRIMARY KEY (entity, key, paper)) WITHOUT ROWID"""
LATEST: Final = 50
"""A service is billed alike for years; a copy comes within weeks."""


class Bills:
    """The part of the store that holds them; every method belongs inside a transaction."""

    _run: Execute

    def file_bill(self, entity: str, keys: Iterable[str], paper: str, face: str) -> None:
        """File a bill under its keys."""
        for key in keys:
            self._run("INSERT OR IGNORE INTO bill VALUES (?,?,?,?)", (entity, key, paper, face))

    def drop_bill(self, entity: str, keys: Iterable[str], paper: str) -> None:
        """Take a bill out again."""
        for key in keys:
            self._run("DELETE FROM bill WHERE entity=? AND key=? AND paper=?", (entity, key, paper))

    def bills_under(self, entity: str, keys: Iterable[str]) -> list[tuple[str, str]]:
        """The latest bills that share a key: paper and face, in the order of the keys."""
        sql = "SELECT paper, face FROM bill WHERE entity=? AND key=? ORDER BY paper DESC LIMIT ?"
        return [row for key in keys for row in self._run(sql, (entity, key, LATEST)).fetchall()]
