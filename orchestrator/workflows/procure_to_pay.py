"""Procure-to-pay: from an approved order to a posted invoice, for one purchase order.

`decide` first notes what the event says, then `progress` looks at the whole state and starts whatever may start now. The
second half does not care which event came last, so documents may arrive in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec import UNSET
from msgspec.structs import replace

from orchestrator.workflows import messages as m
from orchestrator.workflows.asking import (
    FINISHED,
    PATIENCE_MS,
    Commands,
    again,
    ask,
    ask_about_order,
    ask_about_receipt,
    case,
    parts,
    put,
    tell,
    told,
    with_invoice,
    with_receipt,
)
from orchestrator.workflows.crediting import UNMATCHED
from orchestrator.workflows.matching import Ask, Wait, copy_of, invoice_in_packs, is_packed, receipt_in_packs
from orchestrator.workflows.progress import judge, progress
from orchestrator.workflows.reading import MISREAD, corrected
from orchestrator.workflows.state import InvoiceEntry, ProcureToPay, ReceiptEntry

BOOKINGS: Final = frozenset({"post", "credit"})
"""The steps of a bill, and of a credit memo, that bring it into the books."""


def decide(state: ProcureToPay, event: m.Event) -> tuple[ProcureToPay, Commands]:
    """The next state and what to do now. The same state object comes back when nothing changed."""
    commands: Commands = []
    changed = _HANDLERS[type(event)](state, event, commands)
    if changed is not state:
        changed = progress(changed, event.now_ms, commands)
    return changed, commands


# -- what an event says -------------------------------------------------------------------------------------------------


def _order_approved(state: ProcureToPay, event: m.OrderApproved, _: Commands) -> ProcureToPay:
    if state.order is not None and state.order.revision >= event.order.revision:
        return state
    order = event.order
    if not is_packed(order):
        return replace(state, order=order)
    receipts = {
        paper: replace(entry, receipt=receipt_in_packs(entry.receipt, order)) for paper, entry in state.receipts.items()
    }
    invoices = {
        paper: replace(entry, invoice=invoice_in_packs(entry.invoice, order)) for paper, entry in state.invoices.items()
    }
    return replace(state, order=order, receipts=receipts, invoices=invoices, packed=True)


def _receipt_recorded(state: ProcureToPay, event: m.ReceiptRecorded, commands: Commands) -> ProcureToPay:
    if event.id in state.receipts:
        return state
    receipt = event.receipt
    if state.order is None:
        commands.append(m.StartTimer(f"receipt:{event.id}", event.now_ms + PATIENCE_MS))
    elif state.packed:
        receipt = receipt_in_packs(receipt, state.order)
    stage = "posted" if receipt.counts and not receipt.lines else "waiting"  # the ERP need not hear that all was there
    return replace(state, receipts={**state.receipts, event.id: ReceiptEntry(receipt, stage)})


def _invoice_captured(state: ProcureToPay, event: m.InvoiceCaptured, _: Commands) -> ProcureToPay:
    if event.id in state.invoices:
        return state
    invoice = event.invoice
    if state.packed and state.order is not None:
        invoice = invoice_in_packs(invoice, state.order)
    entry = InvoiceEntry(invoice, invoice.captured_on)
    repeated = copy_of(invoice, event.others) if event.others else None
    if repeated is not None:
        entry = replace(entry, twin=(repeated.id, repeated.number))
    return replace(state, invoices={**state.invoices, event.id: entry})


def _memo_moved(state: ProcureToPay, event: m.MemoMoved, _: Commands) -> ProcureToPay:
    return with_invoice(state, event.id, stage="moved", open_case="", timed=False)


def _done(state: ProcureToPay, event: m.EffectDone, commands: Commands) -> ProcureToPay:
    what, paper, step = parts(state, event.key)
    if what == "po":
        return _order_done(state, event, commands) if step == "post" else state
    if what == "gr":
        return with_receipt(state, paper, stage="posted")
    if what == "inv" and step in BOOKINGS:
        entry = state.invoices[paper]
        stale = step == "post" and event.key != again(f"inv:ap_automation:{paper}:post", entry.attempt)
        if stale or entry.stage == "rejected":
            return state  # people took it out of the books before we heard that it was in
        original = state.invoices.get(entry.original)
        if original is not None and not original.invoice.order:
            commands.append(m.ForgetBill(original.invoice))
        posted = replace(entry, stage="posted", voucher=event.remote_id)
        return put(state, paper, tell(posted, paper, "posted", "", commands))
    if what == "inv":
        return told(state, paper, commands)
    return state


def _order_done(state: ProcureToPay, event: m.EffectDone, commands: Commands) -> ProcureToPay:
    """The ERP has the order, or its new revision; the source hears of the first."""
    if state.order_stage == "posted":
        return state
    if not state.erp_order:
        key = f"po:{state.entity}:{state.number}:status:interfaced"
        commands.append(m.TellOrder(key, state.number, event.remote_id))
    return replace(state, order_stage="posted", erp_order=state.erp_order or event.remote_id)


def _rejected(state: ProcureToPay, event: m.EffectRejected, commands: Commands) -> ProcureToPay:
    what, paper, step = parts(state, event.key)
    evidence = {"code": event.code, "detail": event.detail[:200]}
    if what == "po" and step == "post":
        order = state.order
        value = sum(line.quantity * line.unit_price_minor for line in order.lines) if order else 0
        state = replace(state, order_stage="refused")
        return ask_about_order(state, Ask("rejected-by-target", value, (), evidence), commands)
    if what == "gr":
        state = with_receipt(state, paper, stage="refused")
        return ask_about_receipt(state, paper, Ask("rejected-by-target", 0, (), evidence), commands)
    if what == "inv" and step in BOOKINGS:
        category = "period-closed" if event.code == "AP-PERIOD-CLOSED" else "rejected-by-target"
        evidence["accounting_date"] = state.invoices[paper].on
        finding = Ask(category, state.invoices[paper].invoice.total_minor, (), evidence)
        return ask(state, paper, finding, commands)
    if what not in {"po", "inv"}:
        return state
    if not event.key.endswith(":held"):  # a status that ends something must arrive; people see to it
        subject = _subject(state, what, paper)
        finding = Ask("rejected-by-target", 0, (), evidence)
        commands.append(case(state, f"{subject}/status", (subject,), finding))
    return told(state, paper, commands) if what == "inv" else state


def _dead(state: ProcureToPay, event: m.EffectDead, commands: Commands) -> ProcureToPay:
    what, paper, _ = parts(state, event.key)
    amount = state.invoices[paper].invoice.total_minor if what == "inv" else 0
    finding = Ask("undeliverable", amount, (), {"effect": event.key, "detail": event.detail[:200]})
    commands.append(case(state, event.key, (_subject(state, what, paper),), finding))
    return state


def _subject(state: ProcureToPay, what: str, paper: str) -> str:
    """A paper as its source names it."""
    if what == "gr":
        return f"inventory:{state.receipts[paper].receipt.id}"
    return f"ap_automation:{state.invoices[paper].invoice.id}" if what == "inv" else f"procurement:{state.number}"


def _case_decided(state: ProcureToPay, event: m.CaseDecided, commands: Commands) -> ProcureToPay:
    decision = event.decision
    category, _, about = decision.external_key.partition("/")
    if category == "undeliverable":
        if decision.decision != "reject":
            commands.append(m.Revive(about, decision.case))
        return state
    system, _, rest = about.partition(":")
    paper = rest.partition("/")[0]
    if system == "ap_automation" and paper in state.invoices:
        settled = _invoice_reconsidered if decision.revision else _invoice_decided
        return settled(state, paper, category, event, commands)
    goes_on = decision.decision not in {"reject", "wait"}
    if category == "rejected-by-target" and goes_on:
        if system == "procurement" and state.order_stage == "refused":
            stage, revision = ("posted", 0) if state.erp_order else ("", state.revision)
            return replace(state, order_stage=stage, revision=revision, order_attempt=state.order_attempt + 1)
        if system == "inventory" and state.receipts[paper].stage == "refused":
            return with_receipt(state, paper, stage="waiting", attempt=state.receipts[paper].attempt + 1)
    if category == "unknown-order" and decision.decision == "wait":
        commands.append(m.StartTimer(f"receipt:{paper}", event.now_ms + PATIENCE_MS))
    return state


def _invoice_decided(
    state: ProcureToPay, paper: str, category: str, event: m.CaseDecided, commands: Commands
) -> ProcureToPay:
    """What people want done with an invoice; an answer that comes too late changes nothing."""
    entry, answer = state.invoices[paper], event.decision
    if entry.open_case != category or entry.stage in {"posting", *FINISHED}:
        return state
    if answer.decision in {"reject", "merge"}:
        if entry.timed:
            commands.append(m.StopTimer(f"invoice:{paper}"))
        if not entry.invoice.order:
            commands.append(m.ForgetBill(entry.invoice))
        rejected = replace(entry, stage="rejected", open_case="", timed=False)
        return put(state, paper, tell(rejected, paper, "rejected", answer.note or category, commands))
    right = corrected(entry.invoice, answer.value) if answer.decision == "correct" else None
    if right is not None:
        if category == UNMATCHED and not right.order:
            commands.append(m.SeekBill(paper, right))
        return with_invoice(state, paper, stage="waiting", open_case="", invoice=right)
    unclear = answer.decision == "correct" and category in {MISREAD, UNMATCHED}
    if answer.decision == "wait" or unclear or category == "unknown-order":
        commands.append(m.StartTimer(f"invoice:{paper}", event.now_ms + PATIENCE_MS))
        open_case = category if entry.stage == "asking" else ""
        return with_invoice(state, paper, open_case=open_case, timed=True)
    if category in {"period-closed", "rejected-by-target"}:
        on = answer.value if answer.decision in {"re-date", "correct"} and answer.value else entry.on
        return with_invoice(state, paper, stage="waiting", open_case="", on=on, attempt=entry.attempt + 1)
    return with_invoice(state, paper, stage="waiting", open_case="", waived=(*entry.waived, category))


def _invoice_reconsidered(
    state: ProcureToPay, paper: str, category: str, event: m.CaseDecided, commands: Commands
) -> ProcureToPay:
    """People had erred, and say otherwise now.

    What they let through they take out of the books and out of the capture themselves; here it must only stop counting, or be
    booked anew on another date. What they had refused goes on. If the first answer has not been heard, this one is the first.
    """
    entry, answer = state.invoices[paper], event.decision
    refused = answer.decision in {"reject", "merge"}
    if entry.stage in {"posting", "posted"} and refused:
        if not entry.invoice.order:
            commands.append(m.ForgetBill(entry.invoice))
        return with_invoice(state, paper, stage="rejected", told="rejected")
    if entry.stage == "rejected" and not refused:
        return with_invoice(state, paper, stage="waiting", open_case="", waived=(*entry.waived, category))
    if entry.stage in {"posting", "posted"} and answer.decision == "re-date" and answer.value != entry.on:
        anew = {"attempt": entry.attempt + 1, "reopened": entry.reopened + 1, "voucher": ""}
        return with_invoice(state, paper, stage="waiting", open_case="", on=answer.value, **anew)
    first = replace(event, decision=replace(answer, revision=UNSET))
    return _invoice_decided(state, paper, category, first, commands)


def _timer_due(state: ProcureToPay, event: m.TimerDue, commands: Commands) -> ProcureToPay:
    kind, _, paper = event.name.partition(":")
    if kind == "receipt":
        if state.order is not None or paper not in state.receipts:
            return state
        return ask_about_receipt(state, paper, Ask("unknown-order", 0, (), {}), commands)
    if paper not in state.invoices:
        return state
    if kind == "heard":
        return with_invoice(state, paper, heard=True)
    return _waited_long(state, paper, event, commands)


def _waited_long(state: ProcureToPay, paper: str, event: m.TimerDue, commands: Commands) -> ProcureToPay:
    """A bill or a memo has waited as long as anybody has patience."""
    entry = state.invoices[paper]
    if not entry.timed:
        return state
    if entry.stage == "asking":  # people wanted to wait, and have waited
        return with_invoice(state, paper, stage="waiting", open_case="", timed=False)
    finding = judge(state, entry, paper)
    reason = finding.reason if isinstance(finding, Wait) else "posting"
    category = OVERDUE.get(reason)
    if category is None:  # everything is there but still on its way into the ERP
        commands.append(m.StartTimer(event.name, event.now_ms + PATIENCE_MS))
        return state
    state = with_invoice(state, paper, timed=False)
    return ask(state, paper, Ask(category, entry.invoice.total_minor, (), {}), commands, waits=True)


OVERDUE: Final = {
    "order": "unknown-order",
    "receipt": "invoice-without-receipt",
    "decision": "quantity-variance",
    "credit": "duplicate-invoice",
    "invoice": UNMATCHED,
}
"""What people are asked about a bill or a memo that has waited too long, by what it waits for."""

_HANDLERS: Final[dict[type, Callable[[ProcureToPay, Any, Commands], ProcureToPay]]] = {
    m.OrderApproved: _order_approved,
    m.ReceiptRecorded: _receipt_recorded,
    m.InvoiceCaptured: _invoice_captured,
    m.MemoMoved: _memo_moved,
    m.EffectDone: _done,
    m.EffectRejected: _rejected,
    m.EffectDead: _dead,
    m.CaseDecided: _case_decided,
    m.TimerDue: _timer_due,
}
