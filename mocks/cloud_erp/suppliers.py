"""Suppliers and their sites in the ERP: wire types, rules, operations.

A supplier has a number, one account to be paid to, and a site for each business unit that buys from it. Every change gives
it a new ETag; a change over the API must name the one that it read (428 without it, 412 when it is stale). Nothing here
compares suppliers: the same company created twice is two suppliers.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from contracts.wire import Subject
from mocks.kit.dialect import Ident, Reference, Text
from mocks.kit.operation import Incoming, Operation, Refused, Reply, Work, require_match

Name = Annotated[str, Meta(min_length=1, max_length=360)]
TaxId = Annotated[str, Meta(max_length=20)]
Version = Annotated[int, Meta(ge=1, le=1_000_000)]
Status = Literal["ACTIVE", "INACTIVE"]


# Wire types


class NewSupplier(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """A supplier to create, with its site for the business unit that proposes it."""

    source_ref: Reference
    source_version: Version
    business_unit: Ident
    supplier: Name
    taxpayer_id: TaxId
    address: Text
    bank_account: Annotated[str, Meta(max_length=60)]


class SupplierEdit(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """A change to a supplier: what is left out stays as it is."""

    source_ref: Reference
    source_version: Version
    supplier: Name | None = None
    taxpayer_id: TaxId | None = None
    address: Text | None = None
    bank_account: Annotated[str, Meta(max_length=60)] | None = None
    status: Status | None = None


class Headers(msgspec.Struct, frozen=True, gc=False):
    """The headers of an item, told in its body as well."""

    ETag: str


class Context(msgspec.Struct, frozen=True, gc=False):
    """What the family says about an item beside the item."""

    headers: Headers


class SupplierShown(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """A supplier. `@context` repeats the ETag."""

    supplier_number: str
    source_ref: str
    source_version: int
    supplier: str
    taxpayer_id: str
    address: str
    bank_account: str
    status: str
    on_hold: bool
    sites: tuple[str, ...]
    context: Context = msgspec.field(name="@context")


class SupplierPage(msgspec.Struct, frozen=True, gc=False, rename={"has_more": "hasMore"}):
    """Suppliers found."""

    items: list[SupplierShown]
    has_more: bool


class SupplierQuery(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """Which suppliers to find: those created from a source."""

    source_ref: Reference


class NewSite(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """Where a site comes from."""

    source_ref: Reference


# Rules


class Supplier(msgspec.Struct, gc=False):
    """A supplier; `revision` counts its changes."""

    number: str
    source_ref: str
    source_version: int
    entity: str
    name: str
    tax_id: str
    address: str
    bank_account: str
    sites: tuple[str, ...]
    status: Status = "ACTIVE"
    on_hold: bool = False
    revision: int = 1

    @property
    def etag(self) -> str:
        """The tag of this very state."""
        return f'"{self.number}.{self.revision}"'


class Suppliers:
    """All suppliers of the books."""

    def __init__(self, entities: tuple[str, ...]) -> None:
        """None yet, for these business units."""
        self.suppliers: dict[str, Supplier] = {}
        self._entities = frozenset(entities)
        self._from: dict[str, list[Supplier]] = {}
        self._vendors: dict[str, str] = {}

    def create(self, work: Work, new: NewSupplier) -> Supplier:
        """Create a supplier, also one that is there already."""
        self._business_unit(new.business_unit)
        supplier = Supplier(
            f"ESUP-{len(self.suppliers) + 1}",
            new.source_ref,
            new.source_version,
            new.business_unit,
            new.supplier,
            new.taxpayer_id,
            new.address,
            new.bank_account,
            (new.business_unit,),
        )
        self.suppliers[supplier.number] = supplier
        self._from.setdefault(supplier.source_ref, []).append(supplier)
        self._tell(work, "supplier.created", supplier)
        self._tell_bank(work, supplier, new.source_ref)
        return supplier

    def change(self, work: Work, supplier: Supplier, edit: SupplierEdit) -> None:
        """Change what is named. What the supplier says already is no change."""
        wanted = (
            supplier.name if edit.supplier is None else edit.supplier,
            supplier.tax_id if edit.taxpayer_id is None else edit.taxpayer_id,
            supplier.address if edit.address is None else edit.address,
            supplier.status if edit.status is None else edit.status,
            supplier.bank_account if edit.bank_account is None else edit.bank_account,
            edit.source_version,
        )
        account = supplier.bank_account
        before = (supplier.name, supplier.tax_id, supplier.address, supplier.status, account, supplier.source_version)
        if wanted == before:
            return
        supplier.name, supplier.tax_id, supplier.address, supplier.status, supplier.bank_account, _ = wanted
        supplier.source_version = edit.source_version
        supplier.revision += 1
        self._tell(work, "supplier.changed", supplier, edit.source_ref)
        if supplier.bank_account != account:
            self._tell_bank(work, supplier, edit.source_ref)

    def hold(self, work: Work, number: str, *, on_hold: bool) -> None:
        """Stop payments to a supplier, or let them go again, at the screen."""
        supplier = self.supplier(number)
        if supplier.on_hold == on_hold:
            raise Refused(409, "SUPPLIER-HOLD", f"{number} is {'' if on_hold else 'not '}on hold already")
        supplier.on_hold = on_hold
        supplier.revision += 1
        state = "on-hold" if on_hold else "released"
        work.effect("supplier.hold", number, entity=supplier.entity, source_ref=supplier.source_ref, state=state)

    def know_as(self, number: str, vendor: str) -> None:
        """Enter under which id bills name a supplier, as a migration does."""
        self._vendors[vendor] = number

    def called(self, vendor: str) -> Supplier | None:
        """The supplier that bills name so, where one is entered."""
        return self.suppliers.get(self._vendors.get(vendor, ""))

    def open_site(self, work: Work, supplier: Supplier, entity: str, source_ref: str) -> None:
        """Give a business unit a site of the supplier, unless it has one."""
        self._business_unit(entity)
        if entity in supplier.sites:
            return
        supplier.sites = (*supplier.sites, entity)
        supplier.revision += 1
        work.effect("supplier.site", supplier.number, entity=entity, source_ref=source_ref)

    def supplier(self, number: str) -> Supplier:
        """A supplier, or a 404."""
        supplier = self.suppliers.get(number)
        if supplier is None:
            raise Refused(404, "NOT-FOUND", "The requested resource was not found.")
        return supplier

    def created_from(self, source_ref: str) -> list[Supplier]:
        """Every supplier created from a source."""
        return self._from.get(source_ref, [])

    def _business_unit(self, entity: str) -> None:
        if entity not in self._entities:
            raise Refused(400, "BU-INVALID", "Invalid operation create: the business unit is not valid.")

    def _tell(self, work: Work, what: str, supplier: Supplier, source_ref: str = "") -> None:
        work.effect(
            what,
            supplier.number,
            entity=supplier.entity,
            source_ref=source_ref or supplier.source_ref,
            number=supplier.tax_id,
            state=supplier.status.lower(),
            version=supplier.source_version,
        )

    def _tell_bank(self, work: Work, supplier: Supplier, source_ref: str) -> None:
        if supplier.bank_account:
            account = supplier.bank_account
            work.effect("supplier.bank", supplier.number, entity=supplier.entity, source_ref=source_ref, number=account)


# Operations


class _Api:
    """The handlers over one state."""

    def __init__(self, state: Suppliers) -> None:
        self.state = state

    def create_supplier(self, incoming: Incoming, work: Work) -> Reply:
        new: NewSupplier = incoming.body
        incoming.caller.require(new.business_unit)
        return _reply(201, self.state.create(work, new))

    def find_suppliers(self, incoming: Incoming, work: Work) -> Reply:
        del work
        query: SupplierQuery = incoming.query
        sees = incoming.caller.may_act_for
        found = [_shown(known) for known in self.state.created_from(query.source_ref) if sees(known.entity)]
        return Reply(200, SupplierPage(found, has_more=False))

    def get_supplier(self, incoming: Incoming, work: Work) -> Reply:
        del work
        return _reply(200, self._granted(incoming))

    def update_supplier(self, incoming: Incoming, work: Work) -> Reply:
        edit: SupplierEdit = incoming.body
        supplier = self._granted(incoming)
        require_match(incoming, supplier.etag)
        self.state.change(work, supplier, edit)
        return _reply(200, supplier)

    def put_site(self, incoming: Incoming, work: Work) -> Reply:
        new: NewSite = incoming.body
        entity = incoming.params["business_unit"]
        incoming.caller.require(entity)
        supplier = self.state.supplier(incoming.params["number"])
        self.state.open_site(work, supplier, entity, new.source_ref)
        return _reply(200, supplier)

    def _granted(self, incoming: Incoming) -> Supplier:
        supplier = self.state.supplier(incoming.params["number"])
        incoming.caller.require(supplier.entity)
        return supplier


def operations(state: Suppliers) -> tuple[Operation, ...]:
    """The operations over one state."""
    api = _Api(state)
    return (*_made_and_found(api), *_changed(api))


def _made_and_found(api: _Api) -> tuple[Operation, ...]:
    return (
        Operation(
            "create_supplier",
            "POST",
            "/suppliers",
            api.create_supplier,
            "Create a supplier with a site for the business unit",
            body=NewSupplier,
            reply=SupplierShown,
            status=201,
            scope="cloud_erp.write",
            subject=_created,
            honours_key=True,
            commits=True,
        ),
        Operation(
            "find_suppliers",
            "GET",
            "/suppliers",
            api.find_suppliers,
            "Find the suppliers created from a source",
            query=SupplierQuery,
            reply=SupplierPage,
            scope="cloud_erp.read",
            subject=_sought,
        ),
        Operation(
            "get_supplier",
            "GET",
            "/suppliers/{number}",
            api.get_supplier,
            "Read a supplier, and its ETag",
            reply=SupplierShown,
            scope="cloud_erp.read",
            subject=_numbered,
            refusals=(404,),
        ),
    )


def _changed(api: _Api) -> tuple[Operation, ...]:
    return (
        Operation(
            "update_supplier",
            "PATCH",
            "/suppliers/{number}",
            api.update_supplier,
            "Change a supplier that has not changed since it was read",
            body=SupplierEdit,
            reply=SupplierShown,
            scope="cloud_erp.write",
            subject=_edited,
            conditional=True,
            commits=True,
            refusals=(404,),
        ),
        Operation(
            "put_site",
            "PUT",
            "/suppliers/{number}/sites/{business_unit}",
            api.put_site,
            "Give a business unit a site of a supplier",
            body=NewSite,
            reply=SupplierShown,
            scope="cloud_erp.write",
            subject=_edited,
            commits=True,
            refusals=(404,),
        ),
    )


def _created(incoming: Incoming) -> Subject:
    new: NewSupplier = incoming.body
    return Subject(new.business_unit, new.source_ref)


def _sought(incoming: Incoming) -> Subject:
    query: SupplierQuery = incoming.query
    return Subject("", query.source_ref)


def _numbered(incoming: Incoming) -> Subject:
    return Subject("", incoming.params["number"])


def _edited(incoming: Incoming) -> Subject:
    edit: SupplierEdit | NewSite = incoming.body
    return Subject("", edit.source_ref)


def _reply(status: int, supplier: Supplier) -> Reply:
    return Reply(status, _shown(supplier), {"etag": supplier.etag})


def _shown(supplier: Supplier) -> SupplierShown:
    return SupplierShown(
        supplier.number,
        supplier.source_ref,
        supplier.source_version,
        supplier.name,
        supplier.tax_id,
        supplier.address,
        supplier.bank_account,
        supplier.status,
        supplier.on_hold,
        supplier.sites,
        Context(Headers(supplier.etag)),
    )
