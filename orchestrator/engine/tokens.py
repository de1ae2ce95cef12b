"""The access token: fetched once for all who wait, before it expires, and again when a target says 401.

A 401 is not proof that the token is dead: another call may have fetched a new one meanwhile, so that is tried first. A 403
about a hospital may only say that the token is older than its grant.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from contracts.ports import Ports
from contracts.wire import WireError
from orchestrator.connectors.identity import read_grant, token_request

EARLY_S: Final = 120.0
"""A token is replaced this long before it expires, so that none dies under way."""
TIMEOUT_S: Final = 20.0


class Tokens:
    """One worker's token."""

    def __init__(self, ports: Ports) -> None:
        """Have none yet."""
        self._ports = ports
        self._header = ""
        self._until_s = float("-inf")
        self._coming: asyncio.Future[str] | None = None
        self._entities: frozenset[str] = frozenset()
        self.granted: Callable[[tuple[str, ...]], None] | None = None
        """Who wants to hear for which hospitals a new token is good, where that is not all."""

    def at_hand(self) -> str:
        """The `Authorization` header if there is a token that lasts."""
        return self._header if self._ports.clock.monotonic() < self._until_s else ""

    async def fetch(self) -> str:
        """The header with a new token, or nothing when the identity system gives none just now."""
        if self._coming is not None:
            return await self._coming
        coming: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._coming = coming
        header = await self._fetch()
        self._coming = None
        coming.set_result(header)
        return header

    def refused(self, header: str) -> None:
        """A target did not accept this one; if it is still the newest, it is not to be used again."""
        if header == self._header:
            self._until_s = float("-inf")

    def must_cover(self, granted: Callable[[], set[str]]) -> None:
        """Have another token fetched if this one is older than a grant that some worker knows of; a look only where it matters."""
        if self._entities and not granted() <= self._entities:
            self._until_s = float("-inf")

    async def _fetch(self) -> str:
        began_s = self._ports.clock.monotonic()
        settings = self._ports.settings  # read each time: a secret that was changed comes in by them
        request = token_request(settings.get("client_id", ""), settings.get("client_secret", ""))
        try:
            response = await self._ports.http.send("identity", request, TIMEOUT_S)
            if not response.ok:
                return ""
            grant = read_grant(response.body)
        except (WireError, ValueError):
            return ""
        self._entities = frozenset(grant.entities)
        if grant.entities and self.granted is not None:
            self.granted(grant.entities)
        self._header = f"Bearer {grant.access_token}"
        self._until_s = began_s + max(grant.expires_in - EARLY_S, grant.expires_in / 2)
        return self._header
