"""Everything a design may touch: HTTP, inbound deliveries, a clock, credentials, telemetry, a durable directory.

A design is `async def run(ports, durable_dir)`; the harness starts it once for each worker, and starts it again, with
nothing but `durable_dir`, after a crash. The same protocols stand over the virtual wire and over real sockets.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from contracts.wire import Request, Response

if TYPE_CHECKING:
    import httpx  # a design that does not use it should not pay for loading it


class Http(Protocol):
    """Calls a system; raises `WireError` where no reply comes."""

    async def send(self, system: str, request: Request, timeout_s: float) -> Response:
        """Send a request to a system and wait for its reply, at most `timeout_s`."""


class Delivery(Protocol):
    """One inbound webhook call. Unanswered, it counts as failed and the sender's retry policy applies."""

    @property
    def source(self) -> str:
        """The system that sent it."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Lower-case names: `delivery-id` (fresh each time), `event-id`, `topic`, `signature`."""

    @property
    def body(self) -> bytes:
        """The event's body, in the source's dialect."""

    def ack(self) -> None:
        """Answer 2xx: from now on the sender forgets it, so it must be durable already."""

    def refuse(self, status: int) -> None:
        """Answer with an error status; the sender's policy decides whether it comes again."""


class Inbound(Protocol):
    """The worker's webhook endpoint."""

    async def receive(self) -> Delivery:
        """Wait for the next delivery."""


class Clock(Protocol):
    """Business time and waiting. Nothing else may tell a design the time."""

    def business_now(self) -> datetime:
        """The moment by the business clock, aware, UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back, for measuring and for deadlines."""

    async def sleep(self, delay_s: float) -> None:
        """Wait."""


class Telemetry(Protocol):
    """Where a design may say what it is doing. Never read by the oracle."""

    def note(self, name: str, /, **fields: str | int | float) -> None:
        """Record one named fact about the design's own work."""


class Ports(Protocol):
    """All of it, for one worker."""

    @property
    def worker(self) -> str:
        """This worker's name; the same again after a restart."""

    @property
    def http(self) -> Http:
        """Calls to systems."""

    @property
    def inbound(self) -> Inbound:
        """Deliveries from systems."""

    @property
    def clock(self) -> Clock:
        """Business time and waiting."""

    @property
    def telemetry(self) -> Telemetry:
        """Notes for people."""

    @property
    def settings(self) -> Mapping[str, str]:
        """Configuration handed to the design: `client_id`, `client_secret`, `webhook_secret` and more."""

    def transport(self) -> httpx.AsyncBaseTransport:
        """The same wire for code written with httpx: `https://<system>/path` reaches `<system>`."""


Design = Callable[[Ports, Path], Awaitable[None]]
