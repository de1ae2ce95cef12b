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
from sim.door.session import DROP, Session
from sim.errors import UserError

HOST: Final = "127.0.0.1"
GRACE_S: Final = 1
COLLECT_AFTER: Final = 50_000
"""New objects between collections: what an estate keeps is looked at far too often by default."""


class DroppingProtocol(HttpToolsProtocol):
    """Connections that an application may drop without a word, as a gateway does that has lost its backend."""

    def on_message_begin(self) -> None:
        """Tell the application how to hang up."""
        super().on_message_begin()
        self.scope["extensions"] = {DROP: self.transport.abort}  # type: ignore[dict-item]


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


def run_server(listening: socket.socket, make: Callable[[str], Session], ready: Callable[[Session], None]) -> Summary:
    """Serve until SIGINT or SIGTERM; the verdict on what happened."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(listening, make, ready))


async def _serve(listening: socket.socket, make: Callable[[str], Session], ready: Callable[[Session], None]) -> Summary:
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    session = make(f"http://{HOST}:{listening.getsockname()[1]}")
    config = uvicorn.Config(
        session.serve,
        http=DroppingProtocol,
        lifespan="off",
        interface="asgi3",
        proxy_headers=False,
        log_config=None,
        access_log=False,
        ws="none",
        timeout_graceful_shutdown=GRACE_S,
    )
    server = QuietServer(config)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 50)
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
