"""The audit: one link for each transaction that changed something; whatever is tampered with is found and named."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path
from threading import Timer

import apsw
import pytest

from orchestrator.store.audited import AuditedStore
from orchestrator.store.sqlite import SqliteStore, StoreError
from orchestrator.store.verify import verify
from tests.orchestrator.estate import ORDERS, Estate, Worker, after, once, play


def account(directory: Path) -> list[int]:
    """A month's worth of everything in a nutshell: two workers, a death, doubts, a dead letter and a case; two days of it."""

    async def story() -> None:
        estate = Estate("normal")
        estate.fault(ORDERS, after)
        first = Worker("w1", estate, directory, audit="on")
        second = Worker("w2", estate, directory, audit="on")
        await first.take(estate.order(), 1)
        first.kill()
        await second.take(estate.receipt(), 1)
        await second.take(estate.invoice(), 86_400)
        await second.take(estate.order("PO-H1-000002"), 1)
        await second.take(estate.invoice("INV-000002", "PO-H1-000009"), 86_400)
        once_more = [item["SourceRef"] for item in estate.posted["invoices"]]
        assert once_more == ["ap_automation:INV-000001"]
        await asyncio.sleep(12 * 86_400)
        second.kill()

    play(story)
    with closing(apsw.Connection(str(directory / "orchestrator.db"))) as database:
        return [int(number or 0) for (number,) in database.execute("SELECT seq FROM audit ORDER BY seq")]


def tamper(directory: Path, *statements: str) -> str:
    """Change the file behind the engine's back; what S01 then says."""
    with closing(apsw.Connection(str(directory / "orchestrator.db"))) as database:
        for statement in statements:
            database.execute(statement)
            assert database.changes() > 0, "nothing was tampered with"
    return verify(directory).broken


def test_an_honest_account_passes(tmp_path: Path) -> None:
    """All tables are compared, and what changed nothing left no link."""
    links = account(tmp_path)
    checked = verify(tmp_path)
    assert checked.broken == ""
    assert checked.links == len(links) > 20
    assert checked.rows > 10
    store = AuditedStore(tmp_path, "w3", "normal", lambda: 1)
    assert not store.run(store.note_event, "procurement", "PO-H1-000001", 1, "", 1)
    assert verify(tmp_path) == checked
    assert store.run(store.note_event, "procurement", "PO-H1-000077", 1, "", 1)
    store.close()
    assert (verify(tmp_path).links, verify(tmp_path).broken) == (checked.links + 1, "")


@pytest.mark.parametrize("column", ["at", "actor", "what", "previous", "digest"])
def test_a_link_that_was_changed_is_named(tmp_path: Path, column: str) -> None:
    account(tmp_path)
    change = f"UPDATE audit SET {column}=replace({column}, '1', '2')||'0' WHERE seq=7"  # noqa: S608 - a column's name
    assert "link 7 " in tamper(tmp_path, change)


def test_a_link_that_was_taken_out_or_put_elsewhere_is_named(tmp_path: Path) -> None:
    account(tmp_path)
    assert tamper(tmp_path, "DELETE FROM audit WHERE seq=5") == "link 5 is missing"
    moved = tamper(tmp_path, "UPDATE audit SET seq=5 WHERE seq=6")
    assert moved == "link 5 does not follow from link 4"


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        ("effect", "UPDATE effect SET body=replace(body, '12.50', '99.50') WHERE id=1"),
        ("effect", "DELETE FROM effect WHERE id=2"),
        ("process", "UPDATE process SET state=replace(state, 'posted', 'waiting')"),
        ("inbox", "INSERT INTO inbox VALUES ('procurement', 'PO-H1-666', 1, '', 1)"),
        ("inbox", "DELETE FROM inbox WHERE event_id='INV-000001'"),
        ("watermark", "UPDATE watermark SET cursor=cursor+1 WHERE stream='inventory'"),
        ("exception_case", "UPDATE exception_case SET decision='accept'"),
    ],
)
def test_a_row_that_nobody_wrote_so_is_named(tmp_path: Path, table: str, statement: str) -> None:
    account(tmp_path)
    assert tamper(tmp_path, statement).startswith(f"table {table}: ")


def test_the_last_links_cut_off_leave_rows_that_no_link_wrote(tmp_path: Path) -> None:
    account(tmp_path)
    cut = "DELETE FROM audit WHERE seq>(SELECT max(seq)-3 FROM audit)"
    assert tamper(tmp_path, cut).startswith("table ")


def test_an_account_cannot_begin_in_the_middle(tmp_path: Path) -> None:
    """And what is written without one, in between, is found."""
    store = SqliteStore(tmp_path, "w1")
    store.run(store.note_event, "s", "e", 1, "", 1)
    store.close()
    with pytest.raises(StoreError):
        AuditedStore(tmp_path, "w1", "normal", lambda: 1)
    assert verify(tmp_path).broken != ""


def test_a_transaction_that_fails_leaves_no_link(tmp_path: Path) -> None:
    store = AuditedStore(tmp_path, "w1", "normal", lambda: 1)

    def half() -> None:
        store.note_event("s", "e", 1, "", 1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.run(half)
    assert (verify(tmp_path).links, verify(tmp_path).broken) == (0, "")
    store.close()


def test_the_engine_does_the_same_with_an_account(tmp_path: Path) -> None:
    """In every durability."""
    for sync in ("off", "normal"):
        (tmp_path / sync).mkdir()

        async def story(sync: str = sync) -> None:
            estate = Estate(sync)
            first = Worker("w1", estate, tmp_path / sync, audit="on")
            second = Worker("w2", estate, tmp_path / sync, audit="on")
            await first.take(estate.order())
            await second.take(estate.receipt())
            await first.take(estate.invoice())
            once(estate)
            first.kill()
            second.kill()

        play(story)
        assert verify(tmp_path / sync).broken == ""


def test_a_check_waits_for_whoever_holds_the_file(tmp_path: Path) -> None:
    account(tmp_path)
    holder = apsw.Connection(str(tmp_path / "orchestrator.db"))
    for statement in ("PRAGMA locking_mode=EXCLUSIVE", "BEGIN EXCLUSIVE", "COMMIT"):
        holder.execute(statement).fetchall()
    release = Timer(0.2, holder.close)
    release.start()
    assert verify(tmp_path).broken == ""
    release.join()
