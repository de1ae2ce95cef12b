"""The HTTP port over real sockets: httpx with the aiohttp transport, one client, one base address for each system.

httpx spreads its errors over two trees; what matters here is only whether the request can have reached the system.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import httpx

from contracts.wire import BrokenReply, NotSent, Request, Response, TimedOut

CONNECTIONS_MAX: Final = 64
CONNECT_S: Final = 10.0
NEVER_LEFT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
TOO_LATE: Final = (httpx.ReadTimeout, httpx.WriteTimeout)


def client() -> httpx.AsyncClient:
    """The one place where clients are made. Plain httpx costs several times the CPU of its aiohttp transport."""
    limits = httpx.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=CONNECTIONS_MAX)
    try:
        from httpx_aiohttp import AiohttpTransport  # noqa: PLC0415 - where it is not installed, httpx alone will do
    except ImportError:
        return httpx.AsyncClient(limits=limits, follow_redirects=False)
    return httpx.AsyncClient(transport=AiohttpTransport(limits=limits), follow_redirects=False)


class HttpxHttp:
    """`contracts.ports.Http` over a client. `roots` gives each system's base address."""

    def __init__(self, roots: Mapping[str, str], http: httpx.AsyncClient | None = None) -> None:
        """Call these systems."""
        self._roots = {system: root.rstrip("/") for system, root in roots.items()}
        self._client = http or client()

    async def send(self, system: str, request: Request, timeout_s: float) -> Response:
        """Send a request; `timeout_s` is for the whole of it, not for each read."""
        root = self._roots.get(system)
        if root is None:
            message = f"no address is configured for {system}"
            raise NotSent(message)
        limits = httpx.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s))
        try:
            async with asyncio.timeout(timeout_s):
                reply = await self._client.request(
                    request.method,
                    root + request.path,
                    params=request.query or None,
                    headers=request.headers,
                    content=request.body,
                    timeout=limits,
                )
        except NEVER_LEFT as error:
            if _was_connected(error):
                raise BrokenReply(f"{system}: {error}") from error
            raise NotSent(f"{system}: {type(error).__name__} {error}") from error
        except (TimeoutError, *TOO_LATE) as error:
            raise TimedOut(f"{system}: {type(error).__name__} {error}") from error
        except httpx.TransportError as error:
            raise BrokenReply(f"{system}: {type(error).__name__} {error}") from error
        except httpx.DecodingError as error:
            raise BrokenReply(f"{system}: {type(error).__name__} {error}") from error
        return Response(reply.status_code, reply.content, dict(reply.headers))

    async def close(self) -> None:
        """Let the connections go."""
        await self._client.aclose()


def _was_connected(error: httpx.TransportError) -> bool:
    """Whether a connection stood: the aiohttp transport calls whatever happens to one a `ConnectTimeout`, too."""
    said = {kind.__name__ for kind in type(error.__cause__).__mro__}
    return "ClientConnectionError" in said and not said & {"ClientConnectorError", "ConnectionTimeoutError"}
