"""I08 reversal: what is accrued at the end of a period is taken back at the start of the next, once.

Each accrual that stands has exactly one reversal, of the same amounts with the opposite signs, on the first day of the
period that follows, in the same ledger and the same hospital. Without it the expense counts twice, once accrued and once
billed; with two of them it does not count at all. An accrual that was cancelled in its own period needs none.

A reversal is missing once three days of its period have passed. Before that nothing is judged.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from contracts.invariant import NOTHING, Invariant, Violation
from contracts.invariants._wording import money
from contracts.journal import Effect, Posting
from contracts.provenance import Known

REVERSED_WITHIN: Final = dt.timedelta(days=3)

Key = tuple[str, str]
"""System and reference."""


class Accrual(msgspec.Struct, gc=False):
    """An accrual, its line in the journal, and the lines of what reversed or cancelled it."""

    effect: Effect
    line: int
    reversed: tuple[int, ...] = ()
    cancelled: int = 0


class Accruals(msgspec.Struct):
    """All accruals, and how many reversals were judged, those that are missing included."""

    made: dict[Key, Accrual] = {}
    judged: int = 0


class Reversal(Invariant):
    """One equal-opposite reversal per accrual, in the right period."""

    id = "I08"
    name = "reversal"
    workflows = ("period-end",)
    reads = ("accrual.posted", "accrual.reversed", "accrual.cancelled")

    def start(self) -> Accruals:
        """No accruals."""
        return Accruals()

    def step(self, state: Accruals, entry: Effect, known: Known) -> Iterator[Violation]:
        """An accrual, or what takes it back."""
        if entry.what == "accrual.posted":
            state.made[entry.system, entry.ref] = Accrual(entry, known.line)
            return NOTHING
        accrual = state.made.get((entry.system, entry.reverses))
        if entry.what == "accrual.cancelled":
            return _cancelled(entry, accrual, known) if accrual is not None else NOTHING
        state.judged += 1
        return _reversal(entry, accrual, known)

    def end(self, state: Accruals, known: Known) -> Iterator[Violation]:
        """Each accrual that stands must have been taken back by now."""
        today = dt.datetime.fromtimestamp(known.at / 1000, dt.UTC).date()
        for accrual in state.made.values():
            if accrual.reversed or accrual.cancelled:
                continue
            due = dt.date.fromisoformat(next_period(accrual.effect.on))
            if today > due + REVERSED_WITHIN:
                state.judged += 1
                says = f"{_name(accrual.effect)} was never reversed: due {due}"
                yield Violation(_about(accrual.effect, known), says, (accrual.line,), accrual.effect.amount_minor)

    def checked(self, state: Accruals) -> int:
        """Reversals, those that are missing included."""
        return state.judged


def next_period(on: str) -> str:
    """The first day of the month after a date's."""
    year, month = int(on[:4]), int(on[5:7])
    return f"{year + month // 12:04d}-{month % 12 + 1:02d}-01"


def _reversal(entry: Effect, accrual: Accrual | None, known: Known) -> Iterator[Violation]:
    if accrual is None:
        says = f"{entry.ref} in {entry.system} reverses {entry.reverses or 'nothing'}, which was never accrued there"
        yield Violation(entry.ref, says, (known.line,), abs(entry.amount_minor))
        return
    wrong = list(_wrong(entry, accrual))
    accrual.reversed = (*accrual.reversed, known.line)
    if wrong:
        says = f"{_name(accrual.effect)} is reversed by {entry.ref} {' and '.join(wrong)}"
        because = (known.line, accrual.line, *accrual.reversed[:-1])
        yield Violation(_about(accrual.effect, known), says, because, abs(accrual.effect.amount_minor))


def _cancelled(entry: Effect, accrual: Accrual, known: Known) -> Iterator[Violation]:
    accrual.cancelled = known.line
    if entry.on[:7] != accrual.effect.on[:7]:
        says = f"{_name(accrual.effect)} is cancelled on {entry.on or 'no date'}, which is not in its own period"
        yield Violation(_about(accrual.effect, known), says, (known.line, accrual.line), accrual.effect.amount_minor)


def _wrong(entry: Effect, accrual: Accrual) -> Iterator[str]:
    if accrual.reversed:
        yield "a second time"
    if accrual.cancelled:
        yield "after it was cancelled"
    if entry.entity != accrual.effect.entity:
        yield f"in {entry.entity} instead of {accrual.effect.entity}"
    if entry.on != next_period(accrual.effect.on):
        yield f"on {entry.on or 'no date'} instead of {next_period(accrual.effect.on)}"
    if _sums(entry.lines, -1) != _sums(accrual.effect.lines, 1):
        yield "with other amounts"


def _sums(lines: Iterable[Posting], sign: int) -> dict[tuple[str, str], int]:
    sums: dict[tuple[str, str], int] = {}
    for line in lines:
        key = (line.account, line.currency)
        sums[key] = sums.get(key, 0) + sign * line.amount_minor
    return {key: amount for key, amount in sums.items() if amount}


def _name(effect: Effect) -> str:
    return f"accrual {effect.ref} in {effect.system} ({effect.number}, {money(effect.amount_minor, effect.currency)})"


def _about(effect: Effect, known: Known) -> str:
    """The obligation that the accrual stems from, else the accrual."""
    posted = known.posting(effect.system, effect.ref)
    return posted.origin if posted and posted.origin in known.obligations else effect.ref
