"""The summary as JSON, for machines: one document, its fields only ever added to."""

from __future__ import annotations

from typing import Any

import msgspec

from contracts.verdict import Summary

_decoder = msgspec.json.Decoder(Summary)


def encode(summary: Summary) -> bytes:
    """The document, indented, with a newline at its end."""
    return msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n"


def decode(document: bytes) -> Summary:
    """The summary in a document; fields of a later version are left aside."""
    return _decoder.decode(document)


def schema() -> dict[str, Any]:
    """The JSON Schema of the document."""
    return msgspec.json.schema(Summary)
