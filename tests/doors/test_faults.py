"""Faults behind the real door, over sockets: those that a plan of the parity test cannot show, and all of them at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.doors.stand import Served, orchestrating, serving, until

ORDER: dict[str, Any] = {
    "SourceRef": "procurement:PO-1",
    "OrderNumber": "PO-1",
    "BusinessUnit": "H1",
    "Supplier": "S001",
    "SupplierName": "Northwind Medical",
    "Currency": "USD",
    "CostCenter": "00412",
    "Lines": [{"Line": 1, "Item": "GLOVES", "Kind": "stock", "Quantity": 10, "UnitPrice": "4.00"}],
}
RATHER_OFTEN = {
    "bad-signature",
    "busy",
    "calendar-edge",
    "error-in-200",
    "key-ignored",
    "reset-mid-body",
    "schema-drift",
    "slow-drip",
    "stale-read",
    "token-expired",
    "unreadable-reply",
    "webhook-before-object",
    "webhook-duplicate",
    "webhook-lost",
}
"""What half of the week's volume meets several times each, with whatever rhythm of polling."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """The week of bad weather, its weather left out: faults are added by hand."""
    plan = tmp_path / "none.toml"
    plan.write_text("# nothing\n", "utf-8")
    with serving(tmp_path, "bad-weather", "--scale", "0.2", "--plan", plan) as estate:
        yield estate


def strike(served: Served, kind: str, target: str, **params: Any) -> None:
    """The next crossing of a target."""
    served.post("/faults", {"kind": kind, "target": target, "trigger": {"nth": 1}, "params": params})


def test_half_of_a_reply_arrives_and_the_work_is_done(served: Served) -> None:
    """Kind 6: the head promised more than came."""
    with served.authorized() as client:
        strike(served, "reset-mid-body", "cloud_erp.create_purchase_order")
        with client.stream("POST", "/cloud_erp/purchaseOrders", json=ORDER) as answer:
            assert answer.status_code == 201
            assert int(answer.headers["content-length"]) > 0
            with pytest.raises(httpx.TransportError):
                answer.read()
        found = client.get("/cloud_erp/purchaseOrders", params={"SourceRef": ORDER["SourceRef"]}).json()["items"]
        assert len(found) == 1
    assert served.get("/")["faults_took_effect"] == {"reset-mid-body": 1}


def test_a_page_begins_elsewhere_and_a_read_is_stale(served: Served) -> None:
    """Kinds 14 and 15: the orders from before the start are listed, from the third on; a minute ago there were none."""
    with served.authorized() as client:
        whole = client.get("/procurement/purchase_orders").json()["purchase_orders"]
        assert len(whole) > 5
        strike(served, "shifting-pages", "procurement.list_purchase_orders", rows=2)
        page = client.get("/procurement/purchase_orders", params={"offset": "1"}).json()["purchase_orders"]
        assert page == whole[3:]
        strike(served, "stale-read", "procurement.get_purchase_order", lag_s=86_400)
        path = f"/procurement/purchase_orders/{whole[0]['number']}"
        assert [client.get(path).status_code for _ in range(2)] == [404, 200]
    assert served.get("/")["faults_took_effect"] == {"shifting-pages": 1, "stale-read": 1}


def test_a_request_is_held_until_the_books_have_closed(served: Served) -> None:
    """Kind 41: sent days before (or an hour, as it would be), executed a second after; its caller has long been let go."""
    strike(served, "cut-off-race", "cloud_erp.create_purchase_order", within_s=1_000_000)
    with served.authorized() as client, ThreadPoolExecutor(1) as beside:
        client.get("/inventory/receipts")
        sent = beside.submit(client.post, "/cloud_erp/purchaseOrders", json=ORDER)
        until(lambda: served.get("/")["calls_under_way"], "the call")
        served.advance(seconds=120)
        with pytest.raises(httpx.TransportError):
            sent.result(timeout=30)
        found = {"SourceRef": ORDER["SourceRef"]}
        assert client.get("/cloud_erp/purchaseOrders", params=found).json()["items"] == []
        served.advance(to="2026-11-02T16:01:00Z")  # eleven in New York, and a minute
        assert len(client.get("/cloud_erp/purchaseOrders", params=found).json()["items"]) == 1
    assert served.get("/")["faults_took_effect"] == {"cut-off-race": 1}


@pytest.mark.slow
def test_the_reference_comes_through_bad_weather_over_http(tmp_path: Path) -> None:
    """Every kind that this door can bring about, at once."""
    with (
        serving(tmp_path, "bad-weather", "--scale", "0.5", "--seed", "1") as served,
        orchestrating(served, tmp_path / "db"),
    ):
        served.advance()
        summary = served.summary()
    assert [result.id for result in summary.invariants if result.verdict == "fail"] == []
    assert summary.verdict == "pass"
    assert {count.kind for count in summary.faults if count.took_effect} >= RATHER_OFTEN
