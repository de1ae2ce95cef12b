"""One call to a system: its lane, the token, the wire, and what came of it as an outcome. It never raises and never retries.

The one exception proves the rule: a 401 is tried once more with a newer token, because nothing was done, and so is a 403
about a hospital that was not granted when the token was made.
"""

from __future__ import annotations

from typing import Final

from contracts import wire
from contracts.ports import Ports
from orchestrator.canonical import milliseconds
from orchestrator.connectors.base import (
    NotSent,
    Operation,
    Outcome,
    Rejected,
    Throttled,
    Unauthorized,
    Unknown,
    outcome,
)
from orchestrator.engine.closes import Closes
from orchestrator.engine.limits import lanes
from orchestrator.engine.retry import RETRY_AFTER_CAP_MS
from orchestrator.engine.tokens import Tokens

NOT_GRANTED: Final = "entity_not_granted"
_NOTHING: dict[str, str] = {}


class Caller:
    """The worker's way to every system."""

    def __init__(self, ports: Ports, closes: Closes | None = None) -> None:
        """Open the lanes; near a close a part of each is reserved."""
        self._http = ports.http
        self._clock = ports.clock
        self.tokens = Tokens(ports)
        self._closes = closes or Closes("", {})
        self.knows_closes = bool(self._closes.all)
        near = self.close_is_near if self.knows_closes else None
        self._lanes = lanes(ports.clock, ports.settings.get("shares", ""), near)

    def close_is_near(self, entity: str = "") -> bool:
        """Whether a hospital's close is near, or anybody's."""
        return self._closes.near(self._clock.business_now(), entity)

    def crowded(self, system: str, *, pressing: bool = False) -> bool:
        """Whether a call would have to wait for its turn."""
        return self._lanes[system].crowded(pressing=pressing)

    def rest_s(self, system: str, *, pressing: bool) -> float:
        """How long a call had better rest than stand in line; 0 if it may."""
        return self._lanes[system].rest_s(pressing=pressing)

    def slow(self, system: str, patience_s: float) -> bool:
        """Whether a call would wait for its turn longer than somebody waits for it."""
        return self._lanes[system].slow(patience_s)

    async def enter(self, system: str, *, pressing: bool = False) -> None:
        """Wait for a turn and keep it, for a call that says `entered`."""
        await self._lanes[system].enter(pressing=pressing)

    def leave(self, system: str) -> None:
        """Give up a turn that was kept."""
        self._lanes[system].leave()

    async def call(  # noqa: PLR0913 - the parts of a request
        self,
        operation: Operation,
        path: str,
        query: dict[str, str] = _NOTHING,
        body: bytes = b"",
        key: str = "",
        timeout_s: float = 0.0,
        *,
        tag: str = "",
        entered: bool = False,
        pressing: bool = False,
    ) -> Outcome:
        """Make the call; a key goes along where the target honours one, a tag where it takes effect on that state alone."""
        lane = self._lanes[operation.system]
        rest_s = lane.paused_s() if entered else lane.paused_s() or lane.rest_s(pressing=pressing)
        if rest_s:
            if entered:
                lane.leave()
            return Throttled(rest_s, 0)
        request = wire.Request(operation.method, path, query, _headers(operation, body, key, tag), body)
        if not entered and not lane.enter_at_once():
            await lane.enter(pressing=pressing)
        result = await self._send(operation, request, timeout_s or operation.timeout_s)
        if type(result) is Unauthorized or (type(result) is Rejected and result.code == NOT_GRANTED):
            result = await self._send(operation, request, timeout_s or operation.timeout_s, again=True)
        lane.leave()
        if type(result) is Throttled:
            if result.after_s > 0:
                now_ms = milliseconds(self._clock.business_now())
                lane.turned_away(min(round(result.after_s * 1000), RETRY_AFTER_CAP_MS), now_ms)
        else:
            lane.refusals = 0
        return result

    async def _send(
        self, operation: Operation, request: wire.Request, timeout_s: float, *, again: bool = False
    ) -> Outcome:
        authorization = self.tokens.at_hand() or await self.tokens.fetch()
        if not authorization:
            return NotSent("no token")
        request.headers["authorization"] = authorization
        try:
            response = await self._http.send(operation.system, request, timeout_s)
        except wire.NotSent as error:
            return NotSent(f"not sent: {error}")
        except wire.WireError as error:
            return Unknown(f"no reply: {type(error).__name__} {error}")
        result = outcome(operation, response, self._clock)
        stale = not again and type(result) is Rejected and result.code == NOT_GRANTED
        if stale or type(result) is Unauthorized:
            self.tokens.refused(authorization)
        return result


def _headers(operation: Operation, body: bytes, key: str, tag: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    if body:
        headers["content-type"] = "application/json"
        if key and operation.honours_key:
            headers["idempotency-key"] = key
        if tag:
            headers["if-match"] = tag
    return headers
