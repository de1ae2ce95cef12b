"""The cloud ERP's suppliers: golden records are created, changed and ended here, and hospitals get their sites.

A change names the ETag that was read just before it; a stale one is refused (412), read again and sent again, so a change
that was sent twice does no harm.
"""

from __future__ import annotations

from typing import Final

import msgspec

from orchestrator.canonical import SupplierRecord
from orchestrator.connectors.base import Lookup, Operation, Prepared, accepted
from orchestrator.connectors.cloud_erp import SETTLE_S, SYSTEM, TIMEOUT_S, read_error

STALE: Final = "ETAG-STALE"


class _New(msgspec.Struct, rename="pascal", gc=False):
    source_ref: str
    source_version: int
    business_unit: str
    supplier: str
    taxpayer_id: str
    address: str
    bank_account: str


class _Edit(msgspec.Struct, rename="pascal", gc=False, omit_defaults=True):
    source_ref: str
    source_version: int
    supplier: str = ""
    taxpayer_id: str = ""
    address: str = ""
    bank_account: str = ""
    status: str = ""


class _Site(msgspec.Struct, rename="pascal", gc=False):
    source_ref: str


class _Made(msgspec.Struct, rename="pascal", gc=False):
    supplier_number: str
    source_ref: str = ""


class _Found(msgspec.Struct):
    items: list[_Made]


class _Headers(msgspec.Struct, gc=False):
    ETag: str


class _Context(msgspec.Struct, gc=False):
    headers: _Headers


class _Shown(msgspec.Struct, gc=False):
    context: _Context = msgspec.field(name="@context")


_made = msgspec.json.Decoder(_Made)
_found = msgspec.json.Decoder(_Found)
_shown = msgspec.json.Decoder(_Shown)
_encode = msgspec.json.Encoder().encode


def source_ref(record: str) -> str:
    """How the ERP is told where a supplier comes from."""
    return f"procurement:{record}"


def create(record: SupplierRecord, tax_id: str) -> Prepared:
    """Create a golden record."""
    ref = source_ref(record.id)
    body = _New(ref, record.version, record.entity, record.name, tax_id, record.address, record.bank_account)
    return Prepared("cloud_erp.create_supplier", "/suppliers", _encode(body), ref)


def look(number: str) -> Prepared:
    """Read a golden record for its tag."""
    return Prepared("cloud_erp.get_supplier", f"/suppliers/{number}", b"", number)


def change(number: str, tag: str, record: SupplierRecord, tax_id: str) -> Prepared:
    """Write a record's newest version into its golden record, as that was read under a tag."""
    ref = source_ref(record.id)
    body = _Edit(ref, record.version, record.name, tax_id, record.address, record.bank_account)
    return Prepared("cloud_erp.update_supplier", f"/suppliers/{number}", _encode(body), tag)


def end(number: str, tag: str, record: SupplierRecord) -> Prepared:
    """Set a golden record inactive: its supplier is another's now."""
    body = _Edit(source_ref(record.id), record.version, status="INACTIVE")
    return Prepared("cloud_erp.update_supplier", f"/suppliers/{number}", _encode(body), tag)


def open_site(number: str, record: SupplierRecord) -> Prepared:
    """Give the hospital of a record a site of a golden record."""
    ref = source_ref(record.id)
    return Prepared("cloud_erp.put_site", f"/suppliers/{number}/sites/{record.entity}", _encode(_Site(ref)), ref)


def _find(body: bytes, ref: str) -> str | None:
    return next((x.supplier_number for x in _found.decode(body).items if x.source_ref in {"", ref}), None)


OPERATIONS: Final = (
    Operation(
        SYSTEM,
        "create_supplier",
        "POST",
        lambda body: _made.decode(body).supplier_number,
        read_error,
        honours_key=True,
        lookup=Lookup("/suppliers", "SourceRef", _find),
        settle_s=SETTLE_S,
        timeout_s=TIMEOUT_S,
    ),
    Operation(
        SYSTEM,
        "get_supplier",
        "GET",
        lambda body: _shown.decode(body).context.headers.ETag,
        read_error,
        repeatable=True,
        is_read=True,
    ),
    Operation(
        SYSTEM,
        "update_supplier",
        "PATCH",
        accepted("SupplierNumber"),
        read_error,
        repeatable=True,
        guarded=True,
        settle_s=SETTLE_S,
        timeout_s=TIMEOUT_S,
    ),
    Operation(SYSTEM, "put_site", "PUT", accepted("SupplierNumber"), read_error, repeatable=True, timeout_s=TIMEOUT_S),
)
