"""Which obligation an effect stems from, judged from the journal alone.

Source reference first, then the fields as captured, then unique assignment; what stays ambiguous is *unknown*, never
guessed. `Known` is the index that all invariants share: it is a fold over the same entries that they see.
"""

from __future__ import annotations

from typing import Final

from contracts.journal import Anomaly, Document, Effect, Entry, Obligation

UNRELATED: Final = ""
"""No paper of the world's could be this effect's origin."""
AMBIGUOUS: Final = "?"
"""Several could, and nothing tells which."""


class Known:
    """What is known so far: papers by reference, obligations by id (newest version), origins of effects."""

    def __init__(self) -> None:
        """Know nothing."""
        self.documents: dict[str, Document] = {}
        self.obligations: dict[str, Obligation] = {}
        self.anomalies: dict[str, Anomaly] = {}
        self.papers_of: dict[str, list[str]] = {}
        self._by_fields: dict[tuple[str, str, str], list[Document]] = {}
        self._last: tuple[Effect | None, str] = (None, UNRELATED)

    def learn(self, entry: Entry) -> None:
        """Take in an entry of truth; others are passed over."""
        if isinstance(entry, Document):
            self.documents[entry.ref] = entry
            papers = self.papers_of.setdefault(entry.obligation, [])
            if entry.ref not in papers:
                papers.append(entry.ref)
                fields = (entry.entity, entry.party, entry.number)
                self._by_fields.setdefault(fields, []).append(entry)
        elif isinstance(entry, Obligation):
            self.obligations[entry.id] = entry
        elif isinstance(entry, Anomaly):
            self.anomalies[entry.id] = entry

    def origin(self, effect: Effect) -> str:
        """The id of the obligation the effect stems from, or `UNRELATED`, or `AMBIGUOUS`."""
        last, found = self._last
        if last is not effect:
            found = self._resolve(effect)
            self._last = (effect, found)
        return found

    def paper(self, effect: Effect) -> Document | None:
        """The paper that an effect names as its source, if it names a true one."""
        return self.documents.get(effect.source_ref)

    def _resolve(self, effect: Effect) -> str:
        named = self.documents.get(effect.source_ref)
        if named is not None:
            return named.obligation
        candidates = self._by_fields.get((effect.entity, effect.party, effect.number), [])
        kind = KIND_OF_EFFECT.get(effect.what)
        fitting = [paper for paper in candidates if kind is None or paper.what == kind]
        exact = [paper for paper in fitting if paper.amount_minor == effect.amount_minor]
        owed = {paper.obligation for paper in (exact or fitting)}
        if not owed:
            return UNRELATED
        return owed.pop() if len(owed) == 1 else AMBIGUOUS


KIND_OF_EFFECT: Final = {
    "invoice.posted": "invoice",
    "order.created": "purchase-order",
    "receipt.posted": "goods-receipt",
}
"""Which kind of paper can be an effect's origin."""
