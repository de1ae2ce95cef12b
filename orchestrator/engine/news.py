"""What comes in, as the engine handles it: a thin `Notice` that must be read first, a fat `Paper`, an `Answer`, a `Hint`.

Which topic of which system is what, stands in one table; anything else is acknowledged and left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from contracts.cases import CaseDecision
from orchestrator.canonical import CodeMeaning, GoodsReceipt, Invoice, PurchaseOrder, SupplierRecord
from orchestrator.connectors import (
    ap_automation,
    cloud_erp_journals,
    inventory,
    procurement,
    procurement_lookups,
    procurement_suppliers,
    service_desk,
)
from orchestrator.workflows import messages as m

OrderPaper = PurchaseOrder | GoodsReceipt | Invoice
"""What belongs to an order."""
Document = OrderPaper | SupplierRecord | CodeMeaning


class Notice(msgspec.Struct, frozen=True, gc=False):
    """Something is there to be read. (`source`, `id`, `version`) is its event key."""

    source: str
    id: str
    version: int
    entity: str
    operation: str
    path: str


class Paper(msgspec.Struct, frozen=True, gc=False):
    """A whole document."""

    source: str
    id: str
    version: int
    entity: str
    document: Document


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What people decided about a case."""

    source: str
    id: str
    version: int
    entity: str
    decision: CaseDecision


class Hint(msgspec.Struct, frozen=True, gc=False):
    """A job that we handed in under `document` is said to be through; the job itself knows."""

    source: str
    id: str
    version: int
    document: str


News = Notice | Paper | Answer | Hint


def order_notice(raw: procurement.Notice) -> Notice:
    """An order was approved or revised."""
    path = procurement.order_path(raw.number)
    operation = "procurement.get_purchase_order"
    return Notice("procurement", raw.number, raw.revision, raw.business_unit, operation, path)


def supplier_notice(raw: procurement_suppliers.Notice) -> Notice:
    """A supplier was proposed or edited. An id of its own kind, so that it cannot be taken for an order's."""
    path = procurement_suppliers.supplier_path(raw.id)
    return Notice("procurement", raw.id, raw.version, raw.business_unit, "procurement.get_supplier", path)


def meaning(told: CodeMeaning) -> Paper:
    """What a code means was published."""
    return Paper("procurement", told.id, told.version, told.entity, told)


def receipt_notice(raw: inventory.Notice) -> Notice:
    """A receipt was recorded."""
    return Notice("inventory", raw.grn, 1, raw.site, "inventory.get_receipt", inventory.receipt_path(raw.grn))


def invoice_notice(raw: ap_automation.Notice) -> Notice:
    """An invoice was captured."""
    path = ap_automation.invoice_path(raw.id)
    return Notice("ap_automation", raw.id, 1, raw.organisation, "ap_automation.get_invoice", path)


def unread(paper: Paper) -> Notice:
    """An invoice that came whole, as one to be read."""
    path = ap_automation.invoice_path(paper.id)
    return Notice(paper.source, paper.id, paper.version, paper.entity, "ap_automation.get_invoice", path)


def answer(decision: CaseDecision) -> Answer:
    """A case was decided, or decided again."""
    return Answer("service_desk", decision.case, decision.revision or 1, decision.entity, decision)


def _receipt(body: bytes) -> Paper:
    receipt = inventory.read_receipt(body)
    return Paper("inventory", receipt.id, 1, receipt.entity, receipt)


def _invoice(body: bytes) -> Paper:
    invoice = ap_automation.read_invoice(body)
    return Paper("ap_automation", invoice.id, 1, invoice.entity, invoice)


def _import_told(body: bytes) -> Hint:
    document, job = cloud_erp_journals.read_told(body)
    return Hint("cloud_erp", job, 1, document)


TOPICS: Final[dict[tuple[str, str], Callable[[bytes], News]]] = {
    **{
        ("procurement", f"purchase_order.{what}"): lambda body: order_notice(procurement.read_notice(body))
        for what in ("approved", "changed", "cancelled")
    },
    ("procurement", "supplier.changed"): lambda body: supplier_notice(procurement_suppliers.read_notice(body)),
    ("procurement", "lookup_value.changed"): lambda body: meaning(procurement_lookups.read_value(body)),
    ("inventory", "receipt.recorded"): _receipt,
    ("ap_automation", "invoice.captured"): _invoice,
    ("service_desk", "case.decided"): lambda body: answer(service_desk.read_decision(body)),
    ("cloud_erp", "import.completed"): _import_told,
}


def event_of(document: OrderPaper, paper_id: str, zones: dict[str, ZoneInfo], now_ms: int) -> tuple[str, m.Event]:
    """The order that a document belongs to, and the event that the workflow hears."""
    if isinstance(document, PurchaseOrder):
        return document.number, m.OrderApproved(now_ms, paper_id, document)
    if isinstance(document, GoodsReceipt):
        return document.order, m.ReceiptRecorded(now_ms, paper_id, document)
    return document.order, m.InvoiceCaptured(now_ms, paper_id, ap_automation.localised(document, zones))


def zones(entities: str) -> dict[str, ZoneInfo]:
    """The time zones of the hospitals, from `H1=America/New_York,H2=…`."""
    pairs = (part.partition("=") for part in entities.split(",") if "=" in part)
    return {entity.strip(): ZoneInfo(zone.strip()) for entity, _, zone in pairs}
