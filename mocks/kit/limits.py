"""How hard a family lets itself be pushed: requests a second with a burst, requests an hour, requests at once.

A pure function of what came before and the moment. A request counts as being worked on for the family's median latency:
how long the caller waits for its answer is the network's affair. Limits hold for each client apart, and only where the
estate is built with its true limits.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from mocks.kit.operation import Refused
from mocks.kit.quirks import Quirks

HOUR_MS: Final = 3_600_000
TOO_MANY: Final = 429


class _Spent:
    """What one client has used up."""

    __slots__ = ("free_at_ms", "hour_ends_ms", "in_hour", "working")

    def __init__(self) -> None:
        self.free_at_ms = 0.0
        self.hour_ends_ms = 0
        self.in_hour = 0
        self.working: deque[int] = deque()


class Limits:
    """The limits of one system, as its quirks file gives them under `[limits]`; what it does not name is not limited."""

    def __init__(self, quirks: Quirks, share: float = 1.0) -> None:
        """Read the figures; `share` is what of a second's and an hour's requests other programs leave."""
        known = quirks.sections["limits"]
        per_s = share * quirks.number("limits", "per_s") if "per_s" in known else 0.0
        self._interval_ms = 1000 / per_s if per_s else 0.0
        self._burst_ms = self._interval_ms * (quirks.whole("limits", "burst") - 1) if per_s else 0.0
        self._per_hour = round(share * quirks.whole("limits", "per_hour")) if "per_hour" in known else 0
        self._at_once = quirks.whole("limits", "at_once") if "at_once" in known else 0
        self._work_ms = quirks.whole("latency", "median_ms")
        self._codes = {name: str(figure.value) for name, figure in known.items() if name.endswith("_code")}
        self._clients: dict[str, _Spent] = {}

    def admit(self, client: str, now_ms: int) -> None:
        """Let a request in and count it, or refuse it uncounted."""
        spent = self._clients.get(client)
        if spent is None:
            spent = self._clients[client] = _Spent()
        working = spent.working
        while working and working[0] <= now_ms:
            working.popleft()
        if self._at_once and len(working) >= self._at_once:
            raise self._refused("at_once_code", f"more than {self._at_once} requests at once")
        if self._per_hour:
            if now_ms >= spent.hour_ends_ms:
                spent.hour_ends_ms, spent.in_hour = (now_ms // HOUR_MS + 1) * HOUR_MS, 0
            if spent.in_hour >= self._per_hour:
                raise self._refused("per_hour_code", f"more than {self._per_hour} requests in this hour")
        if self._interval_ms:
            due_ms = max(spent.free_at_ms, now_ms)
            if due_ms - self._burst_ms > now_ms:
                wait_s = max(1, -(-int(due_ms - self._burst_ms - now_ms) // 1000))
                raise self._refused("per_s_code", "too many requests", {"retry-after": str(wait_s)})
            spent.free_at_ms = due_ms + self._interval_ms
        spent.in_hour += 1
        if self._at_once:
            working.append(now_ms + self._work_ms)

    def _refused(self, code: str, message: str, headers: dict[str, str] | None = None) -> Refused:
        return Refused(TOO_MANY, self._codes.get(code, "too_many_requests"), message, headers)
