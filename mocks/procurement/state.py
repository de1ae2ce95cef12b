"""Requisitions, approvals and orders, and the rules between them.

A requisition is submitted, then approved, by as many people as its amount needs; the last approval makes the order. An
order is approved, then interfaced to the ERP, then invoiced; buyers may change it, or cancel it, each time as a new
revision. Its export flag says that somebody fetched it: a change at a screen clears the flag, one through the API does
not. Amounts are minor units here; the wire's texts are made in `routes`.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from contracts.wire import Subject
from mocks.kit.dialect import stamp
from mocks.kit.operation import Refused, Work
from mocks.kit.paging import Changes
from mocks.procurement.approvals import Approval, Authorities
from mocks.procurement.lookups import Lookups
from mocks.procurement.models import OrderTold, StatusWord
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
    currency: str = CURRENCY
    taxes: tuple[tuple[str, int], ...] = ()
    """From which day on how many millionths of the goods' amount; none where nothing is said of tax."""
    written_on: str = ""
    """The local day on which it was written, where the codes in it are the hospital's own and mean something by the day."""
    ship_to: str = ""
    """The dock to deliver to, where a hospital has several."""


class Submitted(msgspec.Struct, gc=False):
    """A requisition on its way; `order` is set once it was approved."""

    id: str
    wanted: Requisition
    order: str = ""
    approvals: tuple[Approval, ...] = ()


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
    updated_at: str = ""
    exported: bool = False
    approvals: tuple[Approval, ...] = ()


class Procurement:
    """All requisitions and orders of the estate."""

    def __init__(self, entities: tuple[str, ...], *, all_topics: bool = False) -> None:
        """Empty books for these hospitals. `all_topics`: it also tells how suppliers take its orders."""
        self._all_topics = all_topics
        self.requisitions: dict[str, Submitted] = {}
        self.orders: dict[str, Order] = {}
        self.suppliers = Suppliers(entities)
        self.lookups = Lookups(entities)
        self.authorities = Authorities()
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

    def approve(self, work: Work, requisition_id: str, approver: str, by: str = "") -> str:
        """Approve a submitted requisition; the number of the order that this makes, or empty where more must agree."""
        submitted = self.requisitions.get(requisition_id)
        if submitted is None:
            raise Refused(404, "not_found", f"no requisition {requisition_id}")
        if submitted.order:
            raise Refused(409, "not_submitted", f"{requisition_id} was approved already, as {submitted.order}")
        wanted = submitted.wanted
        by = by or approver
        self.authorities.check(approver, by, wanted.requester, work.now_ms, submitted.approvals)
        at = stamp(work.now_ms)
        submitted.approvals = (*submitted.approvals, Approval(approver, by, at))
        worth = _worth(wanted)
        if not self.authorities.suffices(approver, worth):
            return ""
        entity = wanted.entity
        self._ordered[entity] += 1
        number = f"PO-{entity}-{self._ordered[entity]:06d}"
        order = Order(number, wanted, approver, at, updated_at=at, approvals=submitted.approvals)
        submitted.order = number
        self.orders[number] = order
        self._told(work, order, "approved", worth)
        if self._all_topics:
            self._tell(work, order, "sent")
        return number

    def acknowledge(self, work: Work, number: str) -> None:
        """The supplier has seen an order. That changes nothing but what the suite tells."""
        order = self.order(number)
        if self._all_topics and order.status != "cancelled":
            self._tell(work, order, "acknowledged")

    def change(self, work: Work, number: str, quantities: tuple[int, ...]) -> int:
        """A buyer changes an order's quantities; the revision that this makes."""
        order = self._changeable(number)
        lines = order.wanted.lines
        if len(quantities) != len(lines) or min(quantities) <= 0:
            raise Refused(400, "bad_line", f"{number} has {len(lines)} lines, and each keeps a positive quantity")
        order.wanted = replace(
            order.wanted,
            lines=tuple(replace(line, quantity=quantity) for line, quantity in zip(lines, quantities, strict=True)),
        )
        return self._revised(work, order, "changed")

    def cancel(self, work: Work, number: str) -> int:
        """A buyer cancels an order; the revision that this makes. Nothing follows it."""
        order = self._changeable(number)
        order.status = "cancelled"
        return self._revised(work, order, "cancelled")

    def set_exported(self, work: Work, order: Order, *, exported: bool) -> None:
        """Raise or clear an order's export flag. That is a note of whoever fetches, and no change of the order."""
        if order.exported == exported:
            return
        order.exported = exported
        state = "exported" if exported else "to export"
        work.effect("order.flagged", order.number, entity=order.wanted.entity, order=order.number, state=state)

    def order(self, number: str) -> Order:
        """An order, or a 404."""
        order = self.orders.get(number)
        if order is None:
            raise Refused(404, "not_found", f"no purchase order {number}")
        return order

    def set_status(self, work: Work, order: Order, status: StatusWord, erp_number: str) -> None:
        """Take a status from the ERP side. What the order says already is no change; a cancelled order stays cancelled."""
        if status == "interfaced":
            if order.erp_number == erp_number and order.status in (status, "cancelled"):
                return
            if order.status != "cancelled":
                order.status = status
        else:
            if order.status == "approved":
                raise Refused(409, "not_interfaced", f"{order.number} was not interfaced to the ERP yet")
            if order.invoice_status == status and order.erp_number == erp_number:
                return
            order.invoice_status = status
        order.erp_number = erp_number
        number = order.number
        entity = order.wanted.entity
        state = order.status if status == "interfaced" else status
        work.effect("order.status", number, entity=entity, number=erp_number, order=number, state=state)

    def _changeable(self, number: str) -> Order:
        order = self.order(number)
        if order.status == "cancelled":
            raise Refused(409, "order_cancelled", f"{number} was cancelled")
        return order

    def _revised(self, work: Work, order: Order, what: str) -> int:
        order.revision += 1
        order.updated_at = stamp(work.now_ms)
        order.exported = False
        self._told(work, order, what, _worth(order.wanted))
        return order.revision

    def _told(self, work: Work, order: Order, what: str, worth_minor: int) -> None:
        """What is told of an order that was approved, changed or cancelled: an effect and a thin event."""
        wanted, number = order.wanted, order.number
        self.approvals.touch(work.now_ms, number)
        work.effect(
            "order.approved" if what == "approved" else "order.revised",
            number,
            entity=wanted.entity,
            party=wanted.supplier_id,
            number=number,
            amount_minor=worth_minor,
            currency=wanted.currency,
            order=number,
            state=order.status,
            version=order.revision,
        )
        self._tell(work, order, what)

    def _tell(self, work: Work, order: Order, what: str) -> None:
        entity, number = order.wanted.entity, order.number
        told = OrderTold(number, order.revision, entity, order.status, order.updated_at)
        work.event(f"purchase_order.{what}", Subject(entity, number), order.revision, told)


def _worth(wanted: Requisition) -> int:
    return sum([line.quantity * line.unit_price_minor for line in wanted.lines])
