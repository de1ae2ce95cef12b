"""I17 authority: a design acts for those hospitals only that it was granted, and for each by its own papers.

The first line of the journal says under which name the design is known and for which hospitals it may act; the identity
system commits what it is granted later. Whatever it
brings about in a system, by a single call, in bulk or by repeating an old one, belongs to one of them; and so does what it
got to read. A hospital's paper gives authority in that hospital's books alone: who posts it in another's has acted for one
that never asked, although both may have been granted.

What people did at their screens is not the design's; systems write down who acted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from contracts.invariant import NOTHING, Invariant, Violation
from contracts.invariants._wording import name_of
from contracts.journal import Call, Document, Effect
from contracts.provenance import KIND_OF_EFFECT, Known

ALL: Final = "*"
GRANTED: Final = "client.granted"


class Granted(msgspec.Struct):
    """Who the design is, and for whom it may act; `everywhere` if nothing is closed to it, or nobody said."""

    client: str = ""
    entities: frozenset[str] = frozenset()
    everywhere: bool = True
    judged: int = 0


class Authority(Invariant):
    """The entity of every effect and every read is within the design's grant, and an effect's is its paper's."""

    id = "I17"
    name = "authority"
    workflows = ("procure-to-pay", "supplier-master")
    reads = ("run", "call", "effect")

    def start(self) -> Granted:
        """Nobody yet."""
        return Granted()

    def step(self, state: Granted, entry: Any, known: Known) -> Iterator[Violation]:  # noqa: ANN401 - one of three kinds
        """The grant, something that the design asked a system for, or something that a system committed."""
        kind = type(entry)
        if kind is Call:
            if state.everywhere or not entry.entity or entry.entity in state.entities:
                return NOTHING
            return _beyond_by_call(state, entry, known)
        if kind is Effect:
            return _effect(state, entry, known) if entry.entity else NOTHING
        state.client, state.entities = entry.client, frozenset(entry.granted)
        state.everywhere = not entry.granted or ALL in entry.granted
        return NOTHING

    def checked(self, state: Granted) -> int:
        """Effects, and calls about hospitals that are not the design's."""
        return state.judged


def _effect(state: Granted, entry: Effect, known: Known) -> Iterator[Violation]:
    """What a system committed for a hospital: it may be a grant."""
    state.judged += 1
    if not state.everywhere:
        if entry.what == GRANTED and entry.ref == state.client:
            state.entities |= {entry.entity}
        elif entry.actor == state.client and entry.entity not in state.entities:
            return _beyond(state, entry, known)
    paper = known.documents.get(entry.source_ref) if entry.what in KIND_OF_EFFECT else None
    return NOTHING if paper is None or paper.entity == entry.entity else _for_another(paper, entry, known)


def _beyond_by_call(state: Granted, entry: Call, known: Known) -> Iterator[Violation]:
    """A call about a hospital that was not granted must be refused."""
    state.judged += 1
    if entry.outcome == "replied" and 200 <= entry.status < 300:
        says = f"{entry.worker} was answered by {entry.system}.{entry.operation} about {entry.key} of {entry.entity}"
        yield Violation(entry.key or entry.entity, f"{says}, for which it has no grant", (known.line,))


def _beyond(state: Granted, entry: Effect, known: Known) -> Iterator[Violation]:
    """An effect in a hospital that was not granted."""
    says = f"{entry.ref} ({entry.what} in {entry.system}) was brought about for {entry.entity}"
    because = (known.line, 1)
    yield Violation(entry.ref, f"{says}, for which {state.client} has no grant", because, abs(entry.amount_minor))


def _for_another(paper: Document, entry: Effect, known: Known) -> Iterator[Violation]:
    """A posting in another hospital's books than its paper's."""
    says = f"{name_of(paper.ref, known)} of {paper.entity} was posted in {entry.system} as {entry.ref}"
    because = (known.line, known.lines[paper.ref])
    yield Violation(paper.ref, f"{says} for {entry.entity}, which never asked", because, abs(entry.amount_minor))
