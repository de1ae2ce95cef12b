"""What the orchestrator expects of each system: its half of the pacts."""

from __future__ import annotations

from typing import Final

from tests.contract_suites.consumer import Interaction
from tests.contract_suites.expected import (
    ap_automation,
    cloud_erp,
    cloud_erp_journals,
    cloud_erp_suppliers,
    identity,
    inventory,
    procurement,
    procurement_suppliers,
    service_desk,
)

EXPECTED: Final[dict[str, tuple[Interaction, ...]]] = {
    "identity": identity.INTERACTIONS,
    "procurement": procurement.INTERACTIONS,
    "procurement-suppliers": procurement_suppliers.INTERACTIONS,
    "inventory": inventory.INTERACTIONS,
    "ap_automation": ap_automation.INTERACTIONS,
    "cloud_erp": cloud_erp.INTERACTIONS,
    "cloud_erp-journals": cloud_erp_journals.INTERACTIONS,
    "cloud_erp-suppliers": cloud_erp_suppliers.INTERACTIONS,
    "service_desk": service_desk.INTERACTIONS,
}
"""Every interaction of every pact, by provider: a system, or a part of one, whose name follows a dash."""


def system_of(provider: str) -> str:
    """The system that a provider is, or is a part of."""
    return provider.partition("-")[0]
