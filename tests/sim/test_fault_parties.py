"""The kinds that strike a webhook, a worker or a clock: each took effect, and what a design meets then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from contracts.plan import Fault
from contracts.ports import Ports
from contracts.wire import Request, TimedOut
from mocks.kit.signing import Signer
from tests.sim.small import SETUP, START, Bench, post
from tests.sim.test_fault_calls import CREATE, FIND, FIRST, TOLD, Design, Seen, calling, took

START_S = int(START.timestamp())


# -- webhooks -------------------------------------------------------------------------------------------------------------


def listening(seen: list[str], check: Callable[[bytes, str], bool] = lambda _body, _signature: True) -> Design:
    """A design that posts entry A and answers what it is told: 200 if the check is passed, 401 if not."""

    async def design(ports: Ports, durable: Path) -> None:
        marker = durable / f"posted-by-{ports.worker}"
        if ports.worker == "w1" and not marker.exists():
            marker.touch()
            await ports.http.send("ledger", post("A"), 10)
        while True:
            delivery = await ports.inbound.receive()
            seen.append(f"{ports.worker} {delivery.body.decode()}")
            if check(delivery.body, delivery.headers["signature"]):
                delivery.ack()
            else:
                delivery.refuse(401)

    return design


def test_a_webhook_comes_days_late() -> None:
    """Kind 22."""
    seen: list[str] = []
    bench = Bench(listening(seen), Fault("webhook-late", TOLD, FIRST, {"days": 2})).run(hours=72)
    assert len(seen) == 1
    assert bench.deliveries[0].at - bench.deliveries[0].began > 2 * 86_400_000
    assert took(bench) == [("webhook-late", False)]


def genuine(body: bytes, signature: str) -> bool:
    """Whether the sender signed it."""
    return Signer(SETUP.webhook_secret).sign(body) == signature


def test_a_damaged_delivery_comes_again_sound() -> None:
    """Kind 23: refused, and then as it was signed."""
    seen: list[str] = []
    bench = Bench(listening(seen, genuine), Fault("bad-signature", TOLD, FIRST, {"form": "damaged"})).run()
    assert seen == ['w1 {"ref":"A","amount":2}', 'w1 {"ref":"A","amount":1}']
    assert [(each.outcome, each.forged) for each in bench.deliveries] == [("refused", True), ("acknowledged", False)]
    assert took(bench) == [("bad-signature", False)]


def test_a_forged_delivery_comes_beside_the_genuine_one() -> None:
    """Kind 23: about a paper that does not exist; refused, it does not come again."""
    seen: list[str] = []
    bench = Bench(listening(seen, genuine), Fault("bad-signature", TOLD, FIRST, {"form": "forged"})).run()
    assert sorted(seen) == ['w1 {"ref":"A","amount":1}', 'w1 {"ref":"A9","amount":1}']
    assert {(delivery.key, delivery.outcome, delivery.forged) for delivery in bench.deliveries} == {
        ("A", "acknowledged", False),
        ("A9", "refused", True),
    }
    assert took(bench) == [("bad-signature", False)]


@pytest.mark.parametrize(("wait_s", "found", "harmless"), [(5, [], False), (90, ["A"], True)])
def test_an_event_overtakes_its_object(wait_s: float, found: list[str], *, harmless: bool) -> None:
    """Kind 24: who reads at once finds nothing; who reads a minute later never noticed."""
    shown: list[list[str]] = []

    async def design(ports: Ports, _durable: Path) -> None:
        await ports.http.send("ledger", post("A"), 10)
        (await ports.inbound.receive()).ack()
        await ports.clock.sleep(wait_s)
        for _ in range(2):
            reply = await ports.http.send("ledger", FIND, 10)
            shown.append([row["ref"] for row in msgspec.json.decode(reply.body)])
            await ports.clock.sleep(120)

    bench = Bench(design, Fault("webhook-before-object", TOLD, FIRST, {"hidden_s": 60})).run()
    assert shown == [found, ["A"]]
    assert took(bench) == [("webhook-before-object", harmless)]


def test_two_objects_are_hidden_apart() -> None:
    """Kind 24: each for its own time; afterwards the system answers for itself."""
    shown: list[tuple[str, int]] = []

    async def design(ports: Ports, _durable: Path) -> None:
        for ref in "AB":
            await ports.http.send("ledger", post(ref), 10)
        for wait_s in (10, 60, 100):
            await ports.clock.sleep(wait_s)
            for ref in "AB":
                reply = await ports.http.send("ledger", Request("GET", f"/entries/{ref}"), 10)
                shown.append((ref, len(msgspec.json.decode(reply.body))))

    faults = [
        Fault("webhook-before-object", TOLD, {"key": ref, "attempt": 1}, {"hidden_s": hidden_s})
        for ref, hidden_s in (("A", 40), ("B", 120))
    ]
    bench = Bench(design, *faults).run()
    assert shown == [("A", 0), ("B", 0), ("A", 1), ("B", 0), ("A", 1), ("B", 1)]
    assert bench.wire.answering["ledger"] == bench.system.handle
    assert took(bench) == [("webhook-before-object", False)] * 2


# -- workers and clocks ---------------------------------------------------------------------------------------------------


def test_a_crash_loop_kills_life_after_life() -> None:
    """Kind 35: four deaths in a row, then it lives."""
    seen: list[str] = []

    async def design(ports: Ports, durable: Path) -> None:
        seen.append("born")
        if not (durable / "sent").exists():
            (durable / "sent").touch()
            await ports.http.send("ledger", post("A"), 10)
        for _ in range(20):
            await asyncio.sleep(1)
        seen.append("done")

    bench = Bench(design, Fault("crash-loop", CREATE, FIRST, {"times": 4, "steps": 6})).run()
    assert seen == ["born"] * 5 + ["done"]
    assert bench.lives.count("w1 crashed") == 4
    assert len(bench.effects) == 1
    assert took(bench) == [("crash-loop", False)]


def test_a_crash_loop_at_a_delivery_leaves_it_to_another() -> None:
    """Kind 35: the delivery is answered by the worker that lives."""
    seen: list[str] = []
    fault = Fault("crash-loop", TOLD, FIRST, {"times": 3, "steps": 1})
    bench = Bench(listening(seen), fault, workers=2).run()
    assert [delivery.outcome for delivery in bench.deliveries][-1] == "acknowledged"
    assert bench.lives.count("w1 crashed") == 3
    assert took(bench) == [("crash-loop", False)]


@pytest.mark.parametrize(("point", "first"), [("P1", "w2"), ("P3", "w1")])
def test_a_paused_worker_comes_back_as_a_zombie(point: str, first: str) -> None:
    """Kind 36: the other one takes the paper up; then the first goes on, unaware."""
    done: list[tuple[str, str]] = []

    async def design(ports: Ports, _durable: Path) -> None:
        await ports.clock.sleep(0 if ports.worker == "w1" else 900)
        began_s = ports.clock.monotonic()
        try:
            await ports.http.send("ledger", post("A", key="k"), 10)
            saw = "replied"
        except TimedOut:
            saw = "timed out"
        done.append((ports.worker, saw))
        if ports.worker == "w1":
            assert ports.clock.monotonic() - began_s >= 1800

    bench = Bench(design, Fault("pause", CREATE, FIRST, {"for_s": 1800, "point": point}), workers=2).run()
    assert done == [("w2", "replied"), ("w1", "timed out" if point == "P1" else "replied")]
    assert [effect.source_ref for effect in bench.effects] == ["A"]
    assert bench.calls[0].worker == ("w1" if point == "P1" else first)
    assert took(bench) == [("pause", False)]


def test_a_pause_that_nobody_used_is_harmless() -> None:
    """Kind 36: no other worker, nobody took over."""
    bench = Bench(calling(Seen(), post("A")), Fault("pause", CREATE, FIRST, {"for_s": 1800, "point": "P3"})).run()
    assert took(bench) == [("pause", True)]


def test_a_paused_receiver_does_not_answer() -> None:
    """Kind 36: the delivery comes again, to the other worker."""
    seen: list[str] = []
    bench = Bench(listening(seen), Fault("pause", TOLD, FIRST, {"for_s": 1800}), workers=2).run()
    assert [delivery.outcome for delivery in bench.deliveries] == ["unanswered", "acknowledged"]
    assert took(bench) == [("pause", False)]


def test_a_clock_is_wrong_for_a_while_and_steps_back() -> None:
    """Kind 39: what shows the time is off, what measures it is not, and the other worker's is right."""
    offs: dict[str, list[float]] = {"w1": [], "w2": []}

    async def design(ports: Ports, _durable: Path) -> None:
        if ports.worker == "w1":
            await ports.http.send("ledger", post("A"), 10)
        for _ in range(3):
            clock = ports.clock
            offs[ports.worker].append(round(clock.business_now().timestamp() - clock.monotonic(), 3))
            await clock.sleep(40)

    bench = Bench(design, Fault("clock-skew", CREATE, FIRST, {"off_s": -300, "lasts_s": 60}), workers=2).run()
    assert offs == {"w1": [-300.0, -300.0, 0.0], "w2": [0.0, 0.0, 0.0]}
    assert took(bench) == [("clock-skew", False)]


def test_a_clock_that_nobody_looks_at_harms_nobody() -> None:
    """Kind 39."""
    bench = Bench(calling(Seen(), post("A")), Fault("clock-skew", CREATE, FIRST, {"lasts_s": 60})).run()
    assert took(bench) == [("clock-skew", True)]


@pytest.mark.parametrize(("before_s", "late"), [(1800, True), (7200, False), (-60, False)])
def test_a_request_arrives_just_after_the_cut_off(before_s: int, *, late: bool) -> None:
    """Kind 41: only what is sent in the hour before it is caught."""
    cut_off_ms = (START_S + 10_000) * 1000
    seen = Seen()

    async def design(ports: Ports, _durable: Path) -> None:
        await ports.clock.sleep(10_000 - before_s)
        await seen.send(ports, post("A"))

    bench = Bench(design, Fault("cut-off-race", CREATE, FIRST))
    bench.wire.around.cut_offs_ms["H1"] = cut_off_ms
    bench.run()
    assert seen[0].startswith("TimedOut" if late else "201")
    assert (0 < bench.effects[0].at - cut_off_ms < 5000) == late
    assert took(bench) == ([("cut-off-race", False)] if late else [])
