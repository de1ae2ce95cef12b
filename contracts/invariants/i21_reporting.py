"""I21 reporting: what a design reports as broken is what is broken, and what it promises it promises in business time.

At the end each anomaly whose time to be flagged has come was flagged by then: a case of a fitting category about one of
its papers. The time is counted in working days, so that a copy of Friday afternoon is not late on Monday. And of the
cases that call a bill wrong (its price, quantity, unit or tax, that it is a copy, was misread, or gives back nothing) at most one in twenty is about nothing;
a single one is nobody's fault. Cases about deliveries, periods and targets are not counted here.

A case may say by when it asks for an answer. That moment lies in the working hours of its hospital, and leaves people at
least one working day and at most five: *two days* said on a Friday is no promise that anybody can keep.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec

from contracts.invariant import NOTHING, Invariant, Violation
from contracts.invariants._wording import lines_of, moment, name_of
from contracts.journal import Effect
from contracts.provenance import Case, Known

BREAKS: Final = frozenset(
    (
        "price-variance",
        "quantity-variance",
        "unit-variance",
        "duplicate-invoice",
        "misread-invoice",
        "tax-variance",
        "duplicate-credit",
        "credit-without-invoice",
    )
)
"""Categories that call a bill or a credit memo wrong."""
BILLS: Final = ("invoice", "credit-memo", "supplier")
"""Papers each of which is to be flagged, or rightly left alone."""
FALSE_ONE_IN: Final = 20
ANSWER_HOURS_MIN: Final = 8.0
ANSWER_HOURS_MAX: Final = 45.0
"""One working day and five, in hours."""


class Count(msgspec.Struct):
    """Papers and cases judged."""

    judged: int = 0


class Reporting(Invariant):
    """Flagged breaks = true breaks; promises in business time."""

    id = "I21"
    name = "reporting"
    workflows = ("procure-to-pay", "supplier-master")
    reads = ("case.opened",)

    def start(self) -> Count:
        """None judged."""
        return Count()

    def step(self, state: Count, entry: Effect, known: Known) -> Iterator[Violation]:
        """A case must promise what people can keep."""
        state.judged += 1
        wrong = _promise(entry, known) if entry.on else ""
        if not wrong:
            return NOTHING
        subject = name_of(entry.about[0], known) if entry.about else "nothing"
        says = f"{entry.ref} ({entry.state} about {subject}) asks for an answer by {entry.on}, {wrong}"
        return iter((Violation(f"{entry.system}:{entry.ref}", says, (known.line,)),))

    def end(self, state: Count, known: Known) -> Iterator[Violation]:
        """What was there must have been flagged, and little else."""
        state.judged += sum(paper.what in BILLS for paper in known.documents.values())
        fitting: set[str] = set()
        for anomaly in known.anomalies.values():
            cases = [
                case
                for paper in anomaly.about
                for case in known.cases_about.get(paper, ())
                if case.category in anomaly.categories
            ]
            fitting.update(case.ref for case in cases)
            if anomaly.flag_by_ms > known.at:
                continue
            if not any(case.opened_ms <= anomaly.flag_by_ms for case in cases):
                says = f"{anomaly.what.replace('-', ' ')}: {name_of(anomaly.about[0], known)} was not flagged by {moment(anomaly.flag_by_ms)}"
                because = (*(case.line for case in cases), *lines_of(known, anomaly.id, *anomaly.about))
                yield Violation(anomaly.id, says, because, anomaly.at_stake_minor)
        yield from _false_ones([case for case in known.cases.values() if case.category in BREAKS], fitting, known)

    def checked(self, state: Count) -> int:
        """Papers that were to be flagged or left alone, and cases."""
        return state.judged


def _promise(entry: Effect, known: Known) -> str:
    """What is wrong with the moment by which a case asks for an answer, in words that follow it."""
    try:
        due = datetime.fromisoformat(entry.on)
    except ValueError:
        return "which is no moment"
    hours, due_ms = known.hours.get(entry.entity), int(due.timestamp() * 1000)
    if due.tzinfo is None or hours is None or hours.ends_before(due_ms):
        return ""
    if not hours.covers(due_ms):
        return "when nobody works"
    left = hours.hours_between(entry.at, due_ms)
    if ANSWER_HOURS_MIN <= left <= ANSWER_HOURS_MAX:
        return ""
    return f"which leaves {left:.1f} working hours; {ANSWER_HOURS_MIN:g} to {ANSWER_HOURS_MAX:g} are in order"


def _false_ones(breaks: list[Case], fitting: set[str], known: Known) -> Iterator[Violation]:
    false = [case for case in breaks if case.ref not in fitting and not _needs_people(case, known)]
    if len(false) <= 1 or len(false) * FALSE_ONE_IN <= len(breaks):
        return
    for case in false:
        subject = name_of(case.about[0], known) if case.about else "nothing"
        says = (
            f"{case.ref} calls {subject} a {case.category.replace('-', ' ')}, and it is none; so are {len(false)} of "
            f"{len(breaks)} cases of this sort"
        )
        yield Violation(case.ref, says, (case.line, *lines_of(known, *case.about)))


def _needs_people(case: Case, known: Known) -> bool:
    papers = [known.documents[ref] for ref in case.about if ref in known.documents]
    return any(paper.expect == "case" for paper in papers)
