"""The server of an estate: uvicorn on a loopback port, with connections that can be dropped, and an end that leaves a verdict."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Final

import uvicorn
import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from contracts.verdict import Summary
from mocks.kit.asgi import App
from sim.door.session import CUT, DROP, Session
from sim.errors import UserError

HOST: Final = "127.0.0.1"
GRACE_S: Final = 1
KEEP_ALIVE_S: Final = 75
"""As gateways have it. A loop that was busy for longer closes connections before it looks whether something has come."""
CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
COLLECT_AFTER: Final = 50_000
"""New objects between collections: what an estate keeps is looked at far too often by default."""


class WholeReplies(asyncio.Transport):
    """The writing end of a connection that sends a reply's head and body as one: the caller is woken once, not twice."""

    def __init__(self, transport: asyncio.Transport) -> None:
        """Write to a transport."""
        super().__init__()
        self._transport = transport
        self._parts: list[bytes] = []
        self.abort = transport.abort  # type: ignore[method-assign]
        self.is_closing = transport.is_closing  # type: ignore[method-assign]

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep a part of a reply until it is whole; whoever announced a body must hear at once that it is wanted."""
        if data == CONTINUE:
            self._transport.write(data)
        else:
            self._parts.append(bytes(data))

    def flush(self) -> None:
        """Send what there is."""
        if self._parts:
            self._transport.write(b"".join(self._parts))
            self._parts.clear()

    def close(self) -> None:
        """Send what there is, and hang up."""
        self.flush()
        self._transport.close()


class DoorProtocol(HttpToolsProtocol):
    """Connections that send whole replies, and that an application may drop without a word, as a gateway does that has lost its backend."""

    transport: WholeReplies

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Write through a transport that joins what belongs together."""
        super().connection_made(transport)
        self.transport = WholeReplies(transport)
        self._endings = {DROP: transport.abort, CUT: self.transport.close}

    def on_message_begin(self) -> None:
        """Tell the application how to hang up."""
        super().on_message_begin()
        self.scope["extensions"] = self._endings  # type: ignore[typeddict-item]

    def on_response_complete(self) -> None:
        """The reply is whole."""
        self.transport.flush()
        super().on_response_complete()


class QuietServer(uvicorn.Server):
    """A server that leaves signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def listen(port: int) -> socket.socket:
    """A loopback socket; port 0 takes any that is free."""
    # With its protocol named, asyncio switches off Nagle's delay on what is accepted: 40 ms for each small reply.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise UserError("--port", 0, "", f"{port} cannot be listened on: {getattr(error, 'strerror', error)}") from None
    return listening


def settings(app: App, http: type[HttpToolsProtocol] = DoorProtocol) -> uvicorn.Config:
    """How an application is served here: HTTP alone, nothing logged, nothing added."""
    return uvicorn.Config(
        app,
        http=http,
        lifespan="off",
        interface="asgi3",
        proxy_headers=False,
        log_config=None,
        access_log=False,
        ws="none",
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=KEEP_ALIVE_S,
    )


def steady_server() -> None:
    """Look for garbage seldom, and never again among what is there by now."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 50)


def run_server(listening: socket.socket, make: Callable[[str], Session], ready: Callable[[Session], None]) -> Summary:
    """Serve until SIGINT or SIGTERM; the verdict on what happened."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(listening, make, ready))


async def _serve(listening: socket.socket, make: Callable[[str], Session], ready: Callable[[Session], None]) -> Summary:
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    session = make(f"http://{HOST}:{listening.getsockname()[1]}")
    server = QuietServer(settings(session.serve))
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    steady_server()
    work = [asyncio.create_task(part) for part in (server.serve([listening]), session.run(), stop.wait())]
    try:
        while not server.started and not work[0].done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0)
        ready(session)
        await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        for part in work[:2]:
            if part.done():
                part.result()  # a server or a clock does not end by itself: it failed
        return session.finish("stopped before the estate came to rest")
    finally:
        session.close()
        await session.subject.close()
        server.should_exit = True
        for part in work[1:]:
            part.cancel()
        await asyncio.wait(work, timeout=GRACE_S + 2)
