"""Known bad: another client may do more, and its secret is known.

Everything works at once, for every hospital in the estate; whose business it is, nobody asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contracts.ports import Ports
from orchestrator.engine.assembly import Orchestrator


class Borrowed:
    """The ports, with somebody else's credentials in the settings."""

    def __init__(self, ports: Ports) -> None:
        """Put them in."""
        self._ports = ports
        self.settings = {**ports.settings, "client_id": "migration", "client_secret": "never-withdrawn"}

    def __getattr__(self, name: str) -> Any:
        """All else as it is."""
        return getattr(self._ports, name)


async def run(ports: Ports, durable_dir: Path) -> None:
    """One worker of the reference, under a name that is not its own."""
    await Orchestrator(Borrowed(ports), durable_dir).live()
