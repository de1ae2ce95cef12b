"""Who falls behind the clock: lateness then says nothing of the design, and the verdict says so instead of guessing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from contracts.verdict import Summary
from reports import summary_json
from sim.cli_ask import Asked, prepare
from sim.door import pace as paces
from sim.door.clock import SteppedKernel
from sim.door.pace import Pace
from sim.door.stage import BEHIND_S_MAX, ServedStage, Terms
from sim.door.subject import Addresses, Subject
from tests.doors.stand import Served, serving, until

SPEED = 10_000
"""Four business hours are a second and a half."""


class Slow:
    """A subscriber that answers when it is let go on, or at once."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.asked = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                outer.asked += 1
                outer.go_on.wait(60)
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_words: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()


@pytest.fixture
def slow() -> Iterator[Slow]:
    subscriber = Slow()
    yield subscriber
    subscriber.go_on.set()
    subscriber.server.shutdown()
    subscriber.server.server_close()
    subscriber.thread.join()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, "quiet-week", "--scale", "0.2", "--speed", str(SPEED)) as estate:
        yield estate


def in_doubt(summary: Summary) -> tuple[list[str], list[str]]:
    """What says that somebody fell behind, and the thresholds that cannot be judged."""
    says = [found.says for result in summary.invariants for found in result.evidence if "fell" in found.says]
    return says, [result.name for result in summary.thresholds if result.verdict == "unknown"]


def finished(served: Served) -> Summary:
    return summary_json.decode(served.control.post("/finish").raise_for_status().content)


@pytest.mark.parametrize("answers_in_the_end", [True, False])
def test_a_subject_that_leaves_deliveries_waiting_falls_behind(
    served: Served, slow: Slow, *, answers_in_the_end: bool
) -> None:
    served.control.put("/addresses", json={"hook": slow.url}).raise_for_status()
    until(lambda: slow.asked, "a delivery")
    until(lambda: served.get("/clock")["behind_s"] > BEHIND_S_MAX, "the subject to be behind")
    if answers_in_the_end:
        slow.go_on.set()
        until(lambda: served.get("/")["deliveries_under_way"] == 0, "the answers")
    says, unknown = in_doubt(finished(served))
    assert len(says) == 1
    assert says[0].startswith("the program under test fell ")
    assert {"anomalies_missed_max"} <= set(unknown)


def test_a_prompt_subject_is_not_behind(served: Served, slow: Slow) -> None:
    slow.go_on.set()
    served.control.put("/addresses", json={"hook": slow.url}).raise_for_status()
    served.post("/clock/speed", {"speed": 3600})
    until(lambda: slow.asked > 3 and not served.get("/")["deliveries_under_way"], "some deliveries and their answers")
    assert 0 < served.get("/clock")["behind_s"] < BEHIND_S_MAX
    assert in_doubt(finished(served))[0] == []


def test_a_clock_that_cannot_keep_its_pace_remembers_how_far_it_lay_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thing that is due takes a second here: at sixty business seconds to the second the next is a minute late, naps aside."""
    wall = [0.0]

    def wall_s() -> float:
        wall[0] += 0.01
        return wall[0]

    monkeypatch.setattr(paces, "wall_s", wall_s)
    kernel = SteppedKernel(datetime(2026, 10, 5, tzinfo=UTC))
    began_ms = kernel.now_ms
    pace = Pace(kernel, 60.0, began_ms + 86_400_000, lambda: False)

    def work() -> None:
        wall[0] += 1.0

    for second in range(1, 6):
        kernel.after(second * 1000, work)
    kernel.after(6_000, pace.go, "over")

    async def paced() -> None:
        pace.go("running")
        await asyncio.wait_for(pace.run(), 20)

    asyncio.run(paced())
    assert kernel.now_ms == began_ms + 6_000
    assert 40 <= pace.behind_s_max <= 60
    assert pace.fell_back_s > 1
    kernel.close()


def test_an_estate_that_fell_behind_doubts_lateness_too() -> None:
    prepared = prepare(Asked("quiet-week-invoices"))

    async def judged(behind_s: float) -> Summary:
        stage = ServedStage(
            replace(prepared.options(), replay=""), Terms(), Subject("subject", 1.0, addresses=Addresses())
        )
        stage.pace.behind_s_max = behind_s
        try:
            return stage.finish()
        finally:
            stage.close()

    says, _ = in_doubt(asyncio.run(judged(BEHIND_S_MAX + 3600)))
    assert says == [
        "the estate itself fell 5.0 hours behind the pace of the clock, so lateness cannot be judged: serve it more slowly"
    ]
    assert in_doubt(asyncio.run(judged(BEHIND_S_MAX)))[0] == []
