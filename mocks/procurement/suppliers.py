"""Supplier records: where suppliers are proposed, edited and told what the ERP calls them. Wire types, rules, operations.

People keep the records on screens; each edit is a new version and says so in a thin event. The suite compares nothing: a
company that two buyers propose has two records. The number that the ERP gave a supplier comes back through the API and
makes no new version.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from contracts.wire import Subject
from mocks.kit.dialect import EPOCH, Ident, Limit, Moment, Offset, epoch_ms, stamp
from mocks.kit.operation import Incoming, Operation, Refused, Reply, Work
from mocks.kit.paging import Changes, page

# Rules


class SupplierForm(msgspec.Struct, frozen=True, gc=False):
    """What people enter. `parent` is the company that is paid in its stead, where one is."""

    entity: str
    name: str
    tax_id: str
    address: str
    bank_account: str
    parent: str = ""


class Record(msgspec.Struct, gc=False):
    """A supplier record, at its newest version."""

    id: str
    form: SupplierForm
    updated_at: str
    version: int = 1
    status: str = "active"
    erp_number: str = ""


class Suppliers:
    """All supplier records of the estate."""

    def __init__(self, entities: tuple[str, ...]) -> None:
        """None yet, for these hospitals."""
        self.records: dict[str, Record] = {}
        self.changes = Changes()
        self._entities = frozenset(entities)

    def propose(self, work: Work, form: SupplierForm) -> str:
        """Enter a supplier; the id of the record."""
        return self._enter(work, form).id

    def load(self, work: Work, form: SupplierForm) -> str:
        """Take over a record from before; no event tells of it."""
        record = self._enter(work, form, told=False)
        return record.id

    def edit(self, work: Work, record_id: str, form: SupplierForm) -> int:
        """Change what a record says; the version that this makes."""
        record = self.record(record_id)
        record.form = form
        record.version += 1
        self._noted(work, record)
        return record.version

    def link(self, work: Work, record: Record, erp_number: str) -> None:
        """Take the ERP's number. What the record says already is no change."""
        if record.erp_number == erp_number:
            return
        record.erp_number = erp_number
        work.effect("supplier.linked", record.id, entity=record.form.entity, number=erp_number, version=record.version)

    def record(self, record_id: str) -> Record:
        """A record, or a 404."""
        record = self.records.get(record_id)
        if record is None:
            raise Refused(404, "not_found", f"no supplier {record_id}")
        return record

    def _enter(self, work: Work, form: SupplierForm, *, told: bool = True) -> Record:
        if form.entity not in self._entities:
            raise Refused(400, "unknown_business_unit", f"no business unit {form.entity}")
        if not form.name:
            raise Refused(400, "no_name", "a supplier needs a name")
        record = Record(f"SUP-{len(self.records) + 1:06d}", form, stamp(work.now_ms))
        self.records[record.id] = record
        self._noted(work, record, told=told)
        return record

    def _noted(self, work: Work, record: Record, *, told: bool = True) -> None:
        record.updated_at = stamp(work.now_ms)
        self.changes.touch(work.now_ms, record.id)
        entity, version = record.form.entity, record.version
        work.effect("supplier.recorded", record.id, entity=entity, state=record.status, version=version)
        if told:
            changed = SupplierChanged(record.id, version, entity, record.updated_at)
            work.event("supplier.changed", Subject(entity, record.id), version, changed)


# Wire types


class SupplierShown(msgspec.Struct, frozen=True, gc=False):
    """A record in full."""

    id: str
    version: int
    status: str
    business_unit: str
    name: str
    tax_id: str
    address: str
    bank_account: str
    parent: str
    erp_number: str
    updated_at: str


class SupplierRow(msgspec.Struct, frozen=True, gc=False):
    """A record as it stands in a list."""

    id: str
    version: int
    business_unit: str
    updated_at: str


class SupplierPage(msgspec.Struct, frozen=True, gc=False):
    """One page of records."""

    suppliers: list[SupplierRow]
    total: int
    next_offset: int | None


class SupplierQuery(msgspec.Struct, frozen=True, gc=False):
    """Which records to list."""

    updated_after: Moment = EPOCH
    offset: Offset = 0
    limit: Limit = 50


class ErpNumber(msgspec.Struct, frozen=True, gc=False):
    """What the ERP calls a supplier."""

    erp_number: Ident


class SupplierChanged(msgspec.Struct, frozen=True, gc=False):
    """The body of the event `supplier.changed`: thin, so the receiver must come and read."""

    id: str
    version: int
    business_unit: str
    occurred_at: Annotated[str, Meta(max_length=40)]


# Operations


class _Api:
    """The handlers over one state."""

    def __init__(self, state: Suppliers, limit_max: int) -> None:
        self.state = state
        self.limit_max = limit_max

    def get_supplier(self, incoming: Incoming, work: Work) -> Reply:
        del work
        record = self.state.record(incoming.params["id"])
        incoming.caller.require(record.form.entity)
        return Reply(200, _shown(record))

    def list_suppliers(self, incoming: Incoming, work: Work) -> Reply:
        del work
        query: SupplierQuery = incoming.query
        sees = incoming.caller.may_act_for
        changed = [self.state.records[known] for known in self.state.changes.since(epoch_ms(query.updated_after))]
        seen = [record for record in changed if sees(record.form.entity)]
        rows = [
            SupplierRow(record.id, record.version, record.form.entity, record.updated_at)
            for record in page(seen, query.offset, query.limit, self.limit_max)
        ]
        after = query.offset + len(rows)
        more = bool(rows) and after < len(seen)
        return Reply(200, SupplierPage(rows, len(seen), after if more else None), idle=not rows)

    def set_erp_number(self, incoming: Incoming, work: Work) -> Reply:
        told: ErpNumber = incoming.body
        record = self.state.record(incoming.params["id"])
        incoming.caller.require(record.form.entity)
        self.state.link(work, record, told.erp_number)
        return Reply(200, _shown(record))


def operations(state: Suppliers, limit_max: int) -> tuple[Operation, ...]:
    """The operations over one state."""
    api = _Api(state, limit_max)
    return (
        Operation(
            "get_supplier",
            "GET",
            "/suppliers/{id}",
            api.get_supplier,
            "Read one supplier record",
            reply=SupplierShown,
            scope="procurement.read",
            subject=_named,
            refusals=(404,),
        ),
        Operation(
            "list_suppliers",
            "GET",
            "/suppliers",
            api.list_suppliers,
            "List supplier records by newest edit; a number set through this API does not count",
            query=SupplierQuery,
            reply=SupplierPage,
            scope="procurement.read",
        ),
        Operation(
            "set_erp_number",
            "PUT",
            "/suppliers/{id}/erp_number",
            api.set_erp_number,
            "Say what the ERP calls a supplier",
            body=ErpNumber,
            reply=SupplierShown,
            scope="procurement.write",
            subject=_named,
            commits=True,
            refusals=(404,),
        ),
    )


def _named(incoming: Incoming) -> Subject:
    return Subject("", incoming.params["id"])


def _shown(record: Record) -> SupplierShown:
    form = record.form
    return SupplierShown(
        record.id,
        record.version,
        record.status,
        form.entity,
        form.name,
        form.tax_id,
        form.address,
        form.bank_account,
        form.parent,
        record.erp_number,
        record.updated_at,
    )
