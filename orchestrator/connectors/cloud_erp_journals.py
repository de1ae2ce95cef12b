"""The cloud ERP at the end of a period: bulk imports of accruals and reversals, and which periods payables have closed.

An import keeps no key and cannot be found again by what we called it, so it is never sent twice: what is in doubt is looked
for row by row. That a job has succeeded says nothing about its rows, which are to be asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from orchestrator.canonical import AccrualRow, ImportedRow, ReversalRow, decimal
from orchestrator.connectors.base import Operation, Prepared
from orchestrator.connectors.cloud_erp import SETTLE_S, SYSTEM, TIMEOUT_S, read_error

JOURNAL_IMPORT: Final = "/oracle/apps/ess/financials/generalLedger,JournalImportLauncher"


class _Row(msgspec.Struct, rename="pascal", gc=False):
    reference: str
    accounting_date: str
    order_number: str
    order_line: int
    quantity: int
    currency: str
    amount: str


class _Reversal(msgspec.Struct, rename="pascal", gc=False):
    reference: str
    journal_id: str
    accounting_date: str


class _Import(msgspec.Struct, rename="pascal", gc=False):
    operation_name: str
    business_unit: str
    job_name: str
    document_id: str
    rows: list[_Row]
    reversals: list[_Reversal]
    notify: bool


class Job(msgspec.Struct, rename="pascal", gc=False):
    """A bulk import as a reply or a webhook tells of it."""

    reqst_id: str
    request_status: str
    document_id: str = ""


class _RowShown(msgspec.Struct, rename="pascal", gc=False):
    reference: str
    status: str
    journal_id: str = ""
    message: str = ""


class _Rows(msgspec.Struct):
    items: list[_RowShown]


class _Made(msgspec.Struct, rename="pascal", gc=False):
    journal_id: str
    source_ref: str = ""


class _Journals(msgspec.Struct):
    items: list[_Made]


class _Period(msgspec.Struct, rename="pascal", gc=False):
    period: str
    status: str


class _Periods(msgspec.Struct):
    items: list[_Period]


_job = msgspec.json.Decoder(Job)
_rows = msgspec.json.Decoder(_Rows)
_journals = msgspec.json.Decoder(_Journals)
_periods = msgspec.json.Decoder(_Periods)
_encode = msgspec.json.Encoder().encode


def hand_in(
    document: str, entity: str, accruals: Sequence[AccrualRow] = (), reversals: Sequence[ReversalRow] = ()
) -> Prepared:
    """Hand in a batch, and ask to be told when the job is through."""
    body = _Import(
        "importBulkData",
        entity,
        JOURNAL_IMPORT,
        document,
        [_accrual(row) for row in accruals],
        [_Reversal(row.ref, row.journal, row.on) for row in reversals],
        notify=True,
    )
    return Prepared("cloud_erp.submit_import", "/erpintegrations", _encode(body), document)


def _accrual(row: AccrualRow) -> _Row:
    line = row.open
    return _Row(row.ref, row.on, line.order, line.line, line.quantity, line.currency, decimal(line.amount_minor))


def ask_import(job: str) -> Prepared:
    """Ask how far a job has come."""
    return Prepared("cloud_erp.get_import", f"/erpintegrations/{quote(job, safe='')}", b"", job)


def read_rows(job: str) -> Prepared:
    """Ask what became of a job's rows."""
    return Prepared("cloud_erp.list_import_rows", f"/erpintegrations/{quote(job, safe='')}/rows", b"", job)


def find_journal(ref: str) -> Prepared:
    """Look for what was posted from a source."""
    return Prepared("cloud_erp.find_journals", "/journals", b"", ref)


def read_told(body: bytes) -> tuple[str, str]:
    """The webhook of a job that is through: what we called it, and what the ERP calls it."""
    told = _job.decode(body)
    return told.document_id, told.reqst_id


def read_periods(body: bytes) -> dict[str, str]:
    """The status of each period of a business unit."""
    return {period.period: period.status for period in _periods.decode(body).items}


def _read_rows(body: bytes) -> tuple[ImportedRow, ...]:
    """Rows of a job. One that shows as loaded and names no journal was not understood: it counts as not listed."""
    return tuple(
        ImportedRow(row.reference, row.journal_id, row.message)
        for row in _rows.decode(body).items
        if row.journal_id or row.status != "LOADED"
    )


def _read_journals(body: bytes) -> tuple[tuple[str, str], ...]:
    """Reference and journal of each that was found."""
    return tuple((found.source_ref, found.journal_id) for found in _journals.decode(body).items)


def _asks(name: str, read: object, **more: str) -> Operation:
    return Operation(SYSTEM, name, "GET", read, read_error, repeatable=True, is_read=True, **more)  # type: ignore[arg-type]


OPERATIONS: Final = (
    Operation(
        SYSTEM,
        "submit_import",
        "POST",
        lambda body: _job.decode(body).reqst_id,
        read_error,
        once=True,
        settle_s=SETTLE_S,
        timeout_s=TIMEOUT_S,
    ),
    _asks("get_import", lambda body: _job.decode(body).request_status),
    _asks("list_import_rows", _read_rows),
    _asks("find_journals", _read_journals, asks_by="SourceRef"),
    _asks("list_periods", read_periods),
)
