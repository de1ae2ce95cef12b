"""Adds up what generators noted, and holds it against limits. Pure functions: the same samples, the same figures.

A latency runs from the instant at which an arrival was due, never from the one at which it was sent: where the estate, or
the generator, keeps arrivals waiting, the wait is in the figure.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from math import ceil
from typing import Final

from contracts.load import Arrival, Calls, Instant, Kind, Measured, Schedule, Spread
from contracts.scenario import Load
from contracts.verdict import Judgement, ThresholdResult
from loadtests.samples import Aside, Called, Played, Sample

PIECES_MAX: Final = 60
PIECE_S_MIN: Final = 0.5


def spread(durations_s: Iterable[float]) -> Spread:
    """Percentiles by nearest rank: each is a duration that was really measured."""
    ordered = sorted(durations_s)
    return Spread(len(ordered), *(round(_rank(ordered, share) * 1000, 3) for share in (0.5, 0.9, 0.95, 0.99, 1.0)))


def _rank(ordered: Sequence[float], share: float) -> float:
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else 0.0


def measured(schedule: Schedule, arrivals: Sequence[Arrival], samples: Sequence[Sample]) -> Measured:
    """What a run came to."""
    number = next(n for n, phase in enumerate(schedule.phases) if phase.measured)
    seconds = schedule.phases[number].seconds
    planned = [arrival for arrival in arrivals if arrival.phase == number]
    played = [sample for sample in samples if isinstance(sample, Played)]
    asides = [sample for sample in samples if isinstance(sample, Aside)]
    done = [sample for sample in played if not sample.failed]
    took_s = max(max((sample.ended_s for sample in played), default=0.0), seconds)
    rate_planned = len(planned) / seconds
    rate_achieved = len(done) / took_s
    reasons = Counter(sample.failed for sample in played if sample.failed)
    for aside in asides:
        reasons.update(aside.reasons)
    width_s, edges = _pieces(seconds)
    return Measured(
        seconds=seconds,
        took_s=round(took_s, 3),
        planned=len(planned),
        done=len(done),
        failed=len(played) - len(done),
        unplayed=len(planned) - len(played),
        unmeasured=sum(aside.played for aside in asides),
        unmeasured_failed=sum(aside.failed for aside in asides),
        rate_planned=round(rate_planned, 3),
        rate_planned_peak=round(_peak(planned, edges) / width_s, 3),
        rate_achieved=round(rate_achieved, 3),
        achieved_share=round(min(1.0, rate_achieved / rate_planned), 4) if planned else 0.0,
        error_share=round(1 - len(done) / len(planned), 4) if planned else 0.0,
        latency=spread(sample.ended_s - sample.due_s for sample in played),
        behind=spread(max(0.0, sample.taken_s - sample.due_s) for sample in played),
        taken=spread(sample.ended_s - sample.taken_s for sample in played),
        kinds=tuple(_kinds(planned, played)),
        calls=tuple(_calls(sample for sample in samples if isinstance(sample, Called))),
        course=tuple(_course(planned, played, edges, seconds)),
        reasons=dict(sorted(reasons.items())),
    )


def judged(found: Measured, limits: Load) -> tuple[ThresholdResult, ...]:
    """Each limit that was set, and what was found.

    A limit that is missed only because the generator was late itself says nothing about the estate: it is unknown.
    """
    late = limits.behind_ms_p99_max is not None and found.behind.p99_ms > limits.behind_ms_p99_max
    results = []
    for name, limit, value, at_best in (
        ("p95_ms_max", limits.p95_ms_max, found.latency.p95_ms, found.taken.p95_ms),
        ("p99_ms_max", limits.p99_ms_max, found.latency.p99_ms, found.taken.p99_ms),
        ("error_share_max", limits.error_share_max, found.error_share, None),
        ("achieved_share_min", limits.achieved_share_min, found.achieved_share, None),
        ("behind_ms_p99_max", limits.behind_ms_p99_max, found.behind.p99_ms, None),
    ):
        if limit is None:
            continue
        holds = value >= limit if name.endswith("_min") else value <= limit
        doubtful = (late and name != "error_share_max") or (at_best is not None and at_best <= limit)
        verdict: Judgement = "pass" if holds else "unknown" if doubtful else "fail"
        some = found.planned > 0
        results.append(ThresholdResult(name, limit, value if some else None, verdict if some else "unknown"))
    return tuple(results)


def _pieces(seconds: float) -> tuple[float, list[float]]:
    """The measured window in pieces of equal length: how long each is, and where each begins."""
    count = max(1, min(PIECES_MAX, int(seconds / PIECE_S_MIN)))
    width_s = seconds / count
    return width_s, [n * width_s for n in range(count)]


def _piece(at_s: float, edges: Sequence[float]) -> int:
    return max(0, bisect_right(edges, at_s) - 1)


def _peak(planned: Iterable[Arrival], edges: Sequence[float]) -> int:
    return max(Counter(_piece(arrival.due_s, edges) for arrival in planned).values(), default=0)


def _kinds(planned: Sequence[Arrival], played: Sequence[Played]) -> Iterator[Kind]:
    counts = Counter(arrival.name for arrival in planned)
    by_name = defaultdict[str, list[Played]](list)
    for sample in played:
        by_name[sample.name].append(sample)
    for name in sorted(counts):
        own = by_name[name]
        failed = sum(bool(sample.failed) for sample in own)
        latency = spread(sample.ended_s - sample.due_s for sample in own)
        yield Kind(name, counts[name], len(own) - failed, failed, latency)


def _calls(called: Iterable[Called]) -> Iterator[Calls]:
    by_operation = defaultdict[str, list[Called]](list)
    for sample in called:
        by_operation[sample.operation].append(sample)
    for operation, own in sorted(by_operation.items()):
        statuses = Counter(str(sample.status) for sample in own)
        failed = sum(not 200 <= sample.status < 300 for sample in own)
        yield Calls(operation, spread(sample.took_s for sample in own), failed, dict(sorted(statuses.items())))


def _course(
    planned: Sequence[Arrival], played: Sequence[Played], edges: Sequence[float], seconds: float
) -> Iterator[Instant]:
    due = Counter(_piece(arrival.due_s, edges) for arrival in planned)
    done = Counter(
        _piece(sample.ended_s, edges) for sample in played if not sample.failed and sample.ended_s <= seconds
    )
    latencies = defaultdict[int, list[float]](list)
    for sample in played:
        latencies[_piece(sample.due_s, edges)].append(sample.ended_s - sample.due_s)
    for n, from_s in enumerate(edges):
        found = spread(latencies[n])
        some = (found.p50_ms, found.p95_ms, found.max_ms) if found.count else (None, None, None)
        yield Instant(round(from_s, 3), due[n], done[n], *some)
