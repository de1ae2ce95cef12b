"""Each fault kind, as a design meets it: what it sees, what the system really did, and what the journal says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from contracts.plan import Fault
from contracts.ports import Ports
from contracts.wire import TimedOut
from sim.faults import FAULTS
from tests.sim.small import Bench, post

Design = Callable[[Ports, Path], Awaitable[None]]
CREATE = "ledger.create"
TOLD = "ledger>entry.created"
FIRST: dict[str, str | int] = {"key": "A", "attempt": 1}


def calling(seen: list[str], *, again_after_s: float | None = None, key: str | None = None) -> Design:
    """A design that posts entry A, notes what it saw, and perhaps posts it again."""

    async def design(ports: Ports, _durable: Path) -> None:
        for pause_s in [0.0] if again_after_s is None else [0.0, again_after_s]:
            await ports.clock.sleep(pause_s)
            try:
                response = await ports.http.send("ledger", post("A", key=key), 10)
                seen.append(str(response.status))
            except TimedOut:
                seen.append("timeout")
        while True:
            await ports.inbound.receive()

    return design


def listening(seen: list[str], refs: tuple[str, ...] = ("A",)) -> Design:
    """A design that posts entries and acknowledges what it is told of them."""

    async def design(ports: Ports, durable: Path) -> None:
        posted = durable / "posted"
        if not posted.exists():
            posted.touch()
            for ref in refs:
                await ports.http.send("ledger", post(ref), 10)
        while True:
            delivery = await ports.inbound.receive()
            seen.append(delivery.headers["delivery-id"])
            delivery.ack()

    return design


def test_timeout_before_commit_leaves_nothing_behind() -> None:
    """Kind 4: the caller times out, and the ledger never heard of it."""
    seen: list[str] = []
    bench = Bench(calling(seen), Fault("timeout-before-commit", CREATE, FIRST)).run()
    assert seen == ["timeout"]
    assert bench.effects == []
    assert [call.outcome for call in bench.calls] == ["timed-out"]
    assert [fault.kind for fault in bench.faults] == ["timeout-before-commit"]


def test_timeout_executed_later_commits_after_a_second_send() -> None:
    """Kind 4b: the caller gives up and sends again under a fresh key; then both commit."""
    seen: list[str] = []
    late = Fault("timeout-executed-later", CREATE, FIRST, {"delay_s": 300})
    bench = Bench(calling(seen, again_after_s=60), late).run()
    assert seen == ["timeout", "201"]
    assert [effect.source_ref for effect in bench.effects] == ["A", "A"]
    assert bench.effects[1].at - bench.effects[0].at > 200_000
    assert [fault.kind for fault in bench.faults] == ["timeout-executed-later"]


def test_timeout_executed_later_is_harmless_under_one_key() -> None:
    """Kind 4b against a key that is honoured: the late request finds it used, and nothing is doubled."""
    seen: list[str] = []
    late = Fault("timeout-executed-later", CREATE, FIRST, {"delay_s": 300})
    bench = Bench(calling(seen, again_after_s=60, key="k1"), late).run()
    assert seen == ["timeout", "201"]
    assert len(bench.effects) == 1


def test_timeout_after_commit_hides_what_was_done() -> None:
    """Kind 5: the caller times out although the entry stands."""
    seen: list[str] = []
    bench = Bench(calling(seen), Fault("timeout-after-commit", CREATE, FIRST)).run()
    assert seen == ["timeout"]
    assert len(bench.effects) == 1


def test_error_after_commit_says_500_and_means_done() -> None:
    """Kind 7: the answer is 500, the entry stands."""
    seen: list[str] = []
    bench = Bench(calling(seen), Fault("error-after-commit", CREATE, FIRST)).run()
    assert seen == ["500"]
    assert len(bench.effects) == 1


@pytest.mark.parametrize("kind", ["timeout-after-commit", "error-after-commit"])
def test_after_commit_kinds_need_a_commit(kind: str) -> None:
    """Where the system refuses, nothing was committed: the true answer passes, and the probe stays silent."""
    seen: list[str] = []

    async def design(ports: Ports, _durable: Path) -> None:
        seen.append(str((await ports.http.send("ledger", post("A", amount=-1), 10)).status))

    bench = Bench(design, Fault(kind, CREATE, FIRST)).run()
    assert seen == ["400"]
    assert bench.faults == []
    assert bench.forecast.armed == {kind: 1}
    assert bench.forecast.took == {}


@pytest.mark.parametrize("status", [503, 429])
def test_busy_turns_the_request_away(status: int) -> None:
    """Kind 8: nothing is executed, and Retry-After says what the plan says."""
    seen: list[tuple[int, str]] = []

    async def design(ports: Ports, _durable: Path) -> None:
        response = await ports.http.send("ledger", post("A"), 10)
        seen.append((response.status, response.headers["retry-after"]))

    fault = Fault("busy", CREATE, {"nth": 1}, {"status": status, "retry_after_s": 120})
    bench = Bench(design, fault).run()
    assert seen == [(status, "120")]
    assert bench.effects == []


def test_webhook_duplicate_comes_twice_under_two_delivery_ids() -> None:
    """Kind 19: one event, two deliveries."""
    seen: list[str] = []
    bench = Bench(listening(seen), Fault("webhook-duplicate", TOLD, FIRST, {"delay_s": 60})).run()
    assert len(set(seen)) == 2
    assert [delivery.outcome for delivery in bench.deliveries] == ["acknowledged", "acknowledged"]
    assert len({delivery.event_id for delivery in bench.deliveries}) == 1


def test_webhook_reordered_is_overtaken() -> None:
    """Kind 20: the first event arrives after the second."""
    seen: list[str] = []
    bench = Bench(listening(seen, ("A", "B")), Fault("webhook-reordered", TOLD, FIRST, {"hold_s": 600})).run()
    assert [delivery.key for delivery in bench.deliveries] == ["B", "A"]
    assert not bench.faults[0].harmless


def test_webhook_reordered_with_nothing_to_overtake_is_harmless() -> None:
    """Kind 20 on a lonely event: late, and said to be harmless."""
    seen: list[str] = []
    bench = Bench(listening(seen), Fault("webhook-reordered", TOLD, FIRST, {"hold_s": 600})).run()
    assert len(seen) == 1
    assert bench.faults[0].harmless
    assert bench.forecast.took == {}


def test_webhook_lost_never_arrives_and_is_not_sent_again() -> None:
    """Kind 21: the sender believes that it arrived."""
    seen: list[str] = []
    bench = Bench(listening(seen), Fault("webhook-lost", TOLD, FIRST)).run()
    assert seen == []
    assert [delivery.outcome for delivery in bench.deliveries] == ["lost"]


@pytest.mark.parametrize(("point", "committed"), [("P1", 0), ("P2", 1), ("P3", 1)])
def test_crash_at_a_call(point: str, committed: int) -> None:
    """Kind 34 around a call: the caller never sees the reply, lives again, and the ledger did or did not commit."""
    seen: list[str] = []

    async def design(ports: Ports, durable: Path) -> None:
        marker = durable / "lived"
        if not marker.exists():
            marker.touch()
            await ports.http.send("ledger", post("A"), 10)
            seen.append("replied")
        seen.append("second life")

    bench = Bench(design, Fault("crash", CREATE, FIRST, {"point": point})).run()
    assert seen == ["second life"]
    assert len(bench.effects) == committed
    assert bench.lives[:3] == ["w1 started", "w1 crashed", "w1 started"]
    assert [call.outcome for call in bench.calls] == ["abandoned"]


def test_crash_before_the_delivery_is_looked_at() -> None:
    """Kind 34 at P0: the delivery is unanswered and comes again to the next life."""
    seen: list[str] = []
    bench = Bench(listening(seen), Fault("crash", TOLD, FIRST, {"point": "P0"})).run()
    assert len(seen) == 1
    assert bench.deliveries[0].outcome == "unanswered"
    assert bench.deliveries[-1].outcome == "acknowledged"


def test_crash_as_the_acknowledgement_leaves() -> None:
    """Kind 34 at P4: the design persisted and acknowledged; the sender never learns, and delivers again."""
    seen: list[str] = []
    bench = Bench(listening(seen), Fault("crash", TOLD, FIRST, {"point": "P4"})).run()
    assert len(seen) == 2
    assert bench.deliveries[0].outcome == "unanswered"
    assert bench.lives.count("w1 crashed") == 1


def test_crash_at_an_await_point() -> None:
    """Kind 34 in the worker's own code: no `finally` runs, and the next life begins where durability left off."""
    seen: list[str] = []

    async def design(_ports: Ports, _durable: Path) -> None:
        seen.append("born")
        try:
            for _ in range(10):
                await asyncio.sleep(1)
            seen.append("done")
        finally:
            seen.append("finally")

    bench = Bench(design, Fault("crash", "worker", {"worker": "w1", "await_point": 4})).run()
    # The dead life's coroutine is closed only with the kernel, long after: its `finally` comes last of all.
    assert seen == ["born", "born", "done", "finally", "finally"]
    assert [fault.kind for fault in bench.faults] == ["crash"]


def test_two_faults_on_one_crossing_compose() -> None:
    """A busy answer stands before a lost reply: the outer one strikes, the inner one never gets its turn."""
    seen: list[str] = []
    bench = Bench(calling(seen), Fault("busy", CREATE, FIRST), Fault("timeout-after-commit", CREATE, FIRST)).run()
    assert seen == ["503"]
    assert [fault.kind for fault in bench.faults] == ["busy"]


def test_a_dead_caller_cancels_nothing_on_the_other_side() -> None:
    """A crossing is a life of its own: the caller's `wait_for` ends, the ledger commits all the same."""
    seen: list[str] = []

    async def design(ports: Ports, _durable: Path) -> None:
        try:
            await asyncio.wait_for(ports.http.send("ledger", post("A"), 10), 0.001)
        except TimeoutError:
            seen.append("gave up")

    bench = Bench(design).run()
    assert seen == ["gave up"]
    assert len(bench.effects) == 1


def test_every_kind_says_what_it_is() -> None:
    """Names and numbers are unique; every kind strikes something and has a docstring for people."""
    assert len({kind.name for kind in FAULTS}) == len(FAULTS)
    assert len({kind.number for kind in FAULTS}) == len(FAULTS)
    for kind in FAULTS:
        assert kind.on
        assert type(kind).__doc__
        assert set(kind.defaults()) <= set(kind.params)
