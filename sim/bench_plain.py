"""What the served door is measured against: one plain ASGI application that keeps invoices, written for speed alone.

It does what a caller of the cloud ERP's invoices can see: the bearer token is known, the body is decoded and validated into
the same types, an `Idempotency-Key` gets its first answer again, the invoice is kept and found by its source. There is no
router, no wire, no journal, no ledger, no clock and no fault. `python -m sim.bench_plain` serves it on uvicorn as it comes,
with the estate's settings; with the word `whole`, on the very connections that the estate is served on.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
import time
from typing import Final
from urllib.parse import parse_qs

import msgspec
import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mocks.cloud_erp.models import InvoicePage, InvoiceShown, NewInvoice
from mocks.kit.asgi import Receive, Scope, Send
from mocks.kit.dialect import stamp
from mocks.kit.tokens import Claims, KeyRing, issue
from sim.door.server import HOST, DoorProtocol, QuietServer, listen, settings, steady_server

TOKEN: Final = issue(KeyRing(b"plain"), Claims("plain", ("cloud_erp.read", "cloud_erp.write"), ("*",), 0, 2**31))
UNAUTHORIZED: Final = (401, b'{"title":"Unauthorized"}')
MISMATCH: Final = (422, b'{"title":"Idempotency key used with another body"}')

_decode = msgspec.json.Decoder(NewInvoice).decode
_encode = msgspec.json.Encoder().encode

Answer = tuple[int, bytes]


class PlainInvoices:
    """Invoices in dictionaries."""

    def __init__(self) -> None:
        """Nothing kept yet; one token is known."""
        self._callers = {f"Bearer {TOKEN}".encode(): "plain"}
        self._answered: dict[tuple[str, bytes], tuple[bytes, Answer]] = {}
        self._invoices: dict[str, InvoiceShown] = {}
        self._from: dict[str, list[InvoiceShown]] = {}

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The application."""
        headers = dict(scope["headers"])
        caller = self._callers.get(headers.get(b"authorization", b""))
        body = await _body(receive)
        if caller is None:
            status, answer = UNAUTHORIZED
        elif scope["path"] != "/cloud_erp/invoices":
            status, answer = 404, b"{}"
        elif scope["method"] == "POST":
            status, answer = self._post(caller, headers.get(b"idempotency-key", b""), body)
        else:
            status, answer = self._find(scope["query_string"])
        length = str(len(answer)).encode()
        said = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": status, "headers": said})
        await send({"type": "http.response.body", "body": answer})

    def _post(self, caller: str, key: bytes, body: bytes) -> Answer:
        digest = hashlib.blake2b(body, digest_size=16).digest()
        answered = self._answered.get((caller, key)) if key else None
        if answered is not None:
            return answered[1] if answered[0] == digest else MISMATCH
        try:
            new = _decode(body)
        except msgspec.ValidationError as error:
            return 400, _encode({"title": "Bad Request", "detail": str(error)})
        number = f"AP-{len(self._invoices) + 1}"
        on = new.accounting_date.isoformat()
        invoice = InvoiceShown(
            number,
            number,
            new.source_ref,
            new.invoice_number,
            new.business_unit,
            new.invoice_amount,
            on,
            "Posted",
            stamp(time.time_ns() // 1_000_000),
        )
        self._invoices[number] = invoice
        self._from.setdefault(new.source_ref, []).append(invoice)
        answer = (201, _encode(invoice))
        if key:
            self._answered[caller, key] = (digest, answer)
        return answer

    def _find(self, query: bytes) -> Answer:
        source = parse_qs(query.decode()).get("SourceRef", [""])[0]
        return 200, _encode(InvoicePage(self._from.get(source, []), has_more=False))


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False):
        message = await receive()
        body += message.get("body", b"")
    return body


async def _serve(http: type[HttpToolsProtocol]) -> None:
    listening = listen(0)
    steady_server()
    server = QuietServer(settings(PlainInvoices().serve, http))
    sys.stderr.write(f"plain at http://{HOST}:{listening.getsockname()[1]}\n")
    await server.serve([listening])


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(DoorProtocol if sys.argv[1:] == ["whole"] else HttpToolsProtocol))
