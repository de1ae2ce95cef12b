"""Figures that the suites print at the end of `make contracts`: interactions for each pact, cases for each provider."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

PROPERTY: Final = "contract figure"
Record = Callable[[str, object], None]


class Figures:
    """Where a test leaves its figures; they travel with its report, also from another process."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def note(self, what: str, name: str, counts: dict[str, int]) -> None:
        """One row."""
        self._record(PROPERTY, [what, name, counts])


def table(properties: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """The rows of all tests as lines to print, by kind, then by name."""
    rows = sorted((value for key, value in properties if key == PROPERTY), key=lambda row: (row[0], row[1]))
    heading = ""
    for what, name, counts in rows:
        if what != heading:
            yield from (_total(heading, rows), "") if heading else ()
            heading = what
            yield what
        parts = " + ".join(f"{count} {part}" for part, count in counts.items())
        yield f"  {name:<28}{sum(counts.values()):>6}  {parts if len(counts) > 1 else ''}".rstrip()
    if heading:
        yield _total(heading, rows)


def _total(heading: str, rows: list[Any]) -> str:
    return f"  {'all':<28}{sum(sum(counts.values()) for what, _, counts in rows if what == heading):>6}"
