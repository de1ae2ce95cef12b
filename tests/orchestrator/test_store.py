"""The store: what a transaction holds together, who may write, and what happens when somebody else is writing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from orchestrator.engine.replay import Wish, replay
from orchestrator.store.rows import DONE, DOUBT, READY, SENT, Effect
from orchestrator.store.sqlite import NEVER, LeaseLostError, SqliteStore, StoreBusyError


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
    assert second.next_due()[0] == 500
    second.run(second.finish_effect, claimed[0], 3, "id")
    second.run(second.finish_quietly, [("x", claimed[1].id, claimed[1].fence)])
    assert second.next_due() == (NEVER, NEVER, NEVER)


def test_a_dead_letter_comes_back_once_as_it_was(pair: list[SqliteStore]) -> None:
    """Through the inbox; a second replay, by whichever worker, is harmless; one that died again may come again."""
    first, second = pair
    dead = first.run(first.add_effect, effect())
    first.run(first.bury, dead, "why", 5)
    assert first.next_due()[0] == NEVER
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
    assert first.next_due()[0] == NEVER
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


def test_what_is_in_its_first_hands_is_found_however_many_came_before_and_after(
    pair: list[SqliteStore], tmp_path: Path
) -> None:
    first, second = pair
    early = [first.run(first.add_effect, effect(f"early {number}")) for number in range(3)]
    assert second.next_due()[0] == 100
    first.run(first.finish_effect, early[0], DONE)
    first.run(first.rest_effect, early[1], READY, 70, 0, "")
    assert second.next_due()[0] == 70
    late = first.run(first.add_effect, effect("late", due_at=90))
    assert second.next_due() == (70, NEVER, NEVER)
    assert [row.key for row in second.run(second.claim_due, 95, 500, 9)] == ["early 1", "late"]
    assert second.next_due()[0] == first.next_due()[0] == 100
    first.run(first.finish_effect, early[2], DONE)
    assert second.next_due()[0] == first.next_due()[0] == 500
    with pytest.raises(LeaseLostError):
        first.run(first.finish_effect, late, DONE)
    restarted = SqliteStore(tmp_path, "w1", "off" if first._db is second._db else "normal")
    assert restarted.next_due()[0] == 500
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
