"""The books' own work: the pay run, on the days and at the hours that it is set to."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

import simpy

from mocks.cloud_erp.payments import Payments
from mocks.cloud_erp.state import CloudErp, Invoice
from mocks.kit.operation import Refused
from mocks.kit.system import PayDay, System

PAY_RUN: Final = "pay-run"
"""Who acts when nobody does."""


class PayRuns:
    """The pay runs of an ERP."""

    def __init__(self, system: System[CloudErp], payments: Payments, days: tuple[PayDay, ...]) -> None:
        """Know the days, in order."""
        self._system = system
        self._payments = payments
        self._days = days

    def play(self, env: simpy.Environment) -> Generator[simpy.Event, Any, None]:
        """Run by run; each payment is a commit of its own."""
        for day in self._days:
            yield env.timeout(max(0, day.at_ms - int(env.now)))
            for invoice in self._payments.due(day.entity, day.on):
                self._pay(int(env.now), invoice, day)

    def _pay(self, now_ms: int, invoice: Invoice, day: PayDay) -> None:
        """Pay one invoice. What the ledger refuses, for want of a rate, waits for the next run."""
        try:
            self._system.perform(now_ms, PAY_RUN, self._payments.pay, invoice, day.on)
        except Refused:
            return
