"""I06 period: everything stands in the period in which it belongs.

The accounting date of a posting is the truth's local date: the day on which the dock counted the goods, or the bill came,
by the hospital's own clock, and of a payment the day on which it was made. A paper of its own date (a copy that was taken for the original) may stand on that. People may
decide otherwise: after an answer *re-date* the date that they gave is right as well. And nothing goes into a period that
is closed: no invoice and no payment into one that accounts payable has closed, and nothing at all into one that the ledger has locked.

Goods that were used at once move no account, so the date of their receipt is not judged. A posting that names no date is
*unknown*.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

import msgspec

from contracts.invariant import NOTHING, Invariant, Violation, doubt
from contracts.invariants._again import Seen, again, still_agreed
from contracts.invariants._wording import lines_of, posting_name
from contracts.journal import Effect
from contracts.provenance import KIND_OF_EFFECT, Known, Posted

PAYABLES: Final = ("invoice.posted", "invoice.credited", "payment.issued")
LEDGER: Final = ("accrual.posted", "accrual.reversed")

Period = tuple[str, str, str]
"""System, entity, month."""


class Calendar(msgspec.Struct):
    """The line on which a period was closed to payables, and on which it was locked; postings seen, and judged."""

    closed: dict[Period, int] = {}
    locked: dict[Period, int] = {}
    seen: Seen = msgspec.field(default_factory=Seen)
    judged: int = 0


class RightPeriod(Invariant):
    """Posting date = truth's local accounting date, or an approved re-date."""

    id = "I06"
    name = "period"
    workflows = ("procure-to-pay",)
    reads = (*KIND_OF_EFFECT, "payment.issued", "period.opened", "period.closed", "period.locked")

    def start(self) -> Calendar:
        """Nothing closed."""
        return Calendar()

    def step(self, state: Calendar, entry: Effect, known: Known) -> Iterator[Violation]:
        """A period turns, or something posts: never into a closed one."""
        if entry.what.startswith("period."):
            period = (entry.system, entry.entity, entry.state)
            if entry.what == "period.opened":
                state.closed.pop(period, None)
                state.locked.pop(period, None)
            else:
                (state.locked if entry.what == "period.locked" else state.closed)[period] = known.line
            return NOTHING
        if entry.lines and entry.what in KIND_OF_EFFECT:
            posted, obligation = known.made
            if posted is not None:
                state.seen.note(posted, agrees=obligation is not None and entry.on == obligation.on)
        if entry.what not in PAYABLES and entry.what not in LEDGER:
            return NOTHING
        period = (entry.system, entry.entity, entry.on[:7])
        shut = state.locked.get(period) or (state.closed.get(period) if entry.what in PAYABLES else None)
        if entry.what == "payment.issued" and not shut:
            return _another_day(entry, known)
        return _into_closed(entry, shut, known) if shut else NOTHING

    def end(self, state: Calendar, known: Known) -> Iterator[Violation]:
        """Each posting that stands must be on its date."""
        state.judged += still_agreed(state.seen, known)
        for posted, obligation in again(state.seen, known):
            state.judged += 1
            if posted.effect.on != obligation.on:
                yield from _elsewhere(posted, obligation.id, known)

    def checked(self, state: Calendar) -> int:
        """Postings that stand."""
        return state.judged


def _into_closed(entry: Effect, shut: int, known: Known) -> Iterator[Violation]:
    posted = known.posting(entry.system, entry.ref)
    name = posting_name(posted, known) if posted else entry.ref
    says = f"{name} was posted in {entry.system} as {entry.ref} on {entry.on}, when {entry.on[:7]} was closed"
    yield Violation(posted.origin if posted else entry.ref, says, (known.line, shut), abs(entry.amount_minor))


def _another_day(entry: Effect, known: Known) -> Iterator[Violation]:
    """The dates of a moment, somewhere on earth, are at most three: a payment bears one of them."""
    made = dt.datetime.fromtimestamp(entry.at / 1000, dt.UTC).date()
    if entry.on not in {(made + dt.timedelta(days=n)).isoformat() for n in (-1, 0, 1)}:
        says = f"{entry.ref} in {entry.system} was made on {made} and bears the date {entry.on or '(none)'}"
        yield Violation(entry.ref, says, (known.line,), entry.amount_minor)


def _elsewhere(posted: Posted, owed: str, known: Known) -> Iterator[Violation]:
    """On another date than the truth's: right if people said so, or if the very paper bears that date."""
    effect, obligation = posted.effect, known.obligations[owed]
    paper = known.documents.get(posted.paper)
    if not effect.on or not obligation.on:
        yield doubt(
            owed, f"{posting_name(posted, known)} stands as {effect.ref} without an accounting date", posted.line
        )
        return
    redated = {
        case.redated
        for case in known.cases_of(owed)
        if case.decision == "re-date"
        and (not effect.actor or case.decided_by != effect.actor)  # who posts does not allow it
    }
    if effect.on in redated or (paper is not None and effect.on == paper.on):
        return
    says = f"{posting_name(posted, known)} stands in {effect.system} as {effect.ref} on {effect.on} instead of {obligation.on}"
    if redated:
        says += f"; people said {' or '.join(sorted(redated))}"
    yield Violation(owed, says, (posted.line, *lines_of(known, owed)), abs(effect.amount_minor))
