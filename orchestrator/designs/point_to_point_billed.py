"""Point to point with one table more: what earlier bills have taken of an order counts against the next one.

The first thing that a team adds after a double payment. The rest is `point_to_point`, with all that it leaves to luck:
the check and the row stand on either side of a call, so two bills at once still see nothing of each other.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from contracts.ports import Ports
from orchestrator.designs.point_to_point import PointToPoint


async def run(ports: Ports, durable_dir: Path) -> None:
    """One worker."""
    await PointToPointBilled(ports, durable_dir).run()


class PointToPointBilled(PointToPoint):
    """The same handlers, with a memory of what was billed."""

    remembers_bills: ClassVar[bool] = True
