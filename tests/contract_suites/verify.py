"""Verifies pacts of anybody's orchestrator: against the mocks, or against another provider by its address.

    python -m tests.contract_suites.verify my-pacts/*.json
    python -m tests.contract_suites.verify contracts/pacts/orchestrator-procurement.json --url http://localhost:8443/api

The exit code is 0 if every interaction came out right, 1 if not, 2 if a pact is with a provider that nobody knows here.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pact import Verifier

from tests.contract_suites import messages, provider
from tests.contract_suites.expected import EXPECTED


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify the pacts that were named."""
    parser = argparse.ArgumentParser(prog="python -m tests.contract_suites.verify", description="Verify pacts.")
    parser.add_argument("pacts", nargs="+", type=Path, metavar="PACT", help="a pact file")
    parser.add_argument("--url", help="the provider's address; without it, the mocked system that the pact names")
    parser.add_argument("--states", help="where the provider takes `{state, params, action}` by POST")
    parser.add_argument("--token", help="the bearer token to send, if the provider wants a real one")
    given = parser.parse_args(arguments)
    worst = 0
    for path in given.pacts:
        promised = json.loads(path.read_text("utf-8"))
        count = len(promised["interactions"])
        if given.url:
            right, problems = _elsewhere(path, given.url, given.states, given.token)
        elif promised["provider"]["name"] not in PROVIDERS:
            sys.stderr.write(f"{path.name}: {promised['provider']['name']!r} is none of {', '.join(PROVIDERS)}\n")
            return 2
        else:
            right, problems = _here(path, promised["provider"]["name"])
        kept = count > 0 and right == count and not problems
        sys.stdout.write(f"{path.name}: {right} of {count} interactions came out right\n")
        for problem in () if kept else problems:
            sys.stderr.write(f"{problem}\n")
        worst = max(worst, 0 if kept else 1)
    return worst


SENDERS = {told.provider: told for told in messages.TOLD}
PROVIDERS = (*EXPECTED, *SENDERS)


def _here(path: Path, name: str) -> tuple[int, list[str]]:
    """Against the mocked system, in the states of `provider.STATES`."""
    return messages.verify(SENDERS[name], path) if name in SENDERS else provider.verify(name, path)


def _elsewhere(path: Path, url: str, states: str | None, token: str | None) -> tuple[int, list[str]]:
    verifier = Verifier("provider", host=urlsplit(url).hostname).add_transport(url=url).add_source(path)
    if states:
        verifier.state_handler(states, body=True)
    if token:
        verifier.add_custom_header("authorization", f"Bearer {token}")
    return provider.outcome_of(verifier, [])


if __name__ == "__main__":
    sys.exit(main())
