"""A joining hospital's own cost-centre codes, and what they mean to the group's books on which day.

Departments go on writing their own codes on orders. The group says what each means, and later gives some of them another
meaning from a day on: what is booked on that day or after it belongs on the new one, whenever it was ordered.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, Final

import simpy

from contracts.scenario import Hospital, Scenario
from sim.world.calendar import local_ms
from sim.world.catalogue import cost_centres
from sim.world.hands import Systems

LOOKUP: Final = "cost-centre"
MOVED: Final = "5"
"""What a recoded cost centre begins with, in place of the leading zero."""
ANNOUNCED_DAYS: Final = 5
"""How long before it holds a new meaning is published. Assumption."""
EXPENSE: Final = "6100"
OFFICER: Final = "controller"


class Codes:
    """The codes of all hospitals that join; those that were always there use the group's own."""

    def __init__(self, scenario: Scenario) -> None:
        """Know who joins, and when codes change their meaning."""
        self._joining = {hospital.id: hospital for hospital in scenario.hospital if hospital.joins is not None}

    def written(self, hospital: str, cost_centre: str) -> str:
        """What a department writes on its order."""
        return f"{hospital}-{cost_centre}" if hospital in self._joining else cost_centre

    def booked(self, hospital: str, cost_centre: str) -> Callable[[str], str] | None:
        """Where an expense belongs that is booked on a day; None where that does not depend on the day."""
        joining = self._joining.get(hospital)
        return None if joining is None else lambda on: f"{EXPENSE}-{_meaning(joining, cost_centre, on)}"

    def publish(self, env: simpy.Environment, systems: Systems) -> None:
        """Have the meanings published in time, each as soon as it is settled."""
        for hospital in self._joining.values():
            env.process(_published(env, systems, hospital))


def _meaning(hospital: Hospital, cost_centre: str, on: str) -> str:
    recoded = hospital.recodes is not None and on >= hospital.recodes.isoformat()
    return MOVED + cost_centre[1:] if recoded else cost_centre


def _published(env: simpy.Environment, systems: Systems, hospital: Hospital) -> Generator[simpy.Event, Any, None]:
    procurement = systems.procurement
    lookups = procurement.state.lookups
    for day in (hospital.joins, hospital.recodes):
        if day is None:
            continue
        told_on = dt.datetime.combine(day - dt.timedelta(days=ANNOUNCED_DAYS), dt.time(9))
        yield env.timeout(max(0, local_ms(hospital.time_zone, told_on) - int(env.now)))
        holds_from = day.isoformat()
        for cost_centre in cost_centres():
            meaning = (hospital.id, f"{hospital.id}-{cost_centre}", _meaning(hospital, cost_centre, holds_from))
            procurement.perform(int(env.now), OFFICER, partial(lookups.publish, LOOKUP, *meaning, holds_from))
