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
from orchestrator.engine.limits import lanes
from orchestrator.engine.retry import RETRY_AFTER_CAP_MS
from orchestrator.engine.tokens import Tokens

NOT_GRANTED: Final = "entity_not_granted"
_NOTHING: dict[str, str] = {}


class Caller:
    """The worker's way to every system."""

    def __init__(self, ports: Ports) -> None:
        """Open the lanes."""
        self._http = ports.http
        self._clock = ports.clock
        self.tokens = Tokens(ports)
        self._lanes = lanes(ports.clock)

    def now_ms(self) -> int:
        """The moment."""
        return milliseconds(self._clock.business_now())

    def crowded(self, system: str) -> bool:
        """Whether a call would have to wait for its turn."""
        return self._lanes[system].crowded

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
    ) -> Outcome:
        """Make the call; a key goes along where the target honours one, a tag where it takes effect on that state alone."""
        lane = self._lanes[operation.system]
        if lane.paused_until_ms:
            left_ms = lane.paused_until_ms - self.now_ms()
            if left_ms > 0:
                if entered:
                    lane.leave()
                return Throttled(left_ms / 1000, 0)
            lane.paused_until_ms = 0
        headers: dict[str, str] = {}
        if body:
            headers["content-type"] = "application/json"
            if key and operation.honours_key:
                headers["idempotency-key"] = key
            if tag:
                headers["if-match"] = tag
        request = wire.Request(operation.method, path, query, headers, body)
        if not entered and not lane.enter_at_once():
            await lane.enter()
        result = await self._send(operation, request, timeout_s or operation.timeout_s)
        if type(result) is Unauthorized or (type(result) is Rejected and result.code == NOT_GRANTED):
            result = await self._send(operation, request, timeout_s or operation.timeout_s, again=True)
        lane.leave()
        if type(result) is Throttled and result.after_s > 0:
            lane.paused_until_ms = self.now_ms() + min(round(result.after_s * 1000), RETRY_AFTER_CAP_MS)
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
