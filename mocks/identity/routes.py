"""The API of the identity system: HTTP in and out only."""

from __future__ import annotations

from mocks.identity.models import Discovery, KeySet, PublishedKey, Token, TokenRequest
from mocks.identity.state import ALL_SCOPES, Identity
from mocks.kit.operation import Incoming, Operation, Refused, Reply, Work

_NO_STORE = {"cache-control": "no-store"}
_PUBLIC = {"cache-control": "public, max-age=300"}
_DISCOVERY = Discovery(
    issuer="identity",
    token_endpoint="/oauth2/token",  # noqa: S106 - a path
    jwks_uri="/oauth2/jwks",
    grant_types_supported=("client_credentials",),
    token_endpoint_auth_methods_supported=("client_secret_post",),
    scopes_supported=ALL_SCOPES,
)


def operations(state: Identity) -> tuple[Operation, ...]:
    """The operations over one state."""

    def issue_token(incoming: Incoming, work: Work) -> Reply:
        form: TokenRequest = incoming.body
        if form.grant_type != "client_credentials":
            raise Refused(400, "unsupported_grant_type", "only client_credentials is supported")
        issued = state.token(form.client_id, form.client_secret, tuple(form.scope.split()), work.now_ms)
        told = Token(issued.token, "Bearer", state.token_life_s, " ".join(issued.scopes), list(issued.entities))
        return Reply(200, told, _NO_STORE, idle=True)

    def publish_keys(incoming: Incoming, work: Work) -> Reply:
        del incoming, work
        keys = (PublishedKey("oct", key.id, "HS256", "sig", key.thumbprint) for key in state.good_keys)
        return Reply(200, KeySet(tuple(keys)), _PUBLIC, idle=True)

    def discover(incoming: Incoming, work: Work) -> Reply:
        del incoming, work
        return Reply(200, _DISCOVERY, _PUBLIC, idle=True)

    return (
        Operation(
            "publish_keys",
            "GET",
            "/oauth2/jwks",
            publish_keys,
            "List the keys whose tokens are good",
            reply=KeySet,
        ),
        Operation(
            "discover",
            "GET",
            "/.well-known/openid-configuration",
            discover,
            "Say where tokens and keys are",
            reply=Discovery,
        ),
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
