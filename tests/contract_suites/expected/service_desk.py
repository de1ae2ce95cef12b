"""What the orchestrator expects of the service desk: cases that it opens, and decisions that it reads."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from pact import match

from contracts.cases import CATEGORIES, CaseDecision, NewCase
from orchestrator.connectors.base import Ok, Rejected, Throttled, Unauthorized
from orchestrator.connectors.service_desk import list_query, open_case
from tests.contract_suites.consumer import SINCE_MS, Interaction, reads, sends, stamp, turned_away

CASE: Final = NewCase(
    "inv-1:price",
    "price-variance",
    "H1",
    ("ap_automation:INV-000001", "procurement:PO-H1-000001"),
    731,
    "USD",
    {"billed": "27.00", "ordered": "25.00"},
    "2026-10-07T16:00:00.000Z",
)
MEANS: Final = CaseDecision(
    "CASE-1",
    CASE.external_key,
    CASE.category,
    CASE.entity,
    CASE.subjects,
    "re-date",
    "2026-11-02",
    "first open day",
    "2026-10-05T16:00:00.000Z",
)
SHOWN: Final = {
    "case": match.str(MEANS.case),
    "external_key": match.str(MEANS.external_key),
    "category": match.regex(MEANS.category, regex=f"^({'|'.join(CATEGORIES)})$"),
    "entity": match.str(MEANS.entity),
    "subjects": match.type(list(MEANS.subjects), min=1),
    "decision": match.regex(MEANS.decision, regex="^(accept|reject|correct|re-date|merge|wait)$"),
    "value": match.str(MEANS.value),
    "note": match.str(MEANS.note),
    "decided_at": stamp(MEANS.decided_at),
}
MEANS_NOW: Final = msgspec.structs.replace(MEANS, value="2026-11-03", note="the second is a holiday", revision=2)
SHOWN_AGAIN: Final = {
    **SHOWN,
    "value": match.str(MEANS_NOW.value),
    "note": match.str(MEANS_NOW.note),
    "revision": match.int(2),
}
_OPEN: Final = ("POST", "/cases")
_BODY: Final = msgspec.to_builtins(CASE)
_LIST: Final = reads("service_desk.list_decisions", "/cases/decisions", list_query(SINCE_MS, 0))
_DECISIONS: Final = ("GET", "/cases/decisions")
_PAGE: Final = {"since": stamp("2026-09-21T14:13:20.000Z"), "offset": "0", "limit": "100"}


def _error(code: str) -> dict[str, Any]:
    return {"code": match.regex(code, regex=f"^{code}$"), "message": match.str("what is wrong")}


def _changed(**fields: Any) -> NewCase:
    return msgspec.structs.replace(CASE, **fields)


INTERACTIONS: Final = (
    Interaction(
        "a case",
        "there is nothing yet",
        sends(open_case(CASE)),
        _OPEN,
        201,
        {"case": "CASE-1"},
        Ok("CASE-1"),
        body=_BODY,
    ),
    Interaction(
        "a case that was sent before",
        "a case is open",
        sends(open_case(CASE)),
        _OPEN,
        200,
        {"case": "CASE-1"},
        Ok("CASE-1"),
        body=_BODY,
    ),
    Interaction(
        "a case of an entity that does not exist",
        "there is nothing yet",
        sends(open_case(_changed(entity="H9"))),
        _OPEN,
        400,
        _error("unknown_entity"),
        Rejected("unknown_entity", "", 400),
        body={**_BODY, "entity": "H9"},
    ),
    Interaction(
        "a case of a category that nobody agreed on",
        "there is nothing yet",
        sends(open_case(_changed(category="other"))),
        _OPEN,
        400,
        _error("invalid_request"),
        Rejected("invalid_request", "", 400),
        body={**_BODY, "category": "other"},
    ),
    Interaction(
        "a case from a caller without the right to write",
        "the caller may only read",
        sends(open_case(CASE)),
        _OPEN,
        403,
        _error("insufficient_scope"),
        Rejected("insufficient_scope", "", 403),
        body=_BODY,
    ),
    Interaction(
        "a case with a token that expired",
        "the caller's token has expired",
        sends(open_case(CASE)),
        _OPEN,
        401,
        _error("invalid_token"),
        Unauthorized(),
        body=_BODY,
    ),
    turned_away("a case at a busy time", sends(open_case(CASE)), _OPEN, Throttled(60.0, 503), 503, 60, body=_BODY),
    Interaction(
        "a page of decisions",
        "a case was decided",
        _LIST,
        _DECISIONS,
        200,
        {"decisions": match.each_like(SHOWN, min=1), "total": match.int(1)},
        Ok(([MEANS], 1)),
        query=_PAGE,
    ),
    Interaction(
        "a page with a decision that was taken again",
        "a case was decided again",
        _LIST,
        _DECISIONS,
        200,
        {"decisions": match.each_like(SHOWN_AGAIN, min=1), "total": match.int(1)},
        Ok(([MEANS_NOW], 1)),
        query=_PAGE,
    ),
    Interaction(
        "a page of decisions where there are none",
        "a case is open",
        _LIST,
        _DECISIONS,
        200,
        {"decisions": [], "total": 0},
        Ok(([], 0)),
        query=_PAGE,
    ),
    turned_away("a page at a busy time", _LIST, _DECISIONS, Throttled(15.0, 429), 429, 15, query=_PAGE),
)
