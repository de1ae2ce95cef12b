"""The kinds that strike a call: each took effect, what a design meets then, and what the system really did."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from contracts.plan import Fault
from contracts.ports import Ports
from contracts.wire import BrokenReply, ConnectTimedOut, NotSent, Request, TimedOut, WireError
from mocks.kit.signing import Signer
from mocks.kit.tokens import Claims, issue
from sim.faults.kind import CutReply
from sim.faults.schema_drift import drifted
from tests.sim.small import SETUP, START, Bench, post

Design = Callable[[Ports, Path], Awaitable[None]]
CREATE = "ledger.create"
TOLD = "ledger>entry.created"
FIRST: dict[str, str | int] = {"key": "A", "attempt": 1}
START_S = int(START.timestamp())
FIND = Request("GET", "/entries/A")


class Seen(list[str]):
    """What a design saw, in order."""

    async def send(self, ports: Ports, request: Request, timeout_s: float = 10) -> None:
        """Send, and note the status and body, or the error."""
        try:
            response = await ports.http.send("ledger", request, timeout_s)
        except WireError as error:
            self.append(type(error).__name__)
        else:
            self.append(f"{response.status} {response.body.decode()}")


def calling(seen: Seen, *requests: Request, every_s: float = 0.0, timeout_s: float = 10) -> Design:
    """A design that sends these, one after the other."""

    async def design(ports: Ports, _durable: Path) -> None:
        for request in requests:
            await seen.send(ports, request, timeout_s)
            await ports.clock.sleep(every_s)

    return design


def took(bench: Bench) -> list[tuple[str, bool]]:
    """The faults that the journal tells of, and whether each was harmless."""
    return [(fault.kind, fault.harmless) for fault in bench.faults]


# -- calls ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "error"),
    [("connection-refused", NotSent), ("name-not-resolved", NotSent), ("connect-timeout", ConnectTimedOut)],
)
def test_what_never_left_is_told_from_what_may_have_arrived(kind: str, error: type[WireError]) -> None:
    """Kinds 1 to 3: certainly not sent, and nothing done."""
    seen = Seen()
    bench = Bench(calling(seen, post("A")), Fault(kind, CREATE, FIRST)).run()
    assert seen == [error.__name__]
    assert issubclass(error, NotSent)
    assert bench.effects == []
    assert [call.outcome for call in bench.calls] == ["not-sent"]
    assert took(bench) == [(kind, False)]


def test_a_connect_timeout_takes_its_time_and_is_known_before_the_callers_own() -> None:
    """Kind 3: three seconds, or a hair less than the caller would wait for the whole."""
    fault = Fault("connect-timeout", CREATE, FIRST, {"after_s": 3})
    bench = Bench(calling(Seen(), post("A")), fault).run()
    assert bench.calls[0].at - bench.calls[0].began == 3000
    seen = Seen()
    bench = Bench(calling(seen, post("A"), timeout_s=2), fault).run()
    assert seen == ["ConnectTimedOut"]
    assert bench.calls[0].at - bench.calls[0].began < 2000


def test_a_reset_in_mid_body_hides_what_was_done() -> None:
    """Kind 6: a broken reply; the entry stands."""
    seen = Seen()
    bench = Bench(calling(seen, post("A")), Fault("reset-mid-body", CREATE, FIRST)).run()
    assert seen == ["CutReply"]
    assert issubclass(CutReply, BrokenReply)
    assert len(bench.effects) == 1
    assert [call.outcome for call in bench.calls] == ["broken"]
    assert took(bench) == [("reset-mid-body", False)]


@pytest.mark.parametrize(("drip_s", "saw"), [(4, "201"), (60, TimedOut.__name__)])
def test_a_slow_drip_is_late_or_too_late(drip_s: int, saw: str) -> None:
    """Kind 9: the whole of a reply must come within the caller's patience."""
    seen = Seen()
    bench = Bench(calling(seen, post("A")), Fault("slow-drip", CREATE, FIRST, {"drip_s": drip_s})).run()
    assert seen[0].split()[0] == saw
    assert len(bench.effects) == 1
    assert took(bench) == [("slow-drip", False)]


@pytest.mark.parametrize(("form", "saw"), [("cut", '200 [{"ref":"A",'), ("page", "200 <html>")])
def test_an_unreadable_reply_is_a_200_that_is_no_json(form: str, saw: str) -> None:
    """Kind 10."""
    seen = Seen()
    fault = Fault("unreadable-reply", "ledger.find", {"nth": 1}, {"form": form})
    bench = Bench(calling(seen, post("A"), FIND), fault).run()
    assert seen[1].startswith(saw)
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(seen[1].partition(" ")[2])
    assert took(bench) == [("unreadable-reply", False)]


@pytest.mark.parametrize(("side", "committed"), [("before", 0), ("after", 1)])
def test_an_error_in_200_says_nothing_of_what_was_done(side: str, committed: int) -> None:
    """Kind 11: the same words on either side of the commit."""
    seen = Seen()
    bench = Bench(calling(seen, post("A")), Fault("error-in-200", CREATE, FIRST, {"side": side})).run()
    assert seen == ['200 {"code":"internal_error","message":"an unexpected error occurred"}']
    assert len(bench.effects) == committed
    assert took(bench) == [("error-in-200", False)]


def test_an_expired_token_opens_nothing_more_and_a_new_one_does() -> None:
    """Kind 12: from the struck call on, for good, whatever the token says of itself."""

    def private(number: int) -> Request:
        claims = Claims("c", ("ledger.read",), ("*",), START_S, START_S + 3600, number)
        return Request("GET", "/private", {}, {"authorization": f"Bearer {issue(SETUP.ring, claims)}"})

    seen = Seen()
    calls = (private(1), private(1), private(1), private(2))
    bench = Bench(calling(seen, *calls), Fault("token-expired", "ledger.private", {"nth": 2})).run()
    assert [each[:3] for each in seen] == ["200", "401", "401", "200"]
    assert took(bench) == [("token-expired", False)]


def test_a_token_that_was_never_good_does_not_expire() -> None:
    """Kind 12: a 401 of its own is no effect of the fault."""
    seen = Seen()
    guess = Request("GET", "/private", {}, {"authorization": "Bearer x.y.z"})
    bench = Bench(calling(seen, guess), Fault("token-expired", "ledger.private", {"nth": 1})).run()
    assert [each[:3] for each in seen] == ["401"]
    assert took(bench) == []


@pytest.mark.parametrize(
    ("change", "body"),
    [
        ("added", b'[{"_links":{"self":{"href":"#"}},"schemaVersion":"2026.11","ref":"A","amount":1}]'),
        ("renamed", b'[{"ref_v2":"A","amount_v2":1}]'),
        ("retyped", b'[{"ref":"A","amount":"1"}]'),
    ],
)
def test_schema_drift_changes_the_form_and_not_what_is_said(change: str, body: bytes) -> None:
    """Kind 13, on a reply and on a webhook, which is signed as it drifted."""
    seen, heard = Seen(), list[tuple[str, bytes]]()

    async def design(ports: Ports, _durable: Path) -> None:
        await seen.send(ports, post("A"))
        await seen.send(ports, FIND)
        delivery = await ports.inbound.receive()
        heard.append((delivery.headers["signature"], delivery.body))
        delivery.ack()

    faults = [Fault("schema-drift", target, {"nth": 1}, {"change": change}) for target in ("ledger.find", TOLD)]
    bench = Bench(design, *faults).run()
    assert seen[1] == f"200 {body.decode()}"
    assert heard == [(Signer(SETUP.webhook_secret).sign(body[1:-1]), body[1:-1])]
    assert took(bench) == [("schema-drift", False)] * 2


def test_what_is_no_json_or_stays_as_it_was_does_not_drift() -> None:
    """Kind 13: then it takes no effect."""
    assert drifted(b"<html>", "added") == b"<html>"
    assert drifted(b'{"ref":"A"}', "retyped") == b'{"ref":"A"}'


@pytest.mark.parametrize(("rows", "second"), [(1, ["D"]), (-1, ["B", "C"])])
def test_shifting_pages_skip_rows_or_repeat_them(rows: int, second: list[str]) -> None:
    """Kind 14: the first page is as it is, the second begins elsewhere."""
    seen = Seen()
    pages = [Request("GET", "/pages", {"offset": str(offset)}) for offset in (0, 2)]
    faults = [Fault("shifting-pages", "ledger.pages", {"nth": nth}, {"rows": rows}) for nth in (1, 2)]
    bench = Bench(calling(seen, *(post(ref) for ref in "ABCD"), *pages), *faults).run()
    shown = [[row["ref"] for row in msgspec.json.decode(page[4:])] for page in seen[4:]]
    assert shown == [["A", "B"], second]
    assert took(bench) == [("shifting-pages", False)]


def test_a_stale_read_does_not_know_the_latest() -> None:
    """Kind 15: as of a minute ago the entry was not there; an hour later the same lag hides nothing."""
    seen = Seen()
    faults = [Fault("stale-read", "ledger.find", {"nth": nth}, {"lag_s": 60}) for nth in (1, 3)]
    bench = Bench(calling(seen, post("A"), FIND, FIND, every_s=20), *faults).run()
    assert seen[1:] == ["200 []", '200 [{"ref":"A","amount":1}]']
    assert took(bench) == [("stale-read", False)]
    old = Bench(calling(seen, post("A"), FIND, every_s=3600), Fault("stale-read", "ledger.find", {"nth": 1})).run()
    assert took(old) == []


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_key_that_is_ignored_doubles(attempt: int) -> None:
    """Kind 16: on the first send nothing is remembered, on the second what was remembered is not asked for."""
    seen = Seen()
    twice = [post("A", key="k1")] * 2
    bench = Bench(calling(seen, *twice), Fault("key-ignored", CREATE, {"key": "A", "attempt": attempt})).run()
    assert [each[:3] for each in seen] == ["201", "201"]
    assert len(bench.effects) == 2
    assert took(bench) == [("key-ignored", False)]


def test_without_a_key_there_is_none_to_ignore() -> None:
    """Kind 16: armed, and nothing more."""
    bench = Bench(calling(Seen(), post("A")), Fault("key-ignored", CREATE, FIRST)).run()
    assert len(bench.effects) == 1
    assert took(bench) == []


def test_a_batch_is_taken_in_part() -> None:
    """Kind 17: one of three rows is not taken, and the reply says so; counting goes round, so that any batch has that row."""
    seen = Seen()
    body = msgspec.json.encode({"rows": [{"ref": ref, "amount": 1} for ref in "ABC"]})
    load = Request("POST", "/loads", {}, {}, body)
    faults = [Fault("batch-in-part", "ledger.load", {"nth": nth}, {"row": row}) for nth, row in ((1, 2), (2, 6))]
    bench = Bench(calling(seen, load, load), *faults).run()
    assert seen == ['200 {"rows":["E-1","rejected","E-2"]}', '200 {"rows":["E-3","E-4","rejected"]}']
    assert [effect.source_ref for effect in bench.effects] == ["A", "C", "A", "B"]
    assert took(bench) == [("batch-in-part", False)] * 2


def test_a_batch_names_its_members_in_the_journal() -> None:
    """Also where it is turned away before anybody looks at it; what cannot be read names nothing."""
    body = msgspec.json.encode({"rows": [{"ref": ref, "amount": 1} for ref in "ABC"]})
    load, broken = Request("POST", "/loads", {}, {}, body), Request("POST", "/loads", {}, {}, b"{")
    bench = Bench(calling(Seen(), load, load, broken), Fault("busy", "ledger.load", {"nth": 2})).run()
    assert [(call.status, call.about) for call in bench.calls] == [(200, tuple("ABC")), (503, tuple("ABC")), (400, ())]
