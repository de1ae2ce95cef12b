"""Access tokens: signed by the identity system, checked by every other with the key it was given when it was built.

Compact JWS with HMAC-SHA256, so that a system can tell a forged or expired token without asking anybody.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable

import msgspec

from mocks.kit.operation import Caller, Refused

_HEADER = urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")
_CHALLENGE = {"www-authenticate": "Bearer"}


class Claims(msgspec.Struct, frozen=True):
    """What a token says."""

    sub: str
    scope: tuple[str, ...]
    entities: tuple[str, ...]
    iat: int
    exp: int
    jti: int = 0


def issue(key: bytes, claims: Claims) -> str:
    """A token that says so."""
    payload = urlsafe_b64encode(msgspec.json.encode(claims)).rstrip(b"=")
    signed = _HEADER + b"." + payload
    return (signed + b"." + _signature(key, signed)).decode()


class Gate:
    """Checks tokens. A token that passed is remembered until it expires, as real gateways do."""

    def __init__(self, key: bytes, token_now_ms: Callable[[], int] | None = None) -> None:
        """Check against one signing key, by a clock of its own if there is one."""
        self._key = key
        self._token_now_ms = token_now_ms
        self._passed: dict[str, tuple[Claims, Caller]] = {}
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
        known = self._passed.get(authorization)
        if known is None:
            known = self._check(authorization)
            self._passed[authorization] = known
        claims, caller = known
        if self._token_now_ms is not None:
            now_ms = self._token_now_ms()
        if claims.exp * 1000 <= now_ms:
            del self._passed[authorization]
            raise Refused(401, "invalid_token", "the access token expired", _CHALLENGE)
        if scope not in caller.scopes:
            raise Refused(403, "insufficient_scope", f"the token lacks the scope {scope}")
        return caller

    def _check(self, authorization: str) -> tuple[Claims, Caller]:
        if authorization in self._expired:
            raise Refused(401, "invalid_token", "the access token expired", _CHALLENGE)
        scheme, _, token = authorization.partition(" ")
        signed, _, signature = token.rpartition(".")
        if scheme.lower() != "bearer" or not signed:
            raise Refused(401, "invalid_token", "a bearer token is required", _CHALLENGE)
        claims = self._claims(signed, signature)
        if claims is None:
            raise Refused(401, "invalid_token", "the access token is not genuine", _CHALLENGE)
        return claims, Caller(claims.sub, claims.scope, claims.entities)

    def _claims(self, signed: str, signature: str) -> Claims | None:
        try:
            if not hmac.compare_digest(_signature(self._key, signed.encode()), signature.encode()):
                return None
            payload = signed.partition(".")[2].encode()
            return msgspec.json.decode(urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)), type=Claims)
        except (ValueError, msgspec.DecodeError):
            return None


def _signature(key: bytes, signed: bytes) -> bytes:
    return urlsafe_b64encode(hmac.digest(key, signed, "sha256")).rstrip(b"=")
