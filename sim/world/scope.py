"""For whom the design may act, and what is asked of it: nothing of a hospital that is another's business.

What happens there happens all the same, and the truth says so; only that it requires nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from contracts.journal import Anomaly, Document, Entry, Obligation
from contracts.scenario import Hospital, Scenario

ALL = ("*",)


def granted_ever(scenario: Scenario) -> tuple[Hospital, ...]:
    """The hospitals that the design serves sooner or later."""
    granted = scenario.identity.granted
    return tuple(hospital for hospital in scenario.hospital if not granted or hospital.id in granted)


def granted_at_first(scenario: Scenario) -> tuple[str, ...]:
    """What the design's client is granted before anybody joins."""
    if not scenario.identity.granted:
        return ALL
    return tuple(hospital.id for hospital in granted_ever(scenario) if hospital.joins is None)


def asked_only(scenario: Scenario, record: Callable[[Entry], None]) -> Callable[[Entry], None]:
    """A journal in which nothing is asked about those who are not served."""
    if not scenario.identity.granted:
        return record
    served = {hospital.id for hospital in granted_ever(scenario)}
    others: set[str] = set()

    def scoped(entry: Entry) -> None:
        if isinstance(entry, Anomaly):
            if not others.intersection(entry.about):
                record(entry)
        elif isinstance(entry, Obligation) and entry.entity not in served:
            record(replace(entry, required=()))
        elif isinstance(entry, Document) and entry.entity not in served:
            others.add(entry.ref)
            record(replace(entry, expect="nothing"))
        else:
            record(entry)

    return scoped
