"""The control plane, `/_estate/…`: the clock, faults, addresses, verdict and reset, for people and programs beside the subject.

Its bearer token is not the subject's: a design under test has no business here, but for its connection settings and the
business clock. Everything speaks JSON; what cannot be done is one line in `error`.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

import msgspec

from contracts.plan import Fault
from mocks.kit.asgi import BODY_BYTES_MAX, Receive, Scope, Send
from mocks.kit.dialect import moment_ms
from reports import summary_json
from sim.door.clock import NEVER
from sim.door.pace import moment
from sim.door.stage import ServedStage
from sim.door.subject import Addresses, check_addresses
from sim.errors import UserError
from sim.fault_rules import PlanProblem
from sim.fence import wall_s

if TYPE_CHECKING:
    from sim.door.session import Session

SPEED_MAX: Final = 100_000.0
LONG_POLL_S: Final = 20.0
LOOK_AGAIN_S: Final = 0.02
PATIENCE_S: Final = 120.0
_GEARS: Final = {"pause": "standing", "resume": "running"}


class NewSpeed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many business seconds pass in one of wall time."""

    speed: float


class Advance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far: so many business seconds, or to a moment; with neither, to the end. `patience_s` is wall time."""

    seconds: float | None = None
    to: str = ""
    patience_s: float = PATIENCE_S


class Refusal(Exception):
    """What cannot be done, and why."""

    def __init__(self, status: int, message: str) -> None:
        """Refuse with a status."""
        super().__init__(message)
        self.status = status


Answer = tuple[int, Any]
Handler = Callable[[bytes, dict[str, str]], Awaitable[Answer]]


class Control:
    """The control plane of a session."""

    def __init__(self, session: Session, token: str) -> None:
        """Let those in who show the token."""
        self._session = session
        self._expected = f"Bearer {token}".encode()
        self._routes: dict[tuple[str, str], Handler] = {
            ("GET", ""): self._overview,
            ("GET", "settings"): self._settings,
            ("GET", "clock"): self._clock,
            ("POST", "clock/pause"): self._shift("pause"),
            ("POST", "clock/resume"): self._shift("resume"),
            ("POST", "clock/speed"): self._speed,
            ("POST", "clock/advance"): self._advance,
            ("GET", "faults"): self._faults,
            ("POST", "faults"): self._add_fault,
            ("PUT", "addresses"): self._addresses,
            ("GET", "verdict"): self._verdict,
            ("POST", "finish"): self._finish,
            ("POST", "reset"): self._reset,
        }

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        try:
            status, value = await self._answer(scope, receive)
        except Refusal as refusal:
            status, value = refusal.status, {"error": str(refusal)}
        except (msgspec.DecodeError, ValueError, UserError, PlanProblem) as error:
            place = f"{error.key}: " if isinstance(error, PlanProblem) else ""
            status, value = 422, {"error": f"{place}{error}"}
        body = value if isinstance(value, bytes) else msgspec.json.encode(value)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        given = dict(scope["headers"]).get(b"authorization", b"")
        if not hmac.compare_digest(given, self._expected):
            raise Refusal(401, "the control plane needs its own token: it was printed when the estate was served")
        path = scope["path"].removeprefix("/_estate").strip("/")
        body = await _body(receive)
        query = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode()).items()}
        kind, _, number = path.partition("/")
        if kind == "faults" and number and scope["method"] == "DELETE":
            return self._remove_fault(number)
        handler = self._routes.get((scope["method"], path))
        if handler is None:
            known = sorted(f"{method} /_estate/{name}" for method, name in self._routes)
            raise Refusal(404, f"there is no {scope['method']} /_estate/{path}; there is {', '.join(known)}")
        return await handler(body, query)

    # -- reading ------------------------------------------------------------------------------------------------------

    async def _overview(self, _body: bytes, _query: dict[str, str]) -> Answer:
        session = self._session
        stage = session.stage
        stage.journal.catch_up()
        return 200, {
            "scenario": session.options.scenario.name,
            "seed": session.options.seed,
            "scale": session.options.scale,
            "clock": self._time(),
            "crossings": stage.wire.crossings,
            "calls_under_way": stage.subject.open_calls,
            "deliveries_under_way": stage.subject.open_deliveries,
            "open_obligations": len(stage.tally.open),
            "open_cases": len(stage.tally.open_cases),
            "faults_armed": stage.forecast.armed,
            "faults_took_effect": stage.forecast.took,
            "ignored_weather": stage.unsupported_weather(),
            "settled": session.summary is not None,
        }

    async def _settings(self, _body: bytes, _query: dict[str, str]) -> Answer:
        return 200, self._session.settings()

    async def _clock(self, _body: bytes, query: dict[str, str]) -> Answer:
        """With `seen`, wait for a newer version, a change of gear or speed, for at most `wait` seconds."""
        seen = int(query.get("seen", "-1"))
        ends_s = wall_s() + min(float(query.get("wait", LONG_POLL_S)), LONG_POLL_S)
        session = self._session
        while session.stage.pace.version == seen and wall_s() < ends_s and not session.closing:  # noqa: ASYNC110 - a reset brings another clock
            await asyncio.sleep(LOOK_AGAIN_S)
        return 200, self._time()

    def _time(self) -> dict[str, object]:
        pace = self._session.stage.pace
        return {
            "now": moment(pace.target_ms()),
            "state": pace.gear,
            "speed": pace.speed,
            "version": pace.version,
            "ends": moment(self._session.stage.bound_ms),
            "fell_back_s": round(pace.fell_back_s, 3),
        }

    async def _verdict(self, _body: bytes, _query: dict[str, str]) -> Answer:
        """The summary, or 202 and where things stand."""
        if self._session.summary is None:
            return 202, (await self._overview(b"", {}))[1]
        return 200, summary_json.encode(self._session.summary)

    async def _faults(self, _body: bytes, _query: dict[str, str]) -> Answer:
        lines = self._session.stage.forecast.lines
        return 200, [{"number": number, "fault": fault} for number, fault in lines.items()]

    # -- doing --------------------------------------------------------------------------------------------------------

    def _shift(self, gear: str) -> Handler:
        async def shift(_body: bytes, _query: dict[str, str]) -> Answer:
            self._unfinished().pace.go("standing" if _GEARS[gear] == "standing" else "running")
            return 200, self._time()

        return shift

    async def _speed(self, body: bytes, _query: dict[str, str]) -> Answer:
        speed = msgspec.json.decode(body, type=NewSpeed).speed
        if not 0 < speed <= SPEED_MAX:
            raise Refusal(422, f"a speed is above 0 and at most {SPEED_MAX:g}")
        pace = self._unfinished().pace
        pace.go(pace.state, speed)
        return 200, self._time()

    async def _advance(self, body: bytes, _query: dict[str, str]) -> Answer:
        asked = msgspec.json.decode(body or b"{}", type=Advance)
        stage = self._unfinished()
        if stage.pace.state in ("waiting", "advancing"):
            what = (
                "no subject has shown itself yet" if stage.pace.state == "waiting" else "it is being advanced already"
            )
            raise Refusal(409, f"the clock cannot be advanced: {what}")
        until_ms = NEVER
        if asked.seconds is not None:
            until_ms = stage.kernel.now_ms + round(asked.seconds * 1000)
        elif asked.to:
            until_ms = moment_ms(asked.to.replace("Z", "+00:00"))
        reached = await stage.pace.advance(until_ms, stage.subject, wall_s() + asked.patience_s)
        return 200, {**self._time(), "reached": reached, "resting": stage.pace.resting}

    async def _add_fault(self, body: bytes, _query: dict[str, str]) -> Answer:
        fault = msgspec.json.decode(body, type=Fault)
        return 201, {"number": self._unfinished().add_fault(fault), "fault": fault}

    def _remove_fault(self, number: str) -> Answer:
        if not number.isdecimal() or not self._session.stage.forecast.remove(int(number)):
            raise Refusal(404, f"no fault has the number {number}")
        return 200, {"removed": int(number)}

    async def _addresses(self, body: bytes, _query: dict[str, str]) -> Answer:
        """The subject says where it can be reached; that is its first sign, too."""
        subject = self._session.subject
        subject.addresses = check_addresses(msgspec.json.decode(body, type=Addresses))
        self._session.stage.pace.first_sign()
        return 200, subject.addresses

    async def _finish(self, _body: bytes, _query: dict[str, str]) -> Answer:
        return 200, summary_json.encode(self._session.finish("ended by the control plane"))

    async def _reset(self, _body: bytes, _query: dict[str, str]) -> Answer:
        self._session.reset()
        return 200, self._time()

    def _unfinished(self) -> ServedStage:
        if self._session.summary is not None:
            raise Refusal(409, "the run is over: POST /_estate/reset begins it again")
        return self._session.stage


async def _body(receive: Receive) -> bytes:
    parts = b""
    while True:
        message = await receive()
        part: bytes = message.get("body", b"")
        parts += part
        if len(parts) > BODY_BYTES_MAX:
            raise Refusal(413, f"a body has at most {BODY_BYTES_MAX} bytes")
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return parts
