"""Where the pacts lie, and what writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.contract_suites import messages
from tests.contract_suites.consumer import CONSUMER, pact_of, written
from tests.contract_suites.expected import EXPECTED
from tests.contract_suites.snapshots import ROOT

PACTS: Final = ROOT / "contracts" / "pacts"


def path_of(provider: str) -> Path:
    """A pact's file."""
    return PACTS / f"{CONSUMER}-{provider}.json"


def write(provider: str, folder: Path) -> bytes:
    """Write the pact with a provider into a folder; what stands in it."""
    told = {told.provider: told for told in messages.TOLD}.get(provider)
    return written(messages.pact_of(told) if told else pact_of(provider, EXPECTED[provider]), folder)
