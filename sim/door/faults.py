"""Faults that come and go while an estate is served: lines of a plan, on top of the run's own plan or weather."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.plan import Fault, Plan
from sim.calendar_edges import Edge
from sim.faults.kind import Armed
from sim.forecast import PLACE, Forecast, Planned, Report
from sim.seed import Slots


class Amended(Forecast):
    """A forecast, and lines that were added to it. Each line counts crossings from the moment it came."""

    def __init__(self, base: Forecast, report: Report) -> None:
        """Nothing added yet; all count together."""
        super().__init__(report)
        self._base = base
        self.armed, self.took = base.armed, base.took
        self.lines: dict[int, Fault] = {}
        self._added: dict[int, Planned] = {}
        self._numbers = 0

    def add(self, fault: Fault) -> int:
        """Add a line that was checked; its number."""
        self._numbers += 1
        planned = Planned(Plan((fault,)), self._report)
        planned.armed, planned.took = self.armed, self.took
        self.lines[self._numbers], self._added[self._numbers] = fault, planned
        return self._numbers

    def remove(self, number: int) -> bool:
        """Take a line away; False when there is none of that number."""
        self._added.pop(number, None)
        return self.lines.pop(number, None) is not None

    def at_edge(self, edge: Edge) -> Armed | None:
        """What was promised from the first."""
        return self._base.at_edge(edge)

    def at_crossing(
        self, target: str, entity: str, trigger: tuple[str, int], slots: Slots, now_ms: int
    ) -> Sequence[Armed]:
        """What lies in wait, outermost first."""
        armed = self._base.at_crossing(target, entity, trigger, slots, now_ms)
        if not self._added:
            return armed
        more = [
            one for line in self._added.values() for one in line.at_crossing(target, entity, trigger, slots, now_ms)
        ]
        return sorted([*armed, *more], key=lambda one: PLACE[one.kind.name])
