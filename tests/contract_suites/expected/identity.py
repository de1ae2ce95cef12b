"""What the orchestrator expects of the identity system: a token for its credentials, or none."""

from __future__ import annotations

from typing import Any, Final

from pact import match

from contracts.ports import Ports
from orchestrator.connectors.identity import Grant, read_grant, token_request
from tests.contract_suites.consumer import FORM, Interaction

_TOKEN: Final = ("POST", "/oauth2/token")
_RIGHT: Final = "grant_type=client_credentials&client_id=reference&client_secret=sesame"


async def _ask(ports: Ports) -> Grant | int:
    """A token, or the status of the refusal."""
    settings = ports.settings
    response = await ports.http.send("identity", token_request(settings["client_id"], settings["client_secret"]), 10.0)
    return read_grant(response.body) if response.ok else response.status


def _asked(says: str, given: str, status: int, reply: Any, means: Grant | int, **more: Any) -> Interaction:
    return Interaction(says, given, _ask, _TOKEN, status, reply, means, body=_RIGHT, media=FORM, bearer=False, **more)


_ERROR: Final = {"error": match.regex("invalid_client", regex="^invalid_client$")}

INTERACTIONS: Final = (
    _asked(
        "credentials that are right",
        "the caller is registered",
        200,
        {
            "access_token": match.regex("a.b.c", regex=r"^[\w-]+\.[\w-]+\.[\w-]+$"),
            "token_type": match.regex("Bearer", regex="^Bearer$"),
            "expires_in": match.int(3600),
        },
        Grant("a.b.c", 3600.0),
    ),
    _asked("credentials that are not right", "the caller's secret was changed", 401, _ERROR, 401),
    _asked(
        "credentials at a busy time",
        "the system turns callers away",
        503,
        None,
        503,
        where={"status": 503, "retry_after_s": 2},
        reply_headers={"retry-after": "2"},
    ),
)
