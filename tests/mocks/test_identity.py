"""The identity system: who gets a token, and what is in it."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace

import pytest

from contracts.wire import Request
from mocks.kit.operation import Refused
from mocks.kit.tokens import Gate
from tests.mocks import doors
from tests.mocks.doors import SECRET, SETUP, Answer, Door, Estate, InProcess

GOOD = "grant_type=client_credentials&client_id=reference&client_secret=sesame"


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Estate:
    """An estate with a key ring of its own, which may be turned."""
    monkeypatch.setattr(doors, "SETUP", replace(SETUP))
    return Estate()


def ask(door: Door, form: str) -> Answer:
    return door.call("identity", "POST", "/oauth2/token", token="", raw=form.encode())


def test_a_client_that_shows_its_secret_gets_a_bearer_token(door: Door, estate: Estate) -> None:
    status, token = ask(door, GOOD)
    assert (status, token["token_type"], token["expires_in"]) == (200, "Bearer", 86_400)
    caller = Gate(SETUP.ring).admit(f"Bearer {token['access_token']}", "cloud_erp.write", estate.now_ms)
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


def used(door: Door, token: str) -> int:
    """The status of a call with a token."""
    return door.call("cloud_erp", "GET", "/suppliers", query={"SourceRef": "a:b"}, token=token)[0]


def kids(door: Door) -> list[str]:
    """The published keys."""
    return [key["kid"] for key in door.call("identity", "GET", "/oauth2/jwks", token="")[1]["keys"]]


def test_keys_are_published_without_what_signs(door: Door) -> None:
    status, published = door.call("identity", "GET", "/oauth2/jwks", token="")
    assert status == 200
    (key,) = published["keys"]
    assert (key["kty"], key["kid"], key["alg"], "k" in key) == ("oct", "key-1", "HS256", False)
    assert key["x-thumbprint-s256"] == SETUP.ring.current.thumbprint
    found = door.call("identity", "GET", "/.well-known/openid-configuration", token="")[1]
    assert (found["token_endpoint"], found["jwks_uri"]) == ("/oauth2/token", "/oauth2/jwks")


def test_a_token_names_the_key_that_signed_it(door: Door) -> None:
    head = door.token().partition(".")[0]
    assert json.loads(urlsafe_b64decode(head + "=" * (-len(head) % 4))) == {
        "alg": "HS256",
        "typ": "JWT",
        "kid": kids(door)[-1],
    }


def test_after_a_rotation_old_tokens_live_on_until_their_key_is_withdrawn(fresh: Estate) -> None:
    door, identity = InProcess(fresh), fresh.identity
    old = door.token()
    before = fresh.act(identity, identity.state.rotate_key)
    new = door.token()
    assert kids(door) == ["key-1", "key-2"]
    assert (used(door, old), used(door, new)) == (200, 200)
    fresh.act(identity, lambda work: identity.state.withdraw_key(work, before))
    assert kids(door) == ["key-2"]
    assert (used(door, old), used(door, new)) == (401, 200)
    with pytest.raises(Refused):
        fresh.act(identity, lambda work: identity.state.withdraw_key(work, "key-2"))


@pytest.mark.parametrize(
    "header", ['{"alg":"none","kid":"key-1"}', '{"alg":"HS256"}', '{"alg":"HS256","kid":"key-9"}', "[]"]
)
def test_a_token_that_names_no_good_key_is_none(door: Door, header: str) -> None:
    _, payload, signature = door.token().split(".")
    head = urlsafe_b64encode(header.encode()).rstrip(b"=").decode()
    assert used(door, f"{head}.{payload}.{signature}") == 401


def test_a_grant_is_in_tokens_that_are_made_after_it(fresh: Estate) -> None:
    """Who has the old one is refused in the new hospital, and does not see it in lists."""
    door, identity = InProcess(fresh), fresh.identity
    identity.state.register("narrow", SECRET, entities=("H1",))
    grant = f"grant_type=client_credentials&client_id=narrow&client_secret={SECRET}"
    first = ask(door, grant)[1]
    assert first["entities"] == ["H1"]
    fresh.act(identity, lambda work: identity.state.grant(work, "narrow", "H2"))
    assert [(effect.what, effect.ref, effect.entity) for effect in fresh.last()[0]] == [
        ("client.granted", "narrow", "H2")
    ]
    second = ask(door, grant)[1]
    assert second["entities"] == ["H1", "H2"]
    asked = [
        door.call("cloud_erp", "GET", "/periods", query={"BusinessUnit": "H2"}, token=told["access_token"])[0]
        for told in (first, second)
    ]
    assert asked == [403, 200]
    assert "entities" not in ask(door, GOOD)[1]
    with pytest.raises(Refused):
        fresh.act(identity, lambda work: identity.state.grant(work, "nobody", "H2"))


def test_a_former_secret_is_good_for_a_while(door: Door, estate: Estate) -> None:
    identity = estate.identity
    until_ms = estate.now_ms + 3_600_000
    estate.act(identity, lambda work: identity.state.change_secret(work, "reference", "mellon", until_ms))
    assert [ask(door, GOOD)[0], ask(door, GOOD.replace("sesame", "mellon"))[0]] == [200, 200]
    estate.later(3600)
    assert [ask(door, GOOD)[0], ask(door, GOOD.replace("sesame", "mellon"))[0]] == [401, 200]
    with pytest.raises(Refused):
        estate.act(identity, lambda work: identity.state.change_secret(work, "nobody", "x", 0))
