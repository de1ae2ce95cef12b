"""One module for each system, and one more where it keeps suppliers: canonical commands into its dialect, its replies and events out of it.

Readers are tolerant: they name only the fields they use, and skip the rest. Nothing in here waits, retries or stores.
"""

from __future__ import annotations

from typing import Final

from orchestrator.connectors import (
    ap_automation,
    cloud_erp,
    cloud_erp_journals,
    cloud_erp_suppliers,
    inventory,
    procurement,
    procurement_lookups,
    procurement_suppliers,
    service_desk,
)
from orchestrator.connectors.base import Operation

OPERATIONS: Final[dict[str, Operation]] = {
    f"{operation.system}.{operation.name}": operation
    for module in (
        procurement,
        procurement_suppliers,
        procurement_lookups,
        inventory,
        ap_automation,
        cloud_erp,
        cloud_erp_journals,
        cloud_erp_suppliers,
        service_desk,
    )
    for operation in module.OPERATIONS
}
"""Every operation, by `system.name`: what an effect row names."""
