"""The state of one supplier record on its way to a golden record. Stored as JSON by position; new fields go at the end."""

from __future__ import annotations

import msgspec

from orchestrator.canonical import SupplierRecord


class SupplierMaster(msgspec.Struct, frozen=True, array_like=True, tag="supplier"):
    """One record, and what has become of it.

    `stage`: "" → golden, or merged into another, or rejected. `under_way` is the key of the one call to the ERP that is on
    its way, `step` what it does, `sent` the version that it carries; `synced` the version that the ERP has. `checked` is the
    version that was compared with other records. `account` is the bank account that people know of, in normal form,
    `asked_account` the one they were asked about, `refused_account` one they said no to. `distinct` are records that
    people said are other companies; `tax_id` is what people found where the record has none.
    """

    entity: str
    id: str
    record: SupplierRecord | None = None
    stage: str = ""
    golden: str = ""
    number: str = ""
    told: str = ""
    step: str = ""
    under_way: str = ""
    sent: int = 0
    synced: int = 0
    checked: int = 0
    tries: int = 0
    account: str = ""
    asked_account: str = ""
    refused_account: str = ""
    open_case: str = ""
    asked: int = 0
    distinct: tuple[str, ...] = ()
    tax_id: str = ""
    untaxed: bool = False
    site: str = ""
