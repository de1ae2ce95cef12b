"""The store on SQLite: schema and every statement in one place, by hand, inline, never across an await.

All workers share the file. Times are the engine's own milliseconds, never SQL's. Durability is a setting: `normal` (WAL,
survives the death of a process), `full` (also of the machine), or `off`, for workers that all live in one process which
nobody pulls the plug of: they share a connection to a database in memory. A worker cannot die within a transaction there,
because none of them ever waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

import apsw
import msgspec

from orchestrator.store.bills import BILLS, Bills
from orchestrator.store.connecting import Execute, Held, hold, one
from orchestrator.store.masters import MASTERS, Masters
from orchestrator.store.rows import DEAD, DONE, DOUBT, READY, SENT, DeadLetter, Effect

Result = TypeVar("Result")
_encode = msgspec.json.Encoder().encode

RESTS: Final = "(status<>1 OR fence>1)"
"""Put down, or taken over. Such a row never comes back into its first hands, so that one id tells where those begin."""
FRESH: Final = "id>?1 AND due_at IS NOT NULL AND status=1 AND fence=1"
"""In its first hands; looked for among the newest rows alone."""

SCHEMA: Final = (
    # What came in, once per (source, object, version): the event key.
    """CREATE TABLE IF NOT EXISTS inbox (source TEXT, event_id TEXT, version INTEGER, hash TEXT, seen_at INTEGER,
       PRIMARY KEY (source, event_id, version)) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS process (id INTEGER PRIMARY KEY, key TEXT UNIQUE, version INTEGER, state TEXT)",
    # Commands on their way; `due_at` is empty once one has ended. The index holds what rests, or has been left behind once:
    # most are carried out at once by whoever stored them, and never come into it.
    """CREATE TABLE IF NOT EXISTS effect (id INTEGER PRIMARY KEY, key TEXT, process INTEGER, operation TEXT, path TEXT,
       body TEXT, ref TEXT, status INTEGER, attempts INTEGER, due_at INTEGER, fence INTEGER, quiet INTEGER,
       born_at INTEGER, entity TEXT, owner TEXT, remote_id TEXT, detail TEXT)""",
    f"CREATE INDEX IF NOT EXISTS effect_rests ON effect (due_at) WHERE due_at IS NOT NULL AND {RESTS}",
    "DROP INDEX IF EXISTS effect_due",  # an earlier version's, of all that is open
    """CREATE TABLE IF NOT EXISTS timer (process INTEGER, name TEXT, due_at INTEGER, PRIMARY KEY (process, name))
       WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS timer_due ON timer (due_at)",
    """CREATE TABLE IF NOT EXISTS exception_case (external_key TEXT PRIMARY KEY, process INTEGER, category TEXT,
       opened_at INTEGER, decision TEXT, decided_at INTEGER) WITHOUT ROWID""",
    # Recurring work; the row is the watermark and the lease at once, so that one worker at a time does it.
    """CREATE TABLE IF NOT EXISTS watermark (stream TEXT PRIMARY KEY, cursor INTEGER, due_at INTEGER, pause INTEGER,
       fence INTEGER, owner TEXT) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS dlq (id INTEGER PRIMARY KEY, effect INTEGER, key TEXT, detail TEXT, dead_at INTEGER,
       revived_at INTEGER, actor TEXT, reason TEXT)""",
    """CREATE TABLE IF NOT EXISTS recon_break (kind TEXT, ref TEXT, detail TEXT, found_at INTEGER,
       PRIMARY KEY (kind, ref)) WITHOUT ROWID""",
    # For which hospitals we may act, and since when we know; empty where it is all.
    "CREATE TABLE IF NOT EXISTS entity_grant (entity TEXT PRIMARY KEY, known_at INTEGER) WITHOUT ROWID",
    BILLS,
    *MASTERS,
)

_EFFECTS: Final = """SELECT id, key, process, operation, path, body, ref, status, attempts, due_at, fence, quiet,
    born_at, entity FROM effect"""
_EFFECT: Final = _EFFECTS + " WHERE id=?"
_DUE: Final = f"""{_EFFECTS} WHERE id IN (
    SELECT id FROM (SELECT id FROM effect WHERE due_at<=?2 AND {RESTS} ORDER BY due_at, id LIMIT ?3) UNION ALL
    SELECT id FROM effect WHERE {FRESH} AND due_at<=?2) ORDER BY due_at, id LIMIT ?3"""  # noqa: S608 - our own words
_INSERT_EFFECT: Final = """INSERT INTO effect (key, process, operation, path, body, ref, status, attempts, due_at, fence,
    quiet, born_at, entity, owner) VALUES (?,?,?,?,?,?,?,?,?,1,?,?,?,?)"""
_CLAIM: Final = "UPDATE effect SET owner=?, status=?, attempts=?, due_at=?, fence=? WHERE id=?"
_FINISH: Final = "UPDATE effect SET status=?, due_at=NULL, remote_id=?, detail=? WHERE id=? AND fence=?"
_NEXT_DUE: Final = f"""SELECT (SELECT min(due_at) FROM effect WHERE due_at IS NOT NULL AND {RESTS}), min(due_at),
    (SELECT min(due_at) FROM timer), (SELECT min(due_at) FROM watermark WHERE owner='' OR due_at<=?2),
    min(id), (SELECT max(id) FROM effect) FROM effect WHERE {FRESH}"""  # noqa: S608 - our own words
NEVER: Final = 1 << 62
"""A moment that does not come."""


class StoreError(Exception):
    """The store could not do what was asked."""


class StoreBusyError(StoreError):
    """Another writer holds the file; try again a little later."""


class LeaseLostError(StoreError):
    """Another worker has taken the row over; drop what you were about to write."""


class SqliteStore(Bills, Masters):
    """One worker's view of the shared file. Every method but `run` belongs inside the work given to `run`."""

    def __init__(self, directory: Path, owner: str, sync: str = "normal") -> None:
        """Open the file, and make the tables if they are not there."""
        self.owner = owner
        self._held: Held | None = hold(directory / "orchestrator.db", sync)
        self._db = self._held.connection
        self._changes = self._db.changes
        # One cursor for everything: its next statement resets the last, so that nothing is left open.
        self._cursor = self._db.cursor()
        self._run: Execute = self._cursor.execute
        self._older = 0
        """All effects up to this id have ended, or left their first hands."""
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        """Have all that is needed before the first transaction of somebody's."""
        SqliteStore.run(self, self._create)

    def _create(self) -> None:
        for statement in SCHEMA:
            self._run(statement)

    def close(self) -> None:
        """Let go of the file: nothing more is done through this store, whoever else holds the connection."""
        held, self._held = self._held, None
        if held is not None:
            self._cursor.close()
            held.let_go()

    def run(self, work: Callable[..., Result], *arguments: Any) -> Result:  # noqa: ANN401 - passed on as they are
        """Do all of the work in one transaction, or none of it."""
        execute = self._run
        try:
            execute("BEGIN IMMEDIATE")
        except apsw.BusyError as error:
            raise StoreBusyError(str(error)) from error
        try:
            result = work(*arguments)
            execute("COMMIT")
        except BaseException as error:
            if self._db.in_transaction:
                execute("ROLLBACK")
            if isinstance(error, apsw.BusyError):
                raise StoreBusyError(str(error)) from error
            raise
        return result

    # -- inbox and processes --------------------------------------------------------------------------------------------

    def note_event(self, source: str, event_id: str, version: int, digest: str, now_ms: int) -> bool:
        """Put an event into the inbox; False when it was there already."""
        sql = "INSERT OR IGNORE INTO inbox VALUES (?,?,?,?,?)"
        self._run(sql, (source, event_id, version, digest, now_ms))
        return self._changes() == 1

    def process(self, key: str) -> tuple[int, int, str] | None:
        """A process by its partition key: id, version, state."""
        row: tuple[int, int, str] | None
        row = one(self._run("SELECT id, version, state FROM process WHERE key=?", (key,)))
        return row

    def process_by_id(self, process: int) -> tuple[int, int, str]:
        """A process by its id."""
        row: tuple[int, int, str]
        row = one(self._run("SELECT id, version, state FROM process WHERE id=?", (process,)))
        return row

    def versions(self, prefix: str) -> list[tuple[int, int]]:
        """Id and version of all processes whose key begins so, by key."""
        sql = "SELECT id, version FROM process WHERE key>=? AND key<? ORDER BY key"
        return self._run(sql, (prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1))).fetchall()

    def states(self, processes: Iterable[int], word: str) -> list[tuple[int, str]]:
        """Id and state of some processes, of those alone in whose state a word stands."""
        sql = "SELECT process.id, state FROM json_each(?) CROSS JOIN process ON process.id=value WHERE instr(state, ?)"
        return self._run(sql, (_encode(list(processes)).decode(), word)).fetchall()

    # JSON goes in as text, into which SQL can look.

    def add_process(self, key: str, state: bytes) -> int:
        """Store a new process."""
        sql = "INSERT INTO process (key, version, state) VALUES (?,1,?)"
        self._run(sql, (key, state.decode()))
        return self._db.last_insert_rowid()

    def change_process(self, process: int, version: int, state: bytes) -> bool:
        """Store a process's new state; False, and nothing stored, when somebody has changed it meanwhile."""
        sql = "UPDATE process SET state=?, version=? WHERE id=? AND version=?"
        self._run(sql, (state.decode(), version + 1, process, version))
        return self._changes() == 1

    # -- effects ----------------------------------------------------------------------------------------------------------

    def add_effect(self, effect: Effect) -> Effect:
        """Store a new effect in this worker's hands."""
        row = (
            effect.key,
            effect.process,
            effect.operation,
            effect.path,
            effect.body.decode(),
            effect.ref,
            effect.status,
            effect.attempts,
            effect.due_at,
            effect.quiet,
            effect.born_at,
            effect.entity,
            self.owner,
        )
        self._run(_INSERT_EFFECT, row)
        effect.id = self._db.last_insert_rowid()
        return effect

    def finish_effect(self, effect: Effect, status: int, remote_id: str = "", detail: str = "") -> None:
        """Note how an effect ended; refused when it has changed hands."""
        self._run(_FINISH, (status, remote_id, detail, effect.id, effect.fence))
        if self._changes() != 1:
            raise LeaseLostError(effect.key)

    def finish_quietly(self, ended: Iterable[tuple[str, int, int]]) -> None:
        """Note the success of effects that nothing waits for; one that changed hands is the other worker's to note."""
        for remote_id, effect, fence in ended:  # one or two; `executemany` costs more than it saves
            self._run(_FINISH, (DONE, remote_id, "", effect, fence))

    def rest_effect(self, effect: Effect, status: int, due_at: int, attempts: int, detail: str) -> None:
        """Put an effect down until a moment."""
        sql = "UPDATE effect SET status=?, due_at=?, attempts=?, detail=? WHERE id=? AND fence=?"
        self._run(sql, (status, due_at, attempts, detail, effect.id, effect.fence))
        if self._changes() != 1:
            raise LeaseLostError(effect.key)

    def renew_lease(self, effect: Effect, due_at: int) -> None:
        """Hold an effect longer."""
        sql = "UPDATE effect SET due_at=? WHERE id=? AND fence=?"
        self._run(sql, (due_at, effect.id, effect.fence))
        if self._changes() != 1:
            raise LeaseLostError(effect.key)
        effect.due_at = due_at

    def claim_due(self, now_ms: int, lease_until: int, limit: int) -> list[Effect]:
        """Take over effects that are due, oldest first."""
        rows = self._run(_DUE, (self._older, now_ms, limit)).fetchall()
        return [self._claim(_effect(row), lease_until) for row in sorted(rows)]

    def _claim(self, effect: Effect, lease_until: int) -> Effect:
        # If its lease ran out while it was SENT, whoever held it may have sent it: who takes it over must look.
        effect.status = SENT if effect.status == READY else DOUBT
        effect.attempts += 1
        effect.due_at = lease_until
        effect.fence += 1
        self._run(_CLAIM, (self.owner, effect.status, effect.attempts, lease_until, effect.fence, effect.id))
        return effect

    def effect(self, effect_id: int) -> Effect | None:
        """An effect by its id."""
        row = one(self._run(_EFFECT, (effect_id,)))
        return None if row is None else _effect(row)

    # -- timers, cases, dead letters --------------------------------------------------------------------------------------

    def start_timer(self, process: int, name: str, due_at: int) -> None:
        """Start a timer, or move it."""
        self._run("INSERT OR REPLACE INTO timer VALUES (?,?,?)", (process, name, due_at))

    def stop_timer(self, process: int, name: str) -> bool:
        """Remove a timer; False when it was not there."""
        self._run("DELETE FROM timer WHERE process=? AND name=?", (process, name))
        return self._changes() == 1

    def due_timers(self, now_ms: int, limit: int) -> list[tuple[int, str]]:
        """Timers that have run out."""
        sql = "SELECT process, name FROM timer WHERE due_at<=? ORDER BY due_at, process, name LIMIT ?"
        return self._run(sql, (now_ms, limit)).fetchall()

    def add_case(self, external_key: str, process: int, category: str, now_ms: int) -> None:
        """Remember who asked, so that the answer finds its way."""
        sql = "INSERT OR IGNORE INTO exception_case VALUES (?,?,?,?,NULL,NULL)"
        self._run(sql, (external_key, process, category, now_ms))

    def decide_case(self, external_key: str, decision: str, now_ms: int) -> int | None:
        """Note an answer; gives the process that asked, 0 for the engine itself, None when nobody here asked."""
        row = one(self._run("SELECT process FROM exception_case WHERE external_key=?", (external_key,)))
        if row is None:
            return None
        sql = "UPDATE exception_case SET decision=?, decided_at=? WHERE external_key=?"
        self._run(sql, (decision, now_ms, external_key))
        return int(row[0])

    def bury(self, effect: Effect, detail: str, now_ms: int) -> None:
        """Give an effect up: it becomes a dead letter."""
        self.finish_effect(effect, DEAD, detail=detail)
        sql = "INSERT INTO dlq (effect, key, detail, dead_at) VALUES (?,?,?,?)"
        self._run(sql, (effect.id, effect.key, detail, now_ms))

    def dead_letter(self, key: str) -> DeadLetter | None:
        """The latest dead letter of an effect's key, whether it was taken up again or not."""
        sql = (
            "SELECT dlq.id, effect.id, entity FROM dlq JOIN effect ON effect.id=effect WHERE dlq.key=? ORDER BY 1 DESC"
        )
        row = one(self._run(sql, (key,)))
        return None if row is None else DeadLetter(*row)

    def revive(self, letter: DeadLetter, actor: str, reason: str, now_ms: int) -> None:
        """Take a dead letter up again as it was, in doubt, with all its attempts before it."""
        sql = "UPDATE effect SET status=?, due_at=?, attempts=0, fence=fence+1 WHERE id=? AND status=?"
        self._run(sql, (DOUBT, now_ms, letter.effect, DEAD))
        self._run("UPDATE dlq SET revived_at=?, actor=?, reason=? WHERE id=?", (now_ms, actor, reason, letter.id))

    # -- recurring work ---------------------------------------------------------------------------------------------------

    def add_stream(self, stream: str, cursor: int, due_at: int) -> None:
        """Make sure that a stream has its row."""
        self._run("INSERT OR IGNORE INTO watermark VALUES (?,?,?,0,0,'')", (stream, cursor, due_at))

    def claim_streams(self, now_ms: int, lease_until: int) -> list[tuple[str, int, int, int]]:
        """Take the streams that are due: name, cursor, pause before this turn, fence."""
        sql = "SELECT stream, cursor, pause, fence+1 FROM watermark WHERE due_at<=? ORDER BY stream"
        claimed = self._run(sql, (now_ms,)).fetchall()
        sql = "UPDATE watermark SET owner=?, fence=fence+1, due_at=? WHERE due_at<=?"
        self._run(sql, (self.owner, lease_until, now_ms))
        return claimed

    def move_stream(self, stream: str, fence: int, cursor: int, due_at: int, pause: int) -> None:
        """Advance a stream, if it is still ours."""
        sql = "UPDATE watermark SET cursor=?, due_at=?, pause=?, owner='' WHERE stream=? AND fence=?"
        self._run(sql, (cursor, due_at, pause, stream, fence))
        if self._changes() != 1:
            raise LeaseLostError(stream)

    def note_grants(self, entities: Iterable[str], now_ms: int) -> bool:
        """Remember for whom we may act; whether any of them is new."""
        sql = "INSERT OR IGNORE INTO entity_grant VALUES (?,?)"
        before = self._db.total_changes()
        for entity in entities:
            self._run(sql, (entity, now_ms))
        return self._db.total_changes() > before

    def grants(self) -> set[str]:
        """For whom some worker was told that we may act."""
        return {str(entity) for (entity,) in self._run("SELECT entity FROM entity_grant")}

    def rewind(self, stream: str, cursor: int, due_at: int) -> None:
        """Have a stream begin again from an earlier moment; whoever works on it now does not move it any more."""
        sql = (
            "UPDATE watermark SET cursor=min(cursor, ?), due_at=min(due_at, ?), fence=fence+1, owner='' WHERE stream=?"
        )
        self._run(sql, (cursor, due_at, stream))

    def next_due(self, now_ms: int) -> tuple[int, int, int]:
        """When the next effect, timer and stream are due; of the streams in somebody's hands, those alone that are by now."""
        ((rests, held, timer, stream, first, last),) = self._run(_NEXT_DUE, (self._older, now_ms)).fetchall()
        self._older = first - 1 if first else last or 0
        return min(rests or NEVER, held or NEVER), timer or NEVER, stream or NEVER

    # -- reconciliation ---------------------------------------------------------------------------------------------------

    def effects_since(self, operation: str, since_ms: int) -> list[tuple[str, int, int]]:
        """Reference, status and birth of the effects of one operation made since a moment, the latest first."""
        # Effects are born in the order of their ids: the last that is older is found by going back from the newest.
        sql = (
            "SELECT ref, status, born_at FROM effect WHERE operation=? AND"
            " id>coalesce((SELECT max(id) FROM effect WHERE born_at<?), 0) ORDER BY id DESC"
        )
        return self._run(sql, (operation, since_ms)).fetchall()

    def in_doubt(self, operation: str) -> set[str]:
        """References of the effects of one operation whose outcome is unknown."""
        sql = f"SELECT ref FROM effect WHERE due_at IS NOT NULL AND {RESTS} AND status=? AND operation=?"  # noqa: S608
        return {ref for (ref,) in self._run(sql, (DOUBT, operation))}

    def heard_of(self, source: str, papers: Iterable[str]) -> set[tuple[str, int]]:
        """Which papers of a source, of those named, ever came in: id and version of each."""
        sql = "SELECT event_id, version FROM json_each(?) CROSS JOIN inbox ON source=? AND event_id=value"
        return set(self._run(sql, (_encode(list(papers)).decode(), source)))

    def newest(self, source: str, paper: str) -> int:
        """The highest version of a paper that ever came in; 0 if none did."""
        sql = "SELECT max(version) FROM inbox WHERE source=? AND event_id=?"
        return one(self._run(sql, (source, paper)))[0] or 0

    def open_break(self, kind: str, ref: str, detail: str, now_ms: int) -> bool:
        """Note a difference between source and target; False when it was noted before."""
        sql = "INSERT OR IGNORE INTO recon_break VALUES (?,?,?,?)"
        self._run(sql, (kind, ref, detail, now_ms))
        return self._changes() == 1

    def hurry(self, ref: str, now_ms: int) -> int:
        """Have what is in doubt about a reference looked at now."""
        sql = f"UPDATE effect SET due_at=? WHERE ref=? AND status=? AND due_at>? AND {RESTS}"  # noqa: S608
        self._run(sql, (now_ms, ref, DOUBT, now_ms))
        return now_ms


def _effect(row: tuple[Any, ...]) -> Effect:
    effect = Effect(*row)
    effect.body = row[5].encode()
    return effect
