"""Who may act, and for which hospitals: signed grants, JSON Web Tokens with HMAC-SHA256 (RFC 7515, RFC 7519).

A grant names somebody and the entities they may act for; it is signed under a key that only this service and whoever
starts it can derive, and it ends by the wall clock, as tokens do.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Final

import msgspec

LIFE_S: Final = 12 * 3600
"""A shift. Assumption."""
_HEADER: Final = b'{"alg":"HS256","typ":"JWT"}'


class Grant(msgspec.Struct, frozen=True):
    """The claims: who, for which entities (`*` is all), until which second of the Unix epoch."""

    sub: str
    entities: tuple[str, ...]
    exp: int


class Grants:
    """Issues grants, and reads them."""

    def __init__(self, secret: str, now_s: Callable[[], float] = time.time) -> None:
        """Sign under a key that is derived from a secret; grants live in wall time."""
        self._now_s = now_s
        self._key = hmac.digest(secret.encode(), b"grants", hashlib.sha256)

    def issue(self, actor: str, entities: tuple[str, ...]) -> str:
        """The token of a grant that begins now."""
        grant = Grant(actor, entities, round(self._now_s()) + LIFE_S)
        signed = b".".join(map(_encode, (_HEADER, msgspec.json.encode(grant))))
        return b".".join((signed, _encode(self._sign(signed)))).decode()

    def read(self, token: str) -> Grant | None:
        """The grant of a token; None for one that is not ours, is not whole, or has ended."""
        signed, _, signature = token.encode("utf-8", "replace").rpartition(b".")
        if not hmac.compare_digest(signature, _encode(self._sign(signed))):
            return None
        header, _, claims = signed.partition(b".")
        if header != _encode(_HEADER):
            return None
        try:
            grant = msgspec.json.decode(_decode(claims), type=Grant)
        except ValueError:
            return None
        return grant if grant.exp > self._now_s() else None

    def _sign(self, signed: bytes) -> bytes:
        return hmac.digest(self._key, signed, hashlib.sha256)


def _encode(part: bytes) -> bytes:
    return urlsafe_b64encode(part).rstrip(b"=")


def _decode(part: bytes) -> bytes:
    return urlsafe_b64decode(part + b"=" * (-len(part) % 4))
