"""Imitates an OAuth2 authorization server: client credentials in, a signed bearer token out.

The token is a compact JWS that every other system checks by itself; it carries scopes (`<system>.read`,
`<system>.write`) and the entities that the client may act for. Clients are registered, never made up. Signing keys and
secrets are changed by people, and what is changed keeps working for a while, or not.
"""

from __future__ import annotations

from pathlib import Path

from mocks.identity import models, routes
from mocks.identity.state import Identity
from mocks.kit.quirks import Quirks
from mocks.kit.system import Setup, System

__all__ = ["build"]


def build(setup: Setup) -> System[Identity]:
    """The identity system with the estate's clients, each granted every scope and the same entities."""
    quirks = Quirks.load(Path(__file__).with_name("quirks.toml"))
    state = Identity(setup.ring, quirks.whole("auth", "token_life_s"), setup.token_now_ms)
    for client, secret in setup.clients:
        state.register(client, secret, entities=setup.granted)
    return System(
        "identity",
        state,
        routes.operations(state),
        quirks,
        setup,
        error_shape=models.error_shape,
        error_type=models.OAuthError,
    )
