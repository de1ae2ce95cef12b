"""I20 liveness: everything gets done, or into people's hands, in time and without hammering.

By its due time each thing owed is posted, or a case about it is open. A case excuses for as long as somebody owns it:
undecided, or answered *wait*; refused or merged papers are done with, but only those that the decision is about (the
first paper a case names); after *accept*, *correct* or *re-date* the posting must follow within a day.

A target is called about one thing with measure: at most 60 calls without success, and never more than 30 calls of any
kind within an hour. A run that ends in a livelock, or because the design itself broke down, fails. A run that had to be
cut at its time limit proves nothing about what would still have come: *unknown*, unless something due was left open. So
does one in which the design reached round the fence of virtual time, for a wall clock or a thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from contracts.invariant import NOTHING, Invariant, Violation, doubt
from contracts.invariants._wording import HOUR_MS, lines_of, moment, obligation_name
from contracts.journal import Call, Effect, Obligation
from contracts.provenance import KIND_OF_EFFECT, Case, Known

FAILED_CALLS_MAX: Final = 60
CALLS_PER_HOUR_MAX: Final = 30
FOLLOW_UP_MS: Final = 24 * HOUR_MS

Key = tuple[str, str, str]


class Attempts(msgspec.Struct):
    """Calls by system, operation and key: how many failed, and when the latest took place.

    `on_time` are the obligations that require one thing, which was posted by the time that they had then.
    """

    failed: dict[Key, int] = {}
    latest: dict[Key, tuple[int, ...]] = {}
    stormy: set[Key] = set()
    on_time: set[str] = set()
    judged: int = 0


class Liveness(Invariant):
    """Terminal or owned in time; attempts and rate bounded."""

    id = "I20"
    name = "liveness"
    workflows = ("procure-to-pay", "supplier-master")
    reads = ("call", *KIND_OF_EFFECT)

    def start(self) -> Attempts:
        """No calls."""
        return Attempts()

    def step(self, state: Attempts, entry: Call | Effect, known: Known) -> Iterator[Violation]:
        """A call about something must not be one too many; a posting mostly comes in time."""
        if isinstance(entry, Effect):
            _, obligation = known.made
            if obligation is not None and len(obligation.required) == 1 and entry.at <= obligation.due_ms:
                state.on_time.add(obligation.id)
            return NOTHING
        if not entry.key or entry.idle:
            return NOTHING
        key = (entry.system, entry.operation, entry.key)
        latest = state.latest.get(key, ())
        state.latest[key] = (*latest[-CALLS_PER_HOUR_MAX:], entry.at)
        failed = 0
        if entry.outcome != "replied" or entry.status >= 400:
            failed = state.failed[key] = state.failed.get(key, 0) + 1
        if len(latest) < CALLS_PER_HOUR_MAX and failed <= FAILED_CALLS_MAX:
            return NOTHING
        return _too_many(state, key, failed, known)

    def end(self, state: Attempts, known: Known) -> Iterator[Violation]:
        """Each thing owed must be done or owned in time, and the run itself must have come to rest."""
        yield from _ending(known)
        settled = state.on_time - {posted.origin for posted in known.spoken_of.values()}
        for obligation in known.obligations.values():
            if obligation.id in settled:
                state.judged += 1
            elif known.due(obligation):
                state.judged += len(obligation.required)
                for required in obligation.required:
                    yield from _in_time(obligation, required, known)

    def checked(self, state: Attempts) -> int:
        """Required effects that were due by the end, and those that had come long before."""
        return state.judged


def _too_many(state: Attempts, key: Key, failed: int, known: Known) -> Iterator[Violation]:
    if failed == FAILED_CALLS_MAX + 1:
        yield Violation(key[2], f"{_call(key)} was tried {failed} times without success", (known.line,))
    latest = state.latest[key]
    if len(latest) > CALLS_PER_HOUR_MAX and latest[-1] - latest[0] < HOUR_MS and key not in state.stormy:
        state.stormy.add(key)
        says = f"{_call(key)} was called more than {CALLS_PER_HOUR_MAX} times within an hour: a storm"
        yield Violation(key[2], says, (known.line,))


def _call(key: Key) -> str:
    system, operation, about = key
    return f"{system}.{operation} for {about}"


def _ending(known: Known) -> Iterator[Violation]:
    if known.ended is None:
        yield doubt("run", "the journal has no end, so what was left open cannot be told", known.line)
    elif known.ended.reason == "bound":
        yield doubt("run", "the run was cut at its time limit before it came to rest", known.line)
    elif known.ended.reason == "fence":
        yield doubt("run", f"no run in virtual time: {known.ended.detail}", known.line)
    elif known.ended.reason != "quiescent":
        says = f"the run ended in {known.ended.reason}" + (f": {known.ended.detail}" if known.ended.detail else "")
        yield Violation("run", says, (known.line,))


def _in_time(obligation: Obligation, required: str, known: Known) -> Iterator[Violation]:
    system, _, what = required.partition("/")
    postings = known.postings.get((obligation.id, required), ())
    cases = known.cases_of(obligation.id)
    asked_in_time = any(case.opened_ms <= obligation.due_ms for case in cases)
    if known.live(obligation.id, required):
        if asked_in_time or postings[0].effect.at <= obligation.due_ms:
            return
        says = f"came late into {system}: due {moment(obligation.due_ms)}, {what} {moment(postings[0].effect.at)}"
    elif not _owned(obligation, cases, known):
        left = "a person decided, and nothing followed" if cases else "nobody was asked"
        says = f"has no {what} in {system} by {moment(obligation.due_ms)}, and {left}"
    elif not asked_in_time:
        says = f"has no {what} in {system}, and people were asked late: due {moment(obligation.due_ms)}, asked {moment(cases[0].opened_ms)}"
    else:
        return
    lines = (*(posted.line for posted in postings[:1]), *(case.line for case in cases))
    because = (*lines, *lines_of(known, obligation.id))
    yield Violation(obligation.id, f"{obligation_name(obligation, known)} {says}", because, obligation.amount_minor)


def _owned(obligation: Obligation, cases: list[Case], known: Known) -> bool:
    """Whether people have it in hand, or have refused each paper that asks for it: of a pair one is to be posted."""
    if any(_in_hand(case, known) for case in cases):
        return True
    asking = [paper.ref for paper in known.papers(obligation.id) if paper.expect != "nothing"]
    decided = [known.verdict_of_desk(ref) for ref in asking]
    return bool(cases) and all(case is not None and case.decision in ("reject", "merge") for case in decided)


def _in_hand(case: Case, known: Known) -> bool:
    if case.decision in ("", "wait"):
        return True
    return case.decision not in ("reject", "merge") and known.at - case.decided_ms < FOLLOW_UP_MS
