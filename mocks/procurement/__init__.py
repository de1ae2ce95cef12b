"""Imitates a procurement suite of the Coupa family: requisitions, approvals, purchase orders.

People raise and approve requisitions on screens; the API shows the orders that came of them and takes a status back.
Its quirks: pages of 50 at most, thin webhooks, and changes made through the API do not show an order as changed again.
"""

from __future__ import annotations

from pathlib import Path

from mocks.kit.quirks import Quirks
from mocks.kit.system import Setup, System
from mocks.procurement import lookups, models, routes, suppliers
from mocks.procurement.state import Procurement

__all__ = ["build"]


def build(setup: Setup) -> System[Procurement]:
    """A procurement suite with no orders yet."""
    quirks = Quirks.load(Path(__file__).with_name("quirks.toml"))
    state = Procurement(setup.entities, all_topics=setup.all_topics)
    limit_max = quirks.whole("paging", "limit_max")
    return System(
        "procurement",
        state,
        (
            *routes.operations(state, limit_max),
            *suppliers.operations(state.suppliers, limit_max),
            *lookups.operations(state.lookups, limit_max),
        ),
        quirks,
        setup,
        error_shape=models.error_shape,
        error_type=models.Errors,
    )
