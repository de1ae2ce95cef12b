"""Supplier master in the engine: what the workflow asks of the cross-reference is answered in the same transaction.

The reducer stays pure: it says what it wants compared or remembered, and hears the answer as its next event.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final

from orchestrator.connectors import cloud_erp_suppliers as erp
from orchestrator.connectors import procurement_suppliers as source
from orchestrator.connectors.base import Prepared
from orchestrator.store.sqlite import SqliteStore
from orchestrator.workflows import supplier_messages as s
from orchestrator.workflows.supplier_master import decide
from orchestrator.workflows.supplier_state import SupplierMaster

PREPARE: Final[dict[type, Callable[[Any], Prepared]]] = {
    s.CreateSupplier: lambda command: erp.create(command.record, command.tax_id),
    s.LookAtSupplier: lambda command: erp.look(command.number),
    s.ChangeSupplier: lambda command: erp.change(command.number, command.tag, command.record, command.tax_id),
    s.EndSupplier: lambda command: erp.end(command.number, command.tag, command.record),
    s.OpenSite: lambda command: erp.open_site(command.number, command.record),
    s.TellNumber: lambda command: source.tell_number(command.record, command.number),
}
"""Commands in the dialect of their target."""


class Masters:
    """Steps of supplier records, on one worker's store."""

    def __init__(self, store: SqliteStore) -> None:
        """Work on a store."""
        self._store = store

    def decide(self, state: SupplierMaster, event: s.Event) -> tuple[SupplierMaster, list[s.Command]]:
        """What the workflow decides, all its questions answered."""
        commands: list[s.Command] = []
        events = deque((event,))
        while events:
            state, asked = decide(state, events.popleft())
            for command in asked:
                if isinstance(command, s.Question):
                    events.extend(self._answer(command, event.now_ms))
                else:
                    commands.append(command)
        return state, commands

    def _answer(self, question: s.Question, now_ms: int) -> tuple[s.Event, ...]:
        store = self._store
        if isinstance(question, s.AskNumber):
            return (s.NumberKnown(now_ms, store.supplier_number(question.record)),)
        keys = question.keys
        if isinstance(question, s.Remember):
            compared = (keys.name, keys.address, keys.tax_id, keys.bank_account, keys.parent)
            settled = int(question.settled)
            store.remember_supplier(question.record, question.golden, question.number, settled, compared)
            return ()
        rows = store.suppliers_alike(question.record, keys.name, keys.tax_id, keys.bank_account)
        alike = tuple(s.Alike(row[0], row[1], s.Keys(*row[2:])) for row in rows)
        return (s.Compared(now_ms, alike),)
