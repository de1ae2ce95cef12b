"""Imitates a workflow service for exceptions: designs open cases, people decide them, decisions come back.

The caller's `external_key` makes a repeated send harmless. Its webhooks are fat: an event carries the whole decision,
the same that a poll would bring.
"""

from __future__ import annotations

from pathlib import Path

from mocks.kit.quirks import Quirks
from mocks.kit.system import Setup, System
from mocks.service_desk import routes
from mocks.service_desk.state import ServiceDesk

__all__ = ["build"]


def build(setup: Setup) -> System[ServiceDesk]:
    """A service desk with no cases yet."""
    quirks = Quirks.load(Path(__file__).with_name("quirks.toml"))
    state = ServiceDesk(setup.entities, all_topics=setup.all_topics)
    return System("service_desk", state, routes.operations(state, quirks.whole("paging", "limit_max")), quirks, setup)
