"""Pacts from elsewhere: verified against the mocks, and ours against a provider elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mocks.kit.asgi import Receive, Scope, Send
from tests.contract_suites import verify
from tests.contract_suites.pact_files import path_of
from tests.contract_suites.provider import Provider
from tests.mocks.doors import serving


def another(path: Path, was: str, becomes: str) -> str:
    """Somebody else's pact with the identity system."""
    text = path_of("identity").read_text("utf-8")
    assert was in text
    path.write_text(text.replace(was, becomes), "utf-8")
    return str(path)


def test_pacts_of_others_against_the_mocks(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    theirs = another(tmp_path / "theirs.json", '"orchestrator"', '"somebody"')
    assert verify.main([theirs, str(path_of("inventory-webhooks"))]) == 0
    assert "theirs.json: 3 of 3 interactions came out right" in capfd.readouterr().out


def test_a_pact_that_is_not_kept_is_exit_1(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    wrong = another(tmp_path / "wrong.json", '"status": 401', '"status": 418')
    assert verify.main([wrong, str(path_of("identity"))]) == 1
    said = capfd.readouterr()
    assert "wrong.json: 2 of 3" in said.out
    assert "orchestrator-identity.json: 3 of 3" in said.out
    assert "418" in said.err


def test_a_pact_with_a_stranger_or_of_nothing(tmp_path: Path) -> None:
    stranger = another(tmp_path / "stranger.json", '"name": "identity"', '"name": "fax"')
    assert verify.main([stranger]) == 2
    empty = tmp_path / "empty.json"
    empty.write_text(json.dumps({**json.loads(path_of("identity").read_text("utf-8")), "interactions": []}), "utf-8")
    assert verify.main([str(empty)]) == 1


def test_our_pact_against_a_provider_elsewhere() -> None:
    provider = Provider("identity")

    async def elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/_states":
            asked = json.loads((await receive())["body"])
            provider.enter(asked["state"], asked["action"], asked["params"])
            headers = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"{}"})
        else:
            await provider.serve(scope, receive, send)

    with serving() as served:
        served.app = elsewhere
        pact = str(path_of("identity"))
        assert verify.main([pact, "--url", served.url, "--states", f"{served.url}/_states", "--token", "a.b.c"]) == 0
    assert provider.problems == []
