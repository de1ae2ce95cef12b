"""Writes the table of kinds and doors in `docs/faults.md` from the kinds themselves: `python -m sim.fault_table`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from sim.faults import FAULTS
from sim.faults.kind import REAL, VIRTUAL, Kind

PAGE: Final = Path(__file__).parents[1] / "docs" / "faults.md"
BEGIN: Final = "<!-- written by python -m sim.fault_table -->"
END: Final = "<!-- end -->"
HEAD: Final = (
    "| No. | Kind | Strikes | Virtual door | Real door | What a sound design does |\n|---|---|---|---|---|---|"
)


def table() -> str:
    """A row for each kind, in the order of the vocabulary."""
    kinds = sorted((kind for kind in FAULTS if kind.number != "0"), key=lambda kind: (_number(kind), kind.number))
    return "\n".join([HEAD, *(_row(kind) for kind in kinds)])


def written(page: str) -> str:
    """The page with the table as it should be."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


def _number(kind: Kind) -> int:
    return int(re.sub(r"\D", "", kind.number))


def _row(kind: Kind) -> str:
    doors = " | ".join("yes" if door in kind.doors else "no" for door in (VIRTUAL, REAL))
    strikes = ", ".join(kind.on) + (" that commits" if kind.needs_commit else "")
    return f"| {kind.number} | `{kind.name}` | {strikes} | {doors} | {kind.expect} |"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
