"""What the orchestrator expects of the cloud ERP's suppliers: created once under a key, changed only on the state it read."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from pact import match

from contracts.ports import Ports
from orchestrator.canonical import SupplierRecord
from orchestrator.connectors import OPERATIONS
from orchestrator.connectors.base import Ok, Outcome, Prepared, Rejected
from orchestrator.connectors.cloud_erp_suppliers import change, create, end, look, open_site
from orchestrator.engine.caller import Caller
from tests.contract_suites.consumer import Ask, Interaction, reads, sends
from tests.contract_suites.expected.cloud_erp import KEY, search

RECORD: Final = SupplierRecord(
    "SUP-000001", 1, "H1", "Acme Medical", "12-3456789", "14 Harbor Street, Albany, NY 12207", "021000021/1", "", ""
)
TAX_ID: Final = "123456789"
TAG: Final = '"ESUP-1.1"'
_NEXT: Final = msgspec.structs.replace(RECORD, version=2, name="Acme Health")
_SENT: Final = create(RECORD, TAX_ID)
_ONE: Final = "/suppliers/ESUP-1"
_TAGGED: Final = {"@context": {"headers": {"ETag": match.str(TAG)}}}


def _error(code: str, title: str) -> dict[str, Any]:
    return {"o:errorCode": match.regex(code, regex=f"^{code}$"), "title": match.str(title), "detail": match.str("…")}


def _writes(prepared: Prepared, tag: str) -> Ask:
    """A change, as the engine sends it."""

    async def ask(ports: Ports) -> Outcome:
        called = OPERATIONS[prepared.operation]
        return await Caller(ports).call(called, prepared.path, body=prepared.body, tag=tag)

    return ask


def _changed(says: str, prepared: Prepared, tag: str, status: int, reply: Any, means: Any) -> Interaction:
    body = msgspec.json.decode(prepared.body)
    given = "the supplier was sent"
    return Interaction(says, given, _writes(prepared, tag), ("PATCH", _ONE), status, reply, means, body=body, tag=tag)


def _created(says: str, given: str, status: int, reply: Any, means: Any, prepared: Prepared = _SENT) -> Interaction:
    body = msgspec.json.decode(prepared.body)
    return Interaction(
        says, given, sends(prepared, KEY), ("POST", "/suppliers"), status, reply, means, body=body, key=KEY
    )


def _sought(says: str, given: str, items: Any, means: Any) -> Interaction:
    reply = {"items": items, "hasMore": False}
    query = {"SourceRef": _SENT.ref}
    return Interaction(says, given, search(_SENT), ("GET", "/suppliers"), 200, reply, means, query=query)


_MADE: Final = {"SupplierNumber": match.str("ESUP-1"), "SourceRef": match.str(_SENT.ref)}

INTERACTIONS: Final = (
    _created("a supplier", "there is nothing yet", 201, _MADE, Ok("ESUP-1")),
    _created("a supplier again, under its key", "the supplier was sent", 201, _MADE, Ok("ESUP-1")),
    _created(
        "a supplier of a hospital that is not there",
        "there is nothing yet",
        400,
        _error("BU-INVALID", "Bad Request"),
        Rejected("BU-INVALID", "", 400),
        create(msgspec.structs.replace(RECORD, entity="H9"), TAX_ID),
    ),
    _sought("a search for a supplier", "the supplier was sent", match.each_like(_MADE, min=1), Ok("ESUP-1")),
    _sought("a search for a supplier that is not there", "there is nothing yet", [], Ok(None)),
    Interaction(
        "a read of a supplier's tag",
        "the supplier was sent",
        reads("cloud_erp.get_supplier", look("ESUP-1").path),
        ("GET", _ONE),
        200,
        _TAGGED,
        Ok(TAG),
    ),
    _changed("a change on the state that was read", change("ESUP-1", TAG, _NEXT, TAX_ID), TAG, 200, _MADE, Ok("")),
    _changed("the end of a supplier", end("ESUP-1", TAG, _NEXT), TAG, 200, _MADE, Ok("")),
    _changed(
        "a change on an old state",
        change("ESUP-1", '"ESUP-1.0"', _NEXT, TAX_ID),
        '"ESUP-1.0"',
        412,
        _error("ETAG-STALE", "Precondition Failed"),
        Rejected("ETAG-STALE", "", 412),
    ),
    _changed(
        "a change on no state at all",
        change("ESUP-1", "", _NEXT, TAX_ID),
        "",
        428,
        _error("ETAG-MISSING", "Precondition Required"),
        Rejected("ETAG-MISSING", "", 428),
    ),
    Interaction(
        "a site for a hospital",
        "the supplier was sent",
        sends(open_site("ESUP-1", msgspec.structs.replace(RECORD, entity="H2"))),
        ("PUT", f"{_ONE}/sites/H2"),
        200,
        _MADE,
        Ok(""),
        body={"SourceRef": "procurement:SUP-000001"},
    ),
)
