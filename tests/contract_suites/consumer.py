"""The consumer's half of a pact: one call that the orchestrator makes, what it is answered, and what it makes of that.

A call goes the whole way: the connector's dialect, the caller's token and headers, the HTTP port over a real socket.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

os.environ["PACT_DO_NOT_TRACK"] = "true"  # before Pact is loaded, also where no conftest was
logging.getLogger("pact.ffi").setLevel(logging.ERROR)

from pact import Pact, match  # noqa: E402

from contracts.ports import Ports  # noqa: E402
from contracts.wire import Request, Response  # noqa: E402
from orchestrator.adapters.http import HttpxHttp  # noqa: E402
from orchestrator.connectors import OPERATIONS  # noqa: E402
from orchestrator.connectors.base import Outcome, Prepared, Rejected  # noqa: E402
from orchestrator.engine.caller import Caller  # noqa: E402

CONSUMER: Final = "orchestrator"
MOMENT: Final = datetime(2026, 10, 5, 16, tzinfo=UTC)
SINCE_MS: Final = 1_790_000_000_000
STAMP: Final = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$"
AMOUNT: Final = r"^-?\d+(\.\d{1,2})?$"
JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
PER_SERVER: Final = 60
"""Pact's server slows down with every interaction it knows."""

Ask = Callable[[Ports], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Interaction:
    """One call and its reply. Of a refusal only status and, where `means` has one, code are compared."""

    says: str
    given: str
    ask: Ask
    request: tuple[str, str]
    status: int
    reply: Any
    means: Any
    where: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    media: str = JSON
    key: str = ""
    tag: str = ""
    bearer: bool = True
    reply_headers: dict[str, str] = field(default_factory=dict)


def stamp(example: str = "2026-10-05T16:00:00.000Z") -> Any:
    """Any moment in ISO 8601 with an offset."""
    return match.regex(example, regex=STAMP)


def amount(example: str) -> Any:
    """Any decimal text with at most two places."""
    return match.regex(example, regex=AMOUNT)


def reads(operation: str, path: str, query: dict[str, str] | None = None) -> Ask:
    """A call that reads."""
    return lambda ports: Caller(ports).call(OPERATIONS[operation], path, query or {})


def sends(prepared: Prepared, key: str = "") -> Ask:
    """A command, as the engine sends it."""
    called = OPERATIONS[prepared.operation]
    return lambda ports: Caller(ports).call(called, prepared.path, body=prepared.body, key=key)


def turned_away(
    says: str, ask: Ask, request: tuple[str, str], means: Outcome, status: int, retry_after_s: int, **more: Any
) -> Interaction:
    """A call at a busy time: what the reply's body says does not matter."""
    return Interaction(
        says,
        "the system turns callers away",
        ask,
        request,
        status,
        None,
        means,
        where={"status": status, "retry_after_s": retry_after_s},
        reply_headers={"retry-after": str(retry_after_s)},
        **more,
    )


def write_to(pact: Pact, interaction: Interaction) -> None:
    """Tell Pact."""
    method, path = interaction.request
    told = pact.upon_receiving(interaction.says).given(interaction.given, interaction.where).with_request(method, path)
    for name, value in interaction.query.items():
        told.with_query_parameter(name, value)
    if interaction.bearer:
        told.with_header("authorization", match.regex("Bearer a.b.c", regex=r"^Bearer \S+$"))
    if interaction.key:
        told.with_header("idempotency-key", match.regex(interaction.key, regex=r"^[!-~]{1,255}$"))
    if interaction.tag:
        told.with_header("if-match", match.regex(interaction.tag, regex=r'^"\S+"$'))
    if interaction.body is not None:
        told.with_body(interaction.body, content_type=interaction.media)
    told.will_respond_with(interaction.status)
    for name, text in interaction.reply_headers.items():
        told.with_header(name, text)
    if interaction.reply is not None:
        told.with_body(interaction.reply, content_type=JSON)


def play(system: str, interaction: Interaction) -> None:
    """Make the call against Pact's server, which checks the request; then check what the orchestrator understood."""
    pact = Pact(CONSUMER, system)
    write_to(pact, interaction)
    with pact.serve("127.0.0.1") as server:
        outcome = asyncio.run(_ask(system, interaction, str(server.url)))
    wanted = interaction.means
    if isinstance(wanted, Rejected):
        assert isinstance(outcome, Rejected), outcome
        assert outcome.status == wanted.status
        assert wanted.code in {"", outcome.code}, outcome
    else:
        assert outcome == wanted


async def _ask(system: str, interaction: Interaction, url: str) -> Any:
    http = HttpxHttp({system.partition("-")[0]: url})
    try:
        return await interaction.ask(_ports_over(_WithToken(http) if interaction.bearer else http))
    finally:
        await http.close()


class _WithToken:
    """The HTTP port, with an identity system that always has a token ready: its own pact is about tokens."""

    def __init__(self, http: HttpxHttp) -> None:
        self._http = http

    async def send(self, system: str, request: Request, timeout_s: float) -> Response:
        """Send, or give a token."""
        if system == "identity":
            return Response(200, b'{"access_token":"a.b.c","expires_in":3600}')
        return await self._http.send(system, request, timeout_s)


def _ports_over(http: Any) -> Ports:
    """Ports of which only HTTP does anything."""

    async def sleep(delay_s: float) -> None:
        del delay_s

    clock = SimpleNamespace(business_now=lambda: MOMENT, monotonic=lambda: 0.0, sleep=sleep)
    settings = {"client_id": "reference", "client_secret": "sesame"}
    return cast("Ports", SimpleNamespace(worker="w1", http=http, clock=clock, settings=settings))


def pact_of(system: str, interactions: Sequence[Interaction]) -> Pact:
    """The whole pact with a system."""
    pact = Pact(CONSUMER, system)
    for interaction in interactions:
        write_to(pact, interaction)
    return pact


def written(pact: Pact, folder: Path) -> bytes:
    """Write a pact; what stands in the file."""
    folder.mkdir(parents=True, exist_ok=True)
    pact.write_file(folder, overwrite=True)
    return (folder / f"{pact.consumer}-{pact.provider}.json").read_bytes()
