"""What crosses the wire of the procurement suite."""

from __future__ import annotations

from typing import Literal

import msgspec

from mocks.kit.dialect import EPOCH, Ident, Limit, Moment, Offset
from mocks.kit.operation import Refused

StatusWord = Literal["interfaced", "invoiced"]


class SupplierShown(msgspec.Struct, frozen=True, gc=False):
    """Who is to deliver."""

    id: str
    name: str


class LineShown(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One line of an order; `unit_price` is decimal text. `pack` is said where a unit holds more than one piece."""

    line: int
    item: str
    description: str
    kind: str
    quantity: int
    unit: str
    unit_price: str
    pack: int = 1


class TaxShown(msgspec.Struct, frozen=True, gc=False):
    """The sales tax on goods, in per cent as decimal text, from a day on."""

    valid_from: str
    rate: str


class ApprovalShown(msgspec.Struct, frozen=True, gc=False):
    """One yes: by whose authority, and who said it."""

    approver: str
    by: str
    at: str


class OrderShown(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An order in full. `updated_at` is the moment of the newest revision; `approvals` are told where there were several.

    `taxes` are the rates that suppliers are told, those that are announced included; 0 says that nothing is to be charged.
    `written_on` is the local day by which the codes in it are to be read, where a business unit writes codes of its own.
    `ship_to` is the dock to deliver to, where it has several.
    """

    number: str
    revision: int
    status: str
    business_unit: str
    cost_centre: str
    requester: str
    supplier: SupplierShown
    currency: str
    lines: tuple[LineShown, ...]
    approved_at: str
    updated_at: str
    erp_number: str
    invoice_status: str
    approvals: list[ApprovalShown] = []
    exported: bool = False
    taxes: list[TaxShown] = []
    written_on: str = ""
    ship_to: str = ""


class OrderRow(msgspec.Struct, frozen=True, gc=False):
    """An order as it stands in a list."""

    number: str
    revision: int
    status: str
    business_unit: str
    updated_at: str


class OrderPage(msgspec.Struct, frozen=True, gc=False):
    """One page of orders."""

    purchase_orders: list[OrderRow]
    total: int
    next_offset: int | None


class OrderQuery(msgspec.Struct, frozen=True, gc=False):
    """Which orders to list."""

    updated_after: Moment = EPOCH
    offset: Offset = 0
    limit: Limit = 50
    exported: bool | None = None


class NewFlag(msgspec.Struct, frozen=True, gc=False):
    """Whether somebody has fetched an order as it stands."""

    exported: bool


class NewStatus(msgspec.Struct, frozen=True, gc=False):
    """What the ERP side tells the suite about an order."""

    status: StatusWord
    erp_number: Ident


class StatusShown(msgspec.Struct, frozen=True, gc=False):
    """The order's status after it was set."""

    number: str
    status: str
    erp_number: str
    invoice_status: str


class OrderTold(msgspec.Struct, frozen=True, gc=False):
    """The body of every event `purchase_order.…`: thin, so one must come and read."""

    number: str
    revision: int
    business_unit: str
    status: str
    occurred_at: str


class Errors(msgspec.Struct, frozen=True):
    """The family's error shape: messages by code."""

    errors: dict[str, list[str]]


def error_shape(refusal: Refused, now_ms: int) -> Errors:
    """A refusal in the family's shape."""
    del now_ms
    return Errors({refusal.code: [refusal.message]})
