"""Rewrites what is committed: the OpenAPI snapshots, and the pacts once the orchestrator was seen to keep them.

python -m tests.contract_suites.write
"""

from __future__ import annotations

import json
import sys

from tests.contract_suites import consumer, messages
from tests.contract_suites.expected import EXPECTED
from tests.contract_suites.pact_files import PACTS, path_of, write
from tests.contract_suites.snapshots import OPENAPI, ROOT, canonical, changes, emitted


def main() -> None:
    """Write everything, and say what changed."""
    written = {OPENAPI / f"{name}.json": canonical(described) for name, described in emitted().items()}
    for system, interactions in EXPECTED.items():
        for interaction in interactions:
            consumer.play(system, interaction)
    for told in messages.TOLD:
        messages.play(told)
    for provider in (*EXPECTED, *(told.provider for told in messages.TOLD)):
        path = path_of(provider)
        before = path.read_text("utf-8") if path.is_file() else "{}"
        written[path] = write(provider, PACTS).decode()
        _say(path.name, before, written[path])
    for path, text in written.items():
        if path.parent == OPENAPI:
            before = path.read_text("utf-8") if path.is_file() else "{}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            _say(path.name, before, text)
    for folder in (OPENAPI, PACTS):
        for path in sorted(set(folder.iterdir()) - set(written)):
            path.unlink()
            _tell(f"{path.relative_to(ROOT)}: removed, nothing emits it")


def _say(name: str, before: str, after: str) -> None:
    differing = list(changes(json.loads(before), json.loads(after)))
    _tell(f"{name}: {len(differing)} changes" if differing else f"{name}: unchanged")
    for line in differing[:20]:
        _tell(f"  {line}")


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
