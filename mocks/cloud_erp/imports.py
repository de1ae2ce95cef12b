"""Bulk imports: a job takes rows of accruals and reversals, succeeds as a whole, and may have rejected any of them.

The family's way with mass data. The request is answered at once with a number; the job shows as succeeded after a while,
also where rows were rejected, and only the rows themselves say so. A job name that nobody knows succeeds as well, and has
done nothing. Sending the same rows again is another job, whose rows die as duplicates. Each row is a commit of its own.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from contracts.wire import Subject
from mocks.cloud_erp.journals import Journal, Journals, NewAccrual, NewReversal
from mocks.cloud_erp.models import Currency
from mocks.kit.dialect import Ident, Limit, LineNumber, Money, Offset, Quantity, Reference, Text
from mocks.kit.operation import Incoming, Operation, Refused, Reply, Work
from mocks.kit.paging import page

JOURNAL_IMPORT: Final = "/oracle/apps/ess/financials/generalLedger,JournalImportLauncher"
ROWS_MAX: Final = 500

# Wire types


class ImportRow(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """One accrual; `Reference` is what its source calls it."""

    reference: Reference
    accounting_date: dt.date
    order_number: Ident
    order_line: LineNumber
    quantity: Quantity
    currency: Currency
    amount: Money


class ReversalRow(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """One journal to be taken back on a date."""

    reference: Reference
    journal_id: Ident
    accounting_date: dt.date


class NewImport(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """A job to run. With `Notify` an event says when it is through."""

    operation_name: Text
    business_unit: Ident
    job_name: Text
    document_id: Reference
    rows: Annotated[list[ImportRow], Meta(max_length=ROWS_MAX)] = []
    reversals: Annotated[list[ReversalRow], Meta(max_length=ROWS_MAX)] = []
    notify: bool = False

    def everything(self) -> tuple[ImportRow | ReversalRow, ...]:
        """All rows, in the order in which they are loaded."""
        return (*self.rows, *self.reversals)


class ImportShown(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """A job: `SUCCEEDED` says that it ran, and nothing about its rows."""

    reqst_id: str
    document_id: str
    request_status: str


class RowShown(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """What became of a row; a rejected one has no journal, and says why."""

    reference: str
    status: str
    journal_id: str
    message: str


class RowPage(msgspec.Struct, frozen=True, gc=False, rename={"has_more": "hasMore"}):
    """Rows of a job."""

    items: list[RowShown]
    has_more: bool


class RowQuery(msgspec.Struct, frozen=True, gc=False):
    """Which rows to list."""

    offset: Offset = 0
    limit: Limit = 500


# Rules


class Job(msgspec.Struct, gc=False):
    """A job, and what became of its rows; it shows as done from `done_ms` on."""

    id: str
    entity: str
    document_id: str
    done_ms: int
    rows: tuple[RowShown, ...] = ()


class Imports:
    """The jobs of the estate. `run_s` is how long a job shows as running, and `row_ms` what each row adds."""

    def __init__(self, journals: Journals, run_s: float, row_ms: float) -> None:
        """None yet."""
        self._journals = journals
        self._run_ms = round(run_s * 1000)
        self._row_ms = row_ms
        self._jobs: dict[str, Job] = {}
        self._loaded: set[str] = set()

    def submit(self, work: Work, new: NewImport) -> Job:
        """Take a job, and load what can be loaded of it."""
        if new.operation_name != "importBulkData":
            raise Refused(400, "OPERATION-INVALID", "Invalid operation create: the operation is not valid.")
        done_ms = work.now_ms + self._run_ms + round(self._row_ms * len(new.everything()))
        job = Job(f"ESS-{len(self._jobs) + 1}", new.business_unit, new.document_id, done_ms)
        self._journals.known_unit(new.business_unit)
        self._jobs[job.id] = job
        work.effect("import.taken", job.id, entity=job.entity, source_ref=job.document_id, state="taken")
        if new.job_name == JOURNAL_IMPORT:
            rows = new.everything()
            job.rows = tuple(self._load(work, job.entity, place, row) for place, row in enumerate(rows, 1))
        if new.notify:
            work.event("import.completed", Subject(job.entity, job.id), 1, shown(job, done_ms), at_ms=done_ms)
        return job

    def job(self, job_id: str) -> Job:
        """A job, or a 404."""
        job = self._jobs.get(job_id)
        if job is None:
            raise Refused(404, "NOT-FOUND", "The requested resource was not found.")
        return job

    def _load(self, work: Work, entity: str, place: int, row: ImportRow | ReversalRow) -> RowShown:
        """Post a row in a commit of its own, or reject it: the others go on."""
        if row.reference in self._loaded:
            return RowShown(row.reference, "REJECTED", "", "DUPLICATE-REFERENCE")
        if not work.takes(place):
            return RowShown(row.reference, "REJECTED", "", "INTERFACE-ERROR")
        work.next_commit()
        try:
            journal = self._post(work, entity, row)
        except Refused as refusal:
            return RowShown(row.reference, "REJECTED", "", refusal.code)
        self._loaded.add(row.reference)
        return RowShown(row.reference, "LOADED", journal.id, "")

    def _post(self, work: Work, entity: str, row: ImportRow | ReversalRow) -> Journal:
        """What a row asks for: an accrual, or the mirror of one that stands in the same unit's books."""
        if isinstance(row, ImportRow):
            return self._journals.accrue(work, NewAccrual(row.reference, entity, *msgspec.structs.astuple(row)[1:]))
        accrual = self._journals.journal(row.journal_id)
        if accrual.entity != entity:
            raise Refused(400, "BU-INVALID", "The journal is another business unit's.")
        return self._journals.reverse(work, accrual, NewReversal(row.reference, row.accounting_date))


def shown(job: Job, now_ms: int) -> ImportShown:
    """The job as it stands at a moment."""
    return ImportShown(job.id, job.document_id, "SUCCEEDED" if now_ms >= job.done_ms else "RUNNING")


# Operations


class _Api:
    """The handlers over one state."""

    def __init__(self, state: Imports, limit_max: int) -> None:
        self.state = state
        self.limit_max = limit_max

    def submit_import(self, incoming: Incoming, work: Work) -> Reply:
        new: NewImport = incoming.body
        incoming.caller.require(new.business_unit)
        return Reply(201, shown(self.state.submit(work, new), work.now_ms))

    def get_import(self, incoming: Incoming, work: Work) -> Reply:
        return Reply(200, shown(self._granted(incoming), work.now_ms))

    def list_import_rows(self, incoming: Incoming, work: Work) -> Reply:
        query: RowQuery = incoming.query
        job = self._granted(incoming)
        rows = list(job.rows) if work.now_ms >= job.done_ms else []
        found = list(page(rows, query.offset, query.limit, self.limit_max))
        return Reply(200, RowPage(found, bool(found) and query.offset + len(found) < len(rows)), idle=not found)

    def _granted(self, incoming: Incoming) -> Job:
        job = self.state.job(incoming.params["request"])
        incoming.caller.require(job.entity)
        return job


def operations(state: Imports, limit_max: int) -> tuple[Operation, ...]:
    """The operations over one state."""
    api = _Api(state, limit_max)
    return (
        Operation(
            "submit_import",
            "POST",
            "/erpintegrations",
            api.submit_import,
            "Submit a bulk import; what became of its rows is to be asked for",
            body=NewImport,
            reply=ImportShown,
            status=201,
            scope="cloud_erp.write",
            subject=_submitted,
            commits=True,
            batch=_rows,
        ),
        Operation(
            "get_import",
            "GET",
            "/erpintegrations/{request}",
            api.get_import,
            "Read the status of a bulk import",
            reply=ImportShown,
            scope="cloud_erp.read",
            subject=_requested,
            refusals=(404,),
        ),
        Operation(
            "list_import_rows",
            "GET",
            "/erpintegrations/{request}/rows",
            api.list_import_rows,
            "List what became of the rows of a bulk import that is through",
            query=RowQuery,
            reply=RowPage,
            scope="cloud_erp.read",
            subject=_requested,
            refusals=(404,),
        ),
    )


def _submitted(incoming: Incoming) -> Subject:
    new: NewImport = incoming.body
    return Subject(new.business_unit, new.document_id)


def _rows(incoming: Incoming) -> tuple[str, ...]:
    new: NewImport = incoming.body
    return tuple(row.reference for row in new.everything())


def _requested(incoming: Incoming) -> Subject:
    return Subject("", incoming.params["request"])
