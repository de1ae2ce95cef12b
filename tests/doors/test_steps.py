"""Step by step: when a subject that says that it is idle is believed, and a step may be made."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from sim.door import subject as subjects
from sim.door.clock import SteppedKernel
from sim.door.pace import Pace
from sim.door.subject import Addresses, Idle, Subject

NEXT = "2026-10-05T12:00:00Z"
NEXT_MS = int(datetime(2026, 10, 5, 12, tzinfo=UTC).timestamp() * 1000)


class Saying(Subject):
    """A subject that says one thing after the other, the last again and again."""

    def __init__(self, *said: Idle) -> None:
        super().__init__("subject", 1.0, addresses=Addresses(idle="http://127.0.0.1:9000/idle"))
        self.said = list(said)
        self.asked = 0

    async def ask(self, now_ms: int) -> Idle | None:
        """The next word."""
        del now_ms
        self.asked += 1
        return self.said.pop(0) if len(self.said) > 1 else self.said[0]


def settled(subject: Saying, *, deliveries: int = 0, calls: int = 0, waiting: int = 0) -> int:
    """With so much under way between the two, and deliveries that wait for a connection: when it says it will act by itself."""

    async def step() -> int:
        kernel = SteppedKernel(datetime(2026, 10, 5, tzinfo=UTC))
        pace = Pace(kernel, 1.0, kernel.now_ms + 86_400_000, lambda: False)
        pace.go("advancing")
        subject.meet(pace)
        subject.open_deliveries, subject.posted, subject.open_calls = deliveries + waiting, deliveries, calls
        try:
            return await asyncio.wait_for(subject.settled_ms(flush=lambda: None), 20)
        finally:
            kernel.close()

    return asyncio.run(step())


def test_a_delivery_that_the_subject_owns_up_to_holds_no_step_up() -> None:
    """It waits for its turn on the clock, and so the clock must go on."""
    subject = Saying(Idle(idle=True, deliveries=1, next=NEXT))
    assert settled(subject, deliveries=1) == NEXT_MS
    assert subject.asked == 1


def test_what_waits_for_a_connection_holds_no_step_up() -> None:
    """It gets one when another delivery is answered, and for that the clock must go on."""
    subject = Saying(Idle(idle=True, deliveries=256, next=NEXT))
    assert settled(subject, deliveries=256, waiting=64) == NEXT_MS
    assert subject.asked == 1


@pytest.mark.parametrize(
    ("first", "then", "under_way"),
    [
        (Idle(idle=False, deliveries=0), Idle(idle=True, deliveries=0, next=NEXT), (0, 0)),
        (Idle(idle=True, deliveries=0), Idle(idle=True, deliveries=2, next=NEXT), (2, 0)),
        (Idle(idle=True, deliveries=1), Idle(idle=True, deliveries=0, next=NEXT), (0, 0)),
        (Idle(idle=True, calls=0), Idle(idle=True, calls=1, next=NEXT), (0, 1)),
    ],
)
def test_what_is_between_the_two_is_waited_for(first: Idle, then: Idle, under_way: tuple[int, int]) -> None:
    subject = Saying(first, then)
    deliveries, calls = under_way
    assert settled(subject, deliveries=deliveries, calls=calls) == NEXT_MS
    assert subject.asked == 2


def test_without_a_word_about_deliveries_one_is_waited_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = [0.0]

    def wall_s() -> float:
        wall[0] += 0.5
        return wall[0]

    monkeypatch.setattr(subjects, "wall_s", wall_s)
    subject = Saying(Idle(idle=True, next=NEXT))
    assert settled(subject, deliveries=1) == NEXT_MS
    assert 2 <= subject.asked <= 1 + subjects.STUCK_S / 0.5


def test_what_happened_while_it_spoke_makes_its_word_out_of_date() -> None:
    class Stirred(Saying):
        async def ask(self, now_ms: int) -> Idle | None:
            if not self.asked:
                self.stir()
            return await super().ask(now_ms)

    subject = Stirred(Idle(idle=True, deliveries=0, next=""), Idle(idle=True, deliveries=0, next=NEXT))
    assert settled(subject) == NEXT_MS
    assert subject.asked == 2
