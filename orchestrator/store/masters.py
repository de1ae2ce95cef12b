"""Master data as it was heard: the cross-reference of suppliers, and what hospitals' codes mean from which day on."""

from __future__ import annotations

from typing import Final

from orchestrator.store.connecting import Execute, one

MASTERS: Final = (
    # What codes mean, as of which local day, and since when we know. An event that overtakes another does no harm. The
    # key's order is that of the question, whose answer is then the first row.
    """CREATE TABLE IF NOT EXISTS mapping_version (kind TEXT, entity TEXT, code TEXT, value TEXT, valid_from TEXT,
       valid_to TEXT, known_at INTEGER, PRIMARY KEY (kind, entity, code, valid_from, known_at, value)) WITHOUT ROWID""",
    # Which golden record a supplier record belongs to, what the ERP calls it, and what records are compared by.
    """CREATE TABLE IF NOT EXISTS xref (rank INTEGER PRIMARY KEY, record TEXT UNIQUE, golden TEXT, number TEXT,
       settled INTEGER, name TEXT, address TEXT, tax_id TEXT, account TEXT, parent TEXT)""",
)


class Masters:
    """The part of the store that holds them; every method belongs inside a transaction."""

    _run: Execute

    def remember_supplier(self, record: str, golden: str, number: str, settled: int, compared: tuple[str, ...]) -> None:
        """Enter a record into the cross-reference, or what is new about it; its rank stays that of the first time."""
        sql = (
            "INSERT INTO xref (record, golden, number, settled, name, address, tax_id, account, parent)"
            " VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (record) DO UPDATE SET golden=excluded.golden,"
            " number=excluded.number, settled=excluded.settled, name=excluded.name, address=excluded.address,"
            " tax_id=excluded.tax_id, account=excluded.account, parent=excluded.parent"
        )
        self._run(sql, (record, golden, number, settled, *compared))

    def suppliers_alike(self, record: str, name: str, tax_id: str, account: str) -> list[tuple[str, ...]]:
        """Records that share a name, tax id or account, settled or earlier: record, golden, and what they compare by."""
        sql = (
            "SELECT record, golden, name, address, tax_id, account, parent FROM xref WHERE record<>?1 AND"
            " (name=?2 OR (tax_id=?3 AND ?3<>'') OR (account=?4 AND ?4<>'')) AND"
            " (settled OR rank<coalesce((SELECT rank FROM xref WHERE record=?1), 1<<62)) ORDER BY rank"
        )
        return self._run(sql, (record, name, tax_id, account)).fetchall()

    def supplier_number(self, record: str) -> str:
        """What the ERP calls the golden record of a record; empty while it has no number."""
        seen: set[str] = set()
        while record not in seen:
            seen.add(record)
            row = one(self._run("SELECT golden, number FROM xref WHERE record=?", (record,)))
            if row is None or row[0] == record:
                return str(row[1]) if row else ""
            record = row[0]
        return ""

    def remember_meaning(self, now_ms: int, *meaning: str) -> None:
        """What a code means, as known from now on: kind, entity, code, value, and from and to which day."""
        self._run("INSERT OR REPLACE INTO mapping_version VALUES (?,?,?,?,?,?,?)", (*meaning, now_ms))

    def meaning(self, kind: str, entity: str, code: str, on: str) -> str:
        """What a code means on a local day, by all that is known; empty if nothing is."""
        sql = (
            "SELECT value FROM mapping_version WHERE kind=? AND entity=? AND code=? AND valid_from<=?"
            " AND (valid_to='' OR valid_to>?) ORDER BY valid_from DESC, known_at DESC LIMIT 1"
        )
        row = one(self._run(sql, (kind, entity, code, on, on)))
        return str(row[0]) if row else ""
