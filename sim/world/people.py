"""Who says yes to what departments want: managers, and above them as many levels as a scenario has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from contracts.scenario import Approvals
from sim.seed import Seed
from sim.world.hands import Hands

MANAGERS: Final = ("m.okafor", "j.lindqvist", "r.delgado", "s.whitfield")
ABOVE: Final = ("d.castellanos", "p.nakamura", "a.ferreira")
"""Director, vice president, chief financial officer."""


def approvers(share: float) -> Iterator[str]:
    """Who is asked about a purchase, one after the other until it is enough."""
    yield MANAGERS[int(share * len(MANAGERS))]
    yield from ABOVE


def set_up(hands: Hands, approvals: Approvals, seed: Seed, until_ms: int) -> None:
    """Enter the authorities of a scenario, and who stands in for whom while they are away."""
    if not approvals.levels_minor:
        return
    first, *above = approvals.levels_minor
    for manager in MANAGERS:
        hands.authority(manager, first)
    for person, limit_minor in zip(ABOVE, above, strict=False):
        hands.authority(person, limit_minor)
    for place, manager in enumerate(MANAGERS):
        if seed.draw("away", manager) < approvals.away_share:
            hands.delegation(manager, MANAGERS[(place + 1) % len(MANAGERS)], until_ms)
