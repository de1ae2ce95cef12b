"""The same small client over both doors: in process, and over real sockets.

Every reply is checked on the way: its status is documented for the operation, and its body fits the documented schema.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVarTuple

import httpx
import msgspec
import uvicorn
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from contracts.journal import Effect
from contracts.wire import Event, Request
from mocks import ap_automation, cloud_erp, identity, inventory, procurement, service_desk
from mocks.kit.asgi import App, Receive, Scope, Send, asgi_app
from mocks.kit.openapi import document
from mocks.kit.operation import Outcome, Work
from mocks.kit.system import Setup, System

NOW_MS = 1_791_216_000_000
"""Monday, 5 October 2026, 16:00 UTC."""
ENTITIES = ("H1", "H2")
SETUP = Setup(b"token-key-of-the-test-estate-0001", b"hook", ENTITIES, (("reference", "sesame"),))
SECRET = "s"
"""The secret of every client that a test registers."""

Answer = tuple[int, Any]
Given = TypeVarTuple("Given")


class Estate:
    """Six fresh systems on one clock, with every commit written down."""

    def __init__(self, setup: Setup = SETUP) -> None:
        self.now_ms = NOW_MS
        self.commits: list[tuple[str, tuple[Effect, ...], tuple[Event, ...]]] = []
        self.identity = identity.build(setup)
        self.procurement = procurement.build(setup)
        self.inventory = inventory.build(setup)
        self.ap_automation = ap_automation.build(setup)
        self.cloud_erp = cloud_erp.build(setup)
        self.service_desk = service_desk.build(setup)
        every: tuple[System[Any], ...] = (
            self.identity,
            self.procurement,
            self.inventory,
            self.ap_automation,
            self.cloud_erp,
            self.service_desk,
        )
        self.systems = {system.name: system for system in every}
        for system in every:
            system.sink = self._sink(system.name)

    def _sink(self, name: str) -> Callable[[list[Effect], list[Event]], None]:
        return lambda effects, events: self.commits.append((name, tuple(effects), tuple(events)))

    def act(self, system: System[Any], action: Callable[[Work, *Given], Any], *given: *Given) -> Any:
        """A person acts."""
        return system.perform(self.now_ms, "somebody", action, *given)

    def later(self, seconds: int) -> None:
        """Time passes."""
        self.now_ms += seconds * 1000

    def last(self) -> tuple[tuple[Effect, ...], tuple[Event, ...]]:
        """The newest commit: its effects and its events."""
        _, effects, events = self.commits[-1]
        return effects, events

    def snapshot(self) -> Any:
        """Everything that a commit could change, by value."""
        return {name: _by_value(vars(system.state)) for name, system in self.systems.items()}, len(self.commits)


def _by_value(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {key: _by_value(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [_by_value(value) for value in thing]
    if isinstance(thing, msgspec.Struct):
        return [type(thing).__name__, *(_by_value(getattr(thing, name)) for name in thing.__struct_fields__)]
    return _by_value(vars(thing)) if hasattr(thing, "__dict__") else thing


class Served:
    """One server for a whole test run; the application behind it is exchanged for each test."""

    def __init__(self) -> None:
        self.app: App | None = None
        self.url = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on to the test's application."""
        app = self.app or asgi_app({}, lambda: NOW_MS)
        await app(scope, receive, send)


@contextlib.contextmanager
def serving() -> Iterator[Served]:
    """A server on a loopback port of its own, in a thread."""
    served = Served()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(served, log_level="warning", timeout_graceful_shutdown=2))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.005)
        served.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            yield served
        finally:
            server.should_exit = True
            thread.join(10)


class Door:
    """A client of the estate. `call` is the whole of it."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.documents = {name: document(system) for name, system in estate.systems.items()}

    def call(
        self,
        system: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        token: str | None = None,
        raw: bytes | None = None,
    ) -> Answer:
        """Status and parsed body. Without a `token` the reference client's is used; an empty one sends none."""
        bearer = self.token() if token is None else token
        sent = {"authorization": f"Bearer {bearer}"} if bearer else {}
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        request = Request(
            method,
            path,
            query or {},
            {**sent, **{name.lower(): value for name, value in (headers or {}).items()}},
            content,
        )
        status, answer = self.send(system, request)
        parsed = json.loads(answer)
        self.conforms(system, request, status, parsed)
        return status, parsed

    def send(self, system: str, request: Request) -> tuple[int, bytes]:
        """Through the door itself."""
        raise NotImplementedError

    def token(self, client: str = "reference", scope: str = "") -> str:
        """A fresh token for a client, whose secret is known."""
        secret = dict(SETUP.clients).get(client, SECRET)
        form = f"grant_type=client_credentials&client_id={client}&client_secret={secret}&scope={scope}"
        status, answer = self.send("identity", Request("POST", "/oauth2/token", {}, {}, form.encode()))
        assert status == 200, answer
        return str(json.loads(answer)["access_token"])

    def conforms(self, system: str, request: Request, status: int, answer: Any) -> None:
        """The reply is one that the document announces."""
        operation = self.estate.systems[system].read(request).operation
        if operation is None:
            assert status in (404, 405)
            return
        described = self.documents[system]
        responses = described["paths"][operation.path][operation.method.lower()]["responses"]
        assert str(status) in responses, f"{system}.{operation.name} answers {status}, which its document does not say"
        schema = responses[str(status)]["content"]["application/json"]["schema"]
        Draft202012Validator({**schema, "components": described["components"]}).validate(answer)

    def refused(self, status: int, code: str, system: str, method: str, path: str, *rest: Any, **more: Any) -> None:
        """The call is refused so, and nothing anywhere has changed."""
        before = self.estate.snapshot()
        answer = self.call(system, method, path, *rest, **more)
        assert (answer[0], code in json.dumps(answer[1])) == (status, True), answer
        assert self.estate.snapshot() == before


class InProcess(Door):
    """The virtual door."""

    def send(self, system: str, request: Request) -> tuple[int, bytes]:
        """Read and handle."""
        outcome = self.outcome(system, request)
        return outcome.response.status, outcome.response.body

    def outcome(self, system: str, request: Request) -> Outcome:
        """What came of a request, commits included."""
        mocked = self.estate.systems[system]
        return mocked.handle(mocked.read(request), self.estate.now_ms)


class OverHttp(Door):
    """The real door."""

    def __init__(self, estate: Estate, client: httpx.Client) -> None:
        super().__init__(estate)
        self.client = client

    def send(self, system: str, request: Request) -> tuple[int, bytes]:
        """Over a socket."""
        response = self.client.request(
            request.method,
            f"/{system}{request.path}",
            params=request.query,
            headers=request.headers,
            content=request.body,
        )
        return response.status_code, response.content
