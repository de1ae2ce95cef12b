"""The service's life: read the settings, open the store, tell the estate where it is, work, and stop when asked.

SIGTERM ends it in order: no new deliveries, calls under way are waited for a moment, what has ended is written. SIGKILL
ends it too, and loses nothing that was acknowledged.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import httpx
import msgspec
import uvicorn

from orchestrator.adapters.grants import Grants
from orchestrator.adapters.http import HttpxHttp, client
from orchestrator.canonical import milliseconds
from orchestrator.engine.assembly import Orchestrator
from orchestrator.service.app import App
from orchestrator.service.clock import BusinessClock
from orchestrator.service.ports import Activity, CountedHttp, HttpInbound, ServicePorts
from orchestrator.service.records import Records

HOST: Final = "127.0.0.1"
ESTATE_TIMEOUT_S: Final = 10.0
FOLLOW_S: Final = 2.0
"""How often the clock is compared with the estate's, if nothing changes there before."""
AGAIN_S: Final = 0.5
FINISH_S: Final = 5.0
"""How long calls that are out may take once the end was asked for."""

_log: Final = logging.getLogger("orchestrator")


class ServiceError(Exception):
    """The service cannot start, or could not go on; its text is the one line to print."""


@dataclass(frozen=True)
class Options:
    """What the service is started with. `listening` is its socket; `estate` the base URL of a served estate."""

    estate: str
    token: str
    directory: Path
    listening: socket.socket
    worker: str = "w1"
    sync: str = "normal"
    audit: bool = True
    ready: Callable[[str, str], None] = field(default=lambda _url, _token: None)
    """Called with the service's URL and the read API's token once it takes deliveries."""
    grants: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Who may have dead letters of which hospitals replayed."""
    granted: Callable[[str, str], None] = field(default=lambda _actor, _token: None)
    """Called with each of them and the token of the grant."""


class Settings(msgspec.Struct, frozen=True):
    """The estate's settings document, as far as the engine needs it."""

    client_id: str
    client_secret: str
    webhook_secret: str
    entities: str
    systems: dict[str, str]
    workflows: str = ""
    close_calendar: str = ""
    holidays: str = ""
    shares: str = ""


class Time(msgspec.Struct, frozen=True):
    """The estate's clock."""

    now: str
    state: str
    speed: float
    version: int


class QuietServer(uvicorn.Server):
    """A server that leaves signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class Estate:
    """The control plane of the estate that this service works in."""

    def __init__(self, options: Options, http: httpx.AsyncClient) -> None:
        """Speak with it over a client."""
        self._root = f"{options.estate.rstrip('/')}/_estate"
        self._headers = {"authorization": f"Bearer {options.token}"}
        self._http = http

    async def settings(self) -> Settings:
        """What it takes to connect."""
        return msgspec.json.decode(await self._call("GET", "/settings"), type=Settings)

    async def time(self, seen: int = -1) -> Time:
        """The clock; with `seen`, once it has changed, or after a while."""
        query = f"?seen={seen}&wait={FOLLOW_S}" if seen >= 0 else ""
        return msgspec.json.decode(await self._call("GET", f"/clock{query}"), type=Time)

    async def introduce(self, url: str) -> None:
        """Say where webhooks go, and where to ask whether there is work."""
        body = msgspec.json.encode({"hook": f"{url}/hooks/{{system}}", "idle": f"{url}/idle"})
        await self._call("PUT", "/addresses", body)

    async def _call(self, method: str, path: str, body: bytes = b"") -> bytes:
        try:
            answer = await self._http.request(
                method, self._root + path, headers=self._headers, content=body, timeout=ESTATE_TIMEOUT_S
            )
        except httpx.HTTPError as error:
            message = f"{self._root}: {type(error).__name__} {error}"
            raise ServiceError(message) from error
        if answer.status_code != httpx.codes.OK:
            message = f"{self._root}{path} answers {answer.status_code}: {answer.text}"
            raise ServiceError(message)
        return answer.content


async def serve(options: Options) -> None:
    """Run until SIGINT or SIGTERM, or until the engine fails; raises `ServiceError`."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    options.directory.mkdir(parents=True, exist_ok=True)
    http = client()
    try:
        await _serve(options, http, stop)
    finally:
        await http.aclose()


async def _serve(options: Options, http: httpx.AsyncClient, stop: asyncio.Event) -> None:
    estate = Estate(options, http)
    settings = await estate.settings()
    now = await estate.time()
    clock = BusinessClock(_ms(now.now))
    _follow_once(clock, now)
    activity, inbound = Activity(), HttpInbound()
    given = {key: value for key, value in msgspec.structs.asdict(settings).items() if key != "systems"}
    ports = ServicePorts(
        options.worker,
        CountedHttp(HttpxHttp(settings.systems, http), activity),
        inbound,
        clock,
        {**given, "sync": options.sync, "audit": "on" if options.audit else "off"},
    )
    token = hmac.digest(settings.client_secret.encode(), b"read api", hashlib.sha256).hex()[:32]
    grants = Grants(settings.client_secret)
    app = App(clock, activity, inbound, token, grants)
    engine = Orchestrator(ports, options.directory)
    app.replay = engine.replay
    app.records = Records(options.directory)
    server = _server(app)
    url = f"http://{HOST}:{options.listening.getsockname()[1]}"
    parts = [
        asyncio.create_task(server.serve([options.listening])),
        asyncio.create_task(engine.run()),
        asyncio.create_task(_follow(estate, clock, now.version)),
        asyncio.create_task(_stopped(stop)),
    ]
    try:
        await _until_started(server, parts[0])
        await estate.introduce(url)
        options.ready(url, token)
        for actor, entities in options.grants:
            options.granted(actor, grants.issue(actor, entities))
        await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        _raise_if_failed(parts[:2], app)
    finally:
        await _stop(app, activity, engine, server, parts)


def _server(app: App) -> QuietServer:
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    return QuietServer(
        uvicorn.Config(
            app.serve,
            lifespan="off",
            interface="asgi3",
            proxy_headers=False,
            log_config=None,
            access_log=False,
            ws="none",
            timeout_graceful_shutdown=1,
        )
    )


async def _stopped(stop: asyncio.Event) -> None:
    await stop.wait()


async def _until_started(server: QuietServer, serving: asyncio.Task[None]) -> None:
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0)


def _raise_if_failed(parts: list[asyncio.Task[None]], app: App) -> None:
    for part in parts:
        error = part.exception() if part.done() and not part.cancelled() else None
        if error is not None:
            app.failed = f"{type(error).__name__}: {error}"
            message = f"the engine failed: {app.failed}"
            raise ServiceError(message) from error


async def _stop(
    app: App, activity: Activity, engine: Orchestrator, server: QuietServer, parts: list[asyncio.Task[None]]
) -> None:
    """No new deliveries; what is out may come back; what has ended is written."""
    app.stopping = True
    loop = asyncio.get_running_loop()
    ends_s = loop.time() + FINISH_S
    while (activity.calls or activity.deliveries) and loop.time() < ends_s and not app.failed:  # noqa: ASYNC110 - two counters
        await asyncio.sleep(0.01)
    if not app.failed:
        await engine.office.transact(int)
    server.should_exit = True
    for part in parts[1:]:
        part.cancel()
    await asyncio.wait(parts, timeout=3)
    if app.records is not None:
        app.records.close()
    engine.store.close()


async def _follow(estate: Estate, clock: BusinessClock, version: int) -> None:
    """Keep the clock with the estate's; while that cannot be asked, carry it on."""
    while True:
        try:
            time = await estate.time(version)
        except ServiceError as error:
            _log.info("the estate's clock cannot be read: %s", error)
            await asyncio.sleep(AGAIN_S)
            continue
        version = time.version
        _follow_once(clock, time)


def _follow_once(clock: BusinessClock, time: Time) -> None:
    clock.tell(_ms(time.now), time.speed if time.state == "running" else 0.0)


def _ms(moment: str) -> int:
    return milliseconds(datetime.fromisoformat(moment))
