"""The API of the identity system: HTTP in and out only."""

from __future__ import annotations

from mocks.identity.models import Token, TokenRequest
from mocks.identity.state import Identity
from mocks.kit.operation import Incoming, Operation, Refused, Reply, Work

_NO_STORE = {"cache-control": "no-store"}


def operations(state: Identity) -> tuple[Operation, ...]:
    """The operations over one state."""

    def issue_token(incoming: Incoming, work: Work) -> Reply:
        form: TokenRequest = incoming.body
        if form.grant_type != "client_credentials":
            raise Refused(400, "unsupported_grant_type", "only client_credentials is supported")
        token, scopes = state.token(form.client_id, form.client_secret, tuple(form.scope.split()), work.now_ms)
        return Reply(200, Token(token, "Bearer", state.token_life_s, " ".join(scopes)), _NO_STORE, idle=True)

    return (
        Operation(
            "issue_token",
            "POST",
            "/oauth2/token",
            issue_token,
            "Exchange client credentials for a bearer token",
            body=TokenRequest,
            form=True,
            reply=Token,
            refusals=(401,),
        ),
    )
