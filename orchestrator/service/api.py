"""The service's API in types: what it answers, what it refuses with, and the document that says so.

Systems send their webhooks to it; people and programs read how much is open and what became of a paper.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from contracts import api
from contracts.api import Endpoint, Json
from contracts.cases import CaseDecision
from orchestrator.connectors import (
    ap_automation,
    cloud_erp_journals,
    inventory,
    procurement,
    procurement_lookups,
    procurement_suppliers,
)

DOCUMENT: Final = "/openapi.json"
DESCRIPTION: Final = "The reference orchestrator: webhooks in, whether it is well and idle, and what became of papers."


class Problem(msgspec.Struct, frozen=True):
    """Why not."""

    error: str


class Taken(msgspec.Struct, frozen=True):
    """The delivery is durable here; its sender may forget it."""


class Health(msgspec.Struct, frozen=True):
    """Whether the engine works."""

    status: Literal["ok", "stopping", "failed"]
    why: str = ""


class Idle(msgspec.Struct, frozen=True):
    """Whether anything is in hand but calls that are out and deliveries that wait, and when it will next act by itself."""

    idle: bool
    calls: int
    next: str
    deliveries: int


class Now(msgspec.Struct, frozen=True):
    """The business time, where the asker keeps it: a moment such as 2026-10-05T12:00:00Z."""

    now: str = ""


class Status(msgspec.Struct, frozen=True):
    """How much there is, and how much of it is open."""

    now: str
    inbox: int
    processes: int
    effects: dict[str, int]
    open_effects: int
    timers: int
    open_cases: int
    dead_letters: int
    breaks: int


class Seen(msgspec.Struct, frozen=True):
    """Something that came in."""

    source: str
    event_id: str
    version: int
    seen_at: int


class Effect(msgspec.Struct, frozen=True):
    """A command on its way, or at its end."""

    key: str
    process: str | None
    operation: str
    ref: str
    status: str
    attempts: int
    born_at: int
    due_at: int | None
    remote_id: str | None
    detail: str | None


class Timer(msgspec.Struct, frozen=True):
    """Something that a process will do by itself."""

    name: str
    due_at: int


class Case(msgspec.Struct, frozen=True):
    """What people were asked, and what they said."""

    external_key: str
    category: str
    opened_at: int
    decision: str | None
    decided_at: int | None


class Process(msgspec.Struct, frozen=True):
    """One order's process, and all that followed from it."""

    key: str
    version: int
    effects: tuple[Effect, ...]
    timers: tuple[Timer, ...]
    cases: tuple[Case, ...]


class Lineage(msgspec.Struct, frozen=True):
    """What became of a paper."""

    paper: str
    inbox: tuple[Seen, ...]
    processes: tuple[Process, ...]


class Cases(msgspec.Struct, frozen=True):
    """Cases, the newest first."""

    cases: tuple[Case, ...]


class DeadLetter(msgspec.Struct, frozen=True):
    """An effect that was given up, and who took it up again, if anybody did."""

    key: str
    entity: str
    detail: str
    dead_at: int
    revived_at: int | None
    actor: str | None
    reason: str | None


class DeadLetters(msgspec.Struct, frozen=True):
    """Dead letters of the hospitals that the asker may act for, the newest first."""

    dead_letters: tuple[DeadLetter, ...]


class Replay(msgspec.Struct, frozen=True):
    """Take the effect of this key up again, as it was, because of this."""

    key: Annotated[str, Meta(min_length=1, max_length=300)]
    reason: Annotated[str, Meta(min_length=1, max_length=300)]


class Replayed(msgspec.Struct, frozen=True):
    """It is under way again; `already` if that was asked for before."""

    key: str
    status: Literal["replayed", "already"]


class Which(msgspec.Struct, frozen=True):
    """`open=true`: only those that wait for a decision."""

    open: Annotated[str, Meta(pattern="^(true|false)$")] = "false"


HOOKS: Final[dict[str, dict[str, Any]]] = {
    "procurement": {
        "purchase_order.approved": procurement.Notice,
        "purchase_order.changed": procurement.Notice,
        "purchase_order.cancelled": procurement.Notice,
        "supplier.changed": procurement_suppliers.Notice,
        "lookup_value.changed": procurement_lookups.Value,
    },
    "inventory": {"receipt.recorded": inventory.EVENT},
    "ap_automation": {"invoice.captured": ap_automation.EVENT},
    "cloud_erp": {"import.completed": cloud_erp_journals.Job},
    "service_desk": {"case.decided": CaseDecision},
}
"""Who sends webhooks, on which topics, with what in the body."""


def _hook(system: str) -> Endpoint:
    headers: tuple[Json, ...] = tuple(
        {"name": name, "in": "header", "required": False, "schema": {"type": "string"}}
        for name in ("topic", "event-id", "delivery-id")
    )
    topics = ", ".join(f"`{topic}`" for topic in HOOKS[system])
    return Endpoint(
        f"{system}_says",
        "POST",
        f"/hooks/{system}",
        f"A webhook of {system}, answered once it is durable",
        {200: Taken},
        (401, 413, 422, 503),
        tuple(dict.fromkeys(HOOKS[system].values())),
        headers=headers,
        description=f"Topics: {topics}. Others are acknowledged and left alone.",
        guards=("signature",),
    )


ENDPOINTS: Final = (
    *(_hook(system) for system in HOOKS),
    Endpoint("health", "GET", "/health", "Whether the engine works", {200: Health, 503: Health}, guards=()),
    Endpoint("idle", "GET", "/idle", "Whether anything is in hand", {200: Idle}, (422,), query=Now, guards=()),
    Endpoint("status", "GET", "/status", "How much is open", {200: Status}, (401, 403, 503)),
    Endpoint("lineage", "GET", "/lineage/{paper}", "What became of a paper", {200: Lineage}, (401, 403, 404, 503)),
    Endpoint("cases", "GET", "/cases", "What people were asked", {200: Cases}, (401, 403, 422, 503), query=Which),
    Endpoint("dead_letters", "GET", "/dead-letters", "What was given up", {200: DeadLetters}, (401, 503)),
    Endpoint(
        "replay",
        "POST",
        "/replays",
        "Take something up again that was given up",
        {200: Replayed},
        (401, 403, 404, 413, 422, 503),
        Replay,
        description="Needs a grant for the effect's hospital. Asking again changes nothing.",
    ),
)


def document() -> Json:
    """The OpenAPI 3.1 document."""
    signature = {
        "type": "apiKey",
        "in": "header",
        "name": "signature",
        "description": "`sha256=` and the HMAC-SHA256 of the body under the webhook secret, in hex",
    }
    reasons = {
        401: "No valid token or signature",
        403: "Not granted",
        422: "What was sent cannot be read",
        503: "Not at work",
    }
    schemes = {"bearer": api.BEARER, "signature": signature}
    return api.document(api.Api("orchestrator", DESCRIPTION, ENDPOINTS, Problem, schemes=schemes, reasons=reasons))
