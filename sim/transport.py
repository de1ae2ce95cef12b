"""The wire for code written with httpx: an `httpx.AsyncBaseTransport` over any `Http` port.

`https://cloud_erp/invoices` reaches the system `cloud_erp`; a first path segment is never a system. The client's read
timeout is the crossing's; wire errors become the httpx errors that a socket would have raised.
"""

from __future__ import annotations

import httpx

from contracts.ports import Http
from contracts.wire import BrokenReply, ConnectTimedOut, NotSent, Request, TimedOut

WITHOUT_TIMEOUT_S = 3600.0
"""What a client that waits for ever is given: somebody closes the connection in the end."""


class WireTransport(httpx.AsyncBaseTransport):
    """httpx requests cross the wire."""

    def __init__(self, http: Http) -> None:
        """Send through a port."""
        self._http = http

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Cross the wire once."""
        body = await request.aread()
        timeout = request.extensions.get("timeout", {}).get("read")
        crossing = Request(
            request.method,
            request.url.path,
            dict(request.url.params),
            {name.lower(): value for name, value in request.headers.items()},
            body,
        )
        try:
            response = await self._http.send(request.url.host, crossing, timeout or WITHOUT_TIMEOUT_S)
        except ConnectTimedOut as error:
            raise httpx.ConnectTimeout(str(error), request=request) from error
        except NotSent as error:
            raise httpx.ConnectError(str(error), request=request) from error
        except TimedOut as error:
            raise httpx.ReadTimeout(str(error), request=request) from error
        except BrokenReply as error:
            raise httpx.ReadError(str(error), request=request) from error
        return httpx.Response(response.status, headers=response.headers, content=response.body, request=request)
