"""The identity system: who gets a token, and what is in it."""

from __future__ import annotations

import pytest

from contracts.wire import Request
from mocks.kit.tokens import Gate
from tests.mocks.doors import SETUP, Answer, Door, Estate

GOOD = "grant_type=client_credentials&client_id=reference&client_secret=sesame"


def ask(door: Door, form: str) -> Answer:
    return door.call("identity", "POST", "/oauth2/token", token="", raw=form.encode())


def test_a_client_that_shows_its_secret_gets_a_bearer_token(door: Door, estate: Estate) -> None:
    status, token = ask(door, GOOD)
    assert (status, token["token_type"], token["expires_in"]) == (200, "Bearer", 3600)
    caller = Gate(SETUP.token_key).admit(f"Bearer {token['access_token']}", "cloud_erp.write", estate.now_ms)
    assert (caller.client, caller.entities) == ("reference", ("*",))
    assert len(caller.scopes) == 10
    assert estate.commits == []


def test_a_narrower_scope_is_given_when_it_is_asked_for(door: Door) -> None:
    status, token = ask(door, GOOD + "&scope=inventory.read")
    assert (status, token["scope"]) == (200, "inventory.read")


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        (GOOD.replace("sesame", "sim"), 401, "invalid_client"),
        (GOOD.replace("reference", "stranger"), 401, "invalid_client"),
        (GOOD.replace("client_credentials", "password"), 400, "unsupported_grant_type"),
        (GOOD + "&scope=everything", 400, "invalid_scope"),
        ("grant_type=client_credentials", 400, "invalid_request"),
        ("", 400, "invalid_request"),
        ("&".join("a=b" for _ in range(60)), 400, "invalid_request"),
    ],
)
def test_what_is_refused(door: Door, form: str, status: int, error: str) -> None:
    door.refused(status, error, "identity", "POST", "/oauth2/token", token="", raw=form.encode())


def test_a_token_reply_is_idle(estate: Estate) -> None:
    system = estate.identity
    outcome = system.handle(system.read(Request("POST", "/oauth2/token", {}, {}, GOOD.encode())), estate.now_ms)
    assert outcome.idle
    assert not outcome.committed
