"""I11 conservation: nothing that a design took is lost.

When a design acknowledges a delivery, the sender forgets it; from then on the paper is the design's alone. Whatever was
acknowledged, and whatever the design read or named itself, ends in one of three ways: a posting that stems from the
paper, a case about it, or a no-op that the truth declares (superseded; or what the paper asks for was done through
another paper, and nobody had to be asked about this one). A crash between the acknowledgement and the design's own
record shows here.

A person's decision is a thing handed over too: after an acknowledged *accept*, *correct* or *re-date* what the papers
ask for must stand in the books, or a new case about them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from contracts.invariant import Invariant, Violation
from contracts.invariants._wording import lines_of, paper_name
from contracts.journal import Document, Obligation
from contracts.provenance import Case, Known

GO_ON: Final = ("accept", "correct", "re-date")
"""Decisions after which the posting must follow."""


class Count(msgspec.Struct):
    """Papers and decisions judged."""

    judged: int = 0


class Conservation(Invariant):
    """Acknowledged = done + in people's hands + declared no-op."""

    id = "I11"
    name = "conservation"
    workflows = ("procure-to-pay", "supplier-master")
    reads = ()

    def start(self) -> Count:
        """None judged."""
        return Count()

    def end(self, state: Count, known: Known) -> Iterator[Violation]:
        """Each paper and each decision that the design had must have come to something."""
        for ref in known.acknowledged | known.in_hand:
            paper, case = known.documents.get(ref), known.cases.get(ref)
            if paper is not None:
                state.judged += 1
                if ref not in known.postings_of_paper and ref not in known.cases_about:
                    yield from _paper(paper, known)
            elif case is not None and case.decision in GO_ON:
                state.judged += 1
                yield from _decision(case, known)

    def checked(self, state: Count) -> int:
        """Papers and decisions."""
        return state.judged


def _paper(paper: Document, known: Known) -> Iterator[Violation]:
    """A paper of which neither a posting nor a case has come."""
    if paper.expect == "nothing":
        return
    obligation = known.obligations.get(paper.obligation)
    if obligation is None or not known.due(obligation):
        return
    if paper.expect != "case" and _done(obligation, known):
        return
    acknowledged = known.acknowledged.get(paper.ref)
    took, line = ("acknowledged", acknowledged) if acknowledged else ("read", known.in_hand[paper.ref])
    missing = "no case" if paper.expect == "case" else "neither a posting nor a case"
    yield Violation(
        paper.ref,
        f"{paper_name(paper)} was {took} and then lost: it ended in {missing}",
        (line, *lines_of(known, paper.ref)),
        paper.amount_minor,
    )


def _decision(case: Case, known: Known) -> Iterator[Violation]:
    for paper in (known.documents[ref] for ref in case.about if ref in known.documents):
        obligation = known.obligations.get(paper.obligation)
        if obligation is None or paper.expect == "nothing" or _done(obligation, known):
            continue
        if any(other.line > case.decided_line for other in known.cases_of(obligation.id)):
            continue
        line = known.acknowledged[case.ref]
        says = f"the decision to {case.decision} {paper_name(paper)} ({case.ref}) was acknowledged and then lost"
        yield Violation(paper.ref, says, (line, case.decided_line, case.line), paper.amount_minor)


def _done(obligation: Obligation, known: Known) -> bool:
    return all(known.stands(obligation.id, required) for required in obligation.required)
