"""The end of a period as a process: its state, what it hears and asks for, and what of an order stands open.

An accrual has two postings, its own (`acc`) and the one that takes it back (`rev`). Both go to the ERP in jobs of many
rows, and each row of a job comes to its own end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from orchestrator.canonical import AccrualRow, OpenLine, ReversalRow
from orchestrator.workflows.state import ProcureToPay

Step = Literal["acc", "rev"]
PREFIX: Final = "period-end:"


class Leg(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One posting of an accrual: nothing yet → sent → posted, or refused. What nobody knows is sought, and sent if missing.

    `tries` counts the jobs that it was in since people last spoke, `asked` how often they let it go again.
    """

    stage: Literal["", "sent", "sought", "missing", "posted", "refused"] = ""
    journal: str = ""
    tries: int = 0
    asked: int = 0


class Accrual(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An open line and its two postings."""

    open: OpenLine
    acc: Leg = Leg()
    rev: Leg = Leg()


class Job(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A bulk import: the lines in it, and what the ERP calls it, once we know. `over` when its rows were taken over.

    `running` counts how often it was asked and said that it is still running.
    """

    step: Step
    names: tuple[str, ...]
    id: str = ""
    over: bool = False
    running: int = 0


class PeriodEnd(msgspec.Struct, frozen=True, array_like=True, tag="period-end"):
    """The whole process. Dates are the hospital's; the next period begins at `turns_ms`."""

    entity: str
    period: str
    last_day: str = ""
    next_day: str = ""
    turns_ms: int = 0
    accruals: dict[str, Accrual] = {}
    jobs: dict[str, Job] = {}


class PayablesClosed(msgspec.Struct, frozen=True, gc=False):
    """Payables have closed the period, and this is what stands open."""

    now_ms: int
    last_day: str
    next_day: str
    turns_ms: int
    lines: tuple[OpenLine, ...]


class ImportTold(msgspec.Struct, frozen=True, gc=False):
    """The ERP said that a job is through, and what it calls it: a hint, no more."""

    now_ms: int
    seq: str
    job: str


class HandIn(msgspec.Struct, frozen=True, gc=False):
    """Give the ERP a batch of rows."""

    key: str
    entity: str
    document: str
    accruals: tuple[AccrualRow, ...] = ()
    reversals: tuple[ReversalRow, ...] = ()


class AskImport(msgspec.Struct, frozen=True, gc=False):
    """Ask how far a job has come."""

    key: str
    job: str


class ReadRows(msgspec.Struct, frozen=True, gc=False):
    """Ask what became of a job's rows."""

    key: str
    job: str


class FindJournal(msgspec.Struct, frozen=True, gc=False):
    """Look for a posting by its reference."""

    key: str
    ref: str


def document_of(state: PeriodEnd, seq: str) -> str:
    """What we call a job: `period-end:H1/2026-09/3`."""
    return f"{PREFIX}{state.entity}/{state.period}/{seq}"


def place_of(document: str) -> tuple[str, str, str]:
    """Hospital, period and number of a job by what we called it; three empty texts for anybody else's."""
    pieces = document.removeprefix(PREFIX).split("/")
    ours = document.startswith(PREFIX) and len(pieces) == 3
    return (pieces[0], pieces[1], pieces[2]) if ours else ("", "", "")


FOR_USE: Final = '"expense"'
"""What stands in the stored state of every order for direct use; where it does not, nothing will be accrued."""


def received_not_invoiced(state: ProcureToPay, last_day: str) -> tuple[list[OpenLine], bool]:
    """What of an order for direct use stands open at the end of a day, and whether that is settled.

    It is not while the order or an invoice that belongs before that end is still on its way into the ERP.
    """
    order = state.order
    used = [line for line in order.lines if line.kind == "expense"] if order else []
    if order is None or not used:
        return [], True
    open_of = {line.line: 0 for line in used}
    for receipt in state.receipts.values():
        if receipt.receipt.received_on <= last_day:
            _add(open_of, ((line.line, line.quantity) for line in receipt.receipt.lines))
    settled = state.order_stage == "posted" or not any(open_of.values())
    for entry in state.invoices.values():
        if entry.on <= last_day and entry.stage in {"posting", "posted"}:
            settled = settled and entry.stage == "posted"
            sign = 1 if entry.invoice.credit else -1
            _add(open_of, ((line.line, sign * line.quantity) for line in entry.invoice.lines))
    lines = [
        OpenLine(state.number, line.line, left, left * line.unit_price_minor, order.currency)
        for line in used
        if (left := open_of[line.line]) > 0 and line.unit_price_minor
    ]
    return lines, settled


def _add(totals: dict[int, int], quantities: Iterator[tuple[int, int]]) -> None:
    for line, quantity in quantities:
        if line in totals:
            totals[line] += quantity
