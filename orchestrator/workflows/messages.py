"""What a workflow is told (events) and what it asks for (commands). The moment comes with the event, never from a clock.

A command that becomes an effect carries its effect key, made of the source's own id and the step, so that whoever asks
twice asks for the same thing.
"""

from __future__ import annotations

from typing import Any

import msgspec

from contracts.cases import CaseDecision, NewCase
from orchestrator.canonical import GoodsReceipt, Invoice, PurchaseOrder


class OrderApproved(msgspec.Struct, frozen=True, gc=False):
    """An order was approved, or approved again at a higher revision. `id` names it as the inbox does."""

    now_ms: int
    id: str
    order: PurchaseOrder


class ReceiptRecorded(msgspec.Struct, frozen=True, gc=False):
    """Goods arrived."""

    now_ms: int
    id: str
    receipt: GoodsReceipt


class InvoiceCaptured(msgspec.Struct, frozen=True, gc=False):
    """An invoice came in. With one that names no order come the bills that it must be compared with."""

    now_ms: int
    id: str
    invoice: Invoice
    others: tuple[Invoice, ...] = ()


class MemoMoved(msgspec.Struct, frozen=True, gc=False):
    """A credit memo has gone to the process of the bill that it names."""

    now_ms: int
    id: str


class EffectDone(msgspec.Struct, frozen=True, gc=False):
    """A command was carried out; `remote_id` is what the target calls the result."""

    now_ms: int
    key: str
    remote_id: str


class EffectRejected(msgspec.Struct, frozen=True, gc=False):
    """A command was definitely refused."""

    now_ms: int
    key: str
    code: str
    detail: str


class EffectDead(msgspec.Struct, frozen=True, gc=False):
    """A command's attempts ran out, and nobody knows whether it was carried out."""

    now_ms: int
    key: str
    detail: str


class EffectLost(msgspec.Struct, frozen=True, gc=False):
    """A command that cannot be sent twice was perhaps carried out, and whatever was to come of it has come by now."""

    now_ms: int
    key: str


class EffectRead(msgspec.Struct, frozen=True, gc=False):
    """A command that asks was answered; `value` is what the connector made of the answer."""

    now_ms: int
    key: str
    value: Any


class CaseDecided(msgspec.Struct, frozen=True, gc=False):
    """People answered a case."""

    now_ms: int
    decision: CaseDecision


class TimerDue(msgspec.Struct, frozen=True, gc=False):
    """A timer that was started has run out."""

    now_ms: int
    name: str


Event = (
    OrderApproved
    | ReceiptRecorded
    | InvoiceCaptured
    | MemoMoved
    | EffectDone
    | EffectRejected
    | EffectDead
    | EffectLost
    | EffectRead
    | CaseDecided
    | TimerDue
)


class PostOrder(msgspec.Struct, frozen=True, gc=False):
    """Create the order in the ERP."""

    key: str
    order: PurchaseOrder


class ReviseOrder(msgspec.Struct, frozen=True, gc=False):
    """Bring the order in the ERP to a later revision."""

    key: str
    order: PurchaseOrder
    erp_order: str


class PostReceipt(msgspec.Struct, frozen=True, gc=False):
    """Record the receipt in the ERP."""

    key: str
    receipt: GoodsReceipt


class PostInvoice(msgspec.Struct, frozen=True, gc=False):
    """Post the invoice in the ERP, on a date."""

    key: str
    invoice: Invoice
    on: str
    cost_centre: str = ""


class PostCredit(msgspec.Struct, frozen=True, gc=False):
    """Post a credit memo in the ERP against one of its invoices, on a date."""

    key: str
    memo: Invoice
    voucher: str
    on: str


class TellOrder(msgspec.Struct, frozen=True, gc=False):
    """Tell procurement what the ERP calls its order."""

    key: str
    number: str
    erp_number: str


class TellInvoice(msgspec.Struct, frozen=True, gc=False):
    """Tell invoice capture what became of its invoice. After a `last` status nothing follows, so nothing waits for it."""

    key: str
    invoice_id: str
    status: str
    voucher: str
    reason: str
    last: bool


class OpenCase(msgspec.Struct, frozen=True, gc=False):
    """Hand something to people."""

    key: str
    case: NewCase


class ForgetBill(msgspec.Struct, frozen=True, gc=False):
    """A bill without an order was refused: what comes later is no copy of it."""

    invoice: Invoice


class SeekBill(msgspec.Struct, frozen=True, gc=False):
    """People have named the bill that a credit memo without an order gives back: take the memo to it."""

    paper: str
    memo: Invoice


class StartTimer(msgspec.Struct, frozen=True, gc=False):
    """Say `TimerDue` at a moment; starting it again moves it."""

    name: str
    due_ms: int


class StopTimer(msgspec.Struct, frozen=True, gc=False):
    """Forget a timer."""

    name: str


class Revive(msgspec.Struct, frozen=True, gc=False):
    """Take a dead effect up again, with its old key and its old bytes, because people said so in a case."""

    effect_key: str
    case: str = ""


Command = (
    PostOrder
    | ReviseOrder
    | PostReceipt
    | PostInvoice
    | PostCredit
    | TellOrder
    | TellInvoice
    | OpenCase
    | ForgetBill
    | SeekBill
    | StartTimer
    | StopTimer
    | Revive
)
EffectCommand = PostOrder | ReviseOrder | PostReceipt | PostInvoice | PostCredit | TellOrder | TellInvoice | OpenCase
