"""Procurement's suppliers: records come from here, thin; what the ERP calls them goes back."""

from __future__ import annotations

from typing import Final

import msgspec

from orchestrator.canonical import SupplierRecord
from orchestrator.connectors.base import Operation, Prepared, accepted
from orchestrator.connectors.procurement import SYSTEM, list_query, read_error


class _Supplier(msgspec.Struct, gc=False):
    id: str
    version: int
    business_unit: str
    name: str
    tax_id: str = ""
    address: str = ""
    bank_account: str = ""
    parent: str = ""
    erp_number: str = ""


class Notice(msgspec.Struct, gc=False):
    """What a webhook or a list says of a supplier: enough to go and read it."""

    id: str
    version: int
    business_unit: str


class _Page(msgspec.Struct):
    suppliers: list[Notice]
    next_offset: int | None = None


class _Number(msgspec.Struct):
    erp_number: str


_supplier = msgspec.json.Decoder(_Supplier)
_notice = msgspec.json.Decoder(Notice)
_page = msgspec.json.Decoder(_Page)
_encode = msgspec.json.Encoder().encode


def read_supplier(body: bytes) -> SupplierRecord:
    """A supplier as the orchestrator speaks of it."""
    raw = _supplier.decode(body)
    return SupplierRecord(
        raw.id,
        raw.version,
        raw.business_unit,
        raw.name,
        raw.tax_id,
        raw.address,
        raw.bank_account,
        raw.parent,
        raw.erp_number,
    )


def read_notice(body: bytes) -> Notice:
    """A thin event."""
    return _notice.decode(body)


def read_page(body: bytes) -> tuple[list[Notice], bool]:
    """A page of changed suppliers, and whether more follow."""
    page = _page.decode(body)
    return page.suppliers, page.next_offset is not None


def supplier_path(record: str) -> str:
    """Where a supplier is read."""
    return f"/suppliers/{record}"


def tell_number(record: str, number: str) -> Prepared:
    """What the ERP calls a supplier."""
    body = _encode(_Number(number))
    return Prepared("procurement.set_erp_number", f"/suppliers/{record}/erp_number", body, f"{SYSTEM}:{record}")


OPERATIONS: Final = (
    Operation(SYSTEM, "get_supplier", "GET", read_supplier, read_error, repeatable=True, is_read=True),
    Operation(SYSTEM, "list_suppliers", "GET", read_page, read_error, repeatable=True, is_read=True),
    # After a merger of companies the number is another, which a late one must not overwrite: it settles first.
    Operation(SYSTEM, "set_erp_number", "PUT", accepted("id"), read_error, repeatable=True, settle_s=90.0),
)

__all__ = ["OPERATIONS", "SYSTEM", "Notice", "list_query", "read_notice", "read_page", "read_supplier", "tell_number"]
