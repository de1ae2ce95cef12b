"""Imitates an AP automation service of the BILL and Basware families: it captures supplier invoices.

Invoices come by email or portal and get an id each, whatever is on them: the same bill captured twice is two invoices.
Its quirks: errors are arrays, webhooks are thin, and an invoice marked as posted is final.
"""

from __future__ import annotations

from pathlib import Path

from mocks.ap_automation import models, routes
from mocks.ap_automation.state import ApAutomation
from mocks.kit.quirks import Quirks
from mocks.kit.system import Setup, System

__all__ = ["build"]


def build(setup: Setup) -> System[ApAutomation]:
    """An AP automation service that has captured nothing yet."""
    quirks = Quirks.load(Path(__file__).with_name("quirks.toml"))
    state = ApAutomation(setup.entities, all_topics=setup.all_topics)
    return System(
        "ap_automation",
        state,
        routes.operations(state, quirks.whole("paging", "limit_max")),
        quirks,
        setup,
        error_shape=models.error_shape,
        error_type=list[models.ApError],
    )
