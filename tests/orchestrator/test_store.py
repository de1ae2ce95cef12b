"""The store: what a transaction holds together, who may write, and what happens when somebody else is writing."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from orchestrator.engine.replay import Wish, replay
from orchestrator.store import connecting
from orchestrator.store.audited import AuditedStore
from orchestrator.store.connecting import hold
from orchestrator.store.rows import DONE, DOUBT, READY, SENT, Effect
from orchestrator.store.sqlite import NEVER, LeaseLostError, SqliteStore, StoreBusyError, StoreError
from sim.designs import load_design
from sim.run import RunOptions, run
from sim.scenario_file import load_scenario


def effect(key: str = "k", due_at: int = 100, status: int = SENT) -> Effect:
    """An effect to be stored."""
    return Effect(0, key, 1, "o", "/p", b"b", "r", status, 1, due_at, 1, 0, 1, "H1")


@pytest.fixture(params=["off", "normal"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[SqliteStore]]:
    """Two workers over one file."""
    stores = [SqliteStore(tmp_path, name, request.param) for name in ("w1", "w2")]
    yield stores
    for store in stores:
        store.close()


def test_a_transaction_is_whole_or_nothing(pair: list[SqliteStore]) -> None:
    first, second = pair

    def half() -> None:
        first.note_event("s", "e", 1, "", 1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        first.run(half)
    assert not second.heard_of("s", ["e"])
    assert first.run(first.note_event, "s", "e", 1, "", 1)
    assert not second.run(second.note_event, "s", "e", 1, "", 1)
    assert second.heard_of("s", ["e"])


def test_a_process_changes_only_from_the_version_one_knows(pair: list[SqliteStore]) -> None:
    first, second = pair
    process = first.run(first.add_process, "H1/PO", b"a")
    assert second.run(second.change_process, process, 1, b"b")
    assert not first.run(first.change_process, process, 1, b"c")
    assert first.process("H1/PO") == (process, 2, "b")


def test_a_lease_that_ran_out_is_in_doubt_and_what_rested_ready_is_not(pair: list[SqliteStore]) -> None:
    first, second = pair
    held, rested = first.run(first.add_effect, effect("held")), first.run(first.add_effect, effect("rested"))
    first.run(first.rest_effect, rested, READY, 50, 0, "")
    assert second.run(second.claim_due, 49, 500, 9) == []
    claimed = second.run(second.claim_due, 100, 500, 9)
    assert [(row.key, row.status, row.attempts, row.fence) for row in claimed] == [
        ("held", DOUBT, 2, 2),
        ("rested", SENT, 1, 2),
    ]
    for write in (
        lambda: first.finish_effect(held, 3),
        lambda: first.rest_effect(held, READY, 1, 1, ""),
        lambda: first.renew_lease(held, 900),
    ):
        with pytest.raises(LeaseLostError):
            first.run(write)
    first.run(first.finish_quietly, [("x", held.id, held.fence)])
    assert second.next_due(0)[0] == 500
    second.run(second.finish_effect, claimed[0], 3, "id")
    second.run(second.finish_quietly, [("x", claimed[1].id, claimed[1].fence)])
    assert second.next_due(0) == (NEVER, NEVER, NEVER)


def test_a_dead_letter_comes_back_once_as_it_was(pair: list[SqliteStore]) -> None:
    """Through the inbox; a second replay, by whichever worker, is harmless; one that died again may come again."""
    first, second = pair
    dead = first.run(first.add_effect, effect())
    first.run(first.bury, dead, "why", 5)
    assert first.next_due(0)[0] == NEVER
    wish = Wish("k", "ann", "the ERP is back", ("H1",))
    assert second.run(replay, second, wish, 7) == "replayed"
    assert [store.run(replay, store, wish, 8) for store in pair] == ["already", "already"]
    (back,) = second.run(second.claim_due, 7, 99, 9)
    assert (back.status, back.attempts, back.body, back.key) == (DOUBT, 1, b"b", "k")
    assert first.run(replay, first, wish, 9) == "already", "it is under way"
    second.run(second.bury, back, "why again", 10)
    assert first.run(replay, first, wish, 11) == "replayed"
    assert second.heard_of("replay", ["k"]) == {("k", 1), ("k", 2)}


def test_a_dead_letter_is_replayed_for_its_own_hospital_alone(pair: list[SqliteStore]) -> None:
    first, _ = pair
    first.run(first.bury, first.run(first.add_effect, effect()), "why", 5)
    assert first.run(replay, first, Wish("k", "ann", "because", ("H2", "H3")), 7) == "not-granted"
    assert first.run(replay, first, Wish("nothing", "ann", "because"), 7) == "unknown"
    assert first.next_due(0)[0] == NEVER
    assert not first.heard_of("replay", ["k", "nothing"])


def test_timers_cases_and_streams(pair: list[SqliteStore]) -> None:
    first, second = pair
    first.run(first.start_timer, 1, "t", 50)
    first.run(first.start_timer, 1, "t", 60)
    assert second.due_timers(59, 9) == []
    assert second.due_timers(60, 9) == [(1, "t")]
    assert second.run(second.stop_timer, 1, "t")
    assert not first.run(first.stop_timer, 1, "t")
    first.run(first.add_case, "c/1", 7, "c", 1)
    assert second.run(second.decide_case, "c/1", "accept", 2) == 7
    assert second.run(second.decide_case, "c/2", "accept", 2) is None
    first.run(first.add_stream, "s", 10, 20)
    second.run(second.add_stream, "s", 99, 99)
    assert first.run(first.claim_streams, 20, 70) == [("s", 10, 0, 1)]
    assert second.run(second.claim_streams, 20, 70) == []
    assert second.run(second.claim_streams, 70, 90) == [("s", 10, 0, 2)]
    with pytest.raises(LeaseLostError):
        first.run(first.move_stream, "s", 1, 70, 100, 30)
    second.run(second.move_stream, "s", 2, 70, 100, 30)
    assert second.run(second.claim_streams, 100, 110) == [("s", 70, 30, 3)]


def test_a_file_that_another_process_writes_is_busy_not_broken(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, "w1")
    store._run("PRAGMA busy_timeout=0")
    other = apsw.Connection(str(tmp_path / "orchestrator.db"))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusyError):
        store.run(store.note_event, "s", "e", 1, "", 1)
    other.execute("COMMIT")
    assert store.run(store.note_event, "s", "e", 1, "", 1)
    other.close()
    store.close()


def test_a_connection_that_dies_takes_only_its_own_transaction_along(tmp_path: Path) -> None:
    first, second = (SqliteStore(tmp_path, name) for name in ("w1", "w2"))
    first.run(first.note_event, "s", "kept", 1, "", 1)
    first._run("BEGIN IMMEDIATE")
    first.note_event("s", "lost", 1, "", 1)
    first.close()
    assert second.heard_of("s", ["kept"])
    assert not second.heard_of("s", ["lost"])
    second.close()
    third = SqliteStore(tmp_path, "w1")
    assert third.heard_of("s", ["kept"])
    third.close()


def test_workers_of_one_process_share_a_connection_until_the_last_lets_go(tmp_path: Path) -> None:
    first, second = (SqliteStore(tmp_path, name, "off") for name in ("w1", "w2"))
    assert first._db is second._db
    first.run(first.note_event, "s", "kept", 1, "", 1)
    first.close()
    assert second.run(second.note_event, "s", "later", 1, "", 1)
    second.close()
    with pytest.raises(apsw.CursorClosedError):
        second.heard_of("s", ["kept"])
    third = SqliteStore(tmp_path, "w1", "off")
    assert third._db is not second._db
    assert third.heard_of("s", ["kept", "later"]) == {("kept", 1), ("later", 1)}
    third.close()


def test_a_run_leaves_no_connection_behind() -> None:
    """Its workers' lives end with it, also those that were abandoned in a crash."""
    scenario, before = load_scenario("bad-weather")[0], list(connecting._shared.values())
    summary = run(RunOptions(scenario, *load_design("workflow"), 1, 0.05))
    assert sum(fault.took_effect for fault in summary.faults if "crash" in fault.kind) > 0
    assert not [held for held in connecting._shared.values() if held not in before and held.holders]


def test_a_closed_store_does_nothing_more_though_the_connection_lives(tmp_path: Path) -> None:
    first, second = (SqliteStore(tmp_path, name, "off") for name in ("w1", "w2"))
    first.close()
    first.close()
    with pytest.raises(apsw.CursorClosedError):
        first.run(first.note_event, "s", "e", 1, "", 1)
    assert second.run(second.note_event, "s", "e", 1, "", 1)
    second.close()


def test_a_connection_that_nobody_holds_any_more_is_not_handed_out_again(tmp_path: Path) -> None:
    """Not even while something still refers to it; and one file has one, whatever its path is written like."""
    gone = hold(tmp_path / "orchestrator.db", "off")
    gone.let_go()
    again = hold(tmp_path / "orchestrator.db", "off")
    assert again.connection is not gone.connection
    assert hold(tmp_path / "x" / ".." / "orchestrator.db", "off") is again
    again.let_go()
    assert again.connection.execute("SELECT 1").fetchall() == [(1,)]
    again.let_go()


def test_what_is_in_memory_outlives_whoever_did_not_close_it(tmp_path: Path) -> None:
    """As a crash leaves it: all workers are gone, none has let go."""
    dead = SqliteStore(tmp_path, "w1", "off")
    dead.run(dead.note_event, "s", "kept", 1, "", 1)
    del dead
    gc.collect()
    restarted = SqliteStore(tmp_path, "w1", "off")
    assert restarted.heard_of("s", ["kept"])
    connecting._shared.pop((tmp_path / "orchestrator.db").resolve()).connection.close()


def test_memory_takes_over_a_file_and_leaves_one(tmp_path: Path) -> None:
    for sync, paper in (("full", "first"), ("off", "second"), ("normal", "third"), ("off", "fourth")):
        store = SqliteStore(tmp_path, "w1", sync)
        assert store.run(store.note_event, "s", paper, 1, "", 1)
        store.close()
    store = SqliteStore(tmp_path, "w1")
    assert len(store.heard_of("s", ["first", "second", "third", "fourth"])) == 4
    store.close()


def test_memory_whose_directory_was_taken_back_is_dropped(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    store = SqliteStore(given, "w1", "off")
    given.rmdir()
    store.close()
    given.mkdir()
    again = SqliteStore(given, "w1", "off")
    assert again.run(again.note_event, "s", "e", 1, "", 1)
    again.close()


def test_a_store_that_cannot_be_made_holds_nothing(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, "w1", "off")
    store.run(store.note_event, "s", "e", 1, "", 1)
    assert store._held is not None
    with pytest.raises(StoreError):
        AuditedStore(tmp_path, "w2", "off", lambda: 1)
    assert store._held.holders == 1
    store.close()


@pytest.mark.parametrize("sync", ["normal", "full"])
def test_a_file_of_its_own_waits_for_others_and_is_as_lasting_as_it_was_asked_to_be(tmp_path: Path, sync: str) -> None:
    store = SqliteStore(tmp_path, "w1", sync)
    assert store._db.pragma("journal_mode") == "wal"
    assert store._db.pragma("synchronous") == {"normal": 1, "full": 2}[sync]
    assert store._db.pragma("busy_timeout") > 0
    store.close()


def test_whoever_has_read_holds_nothing_open(tmp_path: Path) -> None:
    """A reader that sleeps in the middle would keep the file from being tidied up, and it would grow without end."""
    store = SqliteStore(tmp_path, "w1")
    process = store.run(store.add_process, "H1/PO", b"a")
    for read in (
        lambda: store.next_due(0),
        lambda: store.process("H1/PO"),
        lambda: store.process_by_id(process),
        lambda: store.effect(1),
        lambda: store.newest("s", "e"),
        lambda: store.dead_letter("k"),
        lambda: store.supplier_number("R1"),
        lambda: store.meaning("cost-centre", "H1", "c", "2026-10-01"),
    ):
        read()
        assert store._db.txn_state("main") == apsw.SQLITE_TXN_NONE
    store.close()


def test_a_file_that_gets_busy_within_a_transaction_leaves_none_open(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, "w1")

    def work() -> None:
        raise apsw.BusyError

    with pytest.raises(StoreBusyError):
        store.run(work)
    assert not store._db.in_transaction
    store.close()


def test_the_oldest_of_many_that_are_due_come_first(pair: list[SqliteStore]) -> None:
    first, _ = pair
    for number, due_at in enumerate((90, 80, 70)):
        rested = first.run(first.add_effect, effect(f"rests {number}"))
        first.run(first.rest_effect, rested, READY, due_at, 0, "")
        first.run(first.add_effect, effect(f"held {number}", due_at=due_at + 5))
    claimed = [first.run(first.claim_due, 100, 500, 2) for _ in range(3)]
    assert [{row.key for row in rows} for rows in claimed] == [
        {"rests 2", "held 2"},
        {"rests 1", "held 1"},
        {"rests 0", "held 0"},
    ]


def test_what_is_in_doubt_can_be_hurried(pair: list[SqliteStore]) -> None:
    first, second = pair
    doubted = first.run(first.add_effect, effect())
    first.run(first.rest_effect, doubted, DOUBT, 900, 1, "")
    second.run(second.hurry, "r", 50)
    assert first.next_due(0)[0] == 50


def test_a_stream_in_hands_wakes_nobody_before_its_lease_ends(pair: list[SqliteStore]) -> None:
    first, second = pair
    first.run(first.add_stream, "s", 10, 20)
    assert second.next_due(0)[2] == 20
    first.run(first.claim_streams, 20, 70)
    assert second.next_due(69)[2] == NEVER
    assert second.next_due(70)[2] == 70
    assert second.next_due(NEVER)[2] == 70
    first.run(first.rewind, "s", 0, 60)
    assert second.next_due(0)[2] == 60


def test_only_what_came_after_the_oldest_in_hands_is_looked_through(pair: list[SqliteStore]) -> None:
    first, second = pair
    made = [first.run(first.add_effect, effect(f"{number}")) for number in range(3)]
    second.next_due(0)
    assert second._older == 0
    for one in made[:2]:
        first.run(first.finish_effect, one, DONE)
    second.next_due(0)
    assert second._older == 2
    first.run(first.finish_effect, made[2], DONE)
    second.next_due(0)
    assert second._older == 3


def test_what_is_in_its_first_hands_is_found_however_many_came_before_and_after(
    pair: list[SqliteStore], tmp_path: Path
) -> None:
    first, second = pair
    early = [first.run(first.add_effect, effect(f"early {number}")) for number in range(3)]
    assert second.next_due(0)[0] == 100
    first.run(first.finish_effect, early[0], DONE)
    first.run(first.rest_effect, early[1], READY, 70, 0, "")
    assert second.next_due(0)[0] == 70
    late = first.run(first.add_effect, effect("late", due_at=90))
    assert second.next_due(0) == (70, NEVER, NEVER)
    assert [row.key for row in second.run(second.claim_due, 95, 500, 9)] == ["early 1", "late"]
    assert second.next_due(0)[0] == first.next_due(0)[0] == 100
    first.run(first.finish_effect, early[2], DONE)
    assert second.next_due(0)[0] == first.next_due(0)[0] == 500
    with pytest.raises(LeaseLostError):
        first.run(first.finish_effect, late, DONE)
    restarted = SqliteStore(tmp_path, "w1", "off" if first._db is second._db else "normal")
    assert restarted.next_due(0)[0] == 500
    assert [row.key for row in restarted.run(restarted.claim_due, 500, 900, 9)] == ["early 1", "late"]
    restarted.close()


def test_an_index_of_an_earlier_version_goes(tmp_path: Path) -> None:
    """It held all that is open; the new one takes over what lies there."""
    store = SqliteStore(tmp_path, "w1")
    store._run("DROP INDEX effect_rests")
    store._run("CREATE INDEX effect_due ON effect (due_at) WHERE due_at IS NOT NULL")
    rested = store.run(store.add_effect, effect("rested"))
    store.run(store.rest_effect, rested, READY, 50, 0, "")
    store.run(store.add_effect, effect("held"))
    store.close()
    store = SqliteStore(tmp_path, "w1")
    assert store._run("SELECT name FROM sqlite_master WHERE name LIKE 'effect\\__%' ESCAPE '\\'").fetchall() == [
        ("effect_rests",)
    ]
    assert [row.key for row in store.run(store.claim_due, 100, 500, 9)] == ["rested", "held"]
    store.close()
