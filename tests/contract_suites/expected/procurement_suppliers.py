"""What the orchestrator expects of procurement's suppliers and codes: records to read, pages of them, a number that it sets."""

from __future__ import annotations

from typing import Any, Final

from pact import match

from orchestrator.canonical import CodeMeaning, SupplierRecord
from orchestrator.connectors.base import Ok, Rejected
from orchestrator.connectors.procurement_suppliers import Notice, list_query, supplier_path, tell_number
from tests.contract_suites.consumer import SINCE_MS, Interaction, reads, sends, stamp

RECORD: Final = "SUP-000001"
_PAGE: Final = {"updated_after": stamp("2026-09-21T14:13:20.000Z"), "offset": "0", "limit": "50"}
_ERROR: Final = {"errors": {"not_found": match.each_like("what is wrong", min=1)}}
_SAID: Final = {
    "id": RECORD,
    "version": 1,
    "business_unit": "H1",
    "name": "Acme Medical",
    "tax_id": "12-3456789",
    "address": "14 Harbor Street, Albany, NY 12207",
    "bank_account": "021000021/1",
    "parent": "",
    "erp_number": "",
}
_MEANING: Final = {
    "id": "LV-000001",
    "version": 1,
    "lookup": "cost-centre",
    "business_unit": "H1",
    "code": "H1-00412",
    "value": "00412",
    "valid_from": "2026-10-13",
    "valid_to": "",
}


def _like(said: dict[str, Any]) -> dict[str, Any]:
    return {name: match.int(value) if isinstance(value, int) else match.str(value) for name, value in said.items()}


INTERACTIONS: Final = (
    Interaction(
        "a read of a supplier",
        "a supplier was proposed",
        reads("procurement.get_supplier", supplier_path(RECORD)),
        ("GET", f"/suppliers/{RECORD}"),
        200,
        _like(_SAID),
        Ok(SupplierRecord(RECORD, 1, "H1", "Acme Medical", "12-3456789", str(_SAID["address"]), "021000021/1", "", "")),
    ),
    Interaction(
        "a read of a supplier that does not exist",
        "a supplier was proposed",
        reads("procurement.get_supplier", supplier_path("SUP-000009")),
        ("GET", "/suppliers/SUP-000009"),
        404,
        _ERROR,
        Rejected("", "", 404),
    ),
    Interaction(
        "a page of changed suppliers",
        "a supplier was proposed",
        reads("procurement.list_suppliers", "/suppliers", list_query(SINCE_MS, 0)),
        ("GET", "/suppliers"),
        200,
        {
            "suppliers": match.each_like(
                {"id": match.str(RECORD), "version": match.int(1), "business_unit": match.str("H1")}, min=1
            ),
            "next_offset": None,
        },
        Ok(([Notice(RECORD, 1, "H1")], False)),
        query=_PAGE,
    ),
    Interaction(
        "what the ERP calls a supplier",
        "a supplier was proposed",
        sends(tell_number(RECORD, "ESUP-1")),
        ("PUT", f"/suppliers/{RECORD}/erp_number"),
        200,
        {"id": match.str(RECORD), "erp_number": match.str("ESUP-1")},
        Ok(""),
        body={"erp_number": "ESUP-1"},
    ),
    Interaction(
        "what the ERP calls a supplier that does not exist",
        "a supplier was proposed",
        sends(tell_number("SUP-000009", "ESUP-1")),
        ("PUT", "/suppliers/SUP-000009/erp_number"),
        404,
        _ERROR,
        Rejected("", "", 404),
        body={"erp_number": "ESUP-1"},
    ),
    Interaction(
        "a page of what codes mean",
        "a code was given a meaning",
        reads("procurement.list_lookup_values", "/lookup_values", list_query(SINCE_MS, 0)),
        ("GET", "/lookup_values"),
        200,
        {"lookup_values": match.each_like(_like(_MEANING), min=1), "next_offset": None},
        Ok(([CodeMeaning("LV-000001", 1, "cost-centre", "H1", "H1-00412", "00412", "2026-10-13", "")], False)),
        query=_PAGE,
    ),
)
MEANING: Final = _like(_MEANING)
