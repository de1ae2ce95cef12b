"""Connectors: what is sent in each dialect, what is read out of it, and what a reply means."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from contracts.cases import NewCase
from contracts.wire import Response
from orchestrator.canonical import decimal, milliseconds, minor, moment, stamp
from orchestrator.connectors import OPERATIONS, ap_automation, cloud_erp, identity, inventory, procurement, service_desk
from orchestrator.connectors.base import Ok, Outcome, Rejected, Throttled, Unauthorized, Unknown, outcome, retry_after_s
from tests.orchestrator.estate import Clock, Estate
from tests.orchestrator.papers import invoice, order, receipt

NOW = datetime(2026, 10, 5, 12, tzinfo=UTC)


class Noon(Clock):
    """A clock that stands still."""

    def business_now(self) -> datetime:
        """Noon."""
        return NOW


CREATED = b'{"InvoiceId":"AP-1","VoucherNumber":"AP-1","SourceRef":"x"}'


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (201, CREATED, Ok("AP-1")),
        (200, b'{"error":"internal"}', Unknown),
        (201, CREATED[:20], Unknown),
        (201, b"", Unknown),
        (400, b'{"o:errorCode":"AP-PERIOD-CLOSED","detail":"closed"}', Rejected("AP-PERIOD-CLOSED", "closed", 400)),
        (400, b"<html>", Rejected("", "<html>", 400)),
        (409, b"{}", Rejected("", "", 409)),
        (401, b"", Unauthorized()),
        (429, b"", Throttled(0.0, 429)),
        (503, b"", Throttled(0.0, 503)),
        (500, b"", Unknown("status 500")),
        (502, b"", Unknown("status 502")),
        (302, b"", Unknown("status 302")),
        (408, b"", Unknown("status 408")),
    ],
)
def test_what_a_reply_to_a_posting_means(status: int, body: bytes, expected: Outcome | type) -> None:
    got = outcome(OPERATIONS["cloud_erp.create_invoice"], Response(status, body), Noon())
    assert isinstance(got, expected) if isinstance(expected, type) else got == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", 0.0), ("7", 7.0), ("-3", 0.0), ("soon", 0.0), ("Mon, 05 Oct 2026 12:00:30 GMT", 30.0)],
)
def test_retry_after_in_its_forms(text: str, expected: float) -> None:
    assert retry_after_s(text, NOW) == expected


def test_only_the_erps_creates_need_a_lookup() -> None:
    """Everything else reads, sets, or is told apart by the other side. Returns cannot be searched: there the key must do.

    An import keeps no key and cannot be searched either, so it goes out once.
    """
    careful = {name for name, operation in OPERATIONS.items() if operation.lookup is not None}
    kinds = ("purchase_order", "receipt", "invoice", "credit_memo", "supplier")
    assert careful == {f"cloud_erp.create_{kind}" for kind in kinds}
    careful.add("cloud_erp.create_return")
    assert all(OPERATIONS[name].honours_key and OPERATIONS[name].settle_s >= 300 for name in careful)
    once = {name for name, operation in OPERATIONS.items() if operation.once}
    assert once == {"cloud_erp.submit_import"}
    assert all(OPERATIONS[name].settle_s >= 300 and not OPERATIONS[name].honours_key for name in once)
    assert careful | once == {name for name, operation in OPERATIONS.items() if not operation.repeatable}


def test_papers_in_the_erps_dialect() -> None:
    sent = cloud_erp.post_invoice(invoice(), "2026-10-06")
    assert (sent.operation, sent.path, sent.ref) == ("cloud_erp.create_invoice", "/invoices", "ap_automation:INV-1")
    body = json.loads(sent.body)
    assert body["AccountingDate"] == "2026-10-06"
    assert body["InvoiceAmount"] == "285.00"
    assert body["Lines"][0] == {"Line": 1, "Quantity": 10, "UnitPrice": "12.50", "Amount": "125.00"}
    body = json.loads(cloud_erp.post_order(order()).body)
    assert body["SourceRef"] == "procurement:PO-H1-000001"
    assert body["CostCenter"] == "CC-1"
    assert body["Lines"][1] == {"Line": 2, "Item": "ITM-2", "Kind": "expense", "Quantity": 4, "UnitPrice": "40.00"}
    body = json.loads(cloud_erp.post_receipt(receipt()).body)
    assert body["ReceiptNumber"] == "GRN-1"
    assert body["ReceiptDate"] == "2026-10-05"


def test_what_was_posted_is_found_by_its_reference_alone() -> None:
    lookup = OPERATIONS["cloud_erp.create_invoice"].lookup
    assert lookup is not None
    items = {"items": [{"InvoiceId": "AP-7", "SourceRef": "a:2"}, {"InvoiceId": "AP-8", "SourceRef": "a:1"}]}
    assert lookup.read(json.dumps(items).encode(), "a:1") == "AP-8"
    again = [{"InvoiceId": "AP-7", "SourceRef": "a:1", "Status": "Cancelled"}, *items["items"]]
    assert lookup.read(json.dumps({"items": again}).encode(), "a:1") == "AP-8", "what people took out is no answer"
    assert lookup.read(b'{"items":[]}', "a:1") is None


def test_readers_name_only_what_they_use() -> None:
    """Unknown fields pass; missing ones do not."""
    estate = Estate()
    estate.order(), estate.receipt(), estate.invoice()
    raw = json.dumps(estate.orders["PO-H1-000001"]).encode()
    assert procurement.read_order(raw).lines[0].unit_price_minor == 1250
    with pytest.raises(ValueError, match="number"):
        procurement.read_order(b"{}")
    assert inventory.read_receipt(json.dumps(estate.receipts["GRN-H1-000001"]).encode()).lines[0].quantity == 10


@pytest.mark.parametrize(("zones", "day"), [({"H1": ZoneInfo("America/New_York")}, "2026-10-05"), ({}, "2026-10-06")])
def test_an_invoice_is_captured_on_its_hospitals_day(zones: dict[str, ZoneInfo], day: str) -> None:
    estate = Estate()
    estate.invoice()
    read = ap_automation.read_invoice(json.dumps(estate.invoices["INV-000001"]).encode())
    assert ap_automation.localised(read, zones).captured_on == day


def test_statuses_cases_and_tokens() -> None:
    told = ap_automation.tell_status("INV-1", "posted", "AP-1", "")
    assert (told.path, json.loads(told.body)) == (
        "/invoices/INV-1/status",
        {"status": "posted", "voucher": "AP-1", "reason": ""},
    )
    case = NewCase("k", "price-variance", "H1", ("a:1",), 5, "USD", {"x": "y"}, "")
    assert json.loads(service_desk.open_case(case).body)["subjects"] == ["a:1"]
    request = identity.token_request("me", "se&cret")
    assert request.body == b"grant_type=client_credentials&client_id=me&client_secret=se%26cret"
    assert identity.read_grant(b'{"access_token":"t","expires_in":60}').expires_in == 60


@pytest.mark.parametrize(
    ("module", "body"),
    [
        (procurement, b'{"errors":{"c":["m"]}}'),
        (inventory, b'{"error":{"code":"c","message":"m"}}'),
        (service_desk, b'{"code":"c","message":"m"}'),
    ],
)
def test_errors_in_each_dialect(module: object, body: bytes) -> None:
    assert module.read_error(body) == ("c", "m")  # type: ignore[attr-defined]
    assert module.read_error(b"{}") == ("", "")  # type: ignore[attr-defined]


def test_errors_come_as_a_list_from_invoice_capture() -> None:
    assert ap_automation.read_error(b'[{"code":"BDC_1","message":"m"}]') == ("BDC_1", "m")
    assert ap_automation.read_error(b"[]") == ("", "")


@pytest.mark.parametrize(("text", "amount"), [("12.50", 1250), ("0.05", 5), ("-3.10", -310), ("7", 700), ("7.5", 750)])
def test_money_in_and_out(text: str, amount: int) -> None:
    assert minor(text) == amount
    assert minor(decimal(amount)) == amount


@pytest.mark.parametrize("text", ["", "1.234", "1,5", "1.x", "abc"])
def test_what_is_no_money(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        minor(text)


def test_moments() -> None:
    assert stamp(milliseconds(moment("2026-10-05T12:00:00.123Z"))) == "2026-10-05T12:00:00.123Z"
    with pytest.raises(ValueError, match="offset"):
        moment("2026-10-05T12:00:00")
