"""A joining hospital's own codes, and what they mean to the group on which day: cost centres, suppliers, and docks.

Departments go on writing their own codes on orders, and bills are captured under them. The group says what each means, and
later gives them other meanings from a day on. A cost centre keeps its code, and what is booked on that day or after it
belongs on the new one, whenever it was ordered. Supplier numbers are used again, each for the next supplier, and docks move,
each to the next site: a paper written before the day and one written after it may bear one code and speak of two things. On
the eve nobody approves anything: what is asked for then is ordered on the day, in the codes in which it was written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Generator, Iterator
from typing import Any, Final

import msgspec
import simpy

from contracts.scenario import Hospital, Scenario
from sim.world.calendar import local_date, local_ms
from sim.world.catalogue import Catalogue, cost_centres

COST_CENTRE: Final = "cost-centre"
SUPPLIER: Final = "supplier"
MOVED: Final = "5"
"""What a recoded cost centre begins with, in place of the leading zero."""
DOCK: Final = "dock"
SITES: Final = ("710", "720", "730")
"""Where the stock of a joining hospital lies; each has one of its docks. Assumption."""
FIRST_NUMBER: Final = 7001
"""The first of a joining hospital's supplier numbers."""
ANNOUNCED_DAYS: Final = 5
"""How long before it holds a new meaning is published. Assumption."""
EXPENSE: Final = "6100"
INVENTORY: Final = "1400"


class Meaning(msgspec.Struct, frozen=True, gc=False):
    """What a hospital's code of one kind means from a local day on."""

    kind: str
    entity: str
    code: str
    value: str
    valid_from: str


class Codes:
    """The codes of all hospitals that join; those that were always there use the group's own."""

    def __init__(self, scenario: Scenario, catalogue: Catalogue) -> None:
        """Know who joins, whom they buy from, and when codes change their meaning."""
        self._joining = {hospital.id: hospital for hospital in scenario.hospital if hospital.joins is not None}
        self._suppliers = {entity: catalogue.known_to(hospital) for entity, hospital in self._joining.items()}

    def cost_centre(self, hospital: str, cost_centre: str) -> str:
        """What a department writes on its order."""
        return f"{hospital}-{cost_centre}" if hospital in self._joining else cost_centre

    def supplier(self, hospital: str, supplier: str, at_ms: int) -> str:
        """Under which number a supplier stands on a hospital's paper that is written now."""
        if supplier not in self._suppliers.get(hospital, ()):
            return supplier
        return self._code(SUPPLIER, hospital, supplier, at_ms)

    def dock(self, hospital: str, cost_centre: str, at_ms: int) -> str:
        """The dock to which a department has things sent that it orders now; empty where a hospital has but one."""
        return self._code(DOCK, hospital, _site(cost_centre), at_ms) if hospital in self._joining else ""

    def stocked(self, hospital: str, cost_centre: str) -> str:
        """Where in the books lies what a department has ordered for stock; empty where that is not told apart."""
        return f"{INVENTORY}-{_site(cost_centre)}" if hospital in self._joining else ""

    def written_on(self, hospital: str, at_ms: int) -> str:
        """The local day by which a paper's codes are to be read; empty where a hospital has none of its own."""
        joining = self._joining.get(hospital)
        return local_date(joining.time_zone, at_ms) if joining else ""

    def booked(self, hospital: str, cost_centre: str) -> Callable[[str], str] | None:
        """Where an expense belongs that is booked on a day; None where that does not depend on the day."""
        joining = self._joining.get(hospital)
        return None if joining is None else lambda on: f"{EXPENSE}-{_moved(joining, cost_centre, on)}"

    def at_rest(self, hospital: str, at_ms: int) -> bool:
        """Whether it is the eve of a change of codes, on which nobody approves anything."""
        joining = self._joining.get(hospital)
        if joining is None or joining.recodes is None:
            return False
        return self.written_on(hospital, at_ms) == (joining.recodes - dt.timedelta(days=1)).isoformat()

    def publish(self, env: simpy.Environment, say: Callable[[Meaning], None]) -> None:
        """Have the meanings published in time, each as soon as it is settled."""
        for hospital in self._joining.values():
            env.process(self._published(env, say, hospital))

    def _published(
        self, env: simpy.Environment, say: Callable[[Meaning], None], hospital: Hospital
    ) -> Generator[simpy.Event, Any, None]:
        for day in (hospital.joins, hospital.recodes):
            if day is None:
                continue
            told_on = dt.datetime.combine(day - dt.timedelta(days=ANNOUNCED_DAYS), dt.time(9))
            yield env.timeout(max(0, local_ms(hospital.time_zone, told_on) - int(env.now)))
            for meaning in self._meanings(hospital, day.isoformat()):
                say(meaning)

    def _meanings(self, hospital: Hospital, on: str) -> Iterator[Meaning]:
        for cost_centre in cost_centres():
            code = self.cost_centre(hospital.id, cost_centre)
            yield Meaning(COST_CENTRE, hospital.id, code, _moved(hospital, cost_centre, on), on)
        for kind in (SUPPLIER, DOCK):
            for code, value in self._used(kind, hospital, on):
                yield Meaning(kind, hospital.id, code, value, on)

    def _code(self, kind: str, hospital: str, wanted: str, at_ms: int) -> str:
        used = self._used(kind, self._joining[hospital], self.written_on(hospital, at_ms))
        return next(code for code, value in used if value == wanted)

    def _used(self, kind: str, hospital: Hospital, on: str) -> Iterator[tuple[str, str]]:
        """A hospital's codes that are used again, and what each means on a day: once they are recoded, the next."""
        values = self._suppliers[hospital.id] if kind == SUPPLIER else SITES
        moved = int(_recoded(hospital, on))
        for place in range(len(values)):
            number = FIRST_NUMBER + place if kind == SUPPLIER else f"D{place + 1}"
            yield f"{hospital.id}-{number}", values[(place + moved) % len(values)]


def _recoded(hospital: Hospital, on: str) -> bool:
    return hospital.recodes is not None and on >= hospital.recodes.isoformat()


def _moved(hospital: Hospital, cost_centre: str, on: str) -> str:
    return MOVED + cost_centre[1:] if _recoded(hospital, on) else cost_centre


def _site(cost_centre: str) -> str:
    """Where a department is."""
    return SITES[cost_centres().index(cost_centre) % len(SITES)]
