"""The API of the cloud ERP: HTTP in and out only."""

from __future__ import annotations

from contracts.wire import Subject
from mocks.cloud_erp.models import (
    InvoicePage,
    InvoiceQuery,
    InvoiceShown,
    NewInvoice,
    NewOrder,
    NewReceipt,
    NewRevision,
    OrderPage,
    OrderShown,
    PeriodPage,
    PeriodQuery,
    PeriodShown,
    ReceiptPage,
    ReceiptShown,
    SourceQuery,
)
from mocks.cloud_erp.state import CloudErp, Invoice, Order, Receipt
from mocks.kit.dialect import decimal, epoch_ms
from mocks.kit.operation import NOBODY, Incoming, Operation, Reply, Work
from mocks.kit.paging import page


class _Api:
    """The handlers over one state."""

    def __init__(self, state: CloudErp, limit_max: int) -> None:
        self.state = state
        self.limit_max = limit_max

    def create_purchase_order(self, incoming: Incoming, work: Work) -> Reply:
        new: NewOrder = incoming.body
        incoming.caller.require(new.business_unit)
        return Reply(201, _order(self.state.create_order(work, new)))

    def revise_purchase_order(self, incoming: Incoming, work: Work) -> Reply:
        order = self.state.header(incoming.params["order"])
        incoming.caller.require(order.entity)
        self.state.revise_order(work, order, incoming.body)
        return Reply(200, _order(order))

    def find_purchase_orders(self, incoming: Incoming, work: Work) -> Reply:
        query: SourceQuery = incoming.query
        sees = incoming.caller.may_act_for
        there = [order for order in self.state.orders_from(query.source_ref) if work.sees(order.created_at)]
        return Reply(200, OrderPage([_order(order) for order in there if sees(order.entity)], has_more=False))

    def create_receipt(self, incoming: Incoming, work: Work) -> Reply:
        new: NewReceipt = incoming.body
        incoming.caller.require(new.business_unit)
        return Reply(201, _receipt(self.state.create_receipt(work, new)))

    def find_receipts(self, incoming: Incoming, work: Work) -> Reply:
        query: SourceQuery = incoming.query
        sees = incoming.caller.may_act_for
        there = [receipt for receipt in self.state.receipts_from(query.source_ref) if work.sees(receipt.posted_at)]
        return Reply(200, ReceiptPage([_receipt(receipt) for receipt in there if sees(receipt.entity)], has_more=False))

    def create_invoice(self, incoming: Incoming, work: Work) -> Reply:
        new: NewInvoice = incoming.body
        incoming.caller.require(new.business_unit)
        return Reply(201, _invoice(self.state.create_invoice(work, new)))

    def find_invoices(self, incoming: Incoming, work: Work) -> Reply:
        query: InvoiceQuery = incoming.query
        state = self.state
        if query.source_ref:
            found = state.invoices_from(query.source_ref)
        else:
            found = [state.invoices[name] for name in state.posted.since(epoch_ms(query.posted_since))]
        seen = work.readable(incoming.caller, found, lambda invoice: (invoice.entity, invoice.posted_at))
        rows = [_invoice(invoice) for invoice in page(seen, query.offset, query.limit, self.limit_max)]
        more = bool(rows) and query.offset + len(rows) < len(seen)
        return Reply(200, InvoicePage(rows, more), idle=not rows and not query.source_ref)

    def cancel_invoice(self, incoming: Incoming, work: Work) -> Reply:
        invoice = self.state.invoice(incoming.params["id"])
        incoming.caller.require(invoice.entity)
        self.state.cancel_invoice(work, invoice)
        return Reply(200, _invoice(invoice))

    def list_periods(self, incoming: Incoming, work: Work) -> Reply:
        del work
        query: PeriodQuery = incoming.query
        entity = query.business_unit
        incoming.caller.require(entity)
        periods = sorted(self.state.periods.get(entity, {}).items())
        rows = [PeriodShown(entity, period, status) for period, status in periods]
        return Reply(200, PeriodPage(rows, has_more=False), idle=not rows)


def operations(state: CloudErp, limit_max: int) -> tuple[Operation, ...]:
    """The operations over one state."""
    api = _Api(state, limit_max)
    return (*_orders(api), *_receipts(api), *_invoices_and_periods(api))


def _orders(api: _Api) -> tuple[Operation, ...]:
    return (
        Operation(
            "create_purchase_order",
            "POST",
            "/purchaseOrders",
            api.create_purchase_order,
            "Create a purchase order",
            body=NewOrder,
            reply=OrderShown,
            status=201,
            scope="cloud_erp.write",
            subject=_source,
            honours_key=True,
            commits=True,
        ),
        Operation(
            "find_purchase_orders",
            "GET",
            "/purchaseOrders",
            api.find_purchase_orders,
            "Find the orders created from a source",
            query=SourceQuery,
            reply=OrderPage,
            scope="cloud_erp.read",
            subject=_sought,
        ),
        Operation(
            "revise_purchase_order",
            "PUT",
            "/purchaseOrders/{order}",
            api.revise_purchase_order,
            "Bring an order to a later revision of its source; the same one again changes nothing",
            body=NewRevision,
            reply=OrderShown,
            scope="cloud_erp.write",
            subject=_source_of_revision,
            commits=True,
            refusals=(404, 409),
        ),
    )


def _receipts(api: _Api) -> tuple[Operation, ...]:
    return (
        Operation(
            "create_receipt",
            "POST",
            "/receipts",
            api.create_receipt,
            "Create a receipt; stock lines accrue at the order's price",
            body=NewReceipt,
            reply=ReceiptShown,
            status=201,
            scope="cloud_erp.write",
            subject=_source,
            honours_key=True,
            commits=True,
        ),
        Operation(
            "find_receipts",
            "GET",
            "/receipts",
            api.find_receipts,
            "Find the receipts created from a source",
            query=SourceQuery,
            reply=ReceiptPage,
            scope="cloud_erp.read",
            subject=_sought,
        ),
    )


def _invoices_and_periods(api: _Api) -> tuple[Operation, ...]:
    return (
        Operation(
            "create_invoice",
            "POST",
            "/invoices",
            api.create_invoice,
            "Create an invoice and post it on its accounting date",
            body=NewInvoice,
            reply=InvoiceShown,
            status=201,
            scope="cloud_erp.write",
            subject=_source,
            honours_key=True,
            commits=True,
        ),
        Operation(
            "find_invoices",
            "GET",
            "/invoices",
            api.find_invoices,
            "Find the invoices of a source, or those posted since a moment",
            query=InvoiceQuery,
            reply=InvoicePage,
            scope="cloud_erp.read",
            subject=_sought_if_any,
        ),
        Operation(
            "cancel_invoice",
            "POST",
            "/invoices/{id}/cancel",
            api.cancel_invoice,
            "Cancel a posted invoice by the mirrored journal",
            reply=InvoiceShown,
            scope="cloud_erp.write",
            subject=_named,
            commits=True,
            refusals=(400, 404, 409),
        ),
        Operation(
            "list_periods",
            "GET",
            "/periods",
            api.list_periods,
            "List the periods of a business unit",
            query=PeriodQuery,
            reply=PeriodPage,
            scope="cloud_erp.read",
        ),
    )


def _source(incoming: Incoming) -> Subject:
    new: NewOrder | NewReceipt | NewInvoice = incoming.body
    return Subject(new.business_unit, new.source_ref)


def _source_of_revision(incoming: Incoming) -> Subject:
    revision: NewRevision = incoming.body
    return Subject("", revision.source_ref)


def _sought(incoming: Incoming) -> Subject:
    query: SourceQuery = incoming.query
    return Subject("", query.source_ref)


def _sought_if_any(incoming: Incoming) -> Subject:
    query: InvoiceQuery = incoming.query
    return Subject("", query.source_ref) if query.source_ref else NOBODY


def _named(incoming: Incoming) -> Subject:
    return Subject("", incoming.params["id"])


def _order(order: Order) -> OrderShown:
    return OrderShown(order.id, order.source_ref, order.number, order.entity, order.status.upper())


def _receipt(receipt: Receipt) -> ReceiptShown:
    return ReceiptShown(
        receipt.id,
        receipt.source_ref,
        receipt.number,
        receipt.entity,
        receipt.order,
        receipt.on,
        receipt.posted_at,
    )


def _invoice(invoice: Invoice) -> InvoiceShown:
    return InvoiceShown(
        invoice.id,
        invoice.id,
        invoice.source_ref,
        invoice.number,
        invoice.entity,
        decimal(invoice.amount_minor),
        invoice.on,
        invoice.status,
        invoice.posted_at,
        f"DUPLICATE-SUSPECT {invoice.suspect}" if invoice.suspect != invoice.id else "",
    )
