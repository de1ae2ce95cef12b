"""One step of a process: load it, let the workflow decide, store what it returns. Always inside somebody's transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from orchestrator.canonical import CodeMeaning, Invoice, PurchaseOrder, SupplierRecord, stamp
from orchestrator.connectors import ap_automation, cloud_erp, cloud_erp_journals, procurement, service_desk
from orchestrator.connectors.base import Prepared
from orchestrator.engine import masters
from orchestrator.engine.news import Document, event_of
from orchestrator.engine.replay import Wish, replay
from orchestrator.engine.retry import LEASE_MS
from orchestrator.engine.working_days import WorkingDays
from orchestrator.store.rows import SENT, Effect
from orchestrator.store.sqlite import SqliteStore, StoreError
from orchestrator.workflows import messages as m
from orchestrator.workflows import period_end
from orchestrator.workflows.likeness import keys_of, named
from orchestrator.workflows.period_state import (
    AskImport,
    FindJournal,
    HandIn,
    ImportTold,
    PayablesClosed,
    PeriodEnd,
    ReadRows,
    place_of,
)
from orchestrator.workflows.procure_to_pay import decide
from orchestrator.workflows.state import ProcureToPay
from orchestrator.workflows.supplier_messages import SupplierRead, TellNumber
from orchestrator.workflows.supplier_state import SupplierMaster

State = ProcureToPay | SupplierMaster | PeriodEnd
Known = tuple[int, State]
"""A process's version and its state then."""

_decode_order: Final = msgspec.json.Decoder(ProcureToPay).decode
_decode_tagged: Final = msgspec.json.Decoder(SupplierMaster | PeriodEnd).decode
_TAGS: Final = ('["supplier",', '["period-end",')
"""How the states of the rarer kinds of process begin, and no order's: a struct's tag comes first."""
_encode: Final = msgspec.json.Encoder().encode

PREPARE: Final[dict[type, Callable[[Any], Prepared]]] = {
    **masters.PREPARE,
    m.PostOrder: lambda command: cloud_erp.post_order(command.order),
    m.ReviseOrder: lambda command: cloud_erp.revise_order(command.order, command.erp_order),
    m.PostReceipt: lambda command: cloud_erp.post_receipt(command.receipt),
    m.PostInvoice: lambda command: cloud_erp.post_invoice(command.invoice, command.on, command.cost_centre),
    m.PostCredit: lambda command: cloud_erp.post_credit(command.memo, command.voucher, command.on),
    m.TellOrder: lambda command: procurement.tell_interfaced(command.number, command.erp_number),
    m.TellInvoice: lambda command: ap_automation.tell_status(
        command.invoice_id, command.status, command.voucher, command.reason
    ),
    HandIn: lambda command: cloud_erp_journals.hand_in(
        command.document, command.entity, command.accruals, command.reversals
    ),
    AskImport: lambda command: cloud_erp_journals.ask_import(command.job),
    ReadRows: lambda command: cloud_erp_journals.read_rows(command.job),
    FindJournal: lambda command: cloud_erp_journals.find_journal(command.ref),
}
"""Commands in the dialect of their target."""
CODED: Final = frozenset({m.PostOrder, m.PostInvoice})
"""What carries a cost centre, which is a hospital's own code where the hospital has codes of its own."""
WRITTEN: Final[dict[type, tuple[tuple[str, str], ...]]] = {
    PurchaseOrder: (("supplier_id", "supplier"), ("ship_to", "dock")),
    Invoice: (("supplier_id", "supplier"),),
}
"""Where in a document a hospital writes what kind of code, to be read by the document's day."""
QUIET: Final = frozenset({m.TellOrder, TellNumber})
"""What nothing waits for."""


_decode_bill: Final = msgspec.json.Decoder(Invoice).decode


def _decode(stored: str) -> State:
    return _decode_tagged(stored) if stored.startswith(_TAGS) else _decode_order(stored)


def _name_in_front(entity: str) -> str:
    """How a hospital's own codes begin, and nobody else's."""
    return f"{entity}-"


def process_key(entity: str, order: str) -> str:
    """The partition: everything about one order is one process."""
    return f"{entity}/{order}"


class Steps:
    """Steps of processes, on one worker's store."""

    def __init__(self, store: SqliteStore, calendar: WorkingDays, *, coded: bool = False) -> None:
        """Work on a store. The calendar says until when people are asked to answer.

        `coded`: hospitals may write codes of their own, which mean something on a day.
        """
        self._store = store
        self._calendar = calendar
        self._coded = coded
        self._masters = masters.Masters(store)

    def in_our_codes(self, document: Document, zones: dict[str, ZoneInfo]) -> Document | None:
        """A document in the group's codes; None while nobody has said what one of its hospital's own means.

        A code means what it did on the document's day, however late that is heard. It begins with its hospital's name.
        """
        if not self._coded or not isinstance(document, PurchaseOrder | Invoice):
            return document
        name = _name_in_front(document.entity)
        own = [written for written in WRITTEN[type(document)] if getattr(document, written[0]).startswith(name)]
        if not own:
            return document
        on = (
            document.written_on
            if isinstance(document, PurchaseOrder)
            else ap_automation.localised(document, zones).captured_on
        )
        meaning = self._store.meaning
        meant = {field: meaning(kind, document.entity, getattr(document, field), on) for field, kind in own}
        return msgspec.structs.replace(document, **meant) if all(meant.values()) else None

    def hear(self, document: Document, paper_id: str, zones: dict[str, ZoneInfo], now_ms: int) -> list[Effect]:
        """A step of the process that a document belongs to."""
        if isinstance(document, CodeMeaning):
            self._store.remember_meaning(now_ms, *msgspec.structs.astuple(document)[2:])
            return []
        if isinstance(document, SupplierRecord):
            new = SupplierMaster(document.entity, document.id)
            return self._begin_or_step(f"supplier/{document.id}", new, SupplierRead(now_ms, document))
        if isinstance(document, Invoice) and not document.order:
            return self._for_bill(ap_automation.localised(document, zones), paper_id, now_ms)
        order, event = event_of(document, paper_id, zones, now_ms)
        return self.for_order(document.entity, order, event)

    def for_order(self, entity: str, order: str, event: m.Event) -> list[Effect]:
        """A step of an order's process, which begins with the first thing heard of it."""
        return self._begin_or_step(process_key(entity, order), ProcureToPay(entity, order), event)

    def _for_bill(self, invoice: Invoice, paper_id: str, now_ms: int) -> list[Effect]:
        """A bill without an order is a process of its own, and is compared with the others that have none.

        A credit memo goes to that of the bill that it names, where one is filed.
        """
        entity, keys = invoice.entity, keys_of(invoice)
        if invoice.credit:
            event, key = m.InvoiceCaptured(now_ms, paper_id, invoice), self._process_of_bill(invoice)
            own = f"bill/{process_key(entity, paper_id)}"
            return self._begin_or_step(key or own, ProcureToPay(entity, ""), event)
        found = dict(self._store.bills_under(entity, keys))
        others = tuple(_decode_bill(face) for paper, face in found.items() if paper != invoice.id)
        filed = (*keys, named(invoice.supplier_id, invoice.number))
        self._store.file_bill(entity, filed, invoice.id, msgspec.json.encode(invoice).decode())
        event = m.InvoiceCaptured(now_ms, paper_id, invoice, others)
        return self._begin_or_step(f"bill/{process_key(entity, paper_id)}", ProcureToPay(entity, ""), event)

    def _process_of_bill(self, memo: Invoice) -> str:
        """The process of the first bill of the number that a credit memo names; empty where none is filed."""
        found = self._store.bills_under(memo.entity, (named(memo.supplier_id, memo.credits),))
        return f"bill/{process_key(memo.entity, min(paper for paper, _ in found))}" if found else ""

    def _seek(self, process: int, command: m.SeekBill, now_ms: int) -> list[Effect]:
        """Take a memo to the process of its bill; it stays, and waits, where none is found."""
        row = self._store.process(self._process_of_bill(command.memo))
        if row is None or row[0] == process:
            return []
        moved = self.for_process(process, m.MemoMoved(now_ms, command.paper))
        return moved + self.for_process(row[0], m.InvoiceCaptured(now_ms, command.paper, command.memo))

    def _begin_or_step(self, key: str, new: State, event: Any) -> list[Effect]:  # noqa: ANN401 - each workflow has its own
        row = self._store.process(key)
        if row is not None:
            return self._step(row[0], row[1], _decode(row[2]), event)
        state, commands = self._decide(new, event)
        process = self._store.add_process(key, _encode(state))
        return self._carry(process, 1, state, commands, event.now_ms)

    def for_period(self, entity: str, period: str, event: PayablesClosed) -> list[Effect]:
        """A step of the end of a hospital's period."""
        key = f"period-end/{process_key(entity, period)}"
        return self._begin_or_step(key, PeriodEnd(entity, period), event)

    def for_import(self, document: str, job: str, now_ms: int) -> list[Effect]:
        """A job is said to be through: a step of the period's end that handed it in, if we did."""
        entity, period, seq = place_of(document)
        row = self._store.process(f"period-end/{process_key(entity, period)}") if seq else None
        return self._step(row[0], row[1], _decode(row[2]), ImportTold(now_ms, seq, job)) if row else []

    def orders_of(self, entity: str) -> list[tuple[int, int]]:
        """Process and version of all orders of a hospital, by number."""
        return self._store.versions(process_key(entity, ""))

    def states_of(self, orders: Iterable[int], word: str) -> Iterator[tuple[int, ProcureToPay]]:
        """The states of some orders, of those alone in which a word stands."""
        return ((process, _decode_order(state)) for process, state in self._store.states(orders, word))

    def for_process(self, process: int, event: m.Event, known: Known | None = None) -> list[Effect]:
        """A step of a process that exists. What is `known` of it is used if it is still true."""
        if known is not None:
            version, state = known
            changed, commands = self._decide(state, event)
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
        due_at = stamp(self._calendar.answer_by_ms(command.case.entity, now_ms))
        case = msgspec.structs.replace(command.case, due_at=due_at)
        self._store.add_case(case.external_key, process, case.category, now_ms)
        effect = self.new_effect(service_desk.open_case(case), command.key, process, case.entity, now_ms)
        effect.quiet = 1
        return self._store.add_effect(effect)

    def _decide(self, state: State, event: Any) -> tuple[State, list[Any]]:  # noqa: ANN401 - each workflow has its own
        if type(state) is SupplierMaster:
            return self._masters.decide(state, event)
        if type(state) is PeriodEnd:
            return period_end.decide(state, event)
        return decide(state, event)  # type: ignore[arg-type]

    def _step(self, process: int, version: int, state: State, event: Any) -> list[Effect]:  # noqa: ANN401 - as above
        changed, commands = self._decide(state, event)
        if changed is not state:
            if not self._store.change_process(process, version, _encode(changed)):
                message = f"process {process} changed inside a transaction"
                raise StoreError(message)
            version += 1
        return self._carry(process, version, changed, commands, event.now_ms) if commands else []

    def _with_codes(self, command: Any, state: Any, now_ms: int) -> Any:  # noqa: ANN401 - either of two
        """An order, or an invoice, with the cost centre that its code means: on the day of its making, or of its booking."""
        order = state.order
        if order is None or not order.cost_centre.startswith(_name_in_front(state.entity)):
            return command
        on = command.on if isinstance(command, m.PostInvoice) else stamp(now_ms)[:10]
        value = self._store.meaning("cost-centre", state.entity, order.cost_centre, on)
        if not value:
            return command
        if isinstance(command, m.PostInvoice):
            return msgspec.structs.replace(command, cost_centre=value)
        return msgspec.structs.replace(command, order=msgspec.structs.replace(command.order, cost_centre=value))

    def _carry(self, process: int, version: int, state: State, commands: list[Any], now_ms: int) -> list[Effect]:
        effects: list[Effect] = []
        known = (version, state)
        for command in commands:
            prepare = PREPARE.get(type(command))
            if prepare is not None:
                if self._coded and type(command) in CODED:
                    command = self._with_codes(command, state, now_ms)  # noqa: PLW2901 - the same, in the ERP's codes
                effect = self.new_effect(prepare(command), command.key, process, state.entity, now_ms)
                effect.known = known
                if type(command) in QUIET or (type(command) is m.TellInvoice and command.last):
                    effect.quiet = 1
                effects.append(self._store.add_effect(effect))
            elif isinstance(command, m.OpenCase):
                effects.append(self.open_case(process, command, now_ms))
            elif isinstance(command, m.SeekBill):
                effects += self._seek(process, command, now_ms)
            else:
                self._note(process, command, now_ms)
        return effects

    def _note(self, process: int, command: Any, now_ms: int) -> None:  # noqa: ANN401 - any that asks nothing of anybody
        """What the store alone is asked for."""
        if isinstance(command, m.ForgetBill):
            self._store.drop_bill(command.invoice.entity, keys_of(command.invoice), command.invoice.id)
        elif isinstance(command, m.StartTimer):
            self._store.start_timer(process, command.name, command.due_ms)
        elif isinstance(command, m.StopTimer):
            self._store.stop_timer(process, command.name)
        elif isinstance(command, m.Revive):
            replay(self._store, Wish(command.effect_key, "service_desk", command.case), now_ms)
