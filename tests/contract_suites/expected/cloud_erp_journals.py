"""What the orchestrator expects of the cloud ERP at the end of a period: imports, what became of their rows, and periods."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from pact import match

from orchestrator.canonical import AccrualRow, ImportedRow, OpenLine, ReversalRow
from orchestrator.connectors.base import Ok, Prepared, Rejected
from orchestrator.connectors.cloud_erp_journals import ask_import, find_journal, hand_in, read_rows
from tests.contract_suites.consumer import Interaction, reads, sends

NUMBER: Final = "PO-H1-000001"
REF: Final = f"period-end:2026-10/{NUMBER}/2"
DOCUMENT: Final = "period-end:H1/2026-10/1"
JOB: Final = "ESS-1"
_OPEN: Final = OpenLine(NUMBER, 2, 2, 1998, "USD")
_ACCRUALS: Final = hand_in(DOCUMENT, "H1", (AccrualRow(REF, "2026-10-31", _OPEN),))
_REVERSALS: Final = hand_in(DOCUMENT, "H1", reversals=(ReversalRow(f"{REF}/reversal", "JE-1", "2026-11-01"),))
_ELSEWHERE: Final = hand_in(DOCUMENT, "H9", (AccrualRow(REF, "2026-10-31", _OPEN),))
TOLD: Final = {"ReqstId": match.str(JOB), "DocumentId": match.str(DOCUMENT), "RequestStatus": match.str("SUCCEEDED")}
_TAKEN: Final = {"ReqstId": match.str(JOB), "RequestStatus": match.str("RUNNING")}
_PERIODS: Final = {"BusinessUnit": "H1"}
_LOADED: Final = {"Reference": match.str(REF), "Status": match.str("LOADED"), "JournalId": match.str("JE-1")}
_NOT_LOADED: Final = {
    "Reference": match.str(REF),
    "Status": match.str("REJECTED"),
    "JournalId": match.regex("", regex="^$"),
    "Message": match.str("GL-PERIOD-CLOSED"),
}


def _sends(says: str, given: str, prepared: Prepared, status: int, reply: Any, means: Any) -> Interaction:
    body = msgspec.json.decode(prepared.body)
    return Interaction(says, given, sends(prepared), ("POST", prepared.path), status, reply, means, body=body)


def _asks(says: str, given: str, prepared: Prepared, reply: Any, means: Any, **query: str) -> Interaction:
    ask = reads(prepared.operation, prepared.path, query)
    return Interaction(says, given, ask, ("GET", prepared.path), 200, reply, means, query=query)


INTERACTIONS: Final = (
    _sends("an import of accruals", "payables have closed", _ACCRUALS, 201, _TAKEN, Ok(JOB)),
    _sends("an import of reversals", "payables have closed", _REVERSALS, 201, _TAKEN, Ok(JOB)),
    _sends(
        "an import into books that there are not",
        "payables have closed",
        _ELSEWHERE,
        400,
        {"o:errorCode": match.regex("BU-INVALID", regex="^BU-INVALID$"), "title": match.str("Bad Request")},
        Rejected("BU-INVALID", "", 400),
    ),
    _asks("a job that runs", "an import was taken", ask_import(JOB), _TAKEN, Ok("RUNNING")),
    _asks("a job that is through", "an import is through", ask_import(JOB), TOLD, Ok("SUCCEEDED")),
    _asks(
        "the rows of a job",
        "an import is through",
        read_rows(JOB),
        {"items": match.each_like({**_LOADED, "Message": match.regex("", regex="^$")}, min=1)},
        Ok((ImportedRow(REF, "JE-1", ""),)),
    ),
    _asks(
        "the rows of a job that the ledger rejects",
        "an import into a locked ledger is through",
        read_rows(JOB),
        {"items": match.each_like(_NOT_LOADED, min=1)},
        Ok((ImportedRow(REF, "", "GL-PERIOD-CLOSED"),)),
    ),
    _asks(
        "a search for an accrual",
        "an import is through",
        find_journal(REF),
        {"items": match.each_like({"JournalId": match.str("JE-1"), "SourceRef": match.str(REF)}, min=1)},
        Ok(((REF, "JE-1"),)),
        SourceRef=REF,
    ),
    _asks(
        "a search for what was never posted",
        "payables have closed",
        find_journal(REF),
        {"items": []},
        Ok(()),
        SourceRef=REF,
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
