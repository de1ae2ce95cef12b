"""A tiny estate for tests of the engine: canned systems in memory, one virtual clock, workers that can die.

Nothing here imitates a system closely; the mocks do that. What matters is where a call can break: before the system did
anything, after it did, or later than anybody waited for. `Estate.fault` breaks the n-th call of an operation.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import selectors
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from contracts.wire import NotSent, Request, Response, TimedOut
from orchestrator.engine.assembly import Orchestrator

START = datetime(2026, 10, 5, 12, tzinfo=UTC)
SECRET = b"hook-secret"
NONE: dict[str, str] = {}
ORDERS, RECEIPTS, INVOICES = (f"cloud_erp POST /{kind}" for kind in ("purchaseOrders", "receipts", "invoices"))


class _Jump(selectors.SelectSelector):
    """Waiting is jumping: the loop's own time moves by what it would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000.0

    def select(self, timeout: float | None = None) -> list[Any]:
        """Jump."""
        assert timeout is not None, "everything waits for something that never comes"
        self.now += max(0.0, timeout)
        return []


def play(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test's coroutine in virtual time."""
    selector = _Jump()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.now  # type: ignore[method-assign]
    try:
        loop.run_until_complete(story())
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


class Clock:
    """Virtual time."""

    def monotonic(self) -> float:
        """Seconds of the loop."""
        return asyncio.get_running_loop().time()

    def business_now(self) -> datetime:
        """The same, from the start on."""
        return START + timedelta(seconds=self.monotonic() - 1_000)

    async def sleep(self, delay_s: float) -> None:
        """Let virtual time pass."""
        await asyncio.sleep(delay_s)


class Delivery:
    """One webhook call."""

    def __init__(
        self, source: str, topic: str, body: dict, *, secret: bytes = SECRET, delivery_id: str = "d-1"
    ) -> None:
        self.source = source
        self.body = json.dumps(body).encode()
        signature = "sha256=" + hmac.digest(secret, self.body, hashlib.sha256).hex()
        self.headers = {"delivery-id": delivery_id, "event-id": "e-1", "topic": topic, "signature": signature}
        self.status = 0

    def ack(self) -> None:
        """Answer 200, unless it was answered before."""
        self.status = self.status or 200

    def refuse(self, status: int) -> None:
        """Answer with a status."""
        self.status = self.status or status


class Inbound:
    """A worker's endpoint."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Delivery] = asyncio.Queue()

    async def receive(self) -> Delivery:
        """The next one."""
        return await self.queue.get()


class Telemetry:
    """Notes, kept."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, name: str, /, **fields: str | int | float) -> None:
        """Keep a note."""
        self.notes.append(f"{name} {fields}")


class Ports:
    """What one life of a worker may touch."""

    def __init__(self, worker: str, estate: Estate, settings: dict[str, str] = NONE) -> None:
        self.worker = worker
        self.http = estate
        self.inbound = Inbound()
        self.clock = Clock()
        self.telemetry = Telemetry()
        self.settings = {
            "client_id": "c",
            "client_secret": "s",
            "webhook_secret": SECRET.decode(),
            "entities": "H1=America/New_York",
            "sync": estate.sync,
            **settings,
        }

    def transport(self) -> Any:
        """Not needed here."""
        raise NotImplementedError


class Worker:
    """A worker that lives until it is killed."""

    def __init__(
        self, name: str, estate: Estate, place: Path, made: type[Orchestrator] = Orchestrator, **settings: str
    ) -> None:
        self.ports = Ports(name, estate, settings)
        self.orchestrator = made(self.ports, place)
        self.task = asyncio.get_running_loop().create_task(self.orchestrator.run())

    def kill(self) -> None:
        """Nothing of it runs again; what it had not committed is gone."""
        office = self.orchestrator.office
        self.task.cancel()
        for task in office._tasks:
            task.cancel()
        office.failed.cancel()
        self.orchestrator.store.close()

    async def take(self, delivery: Delivery, wait_s: float = 30.0) -> int:
        """Hand it a delivery and let time pass."""
        self.ports.inbound.queue.put_nowait(delivery)
        await asyncio.sleep(wait_s)
        return delivery.status


Fault = Callable[[Callable[[], Response]], Awaitable[Response]]


async def before(commit: Callable[[], Response]) -> Response:
    """Never executed; the caller waits in vain."""
    del commit
    raise TimedOut


async def after(commit: Callable[[], Response]) -> Response:
    """Executed; the reply is lost."""
    commit()
    raise TimedOut


async def later(commit: Callable[[], Response]) -> Response:
    """Executed four minutes after the caller gave up."""
    asyncio.get_running_loop().call_later(240, commit)
    raise TimedOut


async def refused(commit: Callable[[], Response]) -> Response:
    """Nobody listens."""
    del commit
    raise NotSent


def answers(status: int, headers: dict[str, str] | None = None, body: bytes = b"{}", *, commits: bool = False) -> Fault:
    """A reply that is not what one hopes for."""

    async def fault(commit: Callable[[], Response]) -> Response:
        if commits:
            commit()
        return Response(status, body, headers or {})

    return fault


class Estate:
    """All systems at once. `calls` and `posted` say what happened."""

    def __init__(self, sync: str = "off") -> None:
        self.sync = sync
        self.orders: dict[str, dict] = {}
        self.receipts: dict[str, dict] = {}
        self.invoices: dict[str, dict] = {}
        self.posted: dict[str, list[dict]] = defaultdict(list)
        self.statuses: list[tuple[str, str]] = []
        self.cases: dict[str, dict] = {}
        self.decisions: list[dict] = []
        self.calls: list[tuple[str, str, Request]] = []
        self.faults: dict[tuple[str, int], Fault] = {}
        self.hooks: dict[tuple[str, int], Callable[[str], None]] = {}
        self.tokens = 0
        self.expired: set[str] = set()
        self._by_key: dict[str, Response] = {}
        self._counts: dict[str, int] = defaultdict(int)

    def fault(self, operation: str, fault: Fault, *nth: int) -> None:
        """Break the n-th calls of `system METHOD /path` (its first two words of path)."""
        for number in nth or (1,):
            self.faults[operation, number] = fault

    def hook(self, operation: str, does: Callable[[str], None], nth: int = 1) -> None:
        """Call something `before` and `after` the n-th call is executed."""
        self.hooks[operation, nth] = does

    def made(self, operation: str) -> list[Request]:
        """The requests of one operation."""
        return [request for _, name, request in self.calls if name == operation]

    async def send(self, system: str, request: Request, timeout_s: float) -> Response:
        """`contracts.ports.Http`."""
        name = f"{system} {request.method} /{request.path.split('/')[1]}"
        if request.query.get("SourceRef"):
            name += "?"
        self._counts[name] += 1
        nth = self._counts[name]
        self.calls.append((system, name, request))
        await asyncio.sleep(0.05)
        hook = self.hooks.get((name, nth), _nothing)
        hook("before")
        await asyncio.sleep(0)
        fault = self.faults.get((name, nth))
        if fault is not None:
            try:
                response = await fault(lambda: self._execute(system, request))
            except TimedOut:
                await asyncio.sleep(timeout_s)
                raise
        else:
            response = self._execute(system, request)
        hook("after")
        await asyncio.sleep(0.05)
        return response

    def _execute(self, system: str, request: Request) -> Response:
        if system == "identity":
            self.tokens += 1
            return _json({"access_token": f"t{self.tokens}", "expires_in": 3600})
        if request.headers.get("authorization", "") in {"", *(f"Bearer {token}" for token in self.expired)}:
            return Response(401)
        systems: dict[str, Callable[[Request, list[str]], Response]] = {
            "procurement": self._procurement,
            "inventory": self._inventory,
            "ap_automation": self._ap_automation,
            "cloud_erp": self._cloud_erp,
            "service_desk": self._service_desk,
        }
        return systems[system](request, request.path.split("/")[1:])

    def _procurement(self, request: Request, path: list[str]) -> Response:
        if len(path) == 1:
            listed = list(self.orders.values()) if path == ["purchase_orders"] else []
            return _json({path[0]: listed, "next_offset": None})
        if request.method == "PUT":
            told = json.loads(request.body)
            self.statuses.append((path[1], told["status"]))
            return _json({"number": path[1], **told})
        return _json(self.orders[path[1]]) if path[1] in self.orders else Response(404, b"{}")

    def _inventory(self, request: Request, path: list[str]) -> Response:
        del request
        if len(path) == 1:
            return _json({"receipts": list(self.receipts.values()), "more": False})
        return _json(self.receipts[path[1]])

    def _ap_automation(self, request: Request, path: list[str]) -> Response:
        if len(path) == 1:
            return _json({"invoices": list(self.invoices.values()), "total": len(self.invoices)})
        if request.method == "PUT":
            told = json.loads(request.body)
            self.statuses.append((path[1], told["status"]))
            return _json({"id": path[1], **told})
        return _json(self.invoices[path[1]]) if path[1] in self.invoices else Response(404, b"[]")

    def _cloud_erp(self, request: Request, path: list[str]) -> Response:
        kind = path[0]
        if request.method == "GET":
            wanted = request.query.get("SourceRef")
            items = [item for item in self.posted[kind] if wanted in {None, item["SourceRef"]}]
            return _json({"items": items, "hasMore": False})
        key = request.headers["idempotency-key"]
        if key in self._by_key:
            return self._by_key[key]
        item = json.loads(request.body)
        name = {"purchaseOrders": "OrderHeaderId", "receipts": "ReceiptId", "invoices": "InvoiceId"}[kind]
        item[name] = f"{kind}-{len(self.posted[kind]) + 1}"
        self.posted[kind].append(item)
        self._by_key[key] = _json(item, 201)
        return self._by_key[key]

    def _service_desk(self, request: Request, path: list[str]) -> Response:
        if request.method == "GET":
            return _json({"decisions": self.decisions, "total": len(self.decisions)})
        del path
        case = json.loads(request.body)
        known = self.cases.setdefault(case["external_key"], case)
        return _json({"case": f"CASE-{list(self.cases).index(known['external_key']) + 1}"}, 201)

    # -- what people do ---------------------------------------------------------------------------------------------------

    def order(self, number: str = "PO-H1-000001", entity: str = "H1") -> Delivery:
        """An order is approved."""
        self.orders[number] = {
            "number": number,
            "revision": 1,
            "business_unit": entity,
            "supplier": {"id": "S001", "name": "Acme"},
            "lines": [{"line": 1, "item": "ITM-1", "kind": "stock", "quantity": 10, "unit_price": "12.50"}],
            "unknown_field": [1, 2, 3],
        }
        body = {"number": number, "revision": 1, "business_unit": entity}
        return Delivery("procurement", "purchase_order.approved", body)

    def receipt(self, name: str = "GRN-H1-000001", order: str = "PO-H1-000001", quantity: int = 10) -> Delivery:
        """Goods arrive."""
        self.receipts[name] = {
            "grn": name,
            "site": "H1",
            "order": order,
            "received_on": "2026-10-05",
            "lines": [{"line": 1, "item": "ITM-1", "quantity": quantity, "unit": "box"}],
        }
        return Delivery("inventory", "receipt.recorded", self.receipts[name])

    def invoice(self, name: str = "INV-000001", order: str = "PO-H1-000001", price: str = "12.50") -> Delivery:
        """A bill comes; just after midnight UTC, so that it is still the day before at the hospital."""
        amount = f"{round(float(price) * 10, 2):.2f}"
        self.invoices[name] = {
            "id": name,
            "organisation": "H1",
            "supplier": {"id": "S001"},
            "number": "77",
            "invoice_date": "2026-10-04",
            "purchase_order": order,
            "lines": [{"line": 1, "item": "ITM-1", "quantity": 10, "unit_price": price, "amount": amount}],
            "total": amount,
            "captured_at": "2026-10-06T03:30:00.000Z",
        }
        return Delivery("ap_automation", "invoice.captured", self.invoices[name])

    def decision(self, key: str, decision: str, case: str = "CASE-1", value: str = "", revision: int = 1) -> Delivery:
        """People decide; from the second revision on they have thought better of it."""
        body = {
            "case": case,
            "external_key": key,
            "category": key.partition("/")[0],
            "entity": "H1",
            "subjects": [],
            "decision": decision,
            "value": value,
            **({"revision": revision} if revision > 1 else {}),
        }
        self.decisions.append(body)
        return Delivery("service_desk", "case.decided", body)


def _nothing(moment: str) -> None:
    """The hook of a call that nobody waits for."""
    del moment


def _json(value: object, status: int = 200) -> Response:
    return Response(status, json.dumps(value).encode())


def once(estate: Estate) -> None:
    """Every paper of the one order stands in the ERP exactly once, and its source knows."""
    assert {kind: len(items) for kind, items in estate.posted.items()} == {
        "purchaseOrders": 1,
        "receipts": 1,
        "invoices": 1,
    }
    assert [status for paper, status in estate.statuses if paper == "INV-000001"][-1] == "posted"
    assert ("PO-H1-000001", "interfaced") in estate.statuses
