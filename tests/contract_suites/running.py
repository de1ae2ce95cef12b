"""Our own APIs to fuzz, each with what stands behind it at work: the orchestrator over its engine, the control plane over an estate.

Either runs on a loop of its own in a thread; whatever dies there fails the test.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Final, Self

import pytest
import uvloop

from contracts.plan import Fault
from contracts.ports import Ports
from contracts.wire import Request, Response
from mocks.kit.asgi import App, Receive, Scope, Send
from orchestrator.adapters.grants import Grants
from orchestrator.engine.assembly import Orchestrator
from orchestrator.service.api import DOCUMENT, HOOKS
from orchestrator.service.app import App as Service
from orchestrator.service.clock import BusinessClock
from orchestrator.service.ports import Activity, CountedHttp, HttpInbound, ServicePorts
from orchestrator.service.records import Records
from orchestrator.store.rows import SENT, Effect
from orchestrator.store.sqlite import SqliteStore
from sim.door import control, pace, subject
from sim.door.api import DOCUMENT as PLAN
from sim.door.api import ROOT
from sim.door.session import Session
from sim.door.stage import Terms
from sim.door.subject import Addresses, Subject
from sim.fence import wall_s
from sim.run import RunOptions
from sim.scenario_file import load_scenario
from tests.contract_suites.apis import stand
from tests.contract_suites.fuzzing import Api, Link, Values
from tests.mocks.doors import SETUP, Estate
from tests.mocks.papers import ORDER

TOKEN: Final = "the-token"
SIGN: Final = "sign-it"
"""Stands where a signature is due; the rig puts the body's own there."""
SECRET: Final = b"hook-secret"
SPEED: Final = 3600.0
HURRY: Final = 1000.0
NEVER_QUIET_S: Final = 1e9

Answers = tuple[App, Callable[[], None]]
"""An application, and a look at whether what stands behind it is well."""


class Aside:
    """An application that lives on another loop: every request goes there whole, and its reply comes back whole."""

    def __init__(self, make: Callable[[], AbstractAsyncContextManager[Answers]]) -> None:
        self._make = make
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._live)
        self._failed: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._failed:
            raise self._failed
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
        if self._failed:
            raise self._failed

    def _live(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._run())
        except BaseException as error:  # noqa: BLE001 - raised again where the thread is waited for
            self._failed = error
        finally:
            self._ready.set()

    async def _run(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        async with self._make() as (self._app, self._look):
            self._ready.set()
            await self._end.wait()
            self._look()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry a request over."""
        if scope["type"] != "http":
            return
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        there = asyncio.run_coroutine_threadsafe(self._answer(dict(scope), body), self._loop)
        for message in await asyncio.wrap_future(there):
            await send(message)

    async def _answer(self, scope: Scope, body: bytes) -> list[Any]:
        self._look()
        said: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            said.append(message)

        await self._app({**scope, "headers": _as_its_sender_would(scope, body)}, receive, send)
        return said


def _as_its_sender_would(scope: Scope, body: bytes) -> list[tuple[bytes, bytes]]:
    """Sign where that was asked for, and name the topic: other topics are acknowledged unread, so nothing would be tried."""
    headers = [(name, value) for name, value in scope["headers"] if name != b"topic"]
    genuine = b"sha256=" + hmac.digest(SECRET, body, hashlib.sha256).hex().encode()
    signed = [(name, genuine if (name, value) == (b"signature", SIGN.encode()) else value) for name, value in headers]
    topics = list(HOOKS.get(scope["path"].removeprefix("/hooks/"), ()))
    return [*signed, (b"topic", topics[len(body) % len(topics)].encode())] if topics else signed


# -- the orchestrator ---------------------------------------------------------------------------------------------------


class _Wire:
    """The mocked systems, in process (`contracts.ports.Http`)."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    async def send(self, system: str, request: Request, timeout_s: float) -> Response:
        """Handle it at once."""
        del timeout_s
        there = self._estate.systems[system]
        return there.handle(there.read(request), self._estate.now_ms).response


GRANTS: Final = Grants("secret")
DEAD: Final = "read:procurement:dead:1"


def _bury(store: SqliteStore) -> None:
    """Something was given up: the read of a paper."""
    operation, path = "procurement.get_purchase_order", f"/purchase_orders/{ORDER}"
    read = Effect(0, DEAD, 0, operation, path, b"", ORDER, SENT, 1, 1, 1, 0, 1, "H1")
    store.bury(store.add_effect(read), "in vain", 1)


@contextlib.asynccontextmanager
async def _at_work(directory: Path) -> AsyncIterator[Answers]:
    """An engine over an estate that has papers in it, and the service's application."""
    estate = Estate()
    stand(estate)
    (client, secret), *_ = SETUP.clients
    settings = {"client_id": client, "client_secret": secret, "webhook_secret": SECRET.decode(), "sync": "normal"}
    clock, activity, inbound = BusinessClock(estate.now_ms), Activity(), HttpInbound()
    places = ",".join(f"{entity}=America/New_York" for entity in SETUP.entities)
    ports = ServicePorts("w1", CountedHttp(_Wire(estate), activity), inbound, clock, {**settings, "entities": places})
    clock.tell(estate.now_ms, SPEED)  # lanes, waits and retries take business time
    app = Service(clock, activity, inbound, "", GRANTS)
    engine = Orchestrator(ports, directory)
    app.replay = engine.replay
    engine.store.run(_bury, engine.store)
    app.records = Records(directory)
    work = asyncio.create_task(engine.run())

    def look() -> None:
        if work.done():
            work.result()

    try:
        yield app.serve, look
    finally:
        work.cancel()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        app.records.close()
        engine.store.close()


@contextlib.contextmanager
def orchestrator(directory: Path) -> Iterator[Api]:
    """The reference orchestrator's own API."""
    with Aside(lambda: _at_work(directory)) as app:
        yield Api(app, DOCUMENT, GRANTS.issue("ann", ("*",)), _ORCHESTRATOR, _LEADS, key=SIGN, rule=_is_rule)


_ORCHESTRATOR: Final[dict[str, Values]] = {
    "path.paper": (ORDER, "GRN-H1-000001", "INV-000001", f"H1/{ORDER}"),
    "query.now": ("2026-10-05T16:00:00Z", "2026-10-06T09:00:00+02:00"),
    "body.key": (DEAD,),
    "body.number": (ORDER, "PO-H2-000001"),
    "body.version": (1, 2**64 - 1),
    "body.revision": (1, 2**64 - 1),
    "body.lines[*].quantity": (10, 2**64 - 1),
    "body.business_unit": ("H1", "H2"),
    "body.site": ("H1", "H2"),
    "body.order": (ORDER, "PO-H2-000001"),
    "body.grn": ("GRN-H1-000001", "GRN-H1-000002"),
    "body.received_on": ("2026-10-05",),
    "body.organisation": ("H1", "H2"),
    "body.purchase_order": (ORDER, "PO-H2-000001"),
    "body.invoice_date": ("2026-10-05",),
    "body.captured_at": ("2026-10-05T16:00:00Z",),
    "body.total": ("25.00", "20.00"),
    "body.lines[*].unit_price": ("2.50",),
    "body.lines[*].amount": ("25.00",),
}


_LEADS: Final = tuple(
    Link(f"{system}_says", "200", "lineage", {"paper": f"$request.body#/{number}"})
    for system, number in (("procurement", "number"), ("inventory", "grn"), ("ap_automation", "purchase_order"))
)


def _is_rule(refusal: Any) -> bool:
    """A delivery's refusal says only that it is not what its topic brings: amounts and dates are texts with a meaning."""
    said: str = refusal["error"]
    return said.startswith(("the body is not", "now is not"))


# -- the control plane --------------------------------------------------------------------------------------------------


async def _nobody(ports: Ports, durable_dir: Path) -> None:
    """Stand for the subject, which is not here."""


class _Stocked(Session):
    """Whenever it begins, three faults have been added: there is something to take away."""

    def stock(self) -> _Stocked:
        for nth in (1, 2, 3):
            self.stage.add_fault(Fault("webhook-lost", "inventory>receipt.recorded", {"nth": nth}))
        return self

    def reset(self) -> None:
        super().reset()
        self.stock()


@contextlib.asynccontextmanager
async def _served() -> AsyncIterator[Answers]:
    """A small estate whose verdict is never settled by silence: only `finish` ends it."""
    scenario, _ = load_scenario("quiet-week-invoices")
    options = RunOptions(scenario, "subject", _nobody, seed=1, scale=0.2)
    silent = Subject("subject", NEVER_QUIET_S, addresses=Addresses())
    session = _Stocked(options, Terms(), silent, TOKEN, "http://127.0.0.1:1").stock()
    work = asyncio.create_task(session.run())

    def look() -> None:
        if work.done():
            work.result()

    try:
        yield session.serve, look
    finally:
        work.cancel()
        session.close()
        await session.subject.close()


@contextlib.contextmanager
def control_plane() -> Iterator[Api]:
    """The control plane of a served estate; whoever waits for it in wall time waits a thousandth of it."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (control, pace, subject):
            patch.setattr(module, "wall_s", lambda: wall_s() * HURRY)
        with Aside(_served) as app:
            yield Api(app, f"{ROOT}/{PLAN}", TOKEN, _CONTROL, _STEPS, rule=_is_ours)


_CONTROL: Final[dict[str, Values]] = {
    "path.number": ("1", "2", "3"),
    "query.seen": (0, 1, 2),
    "body.kind": ("timeout-after-commit", "webhook-lost"),
    "body.target": ("cloud_erp.create_invoice", "inventory>receipt.recorded"),
    "body.speed": (1, 3600),
    "body.to": ("2026-10-05T12:00:00Z", "2026-10-07T12:00:00Z"),
    "body.seconds": (0, 3600),
    "body.hook": ("", "http://127.0.0.1:9/{system}"),
    "body.idle": ("",),
}


_STEPS: Final = (
    Link("faults", "200", "remove_fault", {"number": "$response.body#/0/number"}),
    Link("add_fault", "201", "remove_fault", {"number": "$response.body#/number"}),
    Link("clock", "200", "clock", {"seen": "$response.body#/version"}),
    Link("finish", "200", "reset", {}),
    Link("reset", "200", "addresses", {}),
    Link("addresses", "200", "advance", {}),
    Link("advance", "200", "verdict", {}),
)


def _is_ours(refusal: Any) -> bool:
    """Whether a rule refused: all that the decoder says begins so."""
    said: str = refusal["error"]
    return not said.startswith(("Expected", "Object", "JSON", "Invalid")) or "got `float`" in said
