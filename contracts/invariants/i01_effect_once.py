"""I01 effect-once: what is owed once is posted once.

Each thing the hospital truly owes or wants recorded (an order, a receipt at the dock, a delivery to pay for) has exactly
one live posting of each kind it requires, whichever paper carried it there: the original, a copy through a second
channel, a copy under another number. A second posting while the first stands is a breach the moment it commits, even if
somebody cancels it later: the money could have left in between. Credit and rebill, a posting after a reversal, is right.
So is the posting of a copy that people accepted when they were asked about it: that is their mistake, and theirs to put right.

No posting at all by the time it is due is a breach, unless a case about one of its papers is or was in people's hands.
"""

from __future__ import annotations

from collections.abc import Iterator

from contracts.invariant import Invariant, Violation
from contracts.invariants._wording import lines_of, obligation_name, posting_name
from contracts.journal import Effect
from contracts.provenance import KIND_OF_EFFECT, Known, Posted

Judged = set[tuple[str, str]]


def _let_through(posted: Posted, known: Known) -> str:
    """The copy from which it stems, if people had accepted that one and have not thought better of it; else nothing."""
    paper = known.documents.get(posted.paper)
    if paper is None or not paper.copy:
        return ""
    case = known.verdict_of_desk(paper.ref)
    accepted = case is not None and case.decision == "accept" and case.decided_line < posted.line
    return paper.ref if accepted else ""


class EffectOnce(Invariant):
    """Live postings per obligation and required effect: one, or none and a case."""

    id = "I01"
    name = "effect-once"
    workflows = ("procure-to-pay", "supplier-master")
    reads = tuple(KIND_OF_EFFECT)

    def start(self) -> Judged:
        """The pairs of obligation and required effect that were judged."""
        return set()

    def step(self, state: Judged, entry: Effect, known: Known) -> Iterator[Violation]:
        """A posting must be the only one that stands."""
        _, obligation = known.made
        if obligation is None:
            return
        required = f"{entry.system}/{entry.what}"
        state.add((obligation.id, required))
        live = known.live(obligation.id, required)
        if len(live) > 1:
            let_through = _let_through(live[-1], known)
            live = [posted for posted in live if _let_through(posted, known) == let_through]
        if len(live) > 1:
            first, second = live[-2], live[-1]
            yield Violation(
                obligation.id,
                f"{posting_name(second, known)} posted twice in {entry.system}: "
                f"{first.effect.ref} and {second.effect.ref}",
                (second.line, first.line, *lines_of(known, obligation.id)),
                entry.amount_minor or obligation.amount_minor,
            )

    def end(self, state: Judged, known: Known) -> Iterator[Violation]:
        """What is due and does not stand must be in people's hands."""
        for obligation, required in known.unmet():
            state.add((obligation.id, required))
            if not known.cases_of(obligation.id):
                system, _, what = required.partition("/")
                yield Violation(
                    obligation.id,
                    f"{obligation_name(obligation, known)} has no {what} in {system}, and nobody was asked",
                    lines_of(known, obligation.id, *known.papers_of[obligation.id]),
                    obligation.amount_minor,
                )

    def checked(self, state: Judged) -> int:
        """Required effects that were due or done."""
        return len(state)
