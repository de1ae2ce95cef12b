"""Procure-to-pay: from an approved order to a posted invoice, for one purchase order.

`decide` first notes what the event says, then `_progress` looks at the whole state and starts whatever may start now. The
second half does not care which event came last, so documents may arrive in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from msgspec.structs import replace

from contracts.cases import Category, NewCase
from orchestrator.canonical import Invoice, stamp
from orchestrator.workflows import messages as m
from orchestrator.workflows.matching import (
    CLEAR,
    Ask,
    Clear,
    Finding,
    Wait,
    beyond_tolerance,
    exceeds,
    looks_like,
    quantities,
    variance,
)
from orchestrator.workflows.state import InvoiceEntry, ProcureToPay, ReceiptEntry

DAY_MS: Final = 86_400_000
PATIENCE_MS: Final = 10 * DAY_MS
"""How long a paper waits for its order or its receipt before people are asked."""
ANSWER_WITHIN_MS: Final = 2 * DAY_MS
WITHOUT_COVER: Final = frozenset({"duplicate-invoice", "quantity-variance", "invoice-without-receipt"})
"""Objections which, once overruled, let an invoice be posted without a receipt to cover it."""
FINISHED: Final = frozenset({"posted", "rejected"})

Commands = list[m.Command]


def decide(state: ProcureToPay, event: m.Event) -> tuple[ProcureToPay, Commands]:
    """The next state and what to do now. The same state object comes back when nothing changed."""
    commands: Commands = []
    changed = _HANDLERS[type(event)](state, event, commands)
    if changed is not state:
        changed = _progress(changed, event.now_ms, commands)
    return changed, commands


# -- what an event says -------------------------------------------------------------------------------------------------


def _order_approved(state: ProcureToPay, event: m.OrderApproved, _: Commands) -> ProcureToPay:
    if state.order is not None and (state.order_stage or state.order.revision >= event.order.revision):
        return state
    return replace(state, order=event.order)


def _receipt_recorded(state: ProcureToPay, event: m.ReceiptRecorded, commands: Commands) -> ProcureToPay:
    if event.id in state.receipts:
        return state
    if state.order is None:
        commands.append(m.StartTimer(f"receipt:{event.id}", event.now_ms + PATIENCE_MS))
    return replace(state, receipts={**state.receipts, event.id: ReceiptEntry(event.receipt)})


def _invoice_captured(state: ProcureToPay, event: m.InvoiceCaptured, _: Commands) -> ProcureToPay:
    if event.id in state.invoices:
        return state
    return replace(state, invoices={**state.invoices, event.id: InvoiceEntry(event.invoice, event.invoice.captured_on)})


def _done(state: ProcureToPay, event: m.EffectDone, commands: Commands) -> ProcureToPay:
    what, paper, step = _parts(event.key)
    if what == "po":
        if step != "post" or state.order_stage == "posted":
            return state
        commands.append(m.TellOrder(f"po:{state.entity}:{paper}:status:interfaced", state.number, event.remote_id))
        return replace(state, order_stage="posted", erp_order=event.remote_id)
    if what == "gr":
        return _with_receipt(state, paper, stage="posted")
    if what == "inv" and step == "post":
        return _tell(_with_invoice(state, paper, stage="posted", voucher=event.remote_id), paper, "posted", "", commands)
    if what == "inv":
        return _told(state, paper, commands)
    return state


def _told(state: ProcureToPay, paper: str, commands: Commands) -> ProcureToPay:
    """A status has arrived; send the next one, if another was due meanwhile."""
    entry = state.invoices[paper]
    state = _with_invoice(state, paper, telling=False, tell="", tell_reason="")
    return _tell(state, paper, entry.tell, entry.tell_reason, commands) if entry.tell else state


def _rejected(state: ProcureToPay, event: m.EffectRejected, commands: Commands) -> ProcureToPay:
    what, paper, step = _parts(event.key)
    evidence = {"code": event.code, "detail": event.detail[:200]}
    if what == "po" and step == "post":
        state = replace(state, order_stage="refused")
        return _ask_about_order(state, "rejected-by-target", evidence, event.now_ms, commands)
    if what == "gr":
        state = _with_receipt(state, paper, stage="refused")
        return _ask_about_receipt(state, paper, "rejected-by-target", evidence, event.now_ms, commands)
    if what == "inv" and step == "post":
        category = "period-closed" if event.code == "AP-PERIOD-CLOSED" else "rejected-by-target"
        evidence["accounting_date"] = state.invoices[paper].on
        finding = Ask(category, state.invoices[paper].invoice.total_minor, (), evidence)
        return _ask(state, paper, finding, event.now_ms, commands)
    if what == "inv":
        return _told(state, paper, commands)
    return state


def _dead(state: ProcureToPay, event: m.EffectDead, commands: Commands) -> ProcureToPay:
    what, paper, _ = _parts(event.key)
    ref, amount = f"procurement:{state.number}", 0
    if what == "gr":
        ref = f"inventory:{state.receipts[paper].receipt.id}"
    elif what == "inv":
        invoice = state.invoices[paper].invoice
        ref, amount = f"ap_automation:{invoice.id}", invoice.total_minor
    evidence = {"effect": event.key, "detail": event.detail[:200]}
    commands.append(_case(state.entity, "undeliverable", event.key, (ref,), amount, evidence, event.now_ms))
    return state


def _case_decided(state: ProcureToPay, event: m.CaseDecided, commands: Commands) -> ProcureToPay:
    decision = event.decision
    category, _, about = decision.external_key.partition("/")
    if category == "undeliverable":
        if decision.decision != "reject":
            commands.append(m.Revive(about))
        return state
    system, _, rest = about.partition(":")
    paper = rest.partition("/")[0]
    if system == "ap_automation" and paper in state.invoices:
        return _invoice_decided(state, paper, category, event, commands)
    again = decision.decision not in {"reject", "wait"}
    if category == "rejected-by-target" and again:
        if system == "procurement" and state.order_stage == "refused":
            return replace(state, order_stage="", order_attempt=state.order_attempt + 1)
        if system == "inventory" and state.receipts[paper].stage == "refused":
            return _with_receipt(state, paper, stage="waiting", attempt=state.receipts[paper].attempt + 1)
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
        state = _with_invoice(state, paper, stage="rejected", open_case="", timed=False)
        return _tell(state, paper, "rejected", answer.note or category, commands)
    if answer.decision == "wait" or category == "unknown-order":
        commands.append(m.StartTimer(f"invoice:{paper}", event.now_ms + PATIENCE_MS))
        return _with_invoice(state, paper, stage="waiting", open_case="", timed=True)
    if category in {"period-closed", "rejected-by-target"}:
        on = answer.value if answer.decision == "re-date" and answer.value else entry.on
        return _with_invoice(state, paper, stage="waiting", open_case="", on=on, attempt=entry.attempt + 1)
    return _with_invoice(state, paper, stage="waiting", open_case="", waived=(*entry.waived, category))


def _timer_due(state: ProcureToPay, event: m.TimerDue, commands: Commands) -> ProcureToPay:
    kind, _, paper = event.name.partition(":")
    if kind == "receipt":
        if state.order is not None or paper not in state.receipts:
            return state
        return _ask_about_receipt(state, paper, "unknown-order", {}, event.now_ms, commands)
    entry = state.invoices.get(paper)
    if entry is None or entry.stage != "waiting" or not entry.timed:
        return state
    finding = _judge(state, entry, paper)
    reason = finding.reason if isinstance(finding, Wait) else "posting"
    category = {"order": "unknown-order", "receipt": "invoice-without-receipt", "decision": "quantity-variance"}.get(reason)
    if category is None:  # everything is there but still on its way into the ERP
        commands.append(m.StartTimer(event.name, event.now_ms + PATIENCE_MS))
        return state
    state = _with_invoice(state, paper, timed=False)
    return _ask(state, paper, Ask(category, entry.invoice.total_minor, (), {}), event.now_ms, commands, waits=True)


_HANDLERS: Final[dict[type, Callable[[ProcureToPay, Any, Commands], ProcureToPay]]] = {
    m.OrderApproved: _order_approved,
    m.ReceiptRecorded: _receipt_recorded,
    m.InvoiceCaptured: _invoice_captured,
    m.EffectDone: _done,
    m.EffectRejected: _rejected,
    m.EffectDead: _dead,
    m.CaseDecided: _case_decided,
    m.TimerDue: _timer_due,
}


# -- what may start now -------------------------------------------------------------------------------------------------


def _progress(state: ProcureToPay, now_ms: int, commands: Commands) -> ProcureToPay:
    """Start everything that nothing stands in the way of: the order, then receipts, then the invoices they cover."""
    if state.order is not None and state.order_stage == "":
        key = f"po:{state.entity}:{state.number}:{state.order.revision}"
        commands.append(m.PostOrder(_again(key, state.order_attempt), state.order))
        state = replace(state, order_stage="posting")
    if state.order_stage == "posted":
        for paper, received in state.receipts.items():
            if received.stage == "waiting":
                key = _again(f"gr:{state.entity}:{paper}", received.attempt)
                commands.append(m.PostReceipt(key, received.receipt))
                state = _with_receipt(state, paper, stage="posting")
    waiting = [(entry.invoice.captured_ms, paper) for paper, entry in state.invoices.items() if entry.stage == "waiting"]
    for _, paper in sorted(waiting):
        state = _consider(state, paper, now_ms, commands)
    return state


def _consider(state: ProcureToPay, paper: str, now_ms: int, commands: Commands) -> ProcureToPay:
    """Post an invoice, keep it waiting, or ask people."""
    entry = state.invoices[paper]
    finding = _judge(state, entry, paper)
    if isinstance(finding, Ask):
        return _ask(state, paper, finding, now_ms, commands)
    if isinstance(finding, Clear):
        if entry.timed:
            commands.append(m.StopTimer(f"invoice:{paper}"))
        key = _again(f"inv:ap_automation:{paper}:post", entry.attempt)
        commands.append(m.PostInvoice(key, entry.invoice, entry.on))
        return _with_invoice(state, paper, stage="posting", timed=False, open_case="")
    if not entry.timed and not entry.open_case:
        commands.append(m.StartTimer(f"invoice:{paper}", now_ms + PATIENCE_MS))
        state = _with_invoice(state, paper, timed=True)
    if finding.reason == "receipt" and entry.told != "held":
        state = _tell(state, paper, "held", "waiting for the receipt", commands)
    return state


def _judge(state: ProcureToPay, entry: InvoiceEntry, paper: str) -> Finding:
    """What the papers say about one invoice, given every other that bills the same order."""
    order, invoice = state.order, entry.invoice
    if order is None:
        return Wait("order")
    wanted = quantities(invoice.lines)
    waived = entry.waived
    before = (invoice.captured_ms, paper)
    billed: dict[int, int] = {}
    cleared: dict[int, int] = {}
    earlier: list[InvoiceEntry] = []
    for other_id, other in state.invoices.items():
        if other_id == paper or not _counts(other, other_id, before):
            continue
        earlier.append(other)
        for line in other.invoice.lines:
            billed[line.line] = billed.get(line.line, 0) + line.quantity
            if other.stage in {"posting", "posted"}:
                cleared[line.line] = cleared.get(line.line, 0) + line.quantity
    if not WITHOUT_COVER.intersection(waived):
        ordered = {line.line: line.quantity for line in order.lines}
        if exceeds(wanted, billed, ordered):
            return _overbilled(invoice, earlier)
    if "price-variance" not in waived:
        off, value = variance(order, invoice)
        if beyond_tolerance(off, value):
            evidence = {"ordered_minor": str(value), "billed_minor": str(invoice.total_minor)}
            return Ask("price-variance", off, (), evidence)
    return _covered(state, wanted, cleared, waived)


def _counts(other: InvoiceEntry, other_id: str, before: tuple[int, str]) -> bool:
    """Whether another invoice takes up quantity of the order ahead of this one."""
    if other.stage in {"posting", "posted"}:
        return True
    if other.stage == "asking":
        return other.open_case not in {"duplicate-invoice", "quantity-variance"}
    return other.stage == "waiting" and (other.invoice.captured_ms, other_id) < before


def _overbilled(invoice: Invoice, earlier: list[InvoiceEntry]) -> Finding:
    """More is billed than was ordered: a copy, a rebill that overtook a decision, or plainly too much."""
    for other in earlier:
        if looks_like(invoice, other.invoice):
            evidence = {"number": invoice.number, "looks_like": other.invoice.number}
            return Ask("duplicate-invoice", invoice.total_minor, (f"ap_automation:{other.invoice.id}",), evidence)
    if any(other.stage == "asking" for other in earlier):
        return Wait("decision")
    return Ask("quantity-variance", invoice.total_minor, (), {"number": invoice.number})


def _covered(
    state: ProcureToPay, wanted: dict[int, int], cleared: dict[int, int], waived: tuple[str, ...]
) -> Finding:
    """Whether what is billed has arrived, and stands in the ERP already."""
    if state.order_stage != "posted":
        return Wait("posting")
    if WITHOUT_COVER.intersection(waived):
        return CLEAR
    arrived: dict[int, int] = {}
    booked: dict[int, int] = {}
    for received in state.receipts.values():
        for line in received.receipt.lines:
            if received.stage != "refused":
                arrived[line.line] = arrived.get(line.line, 0) + line.quantity
            if received.stage == "posted":
                booked[line.line] = booked.get(line.line, 0) + line.quantity
    if not exceeds(wanted, cleared, booked):
        return CLEAR
    return Wait("receipt" if exceeds(wanted, cleared, arrived) else "posting")


# -- how things are asked and told ---------------------------------------------------------------------------------------


def _ask(
    state: ProcureToPay, paper: str, finding: Ask, now_ms: int, commands: Commands, *, waits: bool = False
) -> ProcureToPay:
    """Open a case about an invoice. One that `waits` goes on by itself when what it waits for arrives."""
    entry = state.invoices[paper]
    if entry.timed:
        commands.append(m.StopTimer(f"invoice:{paper}"))
    ref = f"ap_automation:{entry.invoice.id}"
    about = _asked_again(f"ap_automation:{paper}", entry.asked)
    evidence = {"order": state.number, **finding.evidence}
    commands.append(
        _case(state.entity, finding.category, about, (ref, *finding.others), finding.amount_minor, evidence, now_ms)
    )
    stage = "waiting" if waits else "asking"
    return _with_invoice(state, paper, stage=stage, open_case=finding.category, asked=entry.asked + 1, timed=False)


def _ask_about_order(
    state: ProcureToPay, category: str, evidence: dict[str, str], now_ms: int, commands: Commands
) -> ProcureToPay:
    ref = f"procurement:{state.number}"
    about = _asked_again(ref, state.order_attempt)
    value = sum(line.quantity * line.unit_price_minor for line in state.order.lines) if state.order else 0
    commands.append(_case(state.entity, category, about, (ref,), value, evidence, now_ms))
    return state


def _ask_about_receipt(
    state: ProcureToPay, paper: str, category: str, evidence: dict[str, str], now_ms: int, commands: Commands
) -> ProcureToPay:
    ref = f"inventory:{state.receipts[paper].receipt.id}"
    about = _asked_again(f"inventory:{paper}", state.receipts[paper].attempt)
    commands.append(_case(state.entity, category, about, (ref,), 0, {"order": state.number, **evidence}, now_ms))
    return state


def _case(  # noqa: PLR0913, PLR0917 - a case has that many parts
    entity: str,
    category: str,
    about: str,
    subjects: tuple[str, ...],
    amount_minor: int,
    evidence: dict[str, str],
    now_ms: int,
) -> m.OpenCase:
    key = f"{category}/{about}"
    known = cast("Category", category)  # the reducer names categories of the contract only
    due_at = stamp(now_ms + ANSWER_WITHIN_MS)
    return m.OpenCase(f"case:{key}", NewCase(key, known, entity, subjects, amount_minor, "USD", evidence, due_at))


def _tell(state: ProcureToPay, paper: str, status: str, reason: str, commands: Commands) -> ProcureToPay:
    """Send a status, or keep it until the one on its way has arrived, so that statuses never overtake each other."""
    entry = state.invoices[paper]
    if entry.telling:
        return _with_invoice(state, paper, tell=status, tell_reason=reason)
    key = f"inv:ap_automation:{paper}:status:{status}"
    last = status in FINISHED
    commands.append(m.TellInvoice(key, entry.invoice.id, status, entry.voucher, reason, last))
    return _with_invoice(state, paper, told=status, telling=not last)


def _again(key: str, attempt: int) -> str:
    """The key of a step that people let go again: a new revision, because its bytes may differ."""
    return f"{key}:again{attempt}" if attempt else key


def _asked_again(about: str, times: int) -> str:
    """What a case is about, when people are asked about the same paper another time."""
    return f"{about}/again{times}" if times else about


def _parts(key: str) -> tuple[str, str, str]:
    """Kind, paper and step of an effect key that this workflow made."""
    parts = key.split(":")
    if parts[0] == "po":
        return "po", parts[2], "status" if parts[3] == "status" else "post"
    if parts[0] == "gr":
        return "gr", parts[2], "post"
    return parts[0], parts[2] if len(parts) > 2 else "", parts[3] if len(parts) > 3 else ""  # noqa: PLR2004


def _with_receipt(state: ProcureToPay, paper: str, **changes: Any) -> ProcureToPay:  # noqa: ANN401 - struct fields
    entry = replace(state.receipts[paper], **changes)
    return replace(state, receipts={**state.receipts, paper: entry})


def _with_invoice(state: ProcureToPay, paper: str, **changes: Any) -> ProcureToPay:  # noqa: ANN401 - struct fields
    entry = replace(state.invoices[paper], **changes)
    return replace(state, invoices={**state.invoices, paper: entry})
