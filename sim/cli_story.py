"""`closeproof story RUN DOCUMENT`: what became of one document, in time order, by the hospital's own clock."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console

from reports.index import read_index
from reports.story import Story, encode, parts, read_story
from reports.terminal import WIDTH_MAX, put
from sim.errors import UserError


def story(
    directory: Annotated[str, Parameter(help="What a run left.")],
    document: Annotated[
        str, Parameter(help="A paper (ap_automation:INV-000123, or its id or number), an order, an obligation, a case.")
    ],
    /,
    *,
    as_json: Annotated[bool, Parameter(name="--json", negative="", help="Write one JSON document to stdout.")] = False,
) -> int:
    """Tell a document's journey: what was true, what crossed, what the books say, which faults struck it."""
    found = told(Path(directory), document)
    if as_json:
        sys.stdout.buffer.write(encode(found))
        sys.stdout.flush()
        return 0
    console = Console(highlight=False, markup=False, emoji=False)
    console.width = min(console.width, WIDTH_MAX)
    put(console, *parts(found))
    return 0


def told(directory: Path, document: str) -> Story:
    """The story, or one line on why there is none."""
    shown = directory.as_posix()
    for name in ("summary.json", "events.jsonl"):
        if not (directory / name).is_file():
            raise UserError(shown, 0, "", f"is not a run directory: it has no {name}")
    try:
        index = read_index(directory / "events.jsonl")
        if index.has(document):
            return read_story(directory, document, index)
    except msgspec.DecodeError as error:
        raise UserError(shown, 0, "", f"cannot be read: {error}") from None
    near = index.nearest(document)
    asks = f"; did you mean {' or '.join(near)}?" if near else ""
    raise UserError(shown, 0, "", f'no paper, order, obligation or case goes by "{document}"{asks}')
