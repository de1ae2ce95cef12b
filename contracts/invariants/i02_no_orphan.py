"""I02 no-orphan: nothing stands in the books that the hospital did not bring about.

Each posting maps to exactly one thing truly owed, which asks for that very posting in that very system, and carries the
party and the number of the paper it names (a number may differ where people answered a case with a correction). Each
reversal undoes one posting, once. A posting that fits several papers, with nothing to tell them apart, is *unknown*: the
books may be right, but nobody could show it.

A posting that people had refused is not an orphan; I12 speaks of it.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from contracts.invariant import Invariant, Violation, doubt
from contracts.invariants._wording import lines_of, money, name_of, posting_name
from contracts.journal import Effect
from contracts.provenance import AMBIGUOUS, BILLS, KIND_OF_EFFECT, REVERSALS, UNRELATED, Known, Posted


class Count(msgspec.Struct):
    """Postings and reversals judged."""

    judged: int = 0


class NoOrphan(Invariant):
    """Every posting maps to one obligation that asks for it; every reversal to one posting."""

    id = "I02"
    name = "no-orphan"
    workflows = ("procure-to-pay", "supplier-master")
    reads = (*KIND_OF_EFFECT, *REVERSALS)

    def start(self) -> Count:
        """None judged."""
        return Count()

    def step(self, state: Count, entry: Effect, known: Known) -> Iterator[Violation]:
        """A posting or a reversal must come from somewhere."""
        state.judged += 1
        if entry.what in REVERSALS:
            return _reversal(entry, known)
        return _posting(entry, known)

    def checked(self, state: Count) -> int:
        """Postings and reversals."""
        return state.judged


def _reversal(entry: Effect, known: Known) -> Iterator[Violation]:
    undone = known.posting(entry.system, entry.reverses)
    if undone is None:
        says = f"{entry.ref} in {entry.system} reverses {entry.reverses or 'nothing'}, which was never posted there"
        yield Violation(entry.ref, says, (known.line,), abs(entry.amount_minor))
    elif undone.reversed_line != known.line:
        says = (
            f"{posting_name(undone, known)} was reversed twice in {entry.system}: {entry.reverses} again by {entry.ref}"
        )
        because = (known.line, undone.reversed_line, undone.line)
        yield Violation(undone.origin, says, because, abs(undone.effect.amount_minor))


def _posting(entry: Effect, known: Known) -> Iterator[Violation]:
    posted = known.posting(entry.system, entry.ref) or Posted(entry, known.line, UNRELATED, "")
    if posted.origin == AMBIGUOUS:
        yield doubt(entry.ref, f"{_shown(entry)} fits several papers, and nothing tells which", known.line)
        return
    obligation = known.obligations.get(posted.origin)
    if obligation is None:
        named = entry.source_ref or entry.number or "no paper"
        says = f"{_shown(entry)} stems from nothing that is owed: it names {named}"
        yield Violation(entry.ref, says, (known.line,), abs(entry.amount_minor))
    elif f"{entry.system}/{entry.what}" not in obligation.required:
        says = f"{_shown(entry)} names {posting_name(posted, known)}, which asks for no such posting"
        yield Violation(entry.ref, says, (known.line, *lines_of(known, obligation.id)), abs(entry.amount_minor))
    else:
        yield from _identity(posted, known)


def _shown(entry: Effect) -> str:
    return f"{entry.ref} ({entry.what} in {entry.system}, {money(entry.amount_minor, entry.currency)})"


def _identity(posted: Posted, known: Known) -> Iterator[Violation]:
    """The posting of an invoice or a credit memo carries its paper's own supplier and number."""
    entry, paper = posted.effect, known.documents.get(posted.paper)
    if paper is None or paper.what not in BILLS:
        return
    corrected = any(case.decision == "correct" for case in known.cases_about.get(paper.ref, ()))
    wrong = [
        f"{label} {had} instead of {right}"
        for label, had, right in (("supplier", entry.party, paper.party), ("number", entry.number, paper.number))
        if had.strip() != right.strip() and not (label == "number" and corrected)
    ]
    if wrong:
        says = f"{name_of(paper.ref, known)} was posted in {entry.system} as {entry.ref} under {' and '.join(wrong)}"
        yield Violation(paper.ref, says, (known.line, *lines_of(known, paper.ref)), abs(entry.amount_minor))
