"""What the orchestrator expects of each system: its half of the pacts."""

from __future__ import annotations

from typing import Final

from tests.contract_suites.consumer import Interaction
from tests.contract_suites.expected import (
    ap_automation,
    cloud_erp,
    cloud_erp_journals,
    identity,
    inventory,
    procurement,
    service_desk,
)

EXPECTED: Final[dict[str, tuple[Interaction, ...]]] = {
    "identity": identity.INTERACTIONS,
    "procurement": procurement.INTERACTIONS,
    "inventory": inventory.INTERACTIONS,
    "ap_automation": ap_automation.INTERACTIONS,
    "cloud_erp": (*cloud_erp.INTERACTIONS, *cloud_erp_journals.INTERACTIONS),
    "service_desk": service_desk.INTERACTIONS,
}
"""Every interaction of every pact, by system."""
