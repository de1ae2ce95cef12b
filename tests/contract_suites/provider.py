"""The provider's half of a pact: the mocked systems over HTTP, put into real states by what people and callers do in them.

Every state begins with a fresh estate, so the ids that a pact names are those that the systems really give out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from pact import Verifier

from contracts.wire import Response
from mocks.kit.asgi import App, Receive, Scope, Send, asgi_app
from mocks.kit.operation import Incoming
from mocks.kit.system import System
from sim.faults.busy import Busy
from sim.faults.kind import Armed
from tests.mocks.doors import Estate, InProcess, serving
from tests.mocks.papers import (
    ORDER,
    captured,
    case,
    coded,
    counted,
    entered,
    erp_credit,
    erp_import,
    erp_invoice,
    erp_order,
    erp_receipt,
    erp_supplier,
    given_back,
    ordered,
    ordered_in_codes,
    proposed,
    read_from_paper,
    received,
    taxed,
)

Where = Mapping[str, Any]

_BUSY: Final = Busy()


class Provider:
    """One system of an estate that is fresh for each state; every request gets a token, as Pact has none to send."""

    def __init__(self, provider: str) -> None:
        self.problems: list[str] = []
        self.system = provider.partition("-")[0]
        self._become({})

    def enter(self, state: str, action: str = "setup", parameters: dict[str, Any] | None = None) -> None:
        """Put the system into a state. Pact goes by these argument names, and would repeat for minutes what raises."""
        if action != "setup":
            return
        try:
            self._become(parameters or {})
            STATES[state](self)
        except Exception as problem:  # noqa: BLE001 - reported by the test, with the state's name
            self.problems.append(f"{state}: {problem!r}")

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The system as an application, with the prefix and the token that it wants."""
        if scope["type"] == "http":
            headers = [(name, value) for name, value in scope["headers"] if name != b"authorization"]
            if any(name == b"authorization" for name, _ in scope["headers"]):
                headers.append((b"authorization", f"Bearer {self.token}".encode()))
            scope = {**scope, "headers": headers, "path": f"/{self.system}{scope['path']}"}
        await self._app(scope, receive, send)

    def _become(self, where: Where) -> None:
        self.where = where
        self.estate = Estate()
        self.door = InProcess(self.estate)
        self.token = self.door.token()
        self.busy: dict[str, int] = {}
        self._app: App = asgi_app(self.estate.systems, lambda: self.estate.now_ms, self._through)

    async def _through(self, system: System[Any], incoming: Incoming) -> Response:
        """Where a wire arms its faults: the busy door is the same one that runs strike with."""
        if self.busy:
            armed = Armed(_BUSY, "", {}, dict(self.busy), lambda _armed, _harmless: None)
            nothing: Any = None
            turned_away = await _BUSY.strike_call(nothing, nothing, armed, nothing)
            assert isinstance(turned_away, Response)
            return turned_away
        return system.handle(incoming, self.estate.now_ms).response


def verify(system: str, pact: Path) -> tuple[int, list[str]]:
    """Replay a pact against the system; how many interactions came out right, and what was wrong."""
    provider = Provider(system)
    with serving() as served:
        served.app = provider.serve
        verifier = Verifier(system, host="127.0.0.1").add_transport(url=served.url).add_source(pact)
        return outcome_of(verifier.state_handler(provider.enter, teardown=False), provider.problems)


def outcome_of(verifier: Verifier, problems: list[str]) -> tuple[int, list[str]]:
    """Let Pact verify; how many interactions came out right, and what was wrong."""
    try:
        verifier.verify()
    except RuntimeError:
        problems.append(verifier.output(strip_ansi=True))
    finally:
        for helper in (verifier._message_producer, verifier._state_handler):
            server = getattr(helper, "_server", None)
            if server is not None:
                server.server_close()  # Pact stops its helpers and leaves their sockets open
    results = verifier.results["interactionResults"]
    return sum(result["result"] == "OK" for result in results), problems


# The states, by the names that pacts give them.


def _nothing(provider: Provider) -> None:
    """A fresh estate is it."""


def _many(act: Callable[[Estate], str]) -> Callable[[Provider], None]:
    """As many as the pact says, or one."""

    def become(provider: Provider) -> None:
        for _ in range(provider.where.get("count", 1)):
            act(provider.estate)

    return become


def _invoice_posted(provider: Provider) -> None:
    name = captured(provider.estate)
    told = {"status": "posted", "voucher": provider.where["voucher"], "reason": ""}
    assert provider.door.call("ap_automation", "PUT", f"/invoices/{name}/status", told)[0] == 200


def _case_open(provider: Provider) -> None:
    assert provider.door.call("service_desk", "POST", "/cases", case())[0] == 201


def _case_decided(provider: Provider) -> None:
    _case_open(provider)
    desk = provider.estate.service_desk
    provider.estate.act(desk, lambda work: desk.state.decide(work, "CASE-1", "re-date", "2026-11-02", "first open day"))


def _case_decided_again(provider: Provider) -> None:
    _case_decided(provider)
    desk = provider.estate.service_desk
    desk.perform(
        provider.estate.now_ms,
        "supervisor",
        lambda work: desk.state.decide_again(work, "CASE-1", "re-date", "2026-11-03", "the second is a holiday"),
    )


def _books_open(provider: Provider) -> None:
    erp = provider.estate.cloud_erp
    provider.estate.act(erp, lambda work: erp.state.open_period(work, "H1", "2026-10"))


def _sent(provider: Provider, path: str, paper: dict[str, Any]) -> None:
    """A paper under the key that pacts use, byte for byte as Pact sends it."""
    raw = json.dumps(paper, sort_keys=True, separators=(",", ":")).encode()
    status, answer = provider.door.call("cloud_erp", "POST", path, raw=raw, headers={"Idempotency-Key": "effect-1"})
    assert status == 201, answer


def _order_sent(provider: Provider) -> None:
    _books_open(provider)
    _sent(provider, "/purchaseOrders", erp_order(Lines=erp_order()["Lines"][:1]))


def _order_revised(provider: Provider) -> None:
    _order_sent(provider)
    lines = [{"Line": 1, "Quantity": 10}]
    revision = {"SourceRef": "procurement:PO-H1-000001", "Revision": 3, "Status": "Open", "Lines": lines}
    assert provider.door.call("cloud_erp", "PUT", "/purchaseOrders/EPO-1", revision)[0] == 200


def _other_order_sent(provider: Provider) -> None:
    _books_open(provider)
    _sent(provider, "/purchaseOrders", erp_order(OrderNumber="PO-H1-000002"))


def _all_sent(provider: Provider) -> None:
    _order_sent(provider)
    _sent(provider, "/receipts", erp_receipt())
    _sent(provider, "/invoices", erp_invoice("25.00", (1, 10, "2.50", "25.00")))


def _credit_sent(provider: Provider) -> None:
    _all_sent(provider)
    given = erp_credit(Lines=[{"Line": 1, "Quantity": 10, "Amount": "25.00"}])
    _sent(provider, "/invoices/AP-1/creditMemos", given)


def _period_closed(provider: Provider) -> None:
    _order_sent(provider)
    erp = provider.estate.cloud_erp
    provider.estate.act(erp, lambda work: erp.state.close_period(work, "H1", "2026-10"))


def _payables_closed(provider: Provider) -> None:
    _books_open(provider)
    _sent(provider, "/purchaseOrders", erp_order())
    erp = provider.estate.cloud_erp
    provider.estate.act(erp, lambda work: erp.state.open_period(work, "H1", "2026-11"))
    provider.estate.act(erp, lambda work: erp.state.close_period(work, "H1", "2026-10"))


def _ledger_locked(provider: Provider) -> None:
    _payables_closed(provider)
    erp = provider.estate.cloud_erp
    provider.estate.act(erp, lambda work: erp.state.lock_period(work, "H1", "2026-10"))


def _imported(provider: Provider) -> None:
    row = (f"period-end:2026-10/{ORDER}/2", 2, "19.98")
    sent = erp_import(row, DocumentId="period-end:H1/2026-10/1")
    assert provider.door.call("cloud_erp", "POST", "/erpintegrations", sent)[0] == 201


def _import_taken(provider: Provider) -> None:
    _payables_closed(provider)
    _imported(provider)


def _import_through(provider: Provider) -> None:
    _import_taken(provider)
    provider.estate.later(120)


def _import_rejected(provider: Provider) -> None:
    _ledger_locked(provider)
    _imported(provider)
    provider.estate.later(120)


def _token_expired(provider: Provider) -> None:
    provider.estate.later(provider.estate.identity.state.token_life_s)


def _may_only_read(provider: Provider) -> None:
    provider.token = provider.door.token(scope=f"{provider.system}.read")


def _secret_changed(provider: Provider) -> None:
    provider.estate.identity.state.register("reference", "another")


def _turns_away(provider: Provider) -> None:
    provider.busy = {name: int(provider.where[name]) for name in ("status", "retry_after_s")}


STATES: Final[dict[str, Callable[[Provider], None]]] = {
    "": _nothing,
    "there is nothing yet": _nothing,
    "an order was approved": _many(ordered),
    "so many orders were approved": _many(ordered),
    "a receipt was recorded": _many(received),
    "a receipt was entered without counting": _many(entered),
    "a receipt was counted later": _many(counted),
    "so many receipts were recorded": _many(received),
    "an invoice was captured": _many(captured),
    "a taxed order was approved": _many(taxed),
    "an order in a hospital's own codes was approved": _many(ordered_in_codes),
    "an invoice was read from paper": _many(read_from_paper),
    "a credit memo was captured": _many(given_back),
    "an invoice was posted": _invoice_posted,
    "a case is open": _case_open,
    "a case was decided": _case_decided,
    "a case was decided again": _case_decided_again,
    "the books are open": _books_open,
    "a supplier was proposed": _many(proposed),
    "a code was given a meaning": _many(coded),
    "the supplier was sent": lambda provider: _sent(provider, "/suppliers", erp_supplier()),
    "the order was sent": _order_sent,
    "the order was revised": _order_revised,
    "another order was sent": _other_order_sent,
    "all papers were sent": _all_sent,
    "a credit memo was sent": _credit_sent,
    "the period was closed": _period_closed,
    "payables have closed": _payables_closed,
    "the ledger is locked": _ledger_locked,
    "an import was taken": _import_taken,
    "an import is through": _import_through,
    "an import into a locked ledger is through": _import_rejected,
    "the caller is registered": _nothing,
    "the caller's secret was changed": _secret_changed,
    "the caller's token has expired": _token_expired,
    "the caller may only read": _may_only_read,
    "the system turns callers away": _turns_away,
}
