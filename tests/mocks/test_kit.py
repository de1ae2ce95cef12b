"""The kit by itself: routing, commits, keys, quirks, pages, dialect, signatures."""

from __future__ import annotations

import hashlib
import hmac
import random
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.wire import Event, Request, Subject
from mocks import SYSTEMS
from mocks.kit import signing
from mocks.kit.dialect import decimal, epoch_ms, minor, moment_ms, stamp
from mocks.kit.operation import Incoming, Operation, Refused, Reply, Work
from mocks.kit.paging import Changes, page
from mocks.kit.quirks import Figure, HookPolicy, Quirks, QuirksError
from mocks.kit.system import System
from mocks.kit.tokens import Gate, KeyRing
from tests.mocks.doors import NOW_MS, SETUP, Estate


class Note(msgspec.Struct):
    """A body of one field."""

    text: str


def _write(incoming: Incoming, work: Work) -> Reply:
    note: Note = incoming.body
    if note.text == "refuse":
        raise Refused(409, "no", "no")
    if note.text == "batch":
        for member in "ab":
            work.effect("noted", member)
            work.next_commit()
        return Reply(200, note)
    work.effect("noted", note.text)
    work.event("noted", Subject("H1", note.text), 1, note)
    if note.text == "too late":
        raise Refused(409, "no", "no")
    return Reply(201, note, {"location": "/notes/1"})


def _name(incoming: Incoming, work: Work) -> Reply:
    del work
    operation = incoming.operation
    assert operation is not None
    return Reply(200, [operation.name, incoming.params])


@pytest.fixture
def notes() -> System[list[str]]:
    """A system of nothing but the kit, without tokens."""
    operations = (
        Operation("write", "POST", "/notes", _write, "", body=Note, reply=Note, status=201),
        Operation("one", "GET", "/notes/{id}", _name, ""),
        Operation("newest", "GET", "/notes/newest", _name, ""),
        Operation("line", "GET", "/notes/{id}/lines/{line}", _name, ""),
        Operation("erase", "DELETE", "/notes/{id}", _name, ""),
    )
    return System("notes", [], operations, Quirks({}), SETUP)


def ask(system: System[Any], method: str, path: str, body: bytes = b"") -> tuple[int, Any, dict[str, str]]:
    response = system.handle(system.read(Request(method, path, {}, {}, body)), NOW_MS).response
    return response.status, msgspec.json.decode(response.body), response.headers


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/notes/7", ["one", {"id": "7"}]),
        ("/notes/newest", ["newest", {}]),
        ("/notes/7/lines/2", ["line", {"id": "7", "line": "2"}]),
        ("/notes/{id}", ["one", {"id": "{id}"}]),
    ],
)
def test_a_path_without_values_wins_over_one_with_values(notes: System[Any], path: str, answer: Any) -> None:
    assert ask(notes, "GET", path)[:2] == (200, answer)


@pytest.mark.parametrize(
    "path", ["/", "", "/nothing", "/notes/", "/notes/7/lines", "/notes/7/lines/", "//notes", "notes"]
)
def test_other_paths_are_not_found(notes: System[Any], path: str) -> None:
    assert ask(notes, "GET", path)[0] == 404


def test_other_methods_are_told_which_there_are(notes: System[Any]) -> None:
    status, error, headers = ask(notes, "PATCH", "/notes/7")
    assert (status, error["code"], headers["allow"]) == (405, "method_not_allowed", "DELETE, GET, OPTIONS")
    assert ask(notes, "get", "/notes/7")[0] == 405
    assert ask(notes, "DELETE", "/notes")[2]["allow"] == "POST, OPTIONS"


def test_a_commit_reaches_the_sink_as_one_with_effects_and_events(notes: System[Any]) -> None:
    heard: list[Any] = []
    notes.sink = lambda effects, events: heard.append((list(effects), list(events)))
    assert ask(notes, "POST", "/notes", b'{"text":"a"}')[::2] == (
        201,
        {"content-type": "application/json", "location": "/notes/1"},
    )
    ask(notes, "POST", "/notes", b'{"text":"b"}')
    assert [[effect.commit for effect in effects] for effects, _ in heard] == [[1], [2]]
    assert [event.event_id for _, events in heard for event in events] == ["notes-ev-1", "notes-ev-2"]
    assert heard[0][1][0].body == b'{"text":"a"}'


def test_a_batch_is_several_commits(notes: System[Any]) -> None:
    heard: list[Any] = []
    notes.sink = lambda effects, _events: heard.extend(effects)
    for text in (b"batch", b"a"):
        ask(notes, "POST", "/notes", b'{"text":"' + text + b'"}')
    commits = [effect.commit for effect in heard]
    assert commits[:2] == [1, 2]
    assert commits[2] > 2


def test_a_refusal_commits_nothing_and_one_that_comes_too_late_is_a_defect(notes: System[Any]) -> None:
    heard: list[Any] = []
    notes.sink = lambda effects, events: heard.append((effects, events))
    assert ask(notes, "POST", "/notes", b'{"text":"refuse"}')[0] == 409
    with pytest.raises(AssertionError, match="begun to commit"):
        ask(notes, "POST", "/notes", b'{"text":"too late"}')

    def late(work: Work) -> None:
        work.effect("noted", "x")
        raise Refused(409, "no", "no")

    with pytest.raises(AssertionError, match="begun to commit"):
        notes.perform(NOW_MS, "somebody", late)
    assert heard == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b'{"text":"\xff"}',
        b'{"text":"\\ud800"}',
        b"[" * 100_000,
        b'{"x":' + b"[" * 100_000,
        b"null",
        b"{}",
    ],
)
def test_bodies_that_cannot_be_understood(notes: System[Any], body: bytes) -> None:
    status, error, _ = ask(notes, "POST", "/notes", body)
    assert (status, error["code"]) == (400, "invalid_request")


def test_reading_never_raises_and_handling_says_what_was_wrong(notes: System[Any]) -> None:
    incoming = notes.read(Request("POST", "/notes", {}, {}, b"{"))
    assert incoming.problem is not None
    assert incoming.subject == Subject()


def test_a_text_with_half_a_character_does_not_break_the_refusal(estate: Estate) -> None:
    refusal = Refused(404, "not_found", "no order \ud800")
    assert b"no order ?" in estate.procurement.refuse(refusal, NOW_MS).body


@pytest.mark.parametrize(
    "header", ["Bearer caf\xe9.b.c", "Bearer \ud800.b.c", "Bearer \x00.\x00.\x00", "Bearer " + "." * 9999]
)
def test_odd_credentials_are_not_genuine(header: str) -> None:
    with pytest.raises(Refused) as refused:
        Gate(KeyRing(b"key")).admit(header, "x.read", NOW_MS)
    assert refused.value.status == 401


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[paging]\nlimit_max = { value = 5 }", "paging.limit_max needs a source or assumption = true"),
        ("[paging]\nlimit_max = { value = 5, source = 'x', assumption = true }", "needs a source"),
        ("[paging]\nlimit_max = 5", "Expected `object`"),
        ("[paging]\nlimit_max = { value = 5, sauce = 'x' }", "unknown field `sauce`"),
        ("[paging", "quirks.toml"),
    ],
)
def test_a_figure_without_its_origin_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "quirks.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(QuirksError, match=r"quirks\.toml") as refused:
        Quirks.load(path)
    assert says in str(refused.value)


def test_figures_are_read_by_kind() -> None:
    text = "[a]\nn = { value = 1.5, assumption = true }\nt = { value = 'x', assumption = true }"
    quirks = Quirks(msgspec.convert(tomllib.loads(text), dict[str, dict[str, Figure]]))
    assert quirks.number("a", "n") == 1.5
    with pytest.raises(QuirksError, match=r"a\.t is not a number"):
        quirks.number("a", "t")
    with pytest.raises(QuirksError, match="no figure"):
        quirks.number("a", "absent")


def test_every_system_has_its_figures(estate: Estate) -> None:
    for name, system in estate.systems.items():
        assert system.quirks.number("latency", "median_ms") < system.quirks.number("latency", "p95_ms"), name
        assert system.quirks.number("processing", "time_max_s") > 0
    for name in ("procurement", "inventory", "ap_automation", "service_desk"):
        hooks = estate.systems[name].quirks.hooks()
        assert isinstance(hooks, HookPolicy)
        assert hooks.retry_delays_s
        assert hooks.ack_timeout_s > 0
    assert tuple(estate.systems) == SYSTEMS


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abcd")), max_size=30), st.integers(-1, 100))
def test_changes_since_a_moment_are_the_records_whose_last_change_is_not_before_it(
    touches: list[tuple[int, str]], since: int
) -> None:
    changes, at, last = Changes(), 0, dict[str, tuple[int, int]]()
    for turn, (pause, record) in enumerate(touches):
        at += pause
        changes.touch(at, record)
        last[record] = (at, turn)
    expected = [record for record, (moment, _) in sorted(last.items(), key=lambda item: item[1][1]) if moment >= since]
    assert changes.since(since) == expected


def test_pages_are_cut_to_the_cap() -> None:
    rows = list(range(10))
    assert page(rows, 0, 100, 4) == [0, 1, 2, 3]
    assert page(rows, 8, 3, 4) == [8, 9]
    assert page(rows, 99, 3, 4) == []


@given(st.integers(-(10**15), 10**15))
def test_money_goes_out_and_comes_back(amount_minor: int) -> None:
    assert minor(decimal(amount_minor)) == amount_minor


@pytest.mark.parametrize(
    ("text", "amount_minor"), [("1", 100), ("1.5", 150), ("-0.05", -5), ("007.10", 710), ("2.50\n", 250)]
)
def test_money_in_other_spellings(text: str, amount_minor: int) -> None:
    assert minor(text) == amount_minor


@pytest.mark.parametrize(
    "text", ["", ".", "1.", ".5", "-", "--1", "1.234", "1,5", "1e3", " 1", "+1", "1.-5", "1.5\n\n"]
)
def test_what_is_no_money(text: str) -> None:
    with pytest.raises(ValueError, match="is not an amount"):
        minor(text)


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_moments_go_out_and_come_back(at_ms: int) -> None:
    assert moment_ms(stamp(at_ms)) == at_ms


def test_moments_need_an_offset() -> None:
    assert stamp(NOW_MS) == "2026-10-05T16:00:00.000Z"
    assert epoch_ms(msgspec.convert("2026-10-05T18:00:00+02:00", type=datetime)) == NOW_MS
    with pytest.raises(ValueError, match="no offset"):
        moment_ms("2026-10-05T16:00:00")


def test_a_delivery_is_signed_over_its_body() -> None:
    event = Event("notes", "notes-ev-1", "noted", Subject("H1", "a"), 1, NOW_MS, b'{"text":"a"}')
    headers = signing.headers(event, "d-9", signing.Signer(b"secret"))
    assert headers["signature"] == "sha256=" + hmac.new(b"secret", event.body, hashlib.sha256).hexdigest()
    assert (headers["delivery-id"], headers["event-id"], headers["topic"]) == ("d-9", "notes-ev-1", "noted")


def test_no_garbage_gets_more_than_a_refusal(estate: Estate) -> None:
    """Random bytes and odd texts at every operation: understood or refused, never anything else."""
    chance = random.Random(7)
    alphabet = ["\x00", "\ud800", "é", "💶", "{", "}", "/", "%00", "null", "-1", "9" * 40, "NaN", "2026-10-05", " "]
    for name, system in estate.systems.items():
        for operation in system.operations:
            for _ in range(60):
                odd = ["".join(chance.choices(alphabet, k=chance.randint(0, 4))) for _ in range(6)]
                path = operation.path.replace("{", odd[0]) if chance.random() < 0.5 else operation.path
                query = {"SourceRef": odd[1], "since": odd[2], "limit": odd[3], "offset": odd[4]}
                request = Request(operation.method, path, query, {"authorization": odd[5]}, chance.randbytes(40))
                outcome = system.handle(system.read(request), NOW_MS)
                public = name == "identity" and operation.method == "GET"  # nothing in it can be garbage
                assert 400 <= outcome.response.status < 500 or public, (name, operation.name)
                assert not outcome.committed
