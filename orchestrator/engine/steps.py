"""One step of a process: load it, let the workflow decide, store what it returns. Always inside somebody's transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from orchestrator.connectors import ap_automation, cloud_erp, procurement, service_desk
from orchestrator.connectors.base import Prepared
from orchestrator.engine.retry import LEASE_MS
from orchestrator.store.rows import SENT, Effect
from orchestrator.store.sqlite import SqliteStore, StoreError
from orchestrator.workflows import messages as m
from orchestrator.workflows.procure_to_pay import decide
from orchestrator.workflows.state import ProcureToPay

Known = tuple[int, ProcureToPay]
"""A process's version and its state then."""

_decode: Final = msgspec.json.Decoder(ProcureToPay).decode
_encode: Final = msgspec.json.Encoder().encode

PREPARE: Final[dict[type, Callable[[Any], Prepared]]] = {
    m.PostOrder: lambda command: cloud_erp.post_order(command.order),
    m.PostReceipt: lambda command: cloud_erp.post_receipt(command.receipt),
    m.PostInvoice: lambda command: cloud_erp.post_invoice(command.invoice, command.on),
    m.TellOrder: lambda command: procurement.tell_interfaced(command.number, command.erp_number),
    m.TellInvoice: lambda command: ap_automation.tell_status(
        command.invoice_id, command.status, command.voucher, command.reason
    ),
}
"""Commands in the dialect of their target."""


def process_key(entity: str, order: str) -> str:
    """The partition: everything about one order is one process."""
    return f"{entity}/{order}"


class Steps:
    """Steps of processes, on one worker's store."""

    def __init__(self, store: SqliteStore) -> None:
        """Work on a store."""
        self._store = store

    def for_order(self, entity: str, order: str, event: m.Event) -> list[Effect]:
        """A step of an order's process, which begins with the first thing heard of it."""
        key = process_key(entity, order)
        row = self._store.process(key)
        if row is not None:
            return self._step(row[0], row[1], _decode(row[2]), event)
        state, commands = decide(ProcureToPay(entity, order), event)
        process = self._store.add_process(key, _encode(state))
        return self._carry(process, 1, state, commands, event.now_ms)

    def for_process(self, process: int, event: m.Event, known: Known | None = None) -> list[Effect]:
        """A step of a process that exists. What is `known` of it is used if it is still true."""
        if known is not None:
            version, state = known
            changed, commands = decide(state, event)
            if changed is not state and self._store.change_process(process, version, _encode(changed)):
                return self._carry(process, version + 1, changed, commands, event.now_ms)
        _, version, stored = self._store.process_by_id(process)
        return self._step(process, version, _decode(stored), event)

    def new_effect(self, prepared: Prepared, key: str, process: int, entity: str, now_ms: int) -> Effect:
        """A new effect, in this worker's hands; not stored yet."""
        return Effect(
            0,
            key,
            process,
            prepared.operation,
            prepared.path,
            prepared.body,
            prepared.ref,
            SENT,
            1,
            now_ms + LEASE_MS,
            1,
            0,
            now_ms,
            entity,
        )

    def open_case(self, process: int, command: m.OpenCase, now_ms: int) -> Effect:
        """Store a case to be opened, and who will want the answer."""
        case = command.case
        self._store.add_case(case.external_key, process, case.category, now_ms)
        effect = self.new_effect(service_desk.open_case(case), command.key, process, case.entity, now_ms)
        effect.quiet = 1
        return self._store.add_effect(effect)

    def _step(self, process: int, version: int, state: ProcureToPay, event: m.Event) -> list[Effect]:
        changed, commands = decide(state, event)
        if changed is not state:
            if not self._store.change_process(process, version, _encode(changed)):
                message = f"process {process} changed inside a transaction"
                raise StoreError(message)
            version += 1
        return self._carry(process, version, changed, commands, event.now_ms) if commands else []

    def _carry(
        self, process: int, version: int, state: ProcureToPay, commands: list[m.Command], now_ms: int
    ) -> list[Effect]:
        effects: list[Effect] = []
        known = (version, state)
        for command in commands:
            prepare = PREPARE.get(type(command))
            if prepare is not None:
                effect = self.new_effect(prepare(command), command.key, process, state.entity, now_ms)  # type: ignore[union-attr]
                effect.known = known
                if type(command) is m.TellOrder or (type(command) is m.TellInvoice and command.last):
                    effect.quiet = 1
                effects.append(self._store.add_effect(effect))
            elif isinstance(command, m.OpenCase):
                effects.append(self.open_case(process, command, now_ms))
            elif isinstance(command, m.StartTimer):
                self._store.start_timer(process, command.name, command.due_ms)
            elif isinstance(command, m.StopTimer):
                self._store.stop_timer(process, command.name)
            elif isinstance(command, m.Revive):
                self._store.revive(command.effect_key, "service_desk", now_ms)
        return effects
