"""What a run amounts to, counted while it goes: truth and effects by kind, what is still open, time to post, ledgers.

A fold over the journal like an invariant, but it judges nothing; thresholds and people's summaries are made from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from contracts.journal import Document, Effect, Entry, Obligation
from contracts.provenance import Known
from contracts.verdict import Ledger

HOUR_MS = 3_600_000


class Tally:
    """Counts that cost little per entry."""

    def __init__(self, known: Known) -> None:
        """Count nothing yet; `known` is the oracle's index, already fed with each entry that comes here."""
        self.truth: Counter[str] = Counter()
        self.effects: Counter[str] = Counter()
        self.open: dict[str, int] = {}
        self.open_cases: set[str] = set()
        self.missed_close = 0
        self.post_hours: list[float] = []
        self.post_business_hours: list[float] = []
        self._known = known
        self._captured: dict[str, int] = {}
        self._ledger: Counter[tuple[str, str, bool]] = Counter()

    @property
    def readers(self) -> dict[type[Entry], Callable[[Any], None]]:
        """What counts which type of entry; the others need not be shown."""
        return {Effect: self._effect, Obligation: self._obligation, Document: self._document}

    def _obligation(self, entry: Obligation) -> None:
        if entry.version == 1:
            self.truth[f"{entry.what}s"] += 1
            if entry.required:
                self.open[entry.id] = entry.amount_minor

    def _document(self, entry: Document) -> None:
        if entry.what == "invoice":
            self.truth["invoices"] += 1
            self._captured.setdefault(entry.obligation, entry.at)
        if entry.copy:
            self.truth["copies"] += 1

    def _effect(self, effect: Effect) -> None:
        name = f"{effect.system}/{effect.what}"
        self.effects[name] += 1
        for line in effect.lines:
            self._ledger[effect.entity, line.currency, line.amount_minor > 0] += abs(line.amount_minor)
        if effect.system == "service_desk":
            if effect.what == "case.opened":
                self.open_cases.add(effect.ref)
                self.missed_close += effect.state == "period-closed"
            else:
                self.open_cases.discard(effect.ref)
            return
        owed = self._known.origin(effect) if effect.source_ref else ""
        obligation = self._known.obligations.get(owed)
        if obligation is not None and name in obligation.required and self.open.pop(owed, None) is not None:
            captured = self._captured.pop(owed, None)
            if captured is not None:
                self.post_hours.append((effect.at - captured) / HOUR_MS)
                hours = self._known.hours.get(effect.entity)
                if hours is not None:
                    self.post_business_hours.append(hours.hours_between(captured, effect.at))

    def post_hours_p95(self) -> float | None:
        """The 95th percentile of the hours between an invoice's capture and its posting."""
        return _p95(self.post_hours)

    def post_business_hours_p95(self) -> float | None:
        """The same in business time: of these hours only those in which people of the hospital work."""
        return _p95(self.post_business_hours)

    def ledgers(self) -> tuple[Ledger, ...]:
        """The trial balance of each entity and currency."""
        books = sorted({(entity, currency) for entity, currency, _ in self._ledger})
        return tuple(
            Ledger(entity, currency, self._ledger[entity, currency, True], self._ledger[entity, currency, False])
            for entity, currency in books
        )


def _p95(hours: list[float]) -> float | None:
    ordered = sorted(hours)
    return round(ordered[int(0.95 * (len(ordered) - 1))], 3) if ordered else None
