"""What the engine works through in a process of its own (`contracts.ports`), and how much of it is under way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

import httpx

from contracts.ports import Http
from contracts.wire import Request, Response
from orchestrator.service.clock import BusinessClock

_log: Final = logging.getLogger("orchestrator")


class Activity:
    """What is under way. `stirred` changes whenever something came in or went out."""

    def __init__(self) -> None:
        """Nothing."""
        self.stirred = 0
        self.calls = 0
        self.deliveries = 0


class CountedHttp:
    """Calls, counted while they are out (`contracts.ports.Http`)."""

    def __init__(self, http: Http, activity: Activity) -> None:
        """Send through another port."""
        self._http = http
        self._activity = activity

    async def send(self, system: str, request: Request, timeout_s: float) -> Response:
        """Send a request."""
        activity = self._activity
        activity.calls += 1
        activity.stirred += 1
        try:
            return await self._http.send(system, request, timeout_s)
        finally:
            activity.calls -= 1
            activity.stirred += 1


class HttpDelivery:
    """One webhook call that waits for its answer (`contracts.ports.Delivery`)."""

    def __init__(self, source: str, headers: Mapping[str, str], body: bytes) -> None:
        """Hold a request."""
        self.source = source
        self.headers = headers
        self.body = body
        self.answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def ack(self) -> None:
        """Answer 200."""
        self.refuse(200)

    def refuse(self, status: int) -> None:
        """Answer with a status; only the first answer counts."""
        if not self.answer.done():
            self.answer.set_result(status)


class HttpInbound:
    """The worker's webhook endpoint (`contracts.ports.Inbound`)."""

    def __init__(self) -> None:
        """Nothing came yet."""
        self.waiting: asyncio.Queue[HttpDelivery] = asyncio.Queue()

    async def receive(self) -> HttpDelivery:
        """Wait for the next delivery."""
        return await self.waiting.get()


class LoggedTelemetry:
    """Notes for people, in the log (`contracts.ports.Telemetry`)."""

    def note(self, name: str, /, **fields: str | int | float) -> None:
        """Log a note."""
        _log.info("%s %s", name, " ".join(f"{key}={value}" for key, value in fields.items()))


class ServicePorts:
    """All of it (`contracts.ports.Ports`)."""

    def __init__(
        self, worker: str, http: CountedHttp, inbound: HttpInbound, clock: BusinessClock, settings: Mapping[str, str]
    ) -> None:
        """Put them together."""
        self.worker = worker
        self.http = http
        self.inbound = inbound
        self.clock = clock
        self.telemetry = LoggedTelemetry()
        self.settings = settings

    def transport(self) -> httpx.AsyncBaseTransport:
        """The engine calls through `http`; nothing here speaks httpx by itself."""
        message = "the service has no httpx transport: call through ports.http"
        raise NotImplementedError(message)
