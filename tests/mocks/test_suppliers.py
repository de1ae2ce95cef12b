"""Suppliers: records in procurement, golden records in the ERP, and the rules by which both change."""

from __future__ import annotations

import json

import pytest

from contracts.wire import Request, Subject
from mocks.kit.operation import Refused
from tests.mocks.doors import Door, Estate, InProcess
from tests.mocks.papers import erp_invoice, erp_order, erp_supplier, proposed, supplier_form

RECORD = "SUP-000001"


def test_a_proposal_makes_a_record_and_a_thin_event(door: Door, estate: Estate) -> None:
    assert proposed(estate) == RECORD
    (effect,), (event,) = estate.last()
    assert (effect.what, effect.ref, effect.version, effect.entity) == ("supplier.recorded", RECORD, 1, "H1")
    assert (event.topic, event.subject, event.version) == ("supplier.changed", Subject("H1", RECORD), 1)
    assert set(json.loads(event.body)) == {"id", "version", "business_unit", "occurred_at"}
    status, shown = door.call("procurement", "GET", f"/suppliers/{RECORD}")
    assert (status, shown["tax_id"], shown["version"], shown["erp_number"]) == (200, "12-3456789", 1, "")


def test_every_edit_is_a_version_and_the_newest_is_listed_last(door: Door, estate: Estate) -> None:
    first, second = proposed(estate), proposed(estate, "H2")
    suppliers = estate.procurement.state.suppliers
    estate.later(60)
    changed = supplier_form(bank_account="021000021/2")
    assert estate.act(estate.procurement, lambda work: suppliers.edit(work, first, changed)) == 2
    _, listed = door.call("procurement", "GET", "/suppliers")
    assert [(row["id"], row["version"]) for row in listed["suppliers"]] == [(second, 1), (first, 2)]


def test_a_number_from_the_erp_makes_no_version_and_the_same_again_nothing(door: Door, estate: Estate) -> None:
    proposed(estate)
    told = {"erp_number": "ESUP-1"}
    status, shown = door.call("procurement", "PUT", f"/suppliers/{RECORD}/erp_number", told)
    assert (status, shown["erp_number"], shown["version"]) == (200, "ESUP-1", 1)
    (effect,), events = estate.last()
    assert (effect.what, effect.ref, effect.number, events) == ("supplier.linked", RECORD, "ESUP-1", ())
    before = len(estate.commits)
    door.call("procurement", "PUT", f"/suppliers/{RECORD}/erp_number", told)
    assert len(estate.commits) == before


def test_a_supplier_needs_a_name_and_a_hospital(estate: Estate) -> None:
    with pytest.raises(Refused):
        proposed(estate, "H9")
    suppliers = estate.procurement.state.suppliers
    with pytest.raises(Refused):
        estate.act(estate.procurement, lambda work: suppliers.propose(work, supplier_form(name="")))


def test_the_erp_creates_what_it_is_given_also_twice(door: Door, estate: Estate) -> None:
    status, made = door.call("cloud_erp", "POST", "/suppliers", erp_supplier())
    assert (status, made["SupplierNumber"], made["Sites"]) == (201, "ESUP-1", ["H1"])
    (created, bank), _ = estate.last()
    assert (created.what, created.source_ref, created.version, created.number) == (
        "supplier.created",
        "procurement:SUP-000001",
        1,
        "123456789",
    )
    assert (bank.what, bank.ref, bank.number) == ("supplier.bank", "ESUP-1", "021000021/1")
    assert door.call("cloud_erp", "POST", "/suppliers", erp_supplier())[1]["SupplierNumber"] == "ESUP-2"
    _, found = door.call("cloud_erp", "GET", "/suppliers", query={"SourceRef": "procurement:SUP-000001"})
    assert [each["SupplierNumber"] for each in found["items"]] == ["ESUP-1", "ESUP-2"]


def test_a_repeated_key_creates_once(door: Door) -> None:
    key = {"Idempotency-Key": "sup:1"}
    for _ in range(2):
        status, made = door.call("cloud_erp", "POST", "/suppliers", erp_supplier(), headers=key)
        assert (status, made["SupplierNumber"]) == (201, "ESUP-1")


def test_a_change_must_name_the_state_that_it_read(door: Door, estate: Estate) -> None:
    _, made = door.call("cloud_erp", "POST", "/suppliers", erp_supplier())
    tag = made["@context"]["headers"]["ETag"]
    edit = {"SourceRef": "procurement:SUP-000001", "SourceVersion": 2, "Supplier": "Acme Health"}
    door.refused(428, "ETAG-MISSING", "cloud_erp", "PATCH", "/suppliers/ESUP-1", edit)
    door.refused(412, "ETAG-STALE", "cloud_erp", "PATCH", "/suppliers/ESUP-1", edit, headers={"If-Match": '"x"'})
    status, changed = door.call("cloud_erp", "PATCH", "/suppliers/ESUP-1", edit, headers={"If-Match": tag})
    assert (status, changed["Supplier"], changed["SourceVersion"]) == (200, "Acme Health", 2)
    (effect,), _ = estate.last()
    assert (effect.what, effect.version) == ("supplier.changed", 2)
    door.refused(412, "ETAG-STALE", "cloud_erp", "PATCH", "/suppliers/ESUP-1", edit, headers={"If-Match": tag})


def test_the_tag_stands_in_the_header_too(estate: Estate) -> None:
    door = InProcess(estate)
    door.call("cloud_erp", "POST", "/suppliers", erp_supplier())
    headers = {"authorization": f"Bearer {door.token()}"}
    response = door.outcome("cloud_erp", Request("GET", "/suppliers/ESUP-1", {}, headers)).response
    assert response.headers["etag"] == json.loads(response.body)["@context"]["headers"]["ETag"]


def test_another_account_is_an_effect_of_its_own(door: Door, estate: Estate) -> None:
    door.call("cloud_erp", "POST", "/suppliers", erp_supplier())
    edit = {"SourceRef": "procurement:SUP-000001", "SourceVersion": 2, "BankAccount": "021000021/2"}
    door.call("cloud_erp", "PATCH", "/suppliers/ESUP-1", edit, headers={"If-Match": "*"})
    assert [(effect.what, effect.number) for effect in estate.last()[0]][1:] == [("supplier.bank", "021000021/2")]
    before = len(estate.commits)
    door.call("cloud_erp", "PATCH", "/suppliers/ESUP-1", edit, headers={"If-Match": "*"})
    assert len(estate.commits) == before, "what it says already is no change"


def test_a_hold_changes_the_tag_and_a_site_is_opened_once(door: Door, estate: Estate) -> None:
    _, made = door.call("cloud_erp", "POST", "/suppliers", erp_supplier())
    suppliers = estate.cloud_erp.state.suppliers
    estate.act(estate.cloud_erp, lambda work: suppliers.hold(work, "ESUP-1", on_hold=True))
    with pytest.raises(Refused):
        estate.act(estate.cloud_erp, lambda work: suppliers.hold(work, "ESUP-1", on_hold=True))
    edit = {"SourceRef": "procurement:SUP-000001", "SourceVersion": 2}
    tag = made["@context"]["headers"]["ETag"]
    door.refused(412, "ETAG-STALE", "cloud_erp", "PATCH", "/suppliers/ESUP-1", edit, headers={"If-Match": tag})
    site = {"SourceRef": "procurement:SUP-000002"}
    for _ in range(2):
        status, shown = door.call("cloud_erp", "PUT", "/suppliers/ESUP-1/sites/H2", site)
        assert (status, shown["Sites"], shown["OnHold"]) == (200, ["H1", "H2"], True)
    assert [effect.what for _, effects, _ in estate.commits for effect in effects].count("supplier.site") == 1
    door.refused(400, "BU-INVALID", "cloud_erp", "PUT", "/suppliers/ESUP-1/sites/H9", site)


def test_who_was_not_granted_a_hospital_sees_none_of_its_suppliers(door: Door, estate: Estate) -> None:
    proposed(estate)
    door.call("cloud_erp", "POST", "/suppliers", erp_supplier())
    estate.identity.state.register("only-h2", "s", entities=("H2",))
    token = door.token("only-h2")
    door.refused(403, "not_granted", "procurement", "GET", f"/suppliers/{RECORD}", token=token)
    door.refused(403, "not_granted", "cloud_erp", "GET", "/suppliers/ESUP-1", token=token)
    assert door.call("procurement", "GET", "/suppliers", token=token)[1]["total"] == 0


def test_a_code_has_one_meaning_at_a_time(door: Door, estate: Estate) -> None:
    lookups = estate.procurement.state.lookups
    for value, day in (("00412", "2026-10-13"), ("50412", "2026-10-22")):
        estate.act(estate.procurement, lookups.publish, "cost-centre", "H1", "H1-00412", value, day)
    effects, events = estate.last()
    assert [effect.what for effect in effects] == ["lookup.published"] * 2
    assert [json.loads(event.body)["valid_to"] for event in events] == ["2026-10-22", ""]
    _, listed = door.call("procurement", "GET", "/lookup_values")
    assert [(row["value"], row["version"], row["valid_from"], row["valid_to"]) for row in listed["lookup_values"]] == [
        ("00412", 2, "2026-10-13", "2026-10-22"),
        ("50412", 1, "2026-10-22", ""),
    ]
    with pytest.raises(Refused):
        estate.act(estate.procurement, lookups.publish, "cost-centre", "H1", "H1-00412", "x", "2026-10-20")


def test_an_invoice_may_say_where_its_expense_belongs(door: Door, estate: Estate) -> None:
    erp = estate.cloud_erp
    estate.act(erp, lambda work: erp.state.open_period(work, "H1", "2026-10"))
    door.call("cloud_erp", "POST", "/purchaseOrders", erp_order())
    invoice = {**erp_invoice("9.99", (2, 1, "9.99", "9.99")), "CostCenter": "50412"}
    assert door.call("cloud_erp", "POST", "/invoices", invoice)[0] == 201
    (effect,), _ = estate.last()
    assert [line.account for line in effect.lines if line.role == "expense"] == ["6100-50412"]
