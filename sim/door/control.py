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
from sim.door.api import (
    DOCUMENT,
    ROOT,
    Advance,
    Advanced,
    Line,
    News,
    NewSpeed,
    Overview,
    Problem,
    Removed,
    Time,
    document,
)
from sim.door.clock import NEVER
from sim.door.pace import State, moment
from sim.door.stage import ServedStage
from sim.door.subject import Addresses, check_addresses
from sim.errors import UserError
from sim.fault_rules import PlanProblem
from sim.fence import wall_s

if TYPE_CHECKING:
    from sim.door.session import Session

LOOK_AGAIN_S: Final = 0.02
_GEARS: Final[dict[str, State]] = {"pause": "standing", "resume": "running"}


class Refusal(Exception):
    """What cannot be done, and why."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        """Refuse with a status."""
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


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
        headers: list[tuple[bytes, bytes]] = []
        try:
            status, value = await self._answer(scope, receive)
        except Refusal as refusal:
            status, value = refusal.status, Problem(str(refusal))
            headers += [(name.encode(), text.encode()) for name, text in refusal.headers.items()]
        except (ValueError, OverflowError, UserError, PlanProblem) as error:
            place = f"{error.key}: " if isinstance(error, PlanProblem) else ""
            status, value = 422, Problem(f"{place}{error}")
        body = value if isinstance(value, bytes) else msgspec.json.encode(value)
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        method, path = scope["method"], scope["path"].removeprefix(ROOT).strip("/")
        if (method, path) == ("GET", DOCUMENT):
            return 200, document()
        given = dict(scope["headers"]).get(b"authorization", b"")
        if not hmac.compare_digest(given, self._expected):
            said = "the control plane needs its own token: it was printed when the estate was served"
            raise Refusal(401, said, {"www-authenticate": "Bearer"})
        kind, _, number = path.partition("/")
        numbered = kind == "faults" and bool(number)
        methods = ["DELETE"] if numbered else [known for known, name in self._routes if name == path]
        if not methods:
            known = sorted(f"{method} {ROOT}/{name}" for method, name in self._routes)
            raise Refusal(404, f"there is no {method} {ROOT}/{path}; there is {', '.join(known)}")
        if method not in methods:
            allow = ", ".join(methods)
            raise Refusal(405, f"{ROOT}/{path} takes {allow}", {"allow": allow})
        body = await _body(receive)
        if numbered:
            return self._remove_fault(number)
        query = {
            name: values[-1]
            for name, values in parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True).items()
        }
        return await self._routes[method, path](body, query)

    # -- reading ------------------------------------------------------------------------------------------------------

    async def _overview(self, _body: bytes, _query: dict[str, str]) -> Answer:
        return 200, self._standing()

    def _standing(self) -> Overview:
        session = self._session
        stage = session.stage
        stage.journal.catch_up()
        standing = stage.judge.standing()
        return Overview(
            session.options.scenario.name,
            session.options.seed,
            session.options.scale,
            self._time(),
            crossings=stage.wire.crossings,
            calls_under_way=stage.subject.open_calls,
            deliveries_under_way=stage.subject.open_deliveries,
            open_obligations=standing.open_obligations,
            open_cases=standing.open_cases,
            faults_armed=dict(stage.forecast.armed),
            faults_took_effect=dict(stage.forecast.took),
            ignored_weather=tuple(stage.unsupported_weather()),
            settled=session.summary is not None,
        )

    async def _settings(self, _body: bytes, _query: dict[str, str]) -> Answer:
        return 200, self._session.settings()

    async def _clock(self, _body: bytes, query: dict[str, str]) -> Answer:
        """With `seen`, wait for a newer version, a change of gear or speed, for at most `wait` seconds."""
        news = msgspec.convert(query, News, strict=False)
        ends_s = wall_s() + news.wait
        session = self._session
        while session.stage.pace.version == news.seen and wall_s() < ends_s and not session.closing:  # noqa: ASYNC110 - a reset brings another clock
            await asyncio.sleep(LOOK_AGAIN_S)
        return 200, self._time()

    def _time(self) -> Time:
        pace = self._session.stage.pace
        return Time(
            moment(pace.target_ms()),
            pace.gear,
            pace.speed,
            pace.version,
            moment(self._session.stage.bound_ms),
            round(pace.fell_back_s, 3),
            round(max(pace.behind_s_max, self._session.subject.behind_s), 3),
        )

    async def _verdict(self, _body: bytes, _query: dict[str, str]) -> Answer:
        """The summary, or 202 and where things stand."""
        if self._session.summary is None:
            return 202, self._standing()
        return 200, summary_json.encode(self._session.summary)

    async def _faults(self, _body: bytes, _query: dict[str, str]) -> Answer:
        lines = self._session.stage.forecast.lines
        return 200, [Line(number, fault) for number, fault in lines.items()]

    # -- doing --------------------------------------------------------------------------------------------------------

    def _shift(self, gear: str) -> Handler:
        async def shift(_body: bytes, _query: dict[str, str]) -> Answer:
            self._unfinished().pace.go(_GEARS[gear])
            return 200, self._time()

        return shift

    async def _speed(self, body: bytes, _query: dict[str, str]) -> Answer:
        speed = msgspec.json.decode(body, type=NewSpeed).speed
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
        now = msgspec.structs.asdict(self._time())
        return 200, Advanced(**now, reached=reached, resting=stage.pace.resting)

    async def _add_fault(self, body: bytes, _query: dict[str, str]) -> Answer:
        fault = msgspec.json.decode(body, type=Fault)
        return 201, Line(self._unfinished().add_fault(fault), fault)

    def _remove_fault(self, number: str) -> Answer:
        if not number.isdecimal() or not self._session.stage.forecast.remove(int(number)):
            raise Refusal(404, f"no fault has the number {number}")
        return 200, Removed(int(number))

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
