"""What crosses the wire of the AP automation service."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from mocks.kit.dialect import EPOCH, Limit, Moment, Offset, Text, stamp
from mocks.kit.operation import Refused

StatusWord = Literal["posted", "held", "rejected"]


class SupplierShown(msgspec.Struct, frozen=True, gc=False):
    """Who bills."""

    id: str
    name: str


class LineShown(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One line as captured; price and amount are decimal text. `unit` is there where the paper says one."""

    line: int
    item: str
    quantity: int
    unit_price: str
    amount: str
    unit: str = ""


class ChargeShown(msgspec.Struct, frozen=True, gc=False):
    """What is billed beside the goods: `freight` or `tax`, as decimal text."""

    kind: str
    amount: str


class ConfidenceShown(msgspec.Struct, frozen=True, gc=False):
    """How sure the capture is of what it read, in per cent: of the number, of the lines, of the total."""

    number: int
    lines: int
    total: int


class InvoiceShown(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A captured invoice in full: what a read shows, and what the event `invoice.captured` brings.

    What came as data, and was not read from paper, says nothing of `confidence`.

    A `credit_memo` is one too: its quantities and amounts are negative, and `credits` is the number of the bill that it
    gives back, as it stands on the paper.
    """

    id: str
    organisation: str
    channel: str
    supplier: SupplierShown
    number: str
    invoice_date: str
    purchase_order: str
    currency: str
    lines: tuple[LineShown, ...]
    total: str
    status: str
    voucher: str
    captured_at: str
    charges: list[ChargeShown] = []
    cost_centre: str = ""
    confidence: ConfidenceShown | msgspec.UnsetType = msgspec.UNSET
    type: str = "invoice"
    credits: str = ""


class InvoiceRow(msgspec.Struct, frozen=True, gc=False):
    """An invoice as it stands in a list."""

    id: str
    organisation: str
    captured_at: str
    status: str


class InvoicePage(msgspec.Struct, frozen=True, gc=False):
    """One page of invoices."""

    invoices: list[InvoiceRow]
    total: int


class InvoiceQuery(msgspec.Struct, frozen=True, gc=False):
    """Which invoices to list."""

    captured_since: Moment = EPOCH
    offset: Offset = 0
    limit: Limit = 100


class NewStatus(msgspec.Struct, frozen=True, gc=False):
    """What became of an invoice; `posted` needs the ERP's voucher."""

    status: StatusWord
    voucher: Annotated[str, Meta(max_length=80)] = ""
    reason: Text = ""


class StatusShown(msgspec.Struct, frozen=True, gc=False):
    """The invoice's status after it was set."""

    id: str
    status: str
    voucher: str
    reason: str


class StatusTold(msgspec.Struct, frozen=True, gc=False):
    """The body of the event `invoice.status_changed`, which also comes to whoever changed it."""

    id: str
    organisation: str
    status: str
    voucher: str
    occurred_at: str


class ApError(msgspec.Struct, frozen=True):
    """One error; the family answers with an array of them."""

    timestamp: str
    code: str
    severity: str
    category: str
    message: str


_CATEGORIES: Final = {401: "authentication", 403: "authentication", 429: "limit"}


def error_shape(refusal: Refused, now_ms: int) -> list[ApError]:
    """A refusal in the family's shape."""
    category = _CATEGORIES.get(refusal.status, "application")
    return [ApError(stamp(now_ms), refusal.code, "error", category, refusal.message)]
