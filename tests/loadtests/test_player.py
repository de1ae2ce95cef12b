"""How arrivals are played: open, lane by lane, sent again under the same key; against a system that is a function."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise

import gevent
from gevent.event import Event

from contracts.load import Arrival, Step
from loadtests.player import ATTEMPTS, LOOKS_MAX, Answer, Player
from loadtests.samples import Played

Sending = Callable[[Step, bytes, dict[str, str]], Answer]
OK = Answer(200, b"{}")


def post(operation: str = "create", **more: object) -> Step:
    return Step("cloud_erp", operation, "POST", "/x", body={"a": 1}, key="k", **more)  # type: ignore[arg-type]


def arrival(*steps: Step, lane: str = "", ref: str = "", due_s: float = 0.0) -> Arrival:
    return Arrival(0, due_s, "invoice", steps or (post(),), lane, ref)


def play(arrivals: list[Arrival], send: Sending, concurrency: int = 100) -> tuple[Player, list[Played]]:
    player = Player(arrivals, send, lambda: "t", concurrency)
    player.play(0, 0.0, measured=True)
    return player, [sample for sample in player.samples if isinstance(sample, Played)]


def test_a_call_without_an_answer_keeps_nobody_else_waiting() -> None:
    """A closed loop would hang here for ever: the first answer comes only once the last arrival has been sent."""
    last_sent = Event()

    def send(step: Step, _body: bytes, _headers: dict[str, str]) -> Answer:
        if step.operation == "last":
            last_sent.set()
        else:
            assert last_sent.wait(30)
        return OK

    _, samples = play([*(arrival(post(f"n{n}")) for n in range(20)), arrival(post("last"))], send)
    assert len(samples) == 21
    assert not any(sample.failed for sample in samples)


def test_arrivals_of_a_lane_go_one_after_the_other_and_lanes_do_not_wait_for_each_other() -> None:
    order: list[str] = []
    other_done = Event()

    def send(step: Step, _body: bytes, _headers: dict[str, str]) -> Answer:
        if step.operation == "a1":
            assert other_done.wait(30)
        order.append(step.operation)
        if step.operation == "b1":
            other_done.set()
        return OK

    steps = [("a1", "A"), ("a2", "A"), ("b1", "B"), ("a3", "A")]
    play([arrival(post(name), lane=lane) for name, lane in steps], send)
    assert order == ["b1", "a1", "a2", "a3"]


def test_what_got_no_answer_is_sent_again_with_the_same_key_and_the_same_bytes() -> None:
    sent: list[tuple[bytes, str]] = []
    answers = iter([Answer(0), Answer(503, b"", "0"), Answer(500), OK])

    def send(_step: Step, body: bytes, headers: dict[str, str]) -> Answer:
        sent.append((body, headers["idempotency-key"]))
        return next(answers)

    _, (sample,) = play([arrival()], send)
    assert not sample.failed
    assert len(sent) == 4
    assert set(sent) == {(b'{"a":1}', "k")}


def test_a_refusal_is_final_and_errors_are_given_up_in_the_end() -> None:
    _, (refused,) = play([arrival()], lambda *_: Answer(400))
    assert refused.failed == "create: status 400"
    tried: list[int] = []

    def broken(*_: object) -> Answer:
        tried.append(1)
        return Answer(500)

    _, (sample,) = play([arrival()], broken)
    assert (sample.failed, len(tried)) == ("create: status 500", ATTEMPTS)


def test_a_token_whose_life_is_over_is_fetched_once_for_all() -> None:
    tokens = iter(["old", "new"])
    player = Player(
        [arrival(post(f"n{n}")) for n in range(10)],
        lambda _step, _body, headers: OK if headers["authorization"] == "Bearer new" else Answer(401),
        lambda: next(tokens),
        100,
    )
    player.play(0, 0.0, measured=True)
    assert player.progress(0).done == 10


def test_a_body_says_what_an_earlier_reply_of_its_lane_gave() -> None:
    bodies: list[dict[str, object]] = []

    def send(step: Step, body: bytes, _headers: dict[str, str]) -> Answer:
        bodies.append(json.loads(body))
        return Answer(201, b'{"Voucher": "AP-77"}') if step.operation == "create" else OK

    told = post("tell", fill={"voucher": ("INV", "create", "Voucher")})
    play([arrival(lane="L", ref="INV"), arrival(told, lane="L", ref="INV")], send)
    assert bodies == [{"a": 1}, {"a": 1, "voucher": "AP-77"}]


def test_what_builds_on_a_failure_is_not_sent() -> None:
    told = post("tell", fill={"voucher": ("INV", "create", "Voucher")})
    _, (first, second) = play(
        [arrival(lane="L", ref="INV"), arrival(told, lane="L", ref="INV")], lambda *_: Answer(422)
    )
    assert (first.failed, second.failed) == ("create: status 422", "tell: what it builds on had failed")


def test_looking_goes_on_until_there_is_something_to_see_and_is_no_storm() -> None:
    looks = iter([b'{"items": []}', b'{"items": []}', b'{"items": [1]}'])
    look = Step("cloud_erp", "find", "GET", "/x", until="items")
    _, (sample,) = play([arrival(look)], lambda *_: Answer(200, next(looks)))
    assert not sample.failed
    assert LOOKS_MAX < 30, "more calls about one paper within an hour are a storm to the oracle (I20)"


def test_a_generator_with_its_hands_full_falls_behind_and_says_by_how_much() -> None:
    _, samples = play([arrival(post(f"n{n}")) for n in range(4)], lambda *_: gevent.sleep(0.01) or OK, concurrency=1)
    taken = [sample.taken_s for sample in samples]
    assert taken == sorted(taken)
    assert all(later - earlier >= 0.009 for earlier, later in pairwise(taken))
