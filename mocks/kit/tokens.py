"""Access tokens: signed by the identity system, checked by every other with the keys of the ring that both hold.

Compact JWS with HMAC-SHA256 and the key's id, so that a system can tell a forged, expired or withdrawn token without asking
anybody. Keys take turns: a new one signs from the moment it is made, the one before it is good until it is withdrawn.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable

import msgspec

from mocks.kit.operation import Caller, Refused

_CHALLENGE = {"www-authenticate": "Bearer"}


class Claims(msgspec.Struct, frozen=True):
    """What a token says."""

    sub: str
    scope: tuple[str, ...]
    entities: tuple[str, ...]
    iat: int
    exp: int
    jti: int = 0


class Key(msgspec.Struct, frozen=True):
    """A signing key: its id, its bytes, and its header as tokens carry it."""

    id: str
    secret: bytes
    header: bytes

    @property
    def thumbprint(self) -> str:
        """What tells this key from any other without giving it away: RFC 7638, SHA-256."""
        jwk = msgspec.json.encode({"k": urlsafe_b64encode(self.secret).rstrip(b"=").decode(), "kty": "oct"})
        return urlsafe_b64encode(hashlib.sha256(jwk).digest()).rstrip(b"=").decode()


class KeyRing:
    """The keys of one estate, all grown from one secret. `changes` counts rotations and withdrawals."""

    def __init__(self, root: bytes) -> None:
        """One key, which signs."""
        self._root = root
        self.changes = 0
        self._made = 0
        self._good: dict[str, Key] = {}
        self.current = self._make()

    @property
    def good(self) -> tuple[Key, ...]:
        """The keys whose tokens are accepted, the oldest first."""
        return tuple(self._good.values())

    def rotate(self) -> Key:
        """A new key signs from now on; the others stay good until they are withdrawn."""
        self.changes += 1
        self.current = self._make()
        return self.current

    def withdraw(self, kid: str) -> bool:
        """Tokens of this key are good no more; the one that signs cannot be withdrawn."""
        if kid == self.current.id or kid not in self._good:
            return False
        self.changes += 1
        del self._good[kid]
        return True

    def key(self, kid: str) -> Key | None:
        """A key that is good, by its id."""
        return self._good.get(kid)

    def _make(self) -> Key:
        self._made += 1
        kid = f"key-{self._made}"
        header = urlsafe_b64encode(msgspec.json.encode({"alg": "HS256", "typ": "JWT", "kid": kid})).rstrip(b"=")
        key = Key(kid, hmac.digest(self._root, kid.encode(), "sha256"), header)
        self._good[kid] = key
        return key


class _Header(msgspec.Struct):
    """Which key a token says it was signed with."""

    kid: str = ""
    alg: str = ""


def issue(ring: KeyRing, claims: Claims) -> str:
    """A token that says so."""
    payload = urlsafe_b64encode(msgspec.json.encode(claims)).rstrip(b"=")
    signed = ring.current.header + b"." + payload
    return (signed + b"." + _signature(ring.current.secret, signed)).decode()


class Gate:
    """Checks tokens. A token that passed is remembered until it expires, as real gateways do."""

    def __init__(self, ring: KeyRing, token_now_ms: Callable[[], int] | None = None) -> None:
        """Check against the keys of a ring, by a clock of its own if there is one."""
        self._ring = ring
        self._changes = ring.changes
        self._token_now_ms = token_now_ms
        self._passed: dict[str, tuple[int, Caller]] = {}
        """Until when it is good, and whose it is, by the header that bears it."""
        self._expired: set[str] = set()

    def expire(self, authorization: str) -> bool:
        """Refuse a token from now on; whether there was anything to refuse."""
        try:
            self._passed.pop(authorization, None) or self._check(authorization)
        except Refused:
            return False
        self._expired.add(authorization)
        return True

    def admit(self, authorization: str, scope: str, now_ms: int) -> Caller:
        """The caller that an `Authorization` header names; a 401 without one, a 403 if the scope was not granted."""
        if self._ring.changes != self._changes:  # what passed under a key that was withdrawn passes no more
            self._changes = self._ring.changes
            self._passed.clear()
        known = self._passed.get(authorization)
        if known is None:
            known = self._passed[authorization] = self._check(authorization)
        until_ms, caller = known
        if self._token_now_ms is not None:
            now_ms = self._token_now_ms()
        if until_ms <= now_ms:
            del self._passed[authorization]
            raise Refused(401, "invalid_token", "the access token expired", _CHALLENGE)
        if scope not in caller.scopes:
            raise Refused(403, "insufficient_scope", f"the token lacks the scope {scope}")
        return caller

    def _check(self, authorization: str) -> tuple[int, Caller]:
        if authorization in self._expired:
            raise Refused(401, "invalid_token", "the access token expired", _CHALLENGE)
        scheme, _, token = authorization.partition(" ")
        signed, _, signature = token.rpartition(".")
        if scheme.lower() != "bearer" or not signed:
            raise Refused(401, "invalid_token", "a bearer token is required", _CHALLENGE)
        claims = self._claims(signed, signature)
        if claims is None:
            raise Refused(401, "invalid_token", "the access token is not genuine", _CHALLENGE)
        return claims.exp * 1000, Caller(claims.sub, frozenset(claims.scope), claims.entities)

    def _claims(self, signed: str, signature: str) -> Claims | None:
        try:
            head, _, payload = signed.partition(".")
            header = msgspec.json.decode(_unpacked(head), type=_Header)
            key = self._ring.key(header.kid)
            if key is None or header.alg != "HS256":
                return None
            if not hmac.compare_digest(_signature(key.secret, signed.encode()), signature.encode()):
                return None
            return msgspec.json.decode(_unpacked(payload), type=Claims)
        except (ValueError, msgspec.DecodeError):
            return None


def _unpacked(text: str) -> bytes:
    return urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))


def _signature(key: bytes, signed: bytes) -> bytes:
    return urlsafe_b64encode(hmac.digest(key, signed, "sha256")).rstrip(b"=")
