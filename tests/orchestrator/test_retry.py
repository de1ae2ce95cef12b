"""What follows a failure, and how hard a target is pushed: pure rules."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from orchestrator.connectors import OPERATIONS
from orchestrator.connectors.base import NotSent, Outcome, Rejected, Throttled, Unauthorized, Unknown
from orchestrator.engine.limits import Lane, Limit
from orchestrator.engine.retry import ATTEMPTS_MAX, CAP_MS, Bury, Refuse, Rest, after_failure, backoff_ms
from orchestrator.store.rows import DOUBT, READY, SENT, Effect
from tests.orchestrator.estate import Clock, play

CREATE, READ, STATUS, CASE = (
    "cloud_erp.create_invoice",
    "procurement.get_purchase_order",
    "ap_automation.set_invoice_status",
    "service_desk.open_case",
)
NOW = 1_000_000_000


def effect(status: int = SENT, attempts: int = 1, born_at: int = NOW) -> Effect:
    """An effect in hand."""
    return Effect(1, "key", 1, CREATE, "/", b"", "ref", status, attempts, NOW, 1, 0, born_at, "H1")


@pytest.mark.parametrize(
    ("operation", "outcome", "status", "wait_s"),
    [
        (CREATE, NotSent("x"), READY, (1, 3)),
        (CREATE, Unauthorized(), READY, (1, 3)),
        (CREATE, Unknown("x"), DOUBT, (300, 300)),
        (READ, Unknown("x"), READY, (1, 3)),
        (READ, Rejected("", "", 404), READY, (1, 3)),
        (STATUS, Unknown("x"), READY, (90, 90)),
        (CREATE, Throttled(40, 503), READY, (40, 40)),
        (CREATE, Throttled(0, 429), READY, (1, 3)),
        (CREATE, Throttled(99_999, 503), READY, (3600, 3600)),
    ],
)
def test_it_rests(operation: str, outcome: Outcome, status: int, wait_s: tuple[int, int]) -> None:
    rest = after_failure(outcome, effect(), OPERATIONS[operation], NOW)
    assert isinstance(rest, Rest)
    assert rest.status == status
    assert wait_s[0] * 1000 <= rest.due_at - NOW <= wait_s[1] * 1000
    assert rest.attempts == (0 if isinstance(outcome, Throttled) else 1)


@pytest.mark.parametrize("outcome", [NotSent("x"), Throttled(1, 503), Unknown("x")])
def test_doubt_is_not_forgotten(outcome: Outcome) -> None:
    rest = after_failure(outcome, effect(DOUBT), OPERATIONS[CREATE], NOW)
    assert isinstance(rest, Rest)
    assert rest.status == DOUBT


def test_a_definite_refusal_is_for_the_workflow() -> None:
    assert after_failure(Rejected("C", "d", 400), effect(), OPERATIONS[CREATE], NOW) == Refuse("C", "d")


def test_attempts_and_patience_are_bounded() -> None:
    for operation in (CREATE, READ):
        tired = effect(attempts=ATTEMPTS_MAX)
        assert isinstance(after_failure(NotSent("x"), tired, OPERATIONS[operation], NOW), Bury)
        old = effect(born_at=NOW - 4 * 86_400_000)
        assert isinstance(after_failure(Throttled(1, 503), old, OPERATIONS[operation], NOW), Bury)


def test_a_case_is_never_given_up() -> None:
    """It is the last resort of everything else."""
    for outcome in (NotSent("x"), Throttled(1, 503), Unknown("x")):
        tired = effect(attempts=10 * ATTEMPTS_MAX, born_at=0)
        assert isinstance(after_failure(outcome, tired, OPERATIONS[CASE], NOW), Rest)


def test_backoff_grows_is_capped_and_spread_by_the_key_alone() -> None:
    waits = [backoff_ms("k", attempt) for attempt in range(1, 40)]
    assert waits == [backoff_ms("k", attempt) for attempt in range(1, 40)]
    assert all(first < second for first, second in pairwise(waits[:9]))
    assert max(waits) <= CAP_MS * 1.2
    assert len({backoff_ms(f"key-{number}", 3) for number in range(50)}) > 40


def test_a_lane_lets_only_so_many_at_once_in_the_order_they_came() -> None:
    async def story() -> None:
        lane, inside, order = Lane(Limit(2), Clock()), [0], []

        async def one(number: int) -> None:
            await lane.enter()
            order.append(number)
            inside[0] += 1
            assert inside[0] <= 2
            await asyncio.sleep(1)
            inside[0] -= 1
            lane.leave()

        await asyncio.gather(*(one(number) for number in range(7)))
        assert order == list(range(7))

    play(story)


def test_a_lane_keeps_its_rate_after_a_burst() -> None:
    async def story() -> None:
        lane, clock = Lane(Limit(100, per_s=10.0, burst=5), Clock()), Clock()
        began = clock.monotonic()

        async def one() -> float:
            await lane.enter()
            return clock.monotonic() - began

        times = sorted(await asyncio.gather(*(one() for _ in range(25))))
        assert times[4] == pytest.approx(0.0)
        assert times[-1] == pytest.approx(2.0, abs=0.01)

    play(story)
