"""The orchestrator's own words for business papers: no dialect in here, no behaviour, money in integer minor units.

Papers are stored inside process states, so they are encoded by position (`array_like`): a third of the bytes, and time is
mostly bytes. New fields go at the end and need a default.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec


class OrderLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was ordered on one line. `kind` is `stock` or `expense`; `pack` is how many pieces a unit holds."""

    line: int
    item: str
    kind: str
    quantity: int
    unit_price_minor: int
    pack: int = 1


class TaxRate(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The sales tax on goods from a day on, in millionths of their amount."""

    valid_from: str
    rate_ppm: int


class PurchaseOrder(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An approved order, at one revision; the last may cancel it."""

    number: str
    revision: int
    entity: str
    cost_centre: str
    supplier_id: str
    supplier_name: str
    currency: str
    lines: tuple[OrderLine, ...]
    cancelled: bool = False
    priced_on: str = ""
    """The day whose rate prices it, where it is in another currency than the books."""
    taxes: tuple[TaxRate, ...] = ()
    """Oldest first; none where the order says nothing of tax."""
    written_on: str = ""
    """The local day by which its hospital's own codes are to be read."""
    ship_to: str = ""
    """The site to deliver to, where the order names one."""


class ReceiptLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What arrived on one order line; `pieces` where single pieces were counted."""

    line: int
    quantity: int
    pieces: bool = False


class GoodsReceipt(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Goods that arrived at a dock. `received_on` is the hospital's local date."""

    id: str
    entity: str
    order: str
    received_on: str
    lines: tuple[ReceiptLine, ...]
    corrects: str = ""
    """The receipt that this one takes back from: goods that went back, or were counted wrongly."""
    uncounted: bool = False
    """Whether it was entered for all that was ordered, and somebody has yet to count it."""
    counts: bool = False
    """Whether it is the count of the receipt that it corrects; without lines, nothing was missing."""


class InvoiceLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is billed on one order line; `pieces` where it says that single pieces are billed."""

    line: int
    quantity: int
    unit_price_minor: int
    amount_minor: int
    pieces: bool = False


class Charge(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is billed beside the goods: `freight` or `tax`."""

    kind: str
    amount_minor: int


class Confidence(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How sure the capture is of what it read from paper, in per cent."""

    number: int
    lines: int
    total: int


class Invoice(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An invoice as captured. `captured_on` is the hospital's local date of capture: the accounting date asked for.

    One without an order is coded to a cost centre instead. A `credit` memo gives back what it names; `credits` is the number
    of the bill that it says it is about.
    """

    id: str
    entity: str
    order: str
    channel: str
    supplier_id: str
    number: str
    invoice_date: str
    currency: str
    lines: tuple[InvoiceLine, ...]
    total_minor: int
    captured_ms: int
    captured_on: str
    charges: tuple[Charge, ...] = ()
    cost_centre: str = ""
    confidence: Confidence | None = None
    """None where it came as data."""
    credit: bool = False
    credits: str = ""


class OpenLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One line of an order, received for direct use and not invoiced in the period: how many, and what they cost."""

    order: str
    line: int
    quantity: int
    amount_minor: int
    currency: str

    @property
    def name(self) -> str:
        """`PO-7/1`."""
        return f"{self.order}/{self.line}"


class AccrualRow(msgspec.Struct, frozen=True, gc=False):
    """A row of a bulk import that accrues an open line on a date, under a reference that is never used for another."""

    ref: str
    on: str
    open: OpenLine


class ReversalRow(msgspec.Struct, frozen=True, gc=False):
    """A row of a bulk import that takes a journal back on a date."""

    ref: str
    journal: str
    on: str


class ImportedRow(msgspec.Struct, frozen=True, gc=False):
    """What the ERP says of a row: its journal, or why there is none."""

    ref: str
    journal: str
    code: str


BOOKS_CURRENCY = "USD"
"""What the books are kept in."""
PIECE = "each"
"""How units of measure call a single piece."""

_CENTS = tuple(f".{cents:02d}" for cents in range(100))


def milliseconds(moment: datetime) -> int:
    """An aware moment as milliseconds since the epoch."""
    return round(moment.timestamp() * 1000)


def stamp(at_ms: int) -> str:
    """A moment as ISO 8601 in UTC with milliseconds."""
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC).isoformat()[:19]}.{at_ms % 1000:03d}Z"


def moment(text: str) -> datetime:
    """The aware moment that an ISO 8601 text names; raises ValueError for anything else."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        message = f"{text!r} has no offset"
        raise ValueError(message)
    return parsed


def minor(text: str) -> int:
    """The minor units of a decimal text with at most two places; raises ValueError for anything else."""
    if text[-3:-2] == ".":
        return int(text[:-3] + text[-2:])
    whole, dot, cents = text.partition(".")
    if not whole or len(cents) > 2 or (dot and not cents.isdigit()):
        message = f"{text!r} is not an amount"
        raise ValueError(message)
    return int(whole + cents.ljust(2, "0"))


def decimal(amount_minor: int) -> str:
    """Minor units as a decimal text with two places."""
    if amount_minor < 0:
        return "-" + decimal(-amount_minor)
    return str(amount_minor // 100) + _CENTS[amount_minor % 100]


class SupplierRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A supplier as its source keeps it, at one version. `number` is the ERP's, once the source was told."""

    id: str
    version: int
    entity: str
    name: str
    tax_id: str
    address: str
    bank_account: str
    parent: str
    number: str


class CodeMeaning(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a hospital's code means to the ERP, from a local day on; `valid_to` is the first on which it does no more."""

    id: str
    version: int
    kind: str
    entity: str
    code: str
    value: str
    valid_from: str
    valid_to: str
