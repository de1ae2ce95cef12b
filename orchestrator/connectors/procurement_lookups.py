"""Procurement's lookup values: what a hospital's codes mean to the ERP and from when; they come whole, by webhook and by list."""

from __future__ import annotations

from typing import Final

import msgspec

from orchestrator.canonical import CodeMeaning
from orchestrator.connectors.base import Operation
from orchestrator.connectors.procurement import SYSTEM, list_query, read_error


class Value(msgspec.Struct, gc=False):
    """A meaning, as procurement says it."""

    id: str
    version: int
    lookup: str
    business_unit: str
    code: str
    value: str
    valid_from: str
    valid_to: str = ""


class _Page(msgspec.Struct):
    lookup_values: list[Value]
    next_offset: int | None = None


_value = msgspec.json.Decoder(Value)
_page = msgspec.json.Decoder(_Page)


def read_value(body: bytes) -> CodeMeaning:
    """A meaning as the orchestrator speaks of it."""
    return CodeMeaning(*msgspec.structs.astuple(_value.decode(body)))


def read_page(body: bytes) -> tuple[list[CodeMeaning], bool]:
    """A page of meanings, and whether more follow."""
    page = _page.decode(body)
    return [CodeMeaning(*msgspec.structs.astuple(each)) for each in page.lookup_values], page.next_offset is not None


OPERATIONS: Final = (
    Operation(SYSTEM, "list_lookup_values", "GET", read_page, read_error, repeatable=True, is_read=True),
)

__all__ = ["OPERATIONS", "list_query", "read_page", "read_value"]
