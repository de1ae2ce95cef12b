"""The control plane's API in types: what it takes, what it answers, and the document that says so."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from contracts import api
from contracts.api import Endpoint, Json
from contracts.plan import Fault
from contracts.verdict import Summary
from sim.door.subject import Addresses

ROOT: Final = "/_estate"
DOCUMENT: Final = "openapi.json"
DESCRIPTION: Final = (
    "The clock, faults, addresses, verdict and reset of a served estate. Its token is not the subject's."
)
SPEED_MAX: Final = 100_000.0
LONG_POLL_S: Final = 20.0
PATIENCE_S: Final = 120.0
PATIENCE_S_MAX: Final = 86_400.0
LEAP_S_MAX: Final = 366 * 86_400.0


class Problem(msgspec.Struct, frozen=True):
    """What cannot be done, in one line."""

    error: str


class Settings(msgspec.Struct, frozen=True):
    """All that a program needs to connect. There may be more, which the reference is told."""

    client_id: str
    client_secret: str
    webhook_secret: str
    entities: str
    token_url: str
    systems: dict[str, str]
    holidays: str = ""
    close_calendar: str = ""


class Time(msgspec.Struct, frozen=True):
    """The business clock. `version` changes with state and speed; `behind_s` is how far program or estate ever lay behind it."""

    now: str
    state: str
    speed: float
    version: int
    ends: str
    fell_back_s: float
    behind_s: float


class Advanced(Time, frozen=True):
    """The clock after going step by step: whether it got as far as asked, and whether all is over."""

    reached: bool
    resting: bool


class Overview(msgspec.Struct, frozen=True):
    """Where things stand."""

    scenario: str
    seed: int
    scale: float
    clock: Time
    crossings: int
    calls_under_way: int
    deliveries_under_way: int
    open_obligations: int
    open_cases: int
    faults_armed: dict[str, int]
    faults_took_effect: dict[str, int]
    ignored_weather: tuple[str, ...]
    settled: bool


class Line(msgspec.Struct, frozen=True):
    """A line of the plan that was added while it runs."""

    number: int
    fault: Fault


class Removed(msgspec.Struct, frozen=True):
    """The number of the line that is gone."""

    removed: int


class NewSpeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many business seconds pass in one of wall time."""

    speed: Annotated[float, Meta(gt=0, le=SPEED_MAX)]


class Advance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far: so many business seconds, or to a moment; with neither, to the end. `patience_s` is wall time."""

    seconds: Annotated[float, Meta(ge=0, le=LEAP_S_MAX)] | None = None
    to: str = ""
    patience_s: Annotated[float, Meta(ge=0, le=PATIENCE_S_MAX)] = PATIENCE_S


class News(msgspec.Struct, frozen=True):
    """With `seen`, wait for another version of the clock, for at most `wait` seconds."""

    seen: int = -1
    wait: Annotated[float, Meta(ge=0, le=LONG_POLL_S)] = LONG_POLL_S


_READ: Final = (401, 413)
_TOLD: Final = (401, 413, 422)
_DONE: Final = (401, 409, 413)
_DONE_AS_TOLD: Final = (401, 409, 413, 422)

_FAULT: Final[Json] = {
    "kind": "timeout-after-commit",
    "target": "cloud_erp.create_invoice",
    "trigger": {"nth": 1},
}

ENDPOINTS: Final = (
    Endpoint("overview", "GET", "/", "Where things stand", {200: Overview}, _READ),
    Endpoint("settings", "GET", "/settings", "All that a program needs to connect", {200: Settings}, _READ),
    Endpoint("clock", "GET", "/clock", "The clock, or news of it", {200: Time}, _TOLD, query=News),
    Endpoint("addresses", "PUT", "/addresses", "Where the subject is reached", {200: Addresses}, _TOLD, Addresses),
    Endpoint("pause", "POST", "/clock/pause", "Let the clock stand", {200: Time}, _DONE),
    Endpoint("resume", "POST", "/clock/resume", "Let the clock run", {200: Time}, _DONE),
    Endpoint("speed", "POST", "/clock/speed", "Let it run at another speed", {200: Time}, _DONE_AS_TOLD, NewSpeed),
    Endpoint(
        "advance",
        "POST",
        "/clock/advance",
        "Go step by step with the subject",
        {200: Advanced},
        _DONE_AS_TOLD,
        Advance,
        body_required=False,
    ),
    Endpoint("faults", "GET", "/faults", "The faults that were added", {200: list[Line]}, _READ),
    Endpoint("add_fault", "POST", "/faults", "Add a fault", {201: Line}, _DONE_AS_TOLD, Fault, example=_FAULT),
    Endpoint("remove_fault", "DELETE", "/faults/{number}", "Take a fault away", {200: Removed}, (401, 404, 413)),
    Endpoint("verdict", "GET", "/verdict", "The verdict once it is settled", {200: Summary, 202: Overview}, _READ),
    Endpoint("finish", "POST", "/finish", "Judge what there is, now", {200: Summary}, _READ),
    Endpoint("reset", "POST", "/reset", "Begin the same run again", {200: Time}, _READ),
)


def document() -> Json:
    """The OpenAPI 3.1 document."""
    reasons = {
        401: "The control plane's token is needed",
        409: "Not now",
        422: "What was asked for cannot be understood",
    }
    return api.document(api.Api("estate", DESCRIPTION, ENDPOINTS, Problem, ROOT, reasons=reasons))
