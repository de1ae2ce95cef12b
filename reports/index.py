"""What people may call a thing by, and which obligations they mean by it.

A paper has a reference (`ap_automation:INV-000123`), a bare id, the number that stands on it and the order it is about; a
case, a posting and an anomaly have ids of their own. All of them lead to obligations, for an obligation is what is told.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from contracts import journal
from contracts.journal import Anomaly, AnyEntry, Document, Effect, Obligation

_PREFIXES: Final = tuple(b'{"entry":"%s"' % tag for tag in (b"obligation", b"document", b"anomaly", b"effect"))
SUGGESTED_MAX: Final = 3


class Index:
    """All names of a journal; obligations by name, papers by obligation."""

    def __init__(self) -> None:
        """Know no name."""
        self.names: dict[str, tuple[str, ...]] = {}
        self.orders: dict[str, tuple[str, ...]] = {}
        """The obligations on each order, by `entity/order`."""
        self.papers: dict[str, str] = {}
        """The obligation of each paper, by reference."""
        self._strays: set[str] = set()
        self._order_of: dict[str, str] = {}

    def obligations(self, name: str) -> tuple[str, ...]:
        """What a name means, in the order in which it came to be; several where a number was used twice."""
        return self.names.get(name, ())

    def has(self, name: str) -> bool:
        """Whether anything goes by this name: also a posting that no paper stands behind."""
        return name in self.names or name in self._strays

    def order_of(self, obligation: str) -> str:
        """The order that an obligation is about, as `orders` names it."""
        return self._order_of.get(obligation, "")

    def papers_of(self, obligations: Iterable[str]) -> tuple[str, ...]:
        """The references of all papers of these obligations."""
        owed = set(obligations)
        return tuple(ref for ref, obligation in self.papers.items() if obligation in owed)

    def kin_of(self, obligations: Iterable[str]) -> tuple[str, ...]:
        """The references of the other papers on the same orders."""
        owed = tuple(obligations)
        orders = dict.fromkeys(self.order_of(each) for each in owed)
        others = [each for order in orders for each in self.orders.get(order, ()) if each not in owed]
        return self.papers_of(others)

    def nearest(self, name: str) -> list[str]:
        """Names that look like one that does not exist."""
        wanted = name.lower()
        lowered = {known.lower(): known for known in self.names}
        if wanted in lowered:
            return [lowered[wanted]]
        near = difflib.get_close_matches(wanted, lowered, SUGGESTED_MAX, 0.6)
        return [lowered[each] for each in near]

    # -- filling ------------------------------------------------------------------------------------------------------

    def learn(self, entry: AnyEntry) -> None:
        """Take in the names of an entry."""
        match entry:
            case Obligation():
                self._obligation(entry)
            case Document():
                self._document(entry)
            case Anomaly():
                self._about(entry.id, entry.about)
            case Effect():
                self._effect(entry)
            case _:
                pass

    def _add(self, name: str, obligations: tuple[str, ...]) -> None:
        if name and obligations:
            self.names[name] = tuple(dict.fromkeys((*self.names.get(name, ()), *obligations)))

    def _obligation(self, entry: Obligation) -> None:
        self._add(entry.id, (entry.id,))
        self._add(entry.order, (entry.id,))
        order = self._order_of[entry.id] = f"{entry.entity}/{entry.order}" if entry.order else entry.id
        self.orders[order] = tuple(dict.fromkeys((*self.orders.get(order, ()), entry.id)))

    def _document(self, entry: Document) -> None:
        self.papers[entry.ref] = entry.obligation
        for name in (entry.ref, entry.ref.partition(":")[2], entry.number):
            self._add(name, (entry.obligation,))

    def _about(self, name: str, refs: tuple[str, ...]) -> None:
        self._add(name, tuple(self.papers[ref] for ref in refs if ref in self.papers))

    def _effect(self, entry: Effect) -> None:
        own = f"{entry.system}:{entry.ref}"
        if own in self.papers:
            return
        for name in (own, entry.ref):
            self._about(name, (entry.source_ref, *entry.about))
            if entry.reverses:
                self._add(name, self.names.get(f"{entry.system}:{entry.reverses}", ()))
            if name not in self.names:
                self._strays.add(name)


def read_index(events: Path) -> Index:
    """The names in a journal. Crossings are passed over unread, for nothing is named after one."""
    index = Index()
    with events.open("rb") as lines:
        for line in lines:
            if line.startswith(_PREFIXES):
                index.learn(journal.decode(line))
    return index
