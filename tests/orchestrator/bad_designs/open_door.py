"""Known bad: a delivery is taken for what it says, whoever sent it.

The address is secret and the network is trusted, so nobody checks signatures. Then somebody bills for what nobody ordered.
"""

from __future__ import annotations

from pathlib import Path

from contracts.ports import Delivery, Ports
from orchestrator.engine.assembly import Orchestrator
from orchestrator.engine.intake import Intake
from orchestrator.engine.news import TOPICS, News


class Trusting(Intake):
    """Reads, and checks nothing."""

    def open(self, delivery: Delivery) -> News | None:
        """What a delivery brings; what cannot be read is refused."""
        try:
            return TOPICS[delivery.source, delivery.headers["topic"]](delivery.body)
        except (KeyError, ValueError):
            delivery.refuse(422)
            return None


class OpenDoor(Orchestrator):
    """The reference with that intake."""

    intake_type = Trusting


async def run(ports: Ports, durable_dir: Path) -> None:
    """One worker of it."""
    await OpenDoor(ports, durable_dir).live()
