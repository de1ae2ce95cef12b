"""I04 balanced: every journal sums to zero in each currency, and so does each hospital's trial balance.

Debits are positive and credits negative, so a balanced journal sums to nothing. This is the books' own arithmetic and
needs no truth: a ledger that fails here is broken whatever the world intended.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from contracts.invariant import NOTHING, Invariant, Violation
from contracts.invariants._wording import money
from contracts.journal import Effect
from contracts.provenance import Known


class Books(msgspec.Struct):
    """The trial balances' sums by system, entity and currency, where not zero, and how many journals made them."""

    sums: dict[tuple[str, str, str], int] = {}
    journals: int = 0


class Balanced(Invariant):
    """Each journal, each currency; trial balance zero per entity."""

    id = "I04"
    name = "balanced"
    workflows = ("procure-to-pay",)
    reads = ("effect",)

    def start(self) -> Books:
        """Empty books."""
        return Books()

    def step(self, state: Books, entry: Effect, known: Known) -> Iterator[Violation]:
        """A journal must sum to zero."""
        if not entry.lines:
            return NOTHING
        state.journals += 1
        sums: dict[str, int] = {}
        for line in entry.lines:
            sums[line.currency] = sums.get(line.currency, 0) + line.amount_minor
        return _crooked(state, entry, sums, known) if any(sums.values()) else NOTHING

    def end(self, state: Books, known: Known) -> Iterator[Violation]:
        """The trial balances."""
        for (system, entity, currency), off_minor in state.sums.items():
            if off_minor:
                says = f"the trial balance of {entity} in {system} is off by {money(off_minor, currency)}"
                yield Violation(f"{system}/{entity}", says, (known.line,), 0)

    def checked(self, state: Books) -> int:
        """Journals."""
        return state.journals


def _crooked(state: Books, entry: Effect, sums: dict[str, int], known: Known) -> Iterator[Violation]:
    for currency, off_minor in sums.items():
        if off_minor:
            book = (entry.system, entry.entity, currency)
            state.sums[book] = state.sums.get(book, 0) + off_minor
            says = f"{entry.ref} ({entry.what} in {entry.system}) is out of balance by {money(off_minor, currency)}"
            yield Violation(entry.ref, says, (known.line,), abs(off_minor))
