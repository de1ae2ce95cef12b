"""What the read API says, out of the store: how much is open, what became of a paper, and which cases people have.

A connection of its own that can only read, so that whoever looks cannot hold the engine up.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Final

from orchestrator.store.rows import DEAD, DONE, DOUBT, READY, REJECTED, SENT

STATUSES: Final = {
    READY: "ready",
    SENT: "sent",
    DOUBT: "in doubt",
    DONE: "done",
    REJECTED: "rejected",
    DEAD: "dead letter",
}
ROWS_MAX: Final = 500

Row = dict[str, Any]

_EFFECTS: Final = """SELECT effect.key, process.key AS process, operation, ref, status, attempts, born_at, due_at, remote_id, detail
    FROM effect LEFT JOIN process ON process.id = effect.process"""


class Records:
    """The store, to be read."""

    def __init__(self, directory: Path) -> None:
        """Open the file that the engine has made."""
        uri = f"{(directory / 'orchestrator.db').absolute().as_uri()}?mode=ro"
        self._db = sqlite3.connect(uri, uri=True, timeout=2.0)
        self._db.row_factory = sqlite3.Row

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def status(self) -> Row:
        """How much there is, and how much of it is open."""
        effects = dict.fromkeys(STATUSES.values(), 0)
        for status, number in self._db.execute("SELECT status, count(*) FROM effect GROUP BY status"):
            effects[STATUSES[status]] = number
        return {
            "inbox": self._count("SELECT count(*) FROM inbox"),
            "processes": self._count("SELECT count(*) FROM process"),
            "effects": effects,
            "open_effects": self._count("SELECT count(*) FROM effect WHERE due_at IS NOT NULL"),
            "timers": self._count("SELECT count(*) FROM timer"),
            "open_cases": self._count("SELECT count(*) FROM exception_case WHERE decided_at IS NULL"),
            "dead_letters": self._count("SELECT count(*) FROM dlq WHERE revived_at IS NULL"),
            "breaks": self._count("SELECT count(*) FROM recon_break"),
        }

    def lineage(self, paper: str) -> Row | None:
        """What came in under a number, what followed from it, and who was asked; None for one never heard of.

        The number is a source's (`PO-1042`, `inventory:GRN-7`), or a process (`H1/PO-1042`).
        """
        known = self._rows(
            "SELECT source, event_id, version, seen_at FROM inbox WHERE event_id=?", paper.rpartition(":")[2]
        )
        found = self._rows(
            "SELECT id, key, version FROM process WHERE key=?1 OR substr(key, instr(key, '/') + 1)=?1"
            " OR id IN (SELECT process FROM effect WHERE ref=?1 OR substr(ref, instr(ref, ':') + 1)=?1) LIMIT ?2",
            paper,
            ROWS_MAX,
        )
        if not known and not found:
            return None
        processes = []
        for row in found:
            number = row.pop("id")
            row["effects"] = self._effects(" WHERE effect.process=? ORDER BY effect.id", number)
            row["timers"] = self._rows("SELECT name, due_at FROM timer WHERE process=? ORDER BY due_at", number)
            row["cases"] = self._cases(" WHERE process=? ORDER BY opened_at", number)
            processes.append(row)
        return {"paper": paper, "inbox": known, "processes": processes}

    def cases(self, *, only_open: bool) -> list[Row]:
        """Cases, the newest first."""
        where = " WHERE decided_at IS NULL" if only_open else ""
        return self._cases(f"{where} ORDER BY opened_at DESC, external_key LIMIT ?", ROWS_MAX)

    def _cases(self, rest: str, argument: int) -> list[Row]:
        sql = "SELECT external_key, category, opened_at, decision, decided_at FROM exception_case"
        return self._rows(sql + rest, argument)

    def _effects(self, rest: str, argument: int) -> list[Row]:
        rows = self._rows(_EFFECTS + rest, argument)
        for row in rows:
            row["status"] = STATUSES[row["status"]]
        return rows

    def _rows(self, sql: str, *arguments: str | int) -> list[Row]:
        return [dict(row) for row in self._db.execute(sql, arguments)]

    def _count(self, sql: str) -> int:
        return int(self._db.execute(sql).fetchone()[0])
