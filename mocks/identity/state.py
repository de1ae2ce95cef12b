"""Which clients exist, what they were granted, and the tokens they are given."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Final

import msgspec

from mocks import SYSTEMS
from mocks.kit.operation import Refused, Work
from mocks.kit.tokens import Claims, Key, KeyRing, issue

ALL_SCOPES: Final = tuple(
    f"{system}.{right}" for system in SYSTEMS if system != "identity" for right in ("read", "write")
)


class Client(msgspec.Struct, frozen=True):
    """A registered client and its grants. After a change of secret the one before is good until a moment."""

    id: str
    secret: str
    scopes: tuple[str, ...]
    entities: tuple[str, ...]
    former: str = ""
    former_until_ms: int = 0

    def shown_by(self, secret: str, now_ms: int) -> bool:
        """Whether this is its secret, or the former one while that is still good."""
        if hmac.compare_digest(self.secret.encode(), secret.encode()):
            return True
        return now_ms < self.former_until_ms and hmac.compare_digest(self.former.encode(), secret.encode())


class Issued(msgspec.Struct, frozen=True):
    """A token, and what is in it: scopes, and the entities where it is not good for all."""

    token: str
    scopes: tuple[str, ...]
    entities: tuple[str, ...]


class Identity:
    """The registry and the keys. Issuing a token changes nothing: tokens are checked by signature, not looked up."""

    def __init__(self, ring: KeyRing, token_life_s: int, token_now_ms: Callable[[], int] | None = None) -> None:
        """Sign with the ring's newest key; no client yet. Tokens live by a clock of their own if there is one."""
        self.token_life_s = token_life_s
        self._token_now_ms = token_now_ms
        self.clients: dict[str, Client] = {}
        self._ring = ring

    def register(
        self, client: str, secret: str, scopes: tuple[str, ...] = ALL_SCOPES, entities: tuple[str, ...] = ("*",)
    ) -> None:
        """Register a client, or replace its grants; tokens that are out keep what they say."""
        self.clients[client] = Client(client, secret, scopes, entities)

    def token(self, client_id: str, secret: str, wanted: tuple[str, ...], now_ms: int) -> Issued:
        """A token for a client that shows its secret."""
        client = self.clients.get(client_id)
        if client is None or not client.shown_by(secret, now_ms):
            raise Refused(401, "invalid_client", "unknown client or wrong secret")
        if not set(wanted) <= set(client.scopes):
            raise Refused(400, "invalid_scope", "the client was not granted a scope it asks for")
        scopes = wanted or client.scopes
        issued_ms = now_ms if self._token_now_ms is None else self._token_now_ms()
        life_s = self.token_life_s
        claims = Claims(client.id, scopes, client.entities, issued_ms // 1000, issued_ms // 1000 + life_s, issued_ms)
        return Issued(issue(self._ring, claims), scopes, () if "*" in client.entities else client.entities)

    @property
    def good_keys(self) -> tuple[Key, ...]:
        """The keys whose tokens are good."""
        return self._ring.good

    def rotate_key(self, work: Work) -> str:
        """Sign with a new key from now on; the id of the one before, whose tokens stay good."""
        before = self._ring.current.id
        work.effect("key.rotated", self._ring.rotate().id, state="signing")
        return before

    def withdraw_key(self, work: Work, kid: str) -> None:
        """Tokens of this key are refused from now on, however long they still had to live."""
        if not self._ring.withdraw(kid):
            raise Refused(409, "key_in_use", f"{kid} signs, or is no key")
        work.effect("key.withdrawn", kid, state="withdrawn")

    def grant(self, work: Work, client_id: str, entity: str) -> None:
        """Let a client act for one more entity; tokens that are out do not say so."""
        client = self.clients.get(client_id)
        if client is None:
            raise Refused(404, "invalid_client", f"no client {client_id}")
        self.clients[client_id] = msgspec.structs.replace(client, entities=(*client.entities, entity))
        work.effect("client.granted", client_id, entity=entity)

    def change_secret(self, work: Work, client_id: str, secret: str, good_until_ms: int) -> None:
        """Give a client a new secret; the one it had is good until a moment."""
        client = self.clients.get(client_id)
        if client is None:
            raise Refused(404, "invalid_client", f"no client {client_id}")
        self.clients[client_id] = msgspec.structs.replace(
            client, secret=secret, former=client.secret, former_until_ms=good_until_ms
        )
        work.effect("secret.changed", client_id)
