"""What generators noted adds up to figures that can be worked out by hand, and is held against limits."""

from __future__ import annotations

import pytest

from contracts.load import Arrival, Phase, Schedule, Step
from contracts.scenario import Load
from loadtests.samples import Aside, Called, Played, Sample
from loadtests.summary import judged, measured, spread

STEP = Step("cloud_erp", "create_invoice", "POST", "/invoices")
SCHEDULE = Schedule(
    "closeproof.arrivals/1",
    "x",
    1,
    1.0,
    "estate",
    "b",
    "e",
    10.0,
    (Phase("u"), Phase("e", measured=True, seconds=2.0)),
    5,
)
ARRIVALS = [Arrival(0, 0.0, "invoice", (STEP,)), *(Arrival(1, n / 2, "invoice", (STEP,)) for n in range(4))]


def played(due_s: float, taken_s: float, ended_s: float, failed: str = "") -> Played:
    return Played("invoice", due_s, taken_s, ended_s, failed)


GOOD = [played(0.0, 0.0, 0.1), played(0.5, 0.5, 0.7), played(1.0, 1.25, 1.4), played(1.5, 1.5, 1.9)]


def test_percentiles_are_durations_that_were_measured() -> None:
    found = spread(n / 1000 for n in range(1, 101))
    assert (found.count, found.p50_ms, found.p90_ms, found.p95_ms, found.p99_ms, found.max_ms) == (
        100,
        50,
        90,
        95,
        99,
        100,
    )
    assert spread([]).count == 0


def test_latency_runs_from_the_instant_it_was_due_and_holds_the_generators_own_delay() -> None:
    found = measured(SCHEDULE, ARRIVALS, GOOD)
    assert found.latency.max_ms == 400
    assert found.kinds[0].latency.p50_ms == 200
    assert (found.behind.p50_ms, found.behind.max_ms) == (0, 250)
    assert (found.planned, found.done, found.failed, found.unplayed) == (4, 4, 0, 0)
    assert (found.rate_planned, found.rate_achieved, found.achieved_share) == (2.0, 2.0, 1.0)


def test_what_goes_on_beyond_the_window_lowers_the_achieved_rate() -> None:
    found = measured(SCHEDULE, ARRIVALS, [*GOOD[:3], played(1.5, 1.5, 4.0)])
    assert (found.took_s, found.rate_achieved, found.achieved_share) == (4.0, 1.0, 0.5)
    assert sum(piece.done for piece in found.course) == 3


def test_failures_are_counted_with_their_reasons_in_every_phase() -> None:
    samples: list[Sample] = [
        *GOOD[:2],
        played(1.0, 1.0, 1.1, "create_invoice: status 500"),
        Aside(7, 2, {"x: no answer": 2}),
    ]
    found = measured(SCHEDULE, ARRIVALS, samples)
    assert (found.done, found.failed, found.unplayed, found.error_share) == (2, 1, 1, 0.5)
    assert (found.unmeasured, found.unmeasured_failed) == (7, 2)
    assert found.reasons == {"create_invoice: status 500": 1, "x: no answer": 2}


def test_calls_are_told_by_operation_and_status() -> None:
    called = [
        Called("a.b", 0, 0.1, 200),
        Called("a.b", 0, 0.3, 503),
        Called("a.b", 0, 0.2, 0),
        Called("a.a", 0, 0.1, 201),
    ]
    first, second = measured(SCHEDULE, ARRIVALS, called).calls
    assert (first.operation, second.operation) == ("a.a", "a.b")
    assert (second.failed, second.statuses, second.took.max_ms) == (2, {"0": 1, "200": 1, "503": 1}, 300)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Load(), {"error_share_max": "pass"}),
        (Load(p95_ms_max=400), {"p95_ms_max": "pass", "error_share_max": "pass"}),
        (Load(p95_ms_max=399), {"p95_ms_max": "fail", "error_share_max": "pass"}),
        (Load(p99_ms_max=1, achieved_share_min=0.9), {"p99_ms_max": "fail", "error_share_max": "pass", "achieved_share_min": "pass"}),
        (Load(p95_ms_max=399, behind_ms_p99_max=249), {"p95_ms_max": "unknown", "error_share_max": "pass", "behind_ms_p99_max": "unknown"}),
        (Load(p95_ms_max=400, behind_ms_p99_max=250), {"p95_ms_max": "pass", "error_share_max": "pass", "behind_ms_p99_max": "pass"}),
    ],
)  # fmt: skip
def test_limits(limits: Load, expected: dict[str, str]) -> None:
    assert {limit.name: limit.verdict for limit in judged(measured(SCHEDULE, ARRIVALS, GOOD), limits)} == expected


def test_a_limit_missed_only_because_the_generator_was_late_is_not_held_against_the_estate() -> None:
    found = measured(SCHEDULE, ARRIVALS, [played(n / 2, n / 2 + 0.3, n / 2 + 0.4) for n in range(4)])
    verdicts = {limit.name: limit.verdict for limit in judged(found, Load(p95_ms_max=200, p99_ms_max=90))}
    assert verdicts == {"p95_ms_max": "unknown", "p99_ms_max": "fail", "error_share_max": "pass"}


def test_a_rate_that_was_not_achieved_and_a_share_that_failed_fail() -> None:
    found = measured(SCHEDULE, ARRIVALS, GOOD[:2])
    verdicts = {limit.name: limit.verdict for limit in judged(found, Load(achieved_share_min=0.9))}
    assert verdicts == {"error_share_max": "fail", "achieved_share_min": "fail"}


def test_nothing_measured_is_unknown_and_never_green() -> None:
    found = measured(SCHEDULE, ARRIVALS[:1], [])
    assert {limit.verdict for limit in judged(found, Load(p95_ms_max=1.0, achieved_share_min=0.5))} == {"unknown"}
