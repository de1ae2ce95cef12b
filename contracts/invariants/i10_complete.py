"""I10 complete: every paper reached the design.

A webhook is lost, a page of a list shifts, an export flag is not re-armed: then a paper stands in its source system and
the design never hears of it. Each paper of the world's must have been handed over by the end: in an acknowledged
delivery, in a read by its own id that succeeded, in a call where the design itself names it, in a posting that stems from
it, or in a case about it. A poll's list says nothing about single papers, so a design that polls shows what it got by
what it does with it.

Not judged: papers that a correct design may pass over without a trace (superseded ones, and those that need no case when
what they ask for was done through another paper), papers whose obligation is not due yet when the run ends, and what a
design must find out by itself at the end of a period.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from contracts.invariant import Invariant, Violation
from contracts.invariants._wording import PERIOD_END, lines_of, paper_name
from contracts.journal import Document
from contracts.provenance import Known


class Count(msgspec.Struct):
    """Papers judged."""

    judged: int = 0


class Complete(Invariant):
    """Every paper is handed over to the design."""

    id = "I10"
    name = "complete"
    workflows = ("procure-to-pay", "supplier-master")
    reads = ()

    def start(self) -> Count:
        """None judged."""
        return Count()

    def end(self, state: Count, known: Known) -> Iterator[Violation]:
        """Each paper must have been with the design once."""
        for paper in known.documents.values():
            reached = (
                paper.ref in known.acknowledged
                or paper.ref in known.in_hand
                or paper.ref in known.postings_of_paper
                or paper.ref in known.cases_about
            )
            if not reached and _needless(paper, known):
                continue
            state.judged += 1
            if not reached:
                says = f"{paper_name(paper)} never reached the design from {paper.ref.partition(':')[0]}"
                yield Violation(paper.ref, says, lines_of(known, paper.ref), paper.amount_minor)

    def checked(self, state: Count) -> int:
        """Papers."""
        return state.judged


def _needless(paper: Document, known: Known) -> bool:
    obligation = known.obligations.get(paper.obligation)
    if paper.expect == "nothing" or paper.what in PERIOD_END or (obligation is not None and not known.due(obligation)):
        return True
    if obligation is None or paper.expect == "case":
        return False
    return all(known.stands(obligation.id, required) for required in obligation.required)
