"""The store: what a transaction holds together, who may write, and what happens when somebody else is writing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.engine.replay import Wish, replay
from orchestrator.store.rows import DOUBT, READY, SENT, Effect
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
    other = sqlite3.connect(tmp_path / "orchestrator.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusyError):
        store.run(store.note_event, "s", "e", 1, "", 1)
    other.execute("COMMIT")
    assert store.run(store.note_event, "s", "e", 1, "", 1)
    other.close()
    store.close()


def test_a_connection_that_dies_takes_only_its_own_transaction_along(tmp_path: Path) -> None:
    """Also where workers of one process share a cache: the other reads on, and the half-done is gone."""
    for sync in ("off", "normal"):
        (tmp_path / sync).mkdir()
        first, second = (SqliteStore(tmp_path / sync, name, sync) for name in ("w1", "w2"))
        first.run(first.note_event, "s", "kept", 1, "", 1)
        first._run("BEGIN IMMEDIATE")
        first.note_event("s", "lost", 1, "", 1)
        first.close()
        assert second.heard_of("s", ["kept"])
        assert not second.heard_of("s", ["lost"])
        second.close()
        third = SqliteStore(tmp_path / sync, "w1", sync)
        assert third.heard_of("s", ["kept"])
        third.close()
