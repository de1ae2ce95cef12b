"""What people at the desk let through: it stands as they accepted it, although it is not what is due."""

from __future__ import annotations

from contracts.invariants._wording import converted
from contracts.journal import Obligation
from contracts.provenance import Known, Posted


def let_through(posted: Posted, obligation: Obligation, known: Known) -> bool:
    """Whether it owes just what a bill says that people had accepted, although that is not due."""
    paper, case = known.documents.get(posted.paper), known.verdict_of_desk(posted.paper)
    if paper is None or paper.amount_minor == obligation.amount_minor:
        return False
    if case is None or case.decision != "accept" or case.decided_line > posted.line:
        return False
    ledger = obligation.ledger or obligation.currency
    owed = sum(line.amount_minor for line in posted.effect.lines if (line.role, line.currency) == ("ap", ledger))
    return posted.effect.amount_minor == paper.amount_minor and owed == -converted(paper.amount_minor, obligation)
