"""The API of the procurement suite: HTTP in and out only."""

from __future__ import annotations

from functools import lru_cache

from contracts.wire import Subject
from mocks.kit.dialect import decimal, epoch_ms
from mocks.kit.operation import Incoming, Operation, Reply, Work
from mocks.kit.paging import page
from mocks.procurement.models import (
    ApprovalShown,
    LineShown,
    NewFlag,
    NewStatus,
    OrderPage,
    OrderQuery,
    OrderRow,
    OrderShown,
    StatusShown,
    SupplierShown,
    TaxShown,
)
from mocks.procurement.state import Order, Procurement


class _Api:
    """The handlers over one state."""

    def __init__(self, state: Procurement, limit_max: int) -> None:
        self.state = state
        self.limit_max = limit_max

    def get_purchase_order(self, incoming: Incoming, work: Work) -> Reply:
        order = self.state.order(incoming.params["number"])
        work.must_see(order.approved_at, f"no purchase order {order.number}")
        incoming.caller.require(order.wanted.entity)
        return Reply(200, _shown(order))

    def list_purchase_orders(self, incoming: Incoming, work: Work) -> Reply:
        query: OrderQuery = incoming.query
        changed = [self.state.orders[number] for number in self.state.approvals.since(epoch_ms(query.updated_after))]
        seen = work.readable(incoming.caller, changed, lambda order: (order.wanted.entity, order.approved_at))
        if query.exported is not None:
            seen = [order for order in seen if order.exported == query.exported]
        rows = [_row(order) for order in page(seen, query.offset, query.limit, self.limit_max)]
        after = query.offset + len(rows)
        more = bool(rows) and after < len(seen)
        return Reply(200, OrderPage(rows, len(seen), after if more else None), idle=not rows)

    def set_exported(self, incoming: Incoming, work: Work) -> Reply:
        flag: NewFlag = incoming.body
        order = self.state.order(incoming.params["number"])
        incoming.caller.require(order.wanted.entity)
        self.state.set_exported(work, order, exported=flag.exported)
        return Reply(200, _row(order))

    def set_order_status(self, incoming: Incoming, work: Work) -> Reply:
        told: NewStatus = incoming.body
        order = self.state.order(incoming.params["number"])
        incoming.caller.require(order.wanted.entity)
        self.state.set_status(work, order, told.status, told.erp_number)
        return Reply(200, StatusShown(order.number, order.status, order.erp_number, order.invoice_status))


def operations(state: Procurement, limit_max: int) -> tuple[Operation, ...]:
    """The operations over one state."""
    api = _Api(state, limit_max)
    return (
        Operation(
            "get_purchase_order",
            "GET",
            "/purchase_orders/{number}",
            api.get_purchase_order,
            "Read one purchase order",
            reply=OrderShown,
            scope="procurement.read",
            subject=_order,
            refusals=(404,),
        ),
        Operation(
            "list_purchase_orders",
            "GET",
            "/purchase_orders",
            api.list_purchase_orders,
            "List orders by newest approval; changes made through this API do not count",
            query=OrderQuery,
            reply=OrderPage,
            scope="procurement.read",
        ),
        Operation(
            "set_exported",
            "PUT",
            "/purchase_orders/{number}/exported",
            api.set_exported,
            "Raise or clear the export flag; a change at a screen clears it, one through this API does not",
            body=NewFlag,
            reply=OrderRow,
            scope="procurement.write",
            subject=_order,
            commits=True,
            refusals=(404,),
        ),
        Operation(
            "set_order_status",
            "PUT",
            "/purchase_orders/{number}/status",
            api.set_order_status,
            "Say that the ERP has the order, or its invoice",
            body=NewStatus,
            reply=StatusShown,
            scope="procurement.write",
            subject=_order,
            commits=True,
            refusals=(404, 409),
        ),
    )


def _order(incoming: Incoming) -> Subject:
    return Subject("", incoming.params["number"])


def _row(order: Order) -> OrderRow:
    return OrderRow(order.number, order.revision, order.status, order.wanted.entity, order.updated_at)


def _shown(order: Order) -> OrderShown:
    wanted = order.wanted
    lines = tuple(
        [
            LineShown(
                place,
                line.item,
                line.description,
                line.kind,
                line.quantity,
                line.unit,
                decimal(line.unit_price_minor),
                line.pack,
            )
            for place, line in enumerate(wanted.lines, 1)
        ]
    )
    return OrderShown(
        order.number,
        order.revision,
        order.status,
        wanted.entity,
        wanted.cost_centre,
        wanted.requester,
        SupplierShown(wanted.supplier_id, wanted.supplier_name),
        wanted.currency,
        lines,
        order.approved_at,
        order.updated_at,
        order.erp_number,
        order.invoice_status,
        [ApprovalShown(each.approver, each.by, each.at) for each in order.approvals]
        if len(order.approvals) > 1
        else [],
        order.exported,
        list(_taxes(wanted.taxes)),
        wanted.written_on,
        wanted.ship_to,
    )


@lru_cache(maxsize=256)
def _taxes(rates: tuple[tuple[str, int], ...]) -> tuple[TaxShown, ...]:
    """In per cent. Kept, because all orders of a unit bear the same."""
    return tuple(TaxShown(since, f"{rate_ppm // 10_000}.{rate_ppm % 10_000:04d}") for since, rate_ppm in rates)
