"""Imitates a hospital's materials management: what arrived at the dock, against which order, in which quantity.

Dock staff record receipts on handhelds; the API only shows them. Its message feed is fat: an event carries the receipt.
"""

from __future__ import annotations

from pathlib import Path

from mocks.inventory import models, routes
from mocks.inventory.state import Inventory
from mocks.kit.quirks import Quirks
from mocks.kit.system import Setup, System

__all__ = ["build"]


def build(setup: Setup) -> System[Inventory]:
    """A materials management system with no receipts yet."""
    quirks = Quirks.load(Path(__file__).with_name("quirks.toml"))
    state = Inventory(setup.entities, all_topics=setup.all_topics)
    return System(
        "inventory",
        state,
        routes.operations(state, quirks.whole("paging", "limit_max")),
        quirks,
        setup,
        error_shape=models.error_shape,
        error_type=models.ErrorShown,
    )
