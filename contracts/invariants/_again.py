"""Postings are judged when they are made, so that little is left for the end: what did not agree then, or was spoken of since."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from contracts.journal import Obligation
from contracts.provenance import Known, Posted


class Seen(msgspec.Struct):
    """The lines of postings that agreed with the truth when they were made, and the postings that did not."""

    agreed: set[int] = set()
    others: list[Posted] = []

    def note(self, posted: Posted, *, agrees: bool) -> None:
        """Remember how a posting stood when it was made."""
        if agrees:
            self.agreed.add(posted.line)
        else:
            self.others.append(posted)


def still_agreed(seen: Seen, known: Known) -> int:
    """How many postings agreed, and need not be looked at again."""
    return len(seen.agreed - known.spoken_of.keys())


def again(seen: Seen, known: Known) -> Iterator[tuple[Posted, Obligation]]:
    """The postings to be looked at in the end, as far as they stand, with the obligations that ask for them."""
    spoken_of = [posted for line, posted in known.spoken_of.items() if line in seen.agreed]
    for posted in sorted((*seen.others, *spoken_of), key=known.place):
        obligation, effect = known.obligations.get(posted.origin), posted.effect
        asks = obligation is not None and f"{effect.system}/{effect.what}" in obligation.required
        if obligation is not None and asks and not posted.reversed_line:
            yield posted, obligation
