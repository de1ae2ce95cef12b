"""Signatures of deliveries: beside the standard library's own HMAC, and against what headers may hold."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from orchestrator.connectors.signature import Signature


@pytest.mark.parametrize("secret", [b"", b"short", b"s" * 64, b"longer than a block of the hash " * 3])
@pytest.mark.parametrize("body", [b"", b'{"id":"INV-1"}', b"x" * 10_000])
def test_what_the_standard_library_signs_fits_and_nothing_else_does(secret: bytes, body: bytes) -> None:
    signature = Signature(secret)
    genuine = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    assert signature.fits(body, genuine)
    assert not signature.fits(body + b" ", genuine)
    assert not Signature(secret + b"x").fits(body, genuine)
    for forged in ("", "sha256=", genuine.upper(), genuine[:-1], genuine + "0", "sha256=ü\U0001f4a3"):
        assert not signature.fits(body, forged)
