"""The end of a period: ask the ERP whether payables have closed it, and tell its process what stands open in all orders.

Finance publishes a calendar of closes; before a close nothing is asked. Afterwards the ERP is asked again until the ledger
is locked, because a paper may have been found late, or an invoice still be on its way.
"""

from __future__ import annotations

from typing import Final

from orchestrator.canonical import OpenLine
from orchestrator.connectors import OPERATIONS
from orchestrator.connectors.base import Ok
from orchestrator.engine.caller import Caller
from orchestrator.engine.closes import Close, Closes
from orchestrator.engine.effects import Effects
from orchestrator.engine.office import Office
from orchestrator.engine.sources import DAY_MS, MINUTE_MS
from orchestrator.engine.steps import Steps
from orchestrator.store.rows import Effect
from orchestrator.workflows.period_state import FOR_USE, PayablesClosed, received_not_invoiced

SOON_MS: Final = 30 * MINUTE_MS
"""While finance is late, or an invoice is on its way."""
LATER_MS: Final = 360 * MINUTE_MS
"""Once all that is known is accrued, until the ledger is locked."""
FAR_MS: Final = 30 * DAY_MS


Found = tuple[list[OpenLine], bool]
"""In an order: its open lines, and whether these are settled."""
NOTHING: Final[Found] = ([], True)


class Standing:
    """How a hospital's orders stood when they were last read; one that has not changed since is not read again."""

    def __init__(self) -> None:
        """None has been read."""
        self.versions: dict[int, int] = {}
        self.open: dict[int, Found] = {}
        """Those alone with which there is something to do."""


class Closing:
    """One worker's share of the closes."""

    def __init__(self, office: Office, caller: Caller, steps: Steps, effects: Effects, closes: Closes) -> None:
        """Know finance's calendar, which is empty where nothing closes."""
        self._office = office
        self._caller = caller
        self._steps = steps
        self._effects = effects
        self._closes = closes.all
        self._locked: set[Close] = set()
        self._standing: dict[Close, Standing] = {}

    @property
    def first_ms(self) -> int:
        """When there is something to do for the first time; 0 for never."""
        return min((close.closes_ms for close in self._closes), default=0)

    async def work(self) -> int:
        """Look at every close that is due; when to look again."""
        due_ms = self._office.now_ms() + FAR_MS
        for close in self._closes:
            now_ms = self._office.now_ms()
            if close.closes_ms > now_ms:
                due_ms = min(due_ms, close.closes_ms)
            elif close not in self._locked:
                due_ms = min(due_ms, now_ms + await self._look(close))
        return due_ms

    async def _look(self, close: Close) -> int:
        """Ask the ERP about one period, and tell the process what stands open; how long that will do."""
        operation = OPERATIONS["cloud_erp.list_periods"]
        outcome = await self._caller.call(operation, "/periods", {"BusinessUnit": close.entity})
        status = outcome.value.get(close.period, "") if isinstance(outcome, Ok) else ""
        if status == "Permanently Closed":
            self._locked.add(close)
        if status != "Closed":
            return SOON_MS
        effects, settled = await self._office.transact(self._tell, close)
        if effects:
            self._office.spawn(self._effects.carry, effects)
        return LATER_MS if settled else SOON_MS

    def _tell(self, close: Close) -> tuple[list[Effect], bool]:
        """In one transaction: what stands open in all orders of the hospital, and what its process makes of it."""
        lines: list[OpenLine] = []
        settled = True
        for open_lines, known in self._look_through(close):
            settled = settled and known
            if known:
                lines += open_lines
        now_ms = self._office.now_ms()
        event = PayablesClosed(now_ms, close.last_day, close.next_day, close.turns_ms, tuple(lines))
        return self._steps.for_period(close.entity, close.period, event), settled

    def _look_through(self, close: Close) -> list[Found]:
        """What there is to do with the orders of the hospital, by number."""
        standing = self._standing.setdefault(close, Standing())
        versions = dict(self._steps.orders_of(close.entity))
        changed = [order for order, version in versions.items() if standing.versions.get(order) != version]
        for order in changed:
            standing.open.pop(order, None)
        for order, state in self._steps.states_of(changed, FOR_USE):
            found = received_not_invoiced(state, close.last_day)
            if found != NOTHING:
                standing.open[order] = found
        standing.versions = versions
        return [standing.open[order] for order in versions if order in standing.open]
