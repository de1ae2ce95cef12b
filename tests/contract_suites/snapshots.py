"""The OpenAPI snapshots under `contracts/openapi`: what they hold, and how a new document differs, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from mocks import SYSTEMS
from mocks.kit.openapi import document
from orchestrator.service import api as service
from sim.door import api as control_plane
from tests.mocks.doors import Estate

ROOT: Final = Path(__file__).parents[2]
OPENAPI: Final = ROOT / "contracts" / "openapi"
NAMES: Final = (*SYSTEMS, "orchestrator", "estate")
REWRITE: Final = "make contracts-write"


def emitted() -> dict[str, dict[str, Any]]:
    """What the code says today: each system's document, served under its own prefix, and our own two APIs'."""
    systems = {name: document(system, f"/{name}") for name, system in Estate().systems.items()}
    documents = {**systems, "orchestrator": service.document(), "estate": control_plane.document()}
    return {name: json.loads(canonical(described)) for name, described in documents.items()}  # as it will be read


def canonical(described: Any) -> str:
    """A JSON text that two equal documents share."""
    return json.dumps(described, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def changes(old: Any, new: Any, place: str = "") -> Iterator[str]:
    """Where two documents differ, one line for each difference."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            inner = f"{place} > {key}" if place else key
            if key not in new:
                yield f"- {inner}: {_short(old[key])}"
            elif key not in old:
                yield f"+ {inner}: {_short(new[key])}"
            else:
                yield from changes(old[key], new[key], inner)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (was, becomes) in enumerate(zip(old, new, strict=True)):
            yield from changes(was, becomes, f"{place}[{_name(becomes, index)}]")
    elif old != new:
        yield f"~ {place}: {_short(old)} → {_short(new)}"


def _name(thing: Any, index: int) -> str:
    return str(thing["name"]) if isinstance(thing, dict) and "name" in thing else str(index)


def _short(thing: Any) -> str:
    text = json.dumps(thing, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:117]}…"
