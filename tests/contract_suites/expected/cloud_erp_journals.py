"""What the orchestrator expects of the cloud ERP at the end of a period: accruals, reversals, and the state of periods."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from pact import match

from orchestrator.connectors import OPERATIONS
from orchestrator.connectors.base import Ok, Operation, Prepared, Rejected
from orchestrator.connectors.cloud_erp_journals import post_accrual, post_reversal
from orchestrator.engine.caller import Caller
from tests.contract_suites.consumer import Ask, Interaction, reads, sends

KEY: Final = "effect-1"
NUMBER: Final = "PO-H1-000001"
REF: Final = f"period-end:2026-10/{NUMBER}/2"
_ACCRUAL: Final = post_accrual(REF, "H1", "2026-10-31", NUMBER, 2, 2, 1998, "USD")
_REVERSAL: Final = post_reversal(f"{REF}/reversal", "JE-1", "2026-11-01")
_MADE: Final = {"JournalId": match.str("JE-1")}
_PERIODS: Final = {"BusinessUnit": "H1"}


def _sends(says: str, given: str, prepared: Prepared, status: int, reply: Any, means: Any) -> Interaction:
    body = msgspec.json.decode(prepared.body)
    return Interaction(
        says, given, sends(prepared, KEY), ("POST", prepared.path), status, reply, means, body=body, key=KEY
    )


def _refused(says: str, given: str, prepared: Prepared, status: int, code: str) -> Interaction:
    reply = {
        "o:errorCode": match.regex(code, regex=f"^{code}$"),
        "title": match.str("Bad Request"),
        "detail": match.str("Invalid operation create."),
    }
    return _sends(says, given, prepared, status, reply, Rejected(code, "", status))


def _search(prepared: Prepared) -> Ask:
    created = OPERATIONS[prepared.operation]
    lookup = created.lookup
    assert lookup is not None
    find = Operation(
        created.system, "find", "GET", lambda body: lookup.read(body, prepared.ref), created.error, is_read=True
    )
    return lambda ports: Caller(ports).call(find, lookup.path, {lookup.parameter: prepared.ref})


def _looks_up(says: str, given: str, prepared: Prepared, items: Any, means: Any) -> Interaction:
    query = {"SourceRef": prepared.ref}
    reply = {"items": items, "hasMore": False}
    return Interaction(says, given, _search(prepared), ("GET", "/journals"), 200, reply, means, query=query)


INTERACTIONS: Final = (
    _sends("an accrual", "payables have closed", _ACCRUAL, 201, _MADE, Ok("JE-1")),
    _refused("an accrual into a locked ledger", "the ledger is locked", _ACCRUAL, 400, "GL-PERIOD-CLOSED"),
    _sends("a reversal", "an accrual was sent", _REVERSAL, 201, {"JournalId": match.str("JE-2")}, Ok("JE-2")),
    _refused("a reversal of what was never accrued", "payables have closed", _REVERSAL, 404, "NOT-FOUND"),
    _looks_up(
        "a search for an accrual",
        "an accrual was sent",
        _ACCRUAL,
        match.each_like({**_MADE, "SourceRef": match.str(REF)}, min=1),
        Ok("JE-1"),
    ),
    Interaction(
        "the periods of a business unit",
        "payables have closed",
        reads("cloud_erp.list_periods", "/periods", _PERIODS),
        ("GET", "/periods"),
        200,
        {
            "items": [
                {"Period": match.str("2026-10"), "Status": match.str("Closed")},
                {"Period": match.str("2026-11"), "Status": match.str("Open")},
                {"Period": match.str("2026-12"), "Status": match.str("Never Opened")},
            ]
        },
        Ok({"2026-10": "Closed", "2026-11": "Open", "2026-12": "Never Opened"}),
        query=_PERIODS,
    ),
)
