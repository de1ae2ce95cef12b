"""The reference: a durable workflow for each order, an inbox before every acknowledgement, a lookup before every resend."""

from __future__ import annotations

from pathlib import Path

from contracts.ports import Ports
from orchestrator.engine.assembly import Orchestrator


async def run(ports: Ports, durable_dir: Path) -> None:
    """One worker of the reference design."""
    await Orchestrator(ports, durable_dir).live()
