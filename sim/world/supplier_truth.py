"""What is true of suppliers, written down: which company each record is about, and what a person must see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from contracts.journal import Anomaly, Document, Entry, Obligation
from sim.world import supplier_plan as plan
from sim.world.calendar import Hours
from sim.world.companies import Company
from sim.world.truth import CURRENCY, DESK_DAYS, DUE_DAYS

REQUIRED: Final = ("cloud_erp/supplier.created",)
RECORD: Final = "supplier"
OUTCOMES: Final = {
    plan.DUPLICATE: ("merge",),
    plan.MERGED: ("merge",),
    plan.TAX_ID_MISSING: ("correct",),
    plan.ACCOUNT: ("accept",),
    plan.FRAUD: ("reject",),
}
"""What people may rightly come to, by what is the matter."""


class SupplierTruth:
    """Writes companies as obligations, records as papers, and anomalies; `version` knows how often a record was written."""

    def __init__(self, record: Callable[[Entry], None]) -> None:
        """Write to a journal."""
        self._record = record
        self._owed: set[str] = set()
        self.versions: dict[str, int] = {}

    def states(  # noqa: PLR0913 - a record is all of this
        self, at_ms: int, ref: str, entity: str, company: Company, account: str, hours: Hours, *, expect: str
    ) -> None:
        """A record says something, for the first time or as a new version; the company may be there already."""
        owed = f"supplier/{company.id}"
        version = self.versions[ref] = self.versions.get(ref, 0) + 1
        there = owed in self._owed
        if not there:
            self._owed.add(owed)
            days = DUE_DAYS if expect == "effect" else DUE_DAYS + DESK_DAYS
            due_ms, on = hours.close_after(at_ms, days), hours.local_date(at_ms)
            self._record(
                Obligation(
                    at_ms, owed, RECORD, entity, company.id, CURRENCY, 0, 0, stock=False, on=on, order="",
                    due_ms=due_ms, required=REQUIRED,
                )
            )  # fmt: skip
        self._record(
            Document(
                at_ms, ref, RECORD, owed, entity, company.id, company.truly.tax_id, 0, CURRENCY, "", version,
                there and version == 1, expect, bank=account,
            )
        )  # fmt: skip

    def anomaly(  # noqa: PLR0913 - as above
        self, at_ms: int, key: str, what: str, category: str, about: tuple[str, ...], flag_by_ms: int
    ) -> None:
        """Something that a person must see; all the records that it is about show it."""
        outcomes = OUTCOMES[what]
        self._record(Anomaly(at_ms, f"{key}/{what}", what, about, (category,), flag_by_ms, 0, outcomes, evidence=about))
