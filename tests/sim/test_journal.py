"""The recorder: canonical lines, one digest however it is buffered, bodies once, memory flat."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import msgspec

from contracts.journal import Call, Entry, Milestone, decode, encode, read
from sim.journal import BATCH_MAX, Journal, Watch


def call(number: int) -> Call:
    """An entry like thousands of others."""
    return Call(number, "w1", "ledger", "create", "H1", f"K{number}", 1, "replied", 201, number)


def ignore(_batch: Sequence[Entry], _lines: bytes) -> None:
    """Nobody watches."""


def watcher(seen: list[Entry]) -> Watch:
    """Somebody who keeps what they are shown."""
    return lambda batch, _lines: seen.extend(batch)


def test_what_is_written_is_what_was_added(tmp_path: Path) -> None:
    """Read back, the entries are equal and in order, and the digest is that of the file."""
    journal = Journal(ignore, tmp_path)
    entries = [call(number) for number in range(5000)]
    for entry in entries:
        journal.add(entry)
    digest = journal.close()
    assert list(read(tmp_path / "events.jsonl")) == entries
    assert digest == hashlib.sha256((tmp_path / "events.jsonl").read_bytes()).hexdigest()


def test_lean_and_full_have_one_digest(tmp_path: Path) -> None:
    """Without a directory nothing is written, and the digest is the same."""
    full, lean = Journal(ignore, tmp_path), Journal(ignore)
    for number in range(100):
        for journal in (full, lean):
            journal.body(b"body")
            journal.add(call(number))
    assert full.close() == lean.close()


def test_bodies_are_stored_once(tmp_path: Path) -> None:
    """Ten times the same body: one line, whose digest the entries name."""
    journal = Journal(ignore, tmp_path)
    digests = {journal.body(b'{"a":1}') for _ in range(10)}
    journal.body("käse".encode())
    journal.close()
    lines = [msgspec.json.decode(line) for line in (tmp_path / "bodies.jsonl").read_bytes().splitlines()]
    assert [line["body"] for line in lines] == ['{"a":1}', "käse"]
    assert digests == {lines[0]["digest"]}
    assert journal.body(b"") == ""


def test_the_watcher_sees_every_entry_in_order() -> None:
    """In batches while things happen, and at once for whoever asks how things stand."""
    seen: list[Entry] = []
    journal = Journal(watcher(seen))
    entries = [call(number) for number in range(BATCH_MAX + 10)]
    for entry in entries:
        journal.add(entry)
    assert seen == entries[:BATCH_MAX]
    journal.catch_up()
    assert seen == entries


def test_memory_stays_flat_beyond_the_buffer(tmp_path: Path) -> None:
    """A hundred thousand entries leave no more behind than the buffer."""
    journal = Journal(ignore, tmp_path)
    for number in range(5000):
        journal.add(call(number))
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(100_000):
        journal.add(call(number))
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    journal.close()
    assert after - before < 1_000 * BATCH_MAX


def test_a_line_is_canonical() -> None:
    """Defaults are left out, fields stand in one order, and decoding gives the entry back."""
    entry = call(7)
    line = encode(entry)
    assert line == (
        b'{"entry":"call","at":7,"worker":"w1","system":"ledger","operation":"create","entity":"H1","key":"K7",'
        b'"attempt":1,"outcome":"replied","status":201,"began":7}'
    )
    assert decode(line) == entry


def test_what_is_judged_later_is_the_same_and_in_the_same_order(tmp_path: Path) -> None:
    live: list[Entry] = []
    later: list[Entry] = []
    (tmp_path / "live").mkdir()
    (tmp_path / "later").mkdir()
    first, second = Journal(watcher(live), tmp_path / "live"), Journal(watcher(later), tmp_path / "later")
    second.add(Milestone(0, "before"))
    first.add(Milestone(0, "before"))
    second.judge_later()
    assert later == [Milestone(0, "before")]
    for asked in (2, BATCH_MAX + 3, 3 * BATCH_MAX):
        shown = len(later)
        for number in range(asked):
            first.add(Milestone(number, "opened"))
            second.add(Milestone(number, "opened"))
        assert len(later) == shown
        second.catch_up()
        first.catch_up()
        assert later == live
    first.add(Milestone(1, "last"))
    second.add(Milestone(1, "last"))
    assert first.close() == second.close()
    assert later == live
    assert (tmp_path / "later" / "events.jsonl").read_bytes() == (tmp_path / "live" / "events.jsonl").read_bytes()


def test_without_a_file_nothing_can_wait() -> None:
    seen: list[Entry] = []
    journal = Journal(watcher(seen))
    journal.judge_later()
    for number in range(BATCH_MAX):
        journal.add(Milestone(number, "opened"))
    assert len(seen) == BATCH_MAX
