"""What may start now: level-triggered, so that it does not matter which document came last, or in which order they came.

The order goes before its receipts, receipts before the invoices they cover; whatever cannot start waits or is asked about.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from orchestrator.canonical import Invoice, PurchaseOrder
from orchestrator.workflows import messages as m
from orchestrator.workflows.asking import (
    DAY_MS,
    PATIENCE_MS,
    Commands,
    again,
    ask,
    put,
    tell,
    with_invoice,
    with_receipt,
)
from orchestrator.workflows.crediting import Match, awaits_credit, given_back, judge_memo, left_of
from orchestrator.workflows.matching import (
    CLEAR,
    Ask,
    Clear,
    Finding,
    Wait,
    agrees,
    beyond_tolerance,
    copy_of,
    exceeds,
    looks_like,
    quantities,
    variance,
)
from orchestrator.workflows.reading import MISREAD, contradiction, doubtful
from orchestrator.workflows.state import InvoiceEntry, ProcureToPay, ReceiptEntry
from orchestrator.workflows.taxes import overtaxed

WITHOUT_COVER: Final = frozenset({"duplicate-invoice", "quantity-variance", "invoice-without-receipt"})
"""Objections which, once overruled, let an invoice be posted without a receipt to cover it."""
HEARD_MS: Final = 270 * 60_000
"""So long after its capture we know every earlier bill, though its webhook was lost: more than any pause between two polls."""


def progress(state: ProcureToPay, now_ms: int, commands: Commands) -> ProcureToPay:
    """Start everything that nothing stands in the way of: the order, then receipts, then the invoices they cover."""
    order = state.order
    if order is not None and state.order_stage == "":
        key = f"po:{state.entity}:{state.number}:{order.revision}"
        commands.append(m.PostOrder(again(key, state.order_attempt), order))
        state = replace(state, order_stage="posting", revision=order.revision)
    elif order is not None and order.revision > state.revision and state.order_stage == "posted":
        key = f"po:{state.entity}:{state.number}:{order.revision}"
        commands.append(m.ReviseOrder(again(key, state.order_attempt), order, state.erp_order))
        state = replace(state, order_stage="revising", revision=order.revision)
    if state.order_stage == "posted":
        for paper, received in state.receipts.items():
            if received.stage == "waiting" and _may_follow(state, received):
                key = again(f"gr:{state.entity}:{paper}", received.attempt)
                commands.append(m.PostReceipt(key, received.receipt))
                state = with_receipt(state, paper, stage="posting")
    waiting = [
        (entry.invoice.captured_ms, paper) for paper, entry in state.invoices.items() if entry.stage == "waiting"
    ]
    if len(waiting) > 1:  # the earlier bill has the first claim on what arrived
        waiting.sort()
    for _, paper in waiting:
        state = _consider(state, paper, now_ms, commands)
    return state


def _may_follow(state: ProcureToPay, received: ReceiptEntry) -> bool:
    """A receipt may go at once; what takes back from another waits until that one is in the ERP."""
    corrected = received.receipt.corrects
    return not corrected or (corrected in state.receipts and state.receipts[corrected].stage == "posted")


def _consider(state: ProcureToPay, paper: str, now_ms: int, commands: Commands) -> ProcureToPay:
    """Post an invoice, keep it waiting, or ask people."""
    entry = state.invoices[paper]
    finding = judge(state, entry, paper)
    if isinstance(finding, Ask):
        return ask(state, paper, finding, commands)
    if isinstance(finding, Clear):
        if entry.timed:
            commands.append(m.StopTimer(f"invoice:{paper}"))
        if isinstance(finding, Match):
            key = again(f"inv:ap_automation:{paper}:credit", entry.attempt)
            voucher = state.invoices[finding.original].voucher
            commands.append(m.PostCredit(key, entry.invoice, voucher, entry.on))
            changes = {"stage": "posting", "timed": False, "open_case": "", "original": finding.original}
            return with_invoice(state, paper, **changes)
        key = again(f"inv:ap_automation:{paper}:post", entry.attempt)
        commands.append(m.PostInvoice(key, entry.invoice, entry.on))
        return with_invoice(state, paper, stage="posting", timed=False, open_case="")
    if finding.reason == "earlier bill":
        if entry.heard is None:
            commands.append(m.StartTimer(f"heard:{paper}", entry.invoice.captured_ms + HEARD_MS))
            state = with_invoice(state, paper, heard=False)
        return state
    if not entry.timed and not entry.open_case:
        patience_ms = DAY_MS if entry.invoice.credit else PATIENCE_MS
        commands.append(m.StartTimer(f"invoice:{paper}", now_ms + patience_ms))
        entry = replace(entry, timed=True)
    if finding.reason == "receipt" and entry.told != "held":
        entry = tell(entry, paper, "held", "waiting for the receipt", commands)
    return state if entry is state.invoices[paper] else put(state, paper, entry)


def judge(state: ProcureToPay, entry: InvoiceEntry, paper: str) -> Finding:
    """What the papers say about one invoice, given every other that bills the same order."""
    order, invoice = state.order, entry.invoice
    if invoice.credit:
        return judge_memo(state, entry, paper)
    if order is None:
        return Wait("order") if invoice.order else _without_order(entry)
    waived = entry.waived
    wanted = quantities(invoice.lines)
    earlier, billed, cleared = _claims(state, (invoice.captured_ms, paper))
    objection: Finding | None = _on_its_face(state, order, entry)
    if objection is None and not WITHOUT_COVER.intersection(waived):
        objection = _overbilled(order, invoice, earlier, wanted, billed)
        if objection is not None and awaits_credit(state):
            return Wait("credit")
    if objection is None and "price-variance" not in waived:
        objection = _mispriced(order, entry)
    if objection is None and "tax-variance" not in waived:
        objection = overtaxed(order, invoice)
    return objection or _covered(state, order, entry, wanted, cleared)


def _without_order(entry: InvoiceEntry) -> Finding:
    """A bill that was coded and approved where it was captured: nothing was ordered or received to match it with."""
    twin, number = entry.twin
    if twin and "duplicate-invoice" not in entry.waived:
        evidence = {"number": entry.invoice.number, "looks_like": number}
        return Ask("duplicate-invoice", entry.invoice.total_minor, (f"ap_automation:{twin}",), evidence)
    return _misread(entry) or CLEAR


def _on_its_face(state: ProcureToPay, order: PurchaseOrder, entry: InvoiceEntry) -> Ask | None:
    """What cannot be so whatever else was billed: a misreading, or units that do not fit."""
    misread = _misread(entry)
    if misread is not None:
        return misread
    if state.packed and "unit-variance" not in entry.waived and any(line.pieces for line in entry.invoice.lines):
        return _in_which_unit(order, entry.invoice)
    return None


def _misread(entry: InvoiceEntry) -> Ask | None:
    if entry.invoice.confidence is None or MISREAD in entry.waived:
        return None
    return contradiction(entry.invoice)


def _mispriced(order: PurchaseOrder, entry: InvoiceEntry) -> Ask | None:
    """Off the order's price beyond what is let pass; or within that, where the capture was not sure of what it read."""
    invoice = entry.invoice
    off, value = variance(order, invoice)
    if beyond_tolerance(off, value):
        evidence = {"ordered_minor": str(value), "billed_minor": str(invoice.total_minor)}
        return Ask("price-variance", off, (), evidence)
    return doubtful(invoice, off) if off and MISREAD not in entry.waived else None


def _claims(state: ProcureToPay, before: tuple[int, str]) -> tuple[list[InvoiceEntry], dict[int, int], dict[int, int]]:
    """The other invoices that come before this one, what they bill of each line, and what of that may be posted."""
    billed: dict[int, int] = {}
    cleared: dict[int, int] = {}
    earlier: list[InvoiceEntry] = []
    if len(state.invoices) == 1:
        return earlier, billed, cleared
    back = given_back(state)
    for other_id, other in state.invoices.items():
        if other.invoice.credit or other_id == before[1] or not _counts(other, other_id, before):
            continue
        taken = left_of(other.invoice, back.get(other_id, ()), posted=True)
        if not taken:  # all of it was given back
            continue
        earlier.append(other)
        for line, quantity in taken.items():
            billed[line] = billed.get(line, 0) + quantity
            if other.stage in {"posting", "posted"}:
                cleared[line] = cleared.get(line, 0) + quantity
    return earlier, billed, cleared


def _counts(other: InvoiceEntry, other_id: str, before: tuple[int, str]) -> bool:
    """Whether another invoice takes up quantity of the order ahead of this one."""
    if other.stage in {"posting", "posted"}:
        return True
    if other.stage == "asking":
        return other.open_case not in {"duplicate-invoice", "quantity-variance"}
    return other.stage == "waiting" and (other.invoice.captured_ms, other_id) < before


def _overbilled(
    order: PurchaseOrder, invoice: Invoice, earlier: list[InvoiceEntry], wanted: dict[int, int], billed: dict[int, int]
) -> Finding | None:
    """A copy, a rebill that overtook a decision, or plainly too much; nothing where a bill is new and fits the order."""
    twin = copy_of(invoice, [other.invoice for other in earlier]) if earlier else None
    if twin is None and not exceeds(wanted, billed, {line.line: line.quantity for line in order.lines}):
        return None
    twin = twin or next((other.invoice for other in earlier if looks_like(invoice, other.invoice)), None)
    if twin is not None:
        evidence = {"number": invoice.number, "looks_like": twin.number}
        return Ask("duplicate-invoice", invoice.total_minor, (f"ap_automation:{twin.id}",), evidence)
    if any(other.stage == "asking" for other in earlier):
        return Wait("decision")
    return Ask("quantity-variance", invoice.total_minor, (), {"number": invoice.number})


def _in_which_unit(order: PurchaseOrder, invoice: Invoice) -> Ask:
    """Pieces are billed at the price of packs, or the other way round: people must say which was meant."""
    packs = {line.line: line.pack for line in order.lines}
    line = next(line for line in invoice.lines if line.pieces)
    evidence = {"line": str(line.line), "billed_pieces": str(line.quantity), "pack": str(packs.get(line.line, 1))}
    return Ask("unit-variance", invoice.total_minor, (), evidence)


def _covered(
    state: ProcureToPay, order: PurchaseOrder, entry: InvoiceEntry, wanted: dict[int, int], cleared: dict[int, int]
) -> Finding:
    """Whether what is billed has arrived, and stands in the ERP already.

    What fits all that arrived, but is not what one delivery brought, may bill too much at the expense of an earlier bill
    whose webhook was lost, and what comes under another supplier's name may be its copy: it waits until that one must have
    been found.
    """
    if state.order_stage != "posted":
        return Wait("posting")
    if WITHOUT_COVER.intersection(entry.waived):
        return CLEAR
    arrived, booked, missing = _came(state)
    if not exceeds(wanted, cleared, arrived):
        if exceeds(wanted, cleared, booked):
            return Wait("posting")
        as_expected = entry.invoice.supplier_id == order.supplier_id and _is_delivered(state, wanted)
        return CLEAR if entry.heard or as_expected else Wait("earlier bill")
    short = _short(wanted, cleared, arrived, missing)
    return Ask("quantity-variance", entry.invoice.total_minor, (), short) if short else Wait("receipt")


def _came(state: ProcureToPay) -> tuple[dict[int, int], dict[int, int], set[int]]:
    """What has arrived of each line, what of that stands in the ERP, and of which lines a count found less."""
    arrived: dict[int, int] = {}
    booked: dict[int, int] = {}
    missing: set[int] = set()
    for paper, received in state.receipts.items():
        receipt = received.receipt
        if receipt.uncounted and not _is_counted(state, paper):
            continue
        if receipt.counts:
            missing.update(line.line for line in receipt.lines)
        sign = -1 if receipt.corrects else 1
        for line in receipt.lines:
            if received.stage != "refused":
                arrived[line.line] = arrived.get(line.line, 0) + sign * line.quantity
            if received.stage == "posted":
                booked[line.line] = booked.get(line.line, 0) + sign * line.quantity
    return arrived, booked, missing


def _is_delivered(state: ProcureToPay, wanted: dict[int, int]) -> bool:
    """Whether a bill is for one delivery, less what went back of it or was not there."""
    came: dict[str, dict[int, int]] = {}
    for paper, received in state.receipts.items():
        receipt = received.receipt
        delivery, sign = came.setdefault(receipt.corrects or paper, {}), -1 if receipt.corrects else 1
        for line in receipt.lines:
            delivery[line.line] = delivery.get(line.line, 0) + sign * line.quantity
    return any(agrees(wanted, delivery) for delivery in came.values())


def _is_counted(state: ProcureToPay, entered: str) -> bool:
    """Whether somebody has counted what was entered without counting. Until then it has not come, as far as bills go."""
    return any(other.receipt.counts and other.receipt.corrects == entered for other in state.receipts.values())


def _short(
    wanted: dict[int, int], cleared: dict[int, int], arrived: dict[int, int], missing: set[int]
) -> dict[str, str]:
    """More is billed than a count has found: nothing will come that could cover it, so people must decide now."""
    for line in sorted(missing):
        billed, came = wanted.get(line, 0) + cleared.get(line, 0), arrived.get(line, 0)
        if wanted.get(line, 0) and billed > came:
            return {"line": str(line), "billed": str(billed), "counted": str(came)}
    return {}
