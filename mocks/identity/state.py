"""Which clients exist, what they were granted, and the tokens they are given."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Final

import msgspec

from mocks import SYSTEMS
from mocks.kit.operation import Refused
from mocks.kit.tokens import Claims, issue

ALL_SCOPES: Final = tuple(
    f"{system}.{right}" for system in SYSTEMS if system != "identity" for right in ("read", "write")
)


class Client(msgspec.Struct, frozen=True):
    """A registered client and its grants."""

    id: str
    secret: str
    scopes: tuple[str, ...]
    entities: tuple[str, ...]


class Identity:
    """The registry. Issuing a token changes nothing: tokens are checked by signature, not looked up."""

    def __init__(self, token_key: bytes, token_life_s: int, token_now_ms: Callable[[], int] | None = None) -> None:
        """Sign with one key; no client yet. Tokens live by a clock of their own if there is one."""
        self.token_life_s = token_life_s
        self._token_now_ms = token_now_ms
        self.clients: dict[str, Client] = {}
        self._token_key = token_key

    def register(
        self, client: str, secret: str, scopes: tuple[str, ...] = ALL_SCOPES, entities: tuple[str, ...] = ("*",)
    ) -> None:
        """Register a client, or replace its grants; tokens that are out keep what they say."""
        self.clients[client] = Client(client, secret, scopes, entities)

    def token(self, client_id: str, secret: str, wanted: tuple[str, ...], now_ms: int) -> tuple[str, tuple[str, ...]]:
        """A token for a client that shows its secret, and the scopes in it."""
        client = self.clients.get(client_id)
        if client is None or not hmac.compare_digest(client.secret.encode(), secret.encode()):
            raise Refused(401, "invalid_client", "unknown client or wrong secret")
        if not set(wanted) <= set(client.scopes):
            raise Refused(400, "invalid_scope", "the client was not granted a scope it asks for")
        scopes = wanted or client.scopes
        issued_ms = now_ms if self._token_now_ms is None else self._token_now_ms()
        life_s = self.token_life_s
        claims = Claims(client.id, scopes, client.entities, issued_ms // 1000, issued_ms // 1000 + life_s, issued_ms)
        return issue(self._token_key, claims), scopes
