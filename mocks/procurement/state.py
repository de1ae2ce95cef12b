"""Requisitions, approvals and orders, and the rules between them.

A requisition is submitted, then approved once; the approval makes the order. An order is approved, then interfaced to
the ERP, then invoiced. Amounts are minor units here; the wire's texts are made in `routes`.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from contracts.wire import Subject
from mocks.kit.dialect import stamp
from mocks.kit.operation import Refused, Work
from mocks.kit.paging import Changes
from mocks.procurement.models import OrderApproved, StatusWord
from mocks.procurement.suppliers import Suppliers

CURRENCY: Final = "USD"


class RequisitionLine(msgspec.Struct, frozen=True, gc=False):
    """One thing wanted. `stock` goes to the store room, `expense` to the cost centre that asked. `pack`: pieces in a unit."""

    item: str
    description: str
    kind: Literal["stock", "expense"]
    quantity: int
    unit: str
    unit_price_minor: int
    pack: int = 1


class Requisition(msgspec.Struct, frozen=True, gc=False):
    """What somebody asks for."""

    entity: str
    cost_centre: str
    supplier_id: str
    supplier_name: str
    requester: str
    lines: tuple[RequisitionLine, ...]


class Submitted(msgspec.Struct, gc=False):
    """A requisition on its way; `order` is set once it was approved."""

    id: str
    wanted: Requisition
    order: str = ""


class Order(msgspec.Struct, gc=False):
    """A purchase order."""

    number: str
    wanted: Requisition
    approver: str
    approved_at: str
    revision: int = 1
    status: str = "approved"
    erp_number: str = ""
    invoice_status: str = "none"


class Procurement:
    """All requisitions and orders of the estate."""

    def __init__(self, entities: tuple[str, ...]) -> None:
        """Empty books for these hospitals."""
        self.requisitions: dict[str, Submitted] = {}
        self.orders: dict[str, Order] = {}
        self.suppliers = Suppliers(entities)
        self.approvals = Changes()
        self._raised = dict.fromkeys(entities, 0)
        self._ordered = dict.fromkeys(entities, 0)

    def raise_requisition(self, work: Work, wanted: Requisition) -> str:
        """Submit a requisition; the id it got."""
        del work  # nothing is committed that anybody outside may see
        if wanted.entity not in self._raised:
            raise Refused(400, "unknown_business_unit", f"no business unit {wanted.entity}")
        if not wanted.lines:
            raise Refused(400, "no_lines", "a requisition needs at least one line")
        for line in wanted.lines:
            if line.quantity <= 0 or line.unit_price_minor < 0:
                raise Refused(400, "bad_line", f"{line.item}: quantity must be positive, price not negative")
        self._raised[wanted.entity] += 1
        number = f"REQ-{wanted.entity}-{self._raised[wanted.entity]:06d}"
        self.requisitions[number] = Submitted(number, wanted)
        return number

    def approve(self, work: Work, requisition_id: str, approver: str) -> str:
        """Approve a submitted requisition; the number of the order that this makes."""
        submitted = self.requisitions.get(requisition_id)
        if submitted is None:
            raise Refused(404, "not_found", f"no requisition {requisition_id}")
        if submitted.order:
            raise Refused(409, "not_submitted", f"{requisition_id} was approved already, as {submitted.order}")
        wanted = submitted.wanted
        entity = wanted.entity
        self._ordered[entity] += 1
        number = f"PO-{entity}-{self._ordered[entity]:06d}"
        at = stamp(work.now_ms)
        order = Order(number, wanted, approver, at)
        submitted.order = number
        self.orders[number] = order
        self.approvals.touch(work.now_ms, number)
        work.effect(
            "order.approved",
            number,
            entity=entity,
            party=wanted.supplier_id,
            number=number,
            amount_minor=sum(line.quantity * line.unit_price_minor for line in wanted.lines),
            currency=CURRENCY,
            order=number,
            state=order.status,
            version=order.revision,
        )
        told = OrderApproved(number, order.revision, entity, order.status, at)
        work.event("purchase_order.approved", Subject(entity, number), order.revision, told)
        return number

    def order(self, number: str) -> Order:
        """An order, or a 404."""
        order = self.orders.get(number)
        if order is None:
            raise Refused(404, "not_found", f"no purchase order {number}")
        return order

    def set_status(self, work: Work, order: Order, status: StatusWord, erp_number: str) -> None:
        """Take a status from the ERP side. What the order says already is no change."""
        if status == "interfaced":
            if order.status == status and order.erp_number == erp_number:
                return
            order.status = status
        else:
            if order.status != "interfaced":
                raise Refused(409, "not_interfaced", f"{order.number} was not interfaced to the ERP yet")
            if order.invoice_status == status and order.erp_number == erp_number:
                return
            order.invoice_status = status
        order.erp_number = erp_number
        number = order.number
        entity = order.wanted.entity
        work.effect("order.status", number, entity=entity, number=erp_number, order=number, state=status)
