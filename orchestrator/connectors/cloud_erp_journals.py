"""The cloud ERP at the end of a period: accruals and reversals go in, and it says which periods payables have closed."""

from __future__ import annotations

from typing import Final

import msgspec

from orchestrator.canonical import decimal
from orchestrator.connectors.base import Lookup, Operation, Prepared
from orchestrator.connectors.cloud_erp import SETTLE_S, SYSTEM, TIMEOUT_S, read_error


class _Accrual(msgspec.Struct, rename="pascal", gc=False):
    source_ref: str
    business_unit: str
    accounting_date: str
    order_number: str
    order_line: int
    quantity: int
    currency: str
    amount: str


class _Reversal(msgspec.Struct, rename="pascal", gc=False):
    source_ref: str
    accounting_date: str


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


_made = msgspec.json.Decoder(_Made)
_journals = msgspec.json.Decoder(_Journals)
_periods = msgspec.json.Decoder(_Periods)
_encode = msgspec.json.Encoder().encode


def post_accrual(  # noqa: PLR0913 - an accrual is all of this
    ref: str, entity: str, on: str, order: str, line: int, quantity: int, amount_minor: int, currency: str
) -> Prepared:
    """Accrue what is received and not invoiced on an order's line."""
    body = _Accrual(ref, entity, on, order, line, quantity, currency, decimal(amount_minor))
    return Prepared("cloud_erp.create_accrual", "/journals", _encode(body), ref)


def post_reversal(ref: str, journal: str, on: str) -> Prepared:
    """Take an accrual back."""
    return Prepared("cloud_erp.reverse_journal", f"/journals/{journal}/reverse", _encode(_Reversal(ref, on)), ref)


def read_periods(body: bytes) -> dict[str, str]:
    """The status of each period of a business unit."""
    return {period.period: period.status for period in _periods.decode(body).items}


def _find(body: bytes, ref: str) -> str | None:
    return next((x.journal_id for x in _journals.decode(body).items if x.source_ref in {"", ref}), None)


def _create(name: str) -> Operation:
    return Operation(
        SYSTEM,
        name,
        "POST",
        lambda body: _made.decode(body).journal_id,
        read_error,
        honours_key=True,
        lookup=Lookup("/journals", "SourceRef", _find),
        settle_s=SETTLE_S,
        timeout_s=TIMEOUT_S,
    )


OPERATIONS: Final = (
    _create("create_accrual"),
    _create("reverse_journal"),
    Operation(SYSTEM, "list_periods", "GET", read_periods, read_error, repeatable=True, is_read=True),
)
