"""Lists that come in pages."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


def page(items: Sequence[Item], offset: int, limit: int, limit_max: int) -> list[Item]:
    """The part of a list that one page shows; a limit over the family's cap is cut to the cap, silently, as they do."""
    first, size = max(offset, 0), min(max(limit, 1), limit_max)
    return list(items[first : first + size])


class Changes:
    """A system's records in the order of their last change, so that "changed since" is cheap however large it grows."""

    def __init__(self) -> None:
        """Nothing changed yet."""
        self._moments: list[int] = []
        self._records: list[str] = []
        self._newest: dict[str, int] = {}

    def touch(self, at_ms: int, record: str) -> None:
        """Note that a record changed; time never goes back within one system. Where it changed before stays empty."""
        earlier = self._newest.get(record)
        if earlier is not None:
            self._records[earlier] = ""
        self._newest[record] = len(self._records)
        self._moments.append(at_ms)
        self._records.append(record)

    def since(self, at_ms: int) -> list[str]:
        """Records whose last change is at that moment or later, oldest change first, each once."""
        return list(filter(None, self._records[bisect_left(self._moments, at_ms) :]))
