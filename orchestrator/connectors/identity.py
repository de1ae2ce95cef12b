"""The identity provider: OAuth2 client credentials."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec

from contracts.wire import Request


class Grant(msgspec.Struct, frozen=True):
    """A token, how long it lasts, and for which hospitals it is good, if not for all."""

    access_token: str
    expires_in: float = 3600.0
    entities: tuple[str, ...] = ()


_grant = msgspec.json.Decoder(Grant)


def token_request(client_id: str, client_secret: str) -> Request:
    """Ask for a token."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return Request("POST", "/oauth2/token", {}, headers, urlencode(form).encode())


def read_grant(body: bytes) -> Grant:
    """The token in a reply; raises ValueError when there is none."""
    return _grant.decode(body)
