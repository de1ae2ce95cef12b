"""Lists that come in pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


def page(items: Sequence[Item], offset: int, limit: int, limit_max: int) -> list[Item]:
    """The part of a list that one page shows; a limit over the family's cap is cut to the cap, silently, as they do."""
    size = min(max(limit, 1), limit_max)
    return list(items[max(offset, 0) : max(offset, 0) + size])


class Changes:
    """A system's records in the order of their last change, so that "changed since" is cheap however large it grows."""

    def __init__(self) -> None:
        """Nothing changed yet."""
        self._log: list[tuple[int, str]] = []
        self._newest: dict[str, int] = {}

    def touch(self, at_ms: int, record: str) -> None:
        """Note that a record changed; time never goes back within one system."""
        self._log.append((at_ms, record))
        self._newest[record] = at_ms

    def since(self, at_ms: int) -> list[str]:
        """Records whose last change is at that moment or later, oldest change first, each once."""
        low, high = 0, len(self._log)
        while low < high:
            middle = (low + high) // 2
            if self._log[middle][0] < at_ms:
                low = middle + 1
            else:
                high = middle
        changed: dict[str, None] = {}
        for moment, record in self._log[low:]:
            if self._newest[record] == moment:
                changed[record] = None
        return list(changed)
