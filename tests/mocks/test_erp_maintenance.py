"""The ERP's maintenance: when it is down by the calendar, and what callers hear."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

import mocks.cloud_erp
from contracts.wire import Request
from mocks import cloud_erp
from mocks.cloud_erp.maintenance import Windows
from mocks.kit.quirks import Quirks
from tests.mocks.doors import SETUP, Estate

QUIRKS = Quirks.load(Path(mocks.cloud_erp.__file__).with_name("quirks.toml"))


def at(moment: str) -> int:
    """Milliseconds."""
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


@pytest.mark.parametrize(
    ("moment", "left_minutes"),
    [
        ("2026-09-18T20:59:59-05:00", 0),
        ("2026-09-18T21:00:00-05:00", 480),
        ("2026-09-19T04:59:00-05:00", 1),
        ("2026-09-19T05:00:00-05:00", 0),
        ("2026-09-11T22:00:00-05:00", 0),
        ("2026-09-25T22:00:00-05:00", 0),
        ("2026-10-16T23:00:00-05:00", 360),
        ("2027-01-15T22:00:00-06:00", 420),
        ("2027-01-01T22:00:00-06:00", 0),
    ],
)
def test_the_third_friday_night_in_central_time(moment: str, left_minutes: int) -> None:
    assert Windows(QUIRKS).left_ms(at(moment)) == left_minutes * 60_000


def test_every_caller_is_turned_away_with_the_time_left_and_nothing_is_done() -> None:
    system = cloud_erp.build(replace(SETUP, maintenance=True))
    committed: list[object] = []
    system.sink = lambda effects, _events: committed.extend(effects)
    system.perform(
        at("2026-09-18T22:00:00-05:00"), "controller", lambda work: system.state.open_period(work, "H1", "2026-09")
    )
    committed.clear()
    for path in ("/purchaseOrders", "/nowhere"):
        reply = system.handle(
            system.read(Request("POST", path, {}, {}, b"{}")), at("2026-09-19T04:00:00-05:00")
        ).response
        assert (reply.status, reply.headers["retry-after"]) == (503, "3600")
        assert msgspec.json.decode(reply.body)["o:errorCode"] == "MAINTENANCE"
    after = system.handle(system.read(Request("POST", "/nowhere", {}, {}, b"{}")), at("2026-09-19T05:00:00-05:00"))
    assert after.response.status == 404
    assert committed == []


def test_it_is_off_unless_a_scenario_wants_it(estate: Estate) -> None:
    read = estate.cloud_erp.read(Request("GET", "/nowhere", {}, {}))
    assert estate.cloud_erp.handle(read, at("2026-09-18T22:00:00-05:00")).response.status == 404
