"""I22 feedback: what the requester is told is what the ERP did.

Clerks and suppliers look at the status in the system where the paper came from. At the end the last status of an invoice
there agrees with the ledger: *posted* if, and only if, a posting of that very paper stands, under that very voucher; and
*rejected* once a person has refused it. An order is *interfaced* or *invoiced* only if it stands in the ERP.

Not judged: what changed in the last four hours of the run, when the word may still be on its way; and words that could
not be delivered, if a case of undeliverable or rejected messages says so. Nothing excuses a status that claims too much.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from contracts.invariant import NOTHING, Invariant, Violation
from contracts.invariants._wording import HOUR_MS, lines_of, paper_name
from contracts.journal import Document, Effect
from contracts.provenance import BILLS, Known, Posted

UNDERWAY_MS: Final = 4 * HOUR_MS
ORDER_STANDS: Final = ("interfaced", "invoiced")
EXCUSES: Final = ("undeliverable", "rejected-by-target")


class Status(msgspec.Struct, gc=False):
    """What a source system was last told about a paper."""

    state: str
    voucher: str
    line: int


class Told(msgspec.Struct):
    """The last status of each paper; the papers of which it was the fact when it was told; and how many papers were judged."""

    last: dict[str, Status] = {}
    facts: set[str] = set()
    judged: int = 0


class Feedback(Invariant):
    """The requester's last status equals the ERP's fact."""

    id = "I22"
    name = "feedback"
    workflows = ("procure-to-pay",)
    reads = ("invoice.status", "order.status")

    def start(self) -> Told:
        """Nothing told."""
        return Told()

    def step(self, state: Told, entry: Effect, known: Known) -> Iterator[Violation]:
        """A status: remember the last."""
        ref = f"{entry.system}:{entry.ref}"
        state.last[ref] = Status(entry.state, entry.number, known.line)
        (state.facts.add if _is_fact(ref, entry, known) else state.facts.discard)(ref)
        return NOTHING

    def end(self, state: Told, known: Known) -> Iterator[Violation]:
        """Each paper's status must agree with the books."""
        facts = state.facts - {posted.paper for posted in known.spoken_of.values()}
        state.judged += len(facts & known.documents.keys())
        for ref, paper in known.documents.items():
            if ref in facts:
                continue
            status = state.last.get(ref)
            says = ""
            if paper.what in BILLS and (status or ref in known.postings_of_paper or ref in known.cases_about):
                state.judged += 1
                says = _invoice(paper, status, known)
            elif paper.what == "purchase-order" and status:
                state.judged += 1
                says = _order(paper, status, known)
            if says:
                lines = (status.line,) if status else ()
                because = (*lines, *(posted.line for posted in known.postings_of_paper.get(ref, ())))
                about = f"{paper_name(paper)} {says}"
                yield Violation(ref, about, (*because, *lines_of(known, ref)), paper.amount_minor)

    def checked(self, state: Told) -> int:
        """Papers with a status, a posting or a case."""
        return state.judged


def _is_fact(ref: str, told: Effect, known: Known) -> bool:
    """Whether a status says what stands: nearly always, and then it need not be compared again unless something happens."""
    right = ("posted",) if told.what == "invoice.status" else ORDER_STANDS
    return told.state in right and told.number in [posted.effect.ref for posted in known.live_of_paper(ref)]


def _invoice(paper: Document, status: Status | None, known: Known) -> str:
    """What is wrong, in words that follow the paper's name; empty if nothing is."""
    if status is not None and status.state == "posted":
        return _called_posted(paper, status, known)
    if any(case.category in EXCUSES for case in known.cases_about.get(paper.ref, ())):
        return ""
    told = f"{paper.ref.partition(':')[0]} was told {status.state if status else 'nothing'}"
    live = known.live_of_paper(paper.ref)
    if live:
        effect = live[-1].effect
        underway = known.at - effect.at < UNDERWAY_MS
        return "" if underway else f"stands in {effect.system} as {effect.ref}, and {told}"
    case = known.verdict_of_desk(paper.ref)
    refused = case is not None and case.decision == "reject" and known.at - case.decided_ms >= UNDERWAY_MS
    if case is not None and refused and (status is None or status.state != "rejected"):
        return f"was refused in {case.ref}, and {told}"
    return ""


def _called_posted(paper: Document, status: Status, known: Known) -> str:
    standing = known.live_of_paper(paper.ref) or _unnamed(paper, known)
    if any(posted.effect.ref == status.voucher for posted in standing):
        return ""
    source = paper.ref.partition(":")[0]
    if not standing:
        return f"is called posted in {source}, and no posting of it stands"
    own = standing[-1].effect.ref
    return f"is called posted in {source} as {status.voucher or 'no voucher'}, and stands as {own}"


def _unnamed(paper: Document, known: Known) -> list[Posted]:
    """Postings of the paper's obligation that name no paper: any of its papers may have carried them."""
    obligation = known.obligations.get(paper.obligation)
    required = obligation.required if obligation else ()
    return [posted for kind in required for posted in known.live(paper.obligation, kind) if not posted.paper]


def _order(paper: Document, status: Status, known: Known) -> str:
    if status.state in ORDER_STANDS and not known.live_of_paper(paper.ref):
        return f"is called {status.state} in {paper.ref.partition(':')[0]}, and no order of it stands"
    return ""
