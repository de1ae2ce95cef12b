"""A lane near a close: places and requests that only pressing calls may take, and lines that nobody stands in for ever."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from orchestrator.connectors import OPERATIONS
from orchestrator.connectors.base import Throttled
from orchestrator.engine.caller import Caller
from orchestrator.engine.closes import Closes
from orchestrator.engine.limits import LINE_S_MAX, REST_S, Lane, Limit, Meter, lanes, meter
from tests.orchestrator.estate import START, Clock, Estate, Ports, Worker, once, play

HOUR_MS = 3_600_000
CLOSE = START + timedelta(hours=30)
CALENDAR = "H1/2026-09=2026-10-06T18:00:00+00:00,H2/2026-09=2026-10-06T20:00:00+00:00"
ZONES = {"H1": ZoneInfo("America/New_York")}


@pytest.mark.parametrize(
    ("before_ms", "anybody", "first", "second"),
    [
        (25 * HOUR_MS, False, False, False),
        (23 * HOUR_MS, True, True, False),
        (0, True, True, True),
        (-1, True, False, True),
        (-3 * HOUR_MS, False, False, False),
    ],
)
def test_a_close_is_near_for_a_day(before_ms: int, *, anybody: bool, first: bool, second: bool) -> None:
    """The second hospital closes two hours after the first."""
    closes = Closes(CALENDAR, ZONES)
    now = CLOSE - timedelta(milliseconds=before_ms)
    assert (closes.near(now), closes.near(now, "H1"), closes.near(now, "H2")) == (anybody, first, second)
    assert not Closes("", ZONES).near(now)


@pytest.mark.parametrize(("at_once", "reserved"), [(12, 9), (8, 6), (4, 3), (2, 1), (1, 0)])
def test_the_others_keep_a_place_at_least(at_once: int, reserved: int) -> None:
    assert Limit(at_once).reserved == reserved


def test_a_meter_is_a_function_of_its_state_and_the_moment() -> None:
    assert meter(0.0, 5) is None
    rate = Meter(interval_s=10.0, burst_s=10.0)
    assert [rate.claim_s(0.0) for _ in range(4)] == [0.0, 0.0, 10.0, 20.0]
    assert rate.wait_s(0.0) == rate.wait_s(0.0) == 30.0
    assert rate.wait_s(25.0) == 5.0
    assert [rate.claim_s(100.0) for _ in range(3)] == [0.0, 0.0, 10.0]


def test_near_a_close_reserved_places_are_for_what_is_pressing() -> None:
    """Of eight places the others have two; whoever waits goes on as soon as nothing is reserved any more."""

    async def story() -> None:
        near = [True]
        lane, inside = Lane(Limit(8), Clock(), lambda: near[0]), list[str]()

        async def go(name: str, *, pressing: bool) -> None:
            await lane.enter(pressing=pressing)
            inside.append(name)

        for number in range(4):
            asyncio.get_running_loop().create_task(go(f"poll-{number}", pressing=False))
        await asyncio.sleep(1)
        assert inside == ["poll-0", "poll-1"]
        assert (lane.crowded(), lane.crowded(pressing=True)) == (True, False)
        for number in range(3):
            asyncio.get_running_loop().create_task(go(f"post-{number}", pressing=True))
        await asyncio.sleep(1)
        assert inside[2:] == ["post-0", "post-1", "post-2"]
        lane.leave()
        await asyncio.sleep(1)
        assert len(inside) == 5
        near[0] = False
        lane.leave()
        await asyncio.sleep(1)
        assert inside[5:] == ["poll-2", "poll-3"]

    play(story)


def test_the_way_in_without_waiting_leads_past_no_reserve() -> None:
    """Of eight places two may be taken at once; what comes then enters by the door that asks whether it is pressing."""
    lane = Lane(Limit(8), Clock(), lambda: True)
    assert [lane.enter_at_once() for _ in range(3)] == [True, True, False]
    free_for_all = Lane(Limit(2), Clock())
    assert [free_for_all.enter_at_once() for _ in range(3)] == [True, True, False]


def test_near_a_close_the_others_have_their_part_of_the_rate_and_rest_beyond_it() -> None:
    """One request in a hundred seconds is left to polls and statuses; what is pressing is not held up by them."""

    async def story() -> None:
        near = [True]
        lane = Lane(Limit(8, per_s=0.04), Clock(), lambda: near[0])
        assert [lane.rest_s(pressing=False) for _ in range(3)] == [0.0, REST_S, REST_S]
        assert lane.rest_s(pressing=True) == 0.0
        await asyncio.sleep(101)
        assert lane.rest_s(pressing=False) == 0.0
        near[0] = False
        assert lane.rest_s(pressing=False) == 0.0

    play(story)


def test_nobody_stands_in_a_line_that_outlasts_his_lease() -> None:
    """Whoever would wait too long rests; what is pressing counts only those who go before it."""

    async def story() -> None:
        lane = Lane(Limit(1, per_s=0.1), Clock(), lambda: True)
        await lane.enter(pressing=True)
        for _ in range(15):
            asyncio.get_running_loop().create_task(lane.enter())
        await asyncio.sleep(1)
        assert lane.rest_s(pressing=False) > LINE_S_MAX
        assert lane.rest_s(pressing=True) == 0.0
        assert Lane(Limit(1), Clock()).rest_s(pressing=False) == 0.0

    play(story)


def test_a_paused_target_costs_nothing_of_the_rate() -> None:
    """Who comes while it asks to be left alone is not sent, and so takes nobody's turn."""

    async def story() -> None:
        clock = Clock()
        lane = Lane(Limit(8, per_s=0.1), clock)
        lane.paused_until_ms = round(clock.business_now().timestamp() * 1000) + 60_000
        for _ in range(5):
            await lane.enter()
            lane.leave()
        assert lane.paused_s() == 60.0
        await asyncio.sleep(61)
        assert lane.paused_s() == 0.0
        began = clock.monotonic()
        await lane.enter()
        assert clock.monotonic() == began

    play(story)


def test_what_other_programs_leave_is_a_share_of_the_rate() -> None:
    """And a caller that has used it up is told to rest, before anything is sent."""

    async def story() -> None:
        whole, part = lanes(Clock())["procurement"], lanes(Clock(), "procurement=0.001")["procurement"]
        for lane in (whole, part):
            for _ in range(10):
                await lane.enter()
                lane.leave()
        assert (whole.slow(4.0), part.slow(4.0)) == (False, True)
        estate = Estate()
        caller = Caller(Ports("w1", estate, {"shares": "procurement=0.0001"}))
        listing = OPERATIONS["procurement.list_purchase_orders"]
        told = [await caller.call(listing, "/purchase_orders", {}) for _ in range(12)]
        assert [isinstance(each, Throttled) for each in told[-2:]] == [True, True]
        assert len(estate.made("procurement GET /purchase_orders")) == 10

    play(story)


def test_a_delivery_is_not_kept_waiting_for_a_slow_lane(tmp_path: Path) -> None:
    """Its notice is stored, the sender let go, and the order read when it is its turn."""

    async def story() -> None:
        estate = Estate()
        worker = Worker("w1", estate, tmp_path, shares="procurement=0.001")
        for number in range(2, 12):
            await worker.take(estate.order(f"PO-H1-{number:06}"), 0.5)
        assert await worker.take(estate.order(), 2.0) == 200
        await worker.take(estate.receipt())
        await worker.take(estate.invoice())
        await asyncio.sleep(6 * 3600)
        estate.posted["purchaseOrders"] = [
            order for order in estate.posted["purchaseOrders"] if order["OrderNumber"] == "PO-H1-000001"
        ]
        await asyncio.sleep(18 * 3600)
        once(estate)

    play(story)


def test_a_target_whose_word_does_not_hold_is_left_alone_longer() -> None:
    """Two seconds, it says, again and again: obeyed to the letter, that is a storm."""
    lane, now_ms, waits = Lane(Limit(2), Clock()), 0, []
    for _ in range(10):
        lane.turned_away(2_000, now_ms)
        waits.append(lane.paused_until_ms - now_ms)
        now_ms = lane.paused_until_ms
    assert waits == [2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000]
    lane.refusals = 0
    lane.turned_away(600_000, now_ms)
    assert lane.paused_until_ms - now_ms == 600_000, "a longer time is what was asked for"
