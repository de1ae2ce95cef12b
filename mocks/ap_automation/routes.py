"""The API of the AP automation service: HTTP in and out only."""

from __future__ import annotations

from contracts.wire import Subject
from mocks.ap_automation.models import (
    InvoicePage,
    InvoiceQuery,
    InvoiceRow,
    InvoiceShown,
    NewStatus,
    StatusShown,
)
from mocks.ap_automation.state import ApAutomation, shown
from mocks.kit.dialect import epoch_ms
from mocks.kit.operation import Incoming, Operation, Reply, Work
from mocks.kit.paging import page


class _Api:
    """The handlers over one state."""

    def __init__(self, state: ApAutomation, limit_max: int) -> None:
        self.state = state
        self.limit_max = limit_max

    def get_invoice(self, incoming: Incoming, work: Work) -> Reply:
        invoice = self.state.invoice(incoming.params["id"])
        work.must_see(invoice.captured_at, f"no invoice {invoice.id}")
        incoming.caller.require(invoice.paper.entity)
        return Reply(200, shown(invoice))

    def list_invoices(self, incoming: Incoming, work: Work) -> Reply:
        query: InvoiceQuery = incoming.query
        captured = [self.state.invoices[name] for name in self.state.captures.since(epoch_ms(query.captured_since))]
        seen = work.readable(incoming.caller, captured, lambda invoice: (invoice.paper.entity, invoice.captured_at))
        rows = [
            InvoiceRow(invoice.id, invoice.paper.entity, invoice.captured_at, invoice.status)
            for invoice in page(seen, query.offset, query.limit, self.limit_max)
        ]
        return Reply(200, InvoicePage(rows, len(seen)), idle=not rows)

    def set_invoice_status(self, incoming: Incoming, work: Work) -> Reply:
        told: NewStatus = incoming.body
        invoice = self.state.invoice(incoming.params["id"])
        incoming.caller.require(invoice.paper.entity)
        self.state.set_status(work, invoice, told.status, told.voucher, told.reason)
        return Reply(200, StatusShown(invoice.id, invoice.status, invoice.voucher, invoice.reason))


def operations(state: ApAutomation, limit_max: int) -> tuple[Operation, ...]:
    """The operations over one state."""
    api = _Api(state, limit_max)
    return (
        Operation(
            "get_invoice",
            "GET",
            "/invoices/{id}",
            api.get_invoice,
            "Read one captured invoice",
            reply=InvoiceShown,
            scope="ap_automation.read",
            subject=_invoice,
            refusals=(404,),
        ),
        Operation(
            "list_invoices",
            "GET",
            "/invoices",
            api.list_invoices,
            "List invoices in the order they were captured",
            query=InvoiceQuery,
            reply=InvoicePage,
            scope="ap_automation.read",
        ),
        Operation(
            "set_invoice_status",
            "PUT",
            "/invoices/{id}/status",
            api.set_invoice_status,
            "Say what became of an invoice; posted is final",
            body=NewStatus,
            reply=StatusShown,
            scope="ap_automation.write",
            subject=_invoice,
            commits=True,
            refusals=(404, 409),
        ),
    )


def _invoice(incoming: Incoming) -> Subject:
    return Subject("", incoming.params["id"])
