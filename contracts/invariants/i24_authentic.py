"""I24 authentic: what is forged has no effect and is turned away; what is genuine is not turned away as forged.

A delivery whose signature is not its source's for this body may come from anybody, or have been changed on its way. A
design that acknowledges one has believed a stranger; and where the sender was the true one and only the body was damaged,
it has also told it to forget what never arrived. Nothing may follow from a paper that only a forgery tells of: no posting,
no case about it, no question to its source. An import that its system took is known to whoever handed it in. A genuine delivery that is answered 401 or 403 was taken for a forgery.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from contracts.invariant import NOTHING, Invariant, Violation
from contracts.journal import Call, Delivered, Effect
from contracts.provenance import Known

TAKEN_FOR_FORGED: Final = (401, 403)
RECORDED: Final = "receipt.recorded"
"""A paper that is there although nothing need follow from it: a count that found all."""


class Heard(msgspec.Struct):
    """Papers that forgeries tell of, and the line of the first of these; and receipts that were truly recorded."""

    forged: dict[str, int] = {}
    recorded: set[str] = set()
    judged: int = 0


class Authentic(Invariant):
    """Forged events have no effect; genuine ones are accepted."""

    id = "I24"
    name = "authentic"
    workflows = ("procure-to-pay", "supplier-master")
    reads = ("delivery", "effect", "call")

    def start(self) -> Heard:
        """Nothing heard."""
        return Heard()

    def step(self, state: Heard, entry: Delivered | Effect | Call, known: Known) -> Iterator[Violation]:
        """A delivery and its answer, or something that may follow from one."""
        if isinstance(entry, Delivered):
            state.judged += 1
            if entry.forged or entry.outcome == "refused":
                return _delivery(state, entry, known)
            return NOTHING
        if isinstance(entry, Effect) and entry.what == RECORDED:
            state.recorded.add(f"{entry.system}:{entry.ref}")
        if not state.forged:
            return NOTHING
        if isinstance(entry, Call):
            named = (entry.key, f"{entry.system}:{entry.key}") if entry.key else ()
            return _followed(state, named, f"was asked of {entry.system}.{entry.operation}", known)
        amount = abs(entry.amount_minor)
        return _followed(
            state, (entry.source_ref, *entry.about), f"led to {entry.ref} in {entry.system}", known, amount
        )

    def checked(self, state: Heard) -> int:
        """Deliveries."""
        return state.judged


def _delivery(state: Heard, entry: Delivered, known: Known) -> Iterator[Violation]:
    ref = f"{entry.source}:{entry.key}"
    if not entry.forged:
        if entry.outcome == "refused" and entry.status in TAKEN_FOR_FORGED:
            says = f"{entry.event_id} about {ref} is genuine, and was answered {entry.status}"
            yield Violation(ref, says, (known.line,))
        return
    state.forged.setdefault(ref, known.line)
    if entry.outcome == "acknowledged":
        says = f"{entry.event_id} about {ref} was acknowledged, although its signature does not fit"
        yield Violation(ref, says, (known.line,))


def _followed(
    state: Heard, named: tuple[str, ...], how: str, known: Known, amount_minor: int = 0
) -> Iterator[Violation]:
    """What is named must exist outside of the forgery."""
    for ref in named:
        line = state.forged.get(ref)
        if line is None or ref in known.documents or ref in known.cases or ref in state.recorded:
            continue
        if ref not in known.imports:
            yield Violation(ref, f"{ref}, of which only a forgery tells, {how}", (known.line, line), amount_minor)
