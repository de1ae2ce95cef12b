"""I19 lineage: from every posting a chain leads back to its source, by what crossed the wire.

A posting names its paper, or can be told by its fields; and before it was made, the design had the paper from its source:
a delivery about it set out to the design and was not turned away, or the source answered a call about it, or showed a list
when the paper stood in it already. A posting without such a link came from a guess, a cache of somebody else's or a
forgery, and nobody could show an auditor why it was made. Naming a paper to the target is no link: it is the posting.

Not judged: postings that stem from no paper at all (I02), and accruals, which no system hands over: a design finds out by
itself what stands open. What people brought into a system by themselves, as by a migration, is not the design's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from contracts.invariant import NOTHING, Invariant, Violation
from contracts.invariants._wording import PERIOD_END, lines_of, posting_name
from contracts.journal import Call, Delivered, Document, Effect, RunStarted
from contracts.provenance import KIND_OF_EFFECT, Known, Posted

HANDED_OVER: Final = ("acknowledged", "unanswered")
"""A worker that died before it answered may still have kept what it was told."""
POSTINGS: Final = tuple(what for what, paper in KIND_OF_EFFECT.items() if paper not in PERIOD_END)


class Chain(msgspec.Struct):
    """Who the design is; when each paper first stood in its source, and was first handed to the design; when each source showed a list.

    A posting whose link is not written down yet waits, as its system and reference, for the end: a delivery is written down
    only when its sender's side ends.
    """

    client: str = ""
    stood: dict[str, int] = {}
    handed: dict[str, int] = {}
    listed: dict[str, list[int]] = {}
    waiting: list[tuple[str, str]] = []
    judged: int = 0


class Lineage(Invariant):
    """The source event of every posting reached the design before the posting was made."""

    id = "I19"
    name = "lineage"
    workflows = ("procure-to-pay", "supplier-master")
    reads = ("run", "document", "delivery", "call", *POSTINGS)

    def start(self) -> Chain:
        """Nothing handed over, nothing posted."""
        return Chain()

    def step(self, state: Chain, entry: Any, known: Known) -> Iterator[Violation]:  # noqa: ANN401 - one of five kinds
        """A link of a chain, or its end."""
        kind = type(entry)
        if kind is Call:
            if entry.outcome == "replied" and 200 <= entry.status < 300:
                if entry.key:
                    state.handed.setdefault(f"{entry.system}:{entry.key}", entry.at)
                elif not entry.idle:
                    state.listed.setdefault(entry.system, []).append(entry.at)
        elif kind is Delivered:
            if entry.outcome in HANDED_OVER and not entry.forged:
                ref = f"{entry.source}:{entry.key}"
                state.handed[ref] = min(entry.began or entry.at, state.handed.get(ref, entry.at))
        elif kind is Document:
            state.stood.setdefault(entry.ref, entry.at)
        elif kind is RunStarted:
            state.client = entry.client
        elif entry.actor in ("", state.client):
            _note(state, entry, known)
        return NOTHING

    def end(self, state: Chain, known: Known) -> Iterator[Violation]:
        """Follow each posting back of which that could not be done at once."""
        for system, ref in state.waiting:
            posted = known.posting(system, ref)
            if posted is None:
                continue
            papers = [posted.paper] if posted.paper else [paper.ref for paper in known.papers(posted.origin)]
            if papers and not any(_had(state, paper, posted) for paper in papers):
                says = f"{posting_name(posted, known)} was posted in {system} as {ref}"
                yield Violation(
                    papers[0],
                    f"{says} before any word of it had come from its source",
                    (posted.line, *lines_of(known, *papers)),
                    abs(posted.effect.amount_minor),
                )

    def checked(self, state: Chain) -> int:
        """Postings."""
        return state.judged


def _note(state: Chain, entry: Effect, known: Known) -> None:
    state.judged += 1
    posted, _ = known.made
    if posted is None or not _had(state, posted.paper, posted):
        state.waiting.append((entry.system, entry.ref))


def _had(state: Chain, paper: str, posted: Posted) -> bool:
    """Whether the design could have the paper from its source when it posted."""
    at = posted.effect.at
    if state.handed.get(paper, at + 1) <= at:
        return True
    lists = state.listed.get(paper.partition(":")[0], [])
    last = bisect_right(lists, at)
    return last > 0 and lists[last - 1] >= state.stood.get(paper, at + 1)
