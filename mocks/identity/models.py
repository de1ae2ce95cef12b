"""What crosses the wire of the identity system, in the words of OAuth2."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from mocks.kit.operation import Refused

Credential = Annotated[str, Meta(min_length=1, max_length=200)]


class TokenRequest(msgspec.Struct, frozen=True, gc=False):
    """The form of a token request. `scope` asks for less than was granted."""

    grant_type: Credential
    client_id: Credential
    client_secret: Credential
    scope: Annotated[str, Meta(max_length=2000)] = ""


class Token(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A token and how many seconds it lives; `entities` are those it is good for, where that is not all."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str
    entities: list[str] = []


class PublishedKey(msgspec.Struct, frozen=True, gc=False):
    """A key whose tokens are good, without its bytes: the keys are symmetric, so `thumbprint` only tells which it is."""

    kty: str
    kid: str
    alg: str
    use: str
    thumbprint: str = msgspec.field(name="x-thumbprint-s256")


class KeySet(msgspec.Struct, frozen=True, gc=False):
    """All keys whose tokens are good, the oldest first; the last one signs."""

    keys: tuple[PublishedKey, ...]


class Discovery(msgspec.Struct, frozen=True, gc=False):
    """Where things are, as OpenID Connect says it; paths below the system's own root."""

    issuer: str
    token_endpoint: str
    jwks_uri: str
    grant_types_supported: tuple[str, ...]
    token_endpoint_auth_methods_supported: tuple[str, ...]
    scopes_supported: tuple[str, ...]


class OAuthError(msgspec.Struct, frozen=True):
    """The error shape of OAuth2."""

    error: str
    error_description: str


def error_shape(refusal: Refused, now_ms: int) -> OAuthError:
    """A refusal in the words of OAuth2."""
    del now_ms
    return OAuthError(refusal.code, refusal.message)
