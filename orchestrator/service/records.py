"""What the read API says, out of the store: how much is open, what became of a paper, and which cases people have.

A connection of its own that can only read, so that whoever looks cannot hold the engine up.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, TypeVar

import apsw
import msgspec

from orchestrator.service.api import Case, Cases, DeadLetter, DeadLetters, Effect, Lineage, Process, Seen, Status, Timer
from orchestrator.store.connecting import Execute, one
from orchestrator.store.rows import DEAD, DONE, DOUBT, LOST, READY, REJECTED, SENT

STATUSES: Final = {
    READY: "ready",
    SENT: "sent",
    DOUBT: "in doubt",
    DONE: "done",
    REJECTED: "rejected",
    DEAD: "dead letter",
    LOST: "lost",
}
ROWS_MAX: Final = 500

Row = TypeVar("Row", Seen, Timer, Case)

_EFFECTS: Final = """SELECT effect.key, process.key, operation, ref, status, attempts, born_at, due_at, remote_id, detail
    FROM effect LEFT JOIN process ON process.id = effect.process WHERE effect.process=? ORDER BY effect.id"""
"""Columns are in the order of the fields that they fill."""


class Records:
    """The store, to be read."""

    def __init__(self, directory: Path) -> None:
        """Open the file that the engine has made."""
        database = apsw.Connection(str(directory / "orchestrator.db"), flags=apsw.SQLITE_OPEN_READONLY)
        database.set_busy_timeout(2_000)
        self._close = database.close
        self._read: Execute = database.execute

    def close(self) -> None:
        """Let go of the file."""
        self._close()

    def status(self, now: str) -> Status:
        """How much there is, and how much of it is open."""
        effects = dict.fromkeys(STATUSES.values(), 0)
        for status, number in self._read("SELECT status, count(*) FROM effect GROUP BY status"):
            effects[STATUSES[status]] = number
        return Status(
            now,
            inbox=self._count("SELECT count(*) FROM inbox"),
            processes=self._count("SELECT count(*) FROM process"),
            effects=effects,
            open_effects=self._count("SELECT count(*) FROM effect WHERE due_at IS NOT NULL"),
            timers=self._count("SELECT count(*) FROM timer"),
            open_cases=self._count("SELECT count(*) FROM exception_case WHERE decided_at IS NULL"),
            dead_letters=self._count("SELECT count(*) FROM dlq WHERE revived_at IS NULL"),
            breaks=self._count("SELECT count(*) FROM recon_break"),
        )

    def lineage(self, paper: str) -> Lineage | None:
        """What came in under a number, what followed from it, and who was asked; None for one never heard of.

        The number is a source's (`PO-1042`, `inventory:GRN-7`), or a process (`H1/PO-1042`).
        """
        known = self._rows(
            Seen, "SELECT source, event_id, version, seen_at FROM inbox WHERE event_id=?", paper.rpartition(":")[2]
        )
        found = self._read(
            "SELECT id, key, version FROM process WHERE key=?1 OR substr(key, instr(key, '/') + 1)=?1"
            " OR id IN (SELECT process FROM effect WHERE ref=?1 OR substr(ref, instr(ref, ':') + 1)=?1) LIMIT ?2",
            (paper, ROWS_MAX),
        ).fetchall()
        if not known and not found:
            return None
        return Lineage(paper, known, tuple(self._process(*row) for row in found))

    def cases(self, *, only_open: bool) -> Cases:
        """Cases, the newest first."""
        where = " WHERE decided_at IS NULL" if only_open else ""
        return Cases(self._cases(f"{where} ORDER BY opened_at DESC, external_key LIMIT ?", ROWS_MAX))

    def dead_letters(self, entities: tuple[str, ...]) -> DeadLetters:
        """Dead letters of some hospitals, or of all, the newest first."""
        sql = (
            "SELECT dlq.key, entity, dlq.detail, dead_at, revived_at, actor, reason FROM dlq"
            " JOIN effect ON effect.id=dlq.effect WHERE ?1 OR entity IN (SELECT value FROM json_each(?2))"
            " ORDER BY dlq.id DESC LIMIT ?3"
        )
        rows = self._read(sql, ("*" in entities, msgspec.json.encode(entities).decode(), ROWS_MAX))
        return DeadLetters(tuple(DeadLetter(*row) for row in rows))

    def _process(self, number: int, key: str, version: int) -> Process:
        effects = tuple(
            Effect(name, process, operation, ref, STATUSES[status], *rest)
            for name, process, operation, ref, status, *rest in self._read(_EFFECTS, (number,))
        )
        timers = self._rows(Timer, "SELECT name, due_at FROM timer WHERE process=? ORDER BY due_at", number)
        return Process(key, version, effects, timers, self._cases(" WHERE process=? ORDER BY opened_at", number))

    def _cases(self, rest: str, argument: int) -> tuple[Case, ...]:
        sql = "SELECT external_key, category, opened_at, decision, decided_at FROM exception_case"
        return self._rows(Case, sql + rest, argument)

    def _rows(self, kind: type[Row], sql: str, argument: str | int) -> tuple[Row, ...]:
        return tuple(kind(*row) for row in self._read(sql, (argument,)))

    def _count(self, sql: str) -> int:
        return int(one(self._read(sql))[0])
