"""The service desk: cases go in, decisions come out, fat by webhook and by list alike."""

from __future__ import annotations

from typing import Final

import msgspec

from contracts.cases import CaseDecision, NewCase
from orchestrator.canonical import stamp
from orchestrator.connectors.base import Operation, Prepared

SYSTEM: Final = "service_desk"
PAGE: Final = 100


class _Opened(msgspec.Struct, gc=False):
    case: str


class _Page(msgspec.Struct):
    decisions: list[CaseDecision]
    total: int


class _Error(msgspec.Struct):
    code: str = ""
    message: str = ""
    error: str = ""


_opened = msgspec.json.Decoder(_Opened)
_decision = msgspec.json.Decoder(CaseDecision)
_page = msgspec.json.Decoder(_Page)
_error = msgspec.json.Decoder(_Error)
_encode = msgspec.json.Encoder().encode


def open_case(case: NewCase) -> Prepared:
    """Hand something to people."""
    return Prepared("service_desk.open_case", "/cases", _encode(case), case.external_key)


def read_decision(body: bytes) -> CaseDecision:
    """What people decided."""
    return _decision.decode(body)


def read_page(body: bytes) -> tuple[list[CaseDecision], int]:
    """A page of decisions, and how many there are in all."""
    page = _page.decode(body)
    return page.decisions, page.total


def list_query(since_ms: int, offset: int) -> dict[str, str]:
    """Decisions since a moment."""
    return {"since": stamp(since_ms), "offset": str(offset), "limit": str(PAGE)}


def read_error(body: bytes) -> tuple[str, str]:
    """Code and text of an error."""
    error = _error.decode(body)
    return error.code or error.error, error.message


OPERATIONS: Final = (
    # `external_key` makes a repeated send harmless. A case is the last resort of everything else, so it never gives up.
    Operation(
        SYSTEM,
        "open_case",
        "POST",
        lambda body: _opened.decode(body).case,
        read_error,
        repeatable=True,
        endless=True,
    ),
    Operation(SYSTEM, "list_decisions", "GET", read_page, read_error, repeatable=True, is_read=True),
)
