"""A webhook's signature, each way: what the mocks sign is what the orchestrator checks, and it takes nothing else."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.wire import Event, Subject
from mocks.kit import signing
from orchestrator.engine.intake import Intake
from orchestrator.engine.news import News
from tests.contract_suites.messages import TOLD, Told, sent
from tests.mocks.doors import SETUP

SECRET = SETUP.webhook_secret
KNOWN_BODY = b'{"id":"INV-000001","organisation":"H1"}'
KNOWN_SIGNATURE = "sha256=a5d1ed54d160b1f06fb34ddaad88111f48914f336a332507ff216ab71fc7e891"
"""printf '{"id":"INV-000001","organisation":"H1"}' | openssl dgst -sha256 -hmac hook"""


class Letter:
    """A delivery that remembers its answer."""

    def __init__(self, source: str, headers: Mapping[str, str], body: bytes) -> None:
        self.source = source
        self.headers = headers
        self.body = body
        self.answer = 0

    def ack(self) -> None:
        """Take it."""
        self.answer = 200

    def refuse(self, status: int) -> None:
        """Send it back."""
        self.answer = status


def opened(letter: Letter, secret: bytes = SECRET) -> News | None:
    """What the orchestrator's post room makes of a delivery."""
    ports = SimpleNamespace(settings={"webhook_secret": secret.decode()})
    nothing: Any = SimpleNamespace(identify=None)
    office: Any = SimpleNamespace(ports=ports, store=None)
    return Intake(office, nothing, nothing, nothing, {}, nothing).open(letter)


def posted(told: Told) -> Letter:
    """A delivery as the mocked system makes it."""
    event, estate = sent(told)
    return Letter(told.system, _headers(event, estate.systems[told.system]), event.body)


def _headers(event: Event, system: Any) -> dict[str, str]:
    return signing.headers(event, f"{event.event_id}.1", system.signer)


@pytest.mark.parametrize("told", TOLD, ids=lambda told: told.topic)
def test_the_orchestrator_opens_what_a_mock_signed(told: Told) -> None:
    letter = posted(told)
    assert opened(letter) == told.means
    assert letter.answer == 0  # answered only once it is durable
    assert {"delivery-id", "event-id", "topic", "signature"} <= set(letter.headers)


@pytest.mark.parametrize("forged", ["body", "signature", "secret", "unsigned"])
def test_the_orchestrator_refuses_what_nobody_signed(forged: str) -> None:
    letter = posted(TOLD[2])
    if forged == "body":
        letter.body = letter.body.replace(b"H1", b"H2")
    elif forged == "signature":
        letter.headers = {**letter.headers, "signature": "sha256=" + "0" * 64}
    elif forged == "unsigned":
        letter.headers = {name: value for name, value in letter.headers.items() if name != "signature"}
    assert opened(letter, b"another" if forged == "secret" else SECRET) is None
    assert letter.answer == 401


def test_a_mock_signs_as_anybody_can_check() -> None:
    """HMAC-SHA256 of the body under the shared secret, in hex: no code of ours is needed to see it."""
    event = Event("ap_automation", "ev-1", "invoice.captured", Subject("H1", "INV-000001"), 1, 0, KNOWN_BODY)
    _, estate = sent(TOLD[2])
    assert _headers(event, estate.ap_automation)["signature"] == KNOWN_SIGNATURE
    for told in TOLD:
        letter = posted(told)
        assert letter.headers["signature"] == "sha256=" + hmac.digest(SECRET, letter.body, hashlib.sha256).hex()
