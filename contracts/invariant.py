"""The invariant: a business contract, checked as a fold over the journal.

`start` gives a fresh state, `step` sees one entry of a kind it reads, `end` looks at what is left when the books are
closed. An invariant yields violations and holds no state of its own, so one instance serves any number of runs.
`doubt` yields what could not be judged; a check with doubts and no violation is *unknown*, never green.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Final

import msgspec

from contracts.journal import AnyEntry
from contracts.provenance import Known


class Violation(msgspec.Struct, frozen=True):
    """One breach: what is wrong in one sentence, about which obligation or paper, in which money, on what evidence.

    `because` holds the lines of the journal that show it, the offending one first (`known.line` is the line of the entry
    being looked at); an invariant keeps line numbers, never entries. `verdict` is `fail`, or `unknown` for a doubt.
    """

    about: str
    says: str
    because: tuple[int, ...] = ()
    amount_minor: int = 0
    verdict: str = "fail"


NOTHING: Final[Iterator[Violation]] = iter(())
"""What a step returns that finds nothing and is too busy to be a generator."""


def doubt(about: str, says: str, *because: int) -> Violation:
    """What could not be judged."""
    return Violation(about, says, because, verdict="unknown")


class Invariant:
    """The template, which also teaches: copy it, name it, fill `reads` and the three functions.

    `reads` names what `step` gets: an entry type's tag (`call`, `delivery`, `obligation`, `document`, …) or one effect
    (`invoice.posted`); `effect` means every effect. `checked` counts what was really judged: a run that judged nothing
    proves nothing, and the verdict is then *unknown*.
    """

    id: ClassVar[str]
    name: ClassVar[str]
    workflows: ClassVar[tuple[str, ...]]
    reads: ClassVar[tuple[str, ...]]

    def start(self) -> Any:  # noqa: ANN401 - each invariant's state is its own; only its own functions look at it
        """A fresh state."""
        raise NotImplementedError

    def step(self, state: Any, entry: Any, known: Known) -> Iterator[Violation]:  # noqa: ANN401 - see `start`
        """Look at one entry of a kind named in `reads`."""
        raise NotImplementedError

    def end(self, state: Any, known: Known) -> Iterator[Violation]:  # noqa: ANN401 - see `start`
        """Look at what is left when the run is over."""
        del state, known
        yield from ()

    def checked(self, state: Any) -> int:  # noqa: ANN401 - see `start`
        """How many things were judged."""
        raise NotImplementedError


TAGS: Final = (
    "run",
    "end",
    "milestone",
    "hours",
    "obligation",
    "document",
    "anomaly",
    "effect",
    "call",
    "delivery",
    "fault",
    "worker",
)
"""The tags that `reads` may name."""

__all__ = ["TAGS", "AnyEntry", "Invariant", "Violation", "doubt"]
