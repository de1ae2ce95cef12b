"""The API of materials management: HTTP in and out only."""

from __future__ import annotations

from contracts.wire import Subject
from mocks.inventory.models import ReceiptPage, ReceiptQuery, ReceiptRow, ReceiptShown
from mocks.inventory.state import Inventory
from mocks.kit.dialect import epoch_ms
from mocks.kit.operation import Incoming, Operation, Reply, Work
from mocks.kit.paging import page


class _Api:
    """The handlers over one state."""

    def __init__(self, state: Inventory, limit_max: int) -> None:
        self.state = state
        self.limit_max = limit_max

    def get_receipt(self, incoming: Incoming, work: Work) -> Reply:
        receipt = self.state.receipt(incoming.params["grn"])
        work.must_see(receipt.recorded_at, f"no receipt {receipt.grn}")
        incoming.caller.require(receipt.site)
        return Reply(200, receipt)

    def list_receipts(self, incoming: Incoming, work: Work) -> Reply:
        query: ReceiptQuery = incoming.query
        recorded = [self.state.receipts[grn] for grn in self.state.recorded.since(epoch_ms(query.since))]
        seen = work.readable(incoming.caller, recorded, lambda receipt: (receipt.site, receipt.recorded_at))
        rows = [
            ReceiptRow(receipt.grn, receipt.site, receipt.order, receipt.recorded_at)
            for receipt in page(seen, query.offset, query.limit, self.limit_max)
        ]
        more = bool(rows) and query.offset + len(rows) < len(seen)
        return Reply(200, ReceiptPage(rows, more), idle=not rows)


def operations(state: Inventory, limit_max: int) -> tuple[Operation, ...]:
    """The operations over one state."""
    api = _Api(state, limit_max)
    return (
        Operation(
            "get_receipt",
            "GET",
            "/receipts/{grn}",
            api.get_receipt,
            "Read one goods receipt",
            reply=ReceiptShown,
            scope="inventory.read",
            subject=_receipt,
            refusals=(404,),
        ),
        Operation(
            "list_receipts",
            "GET",
            "/receipts",
            api.list_receipts,
            "List receipts in the order they were recorded",
            query=ReceiptQuery,
            reply=ReceiptPage,
            scope="inventory.read",
        ),
    )


def _receipt(incoming: Incoming) -> Subject:
    return Subject("", incoming.params["grn"])
