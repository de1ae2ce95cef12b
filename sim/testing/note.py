"""What an estate leaves with its test: words for the report if the test fails, and properties for pytest's JUnit file."""

from __future__ import annotations

from typing import Final, Protocol

import pytest


class Reported(Protocol):
    """Something that has a word to say if its test fails."""

    def report(self) -> str:
        """What came of it, and how to see it again."""


REPORTED: Final = pytest.StashKey[list[Reported]]()


class Note:
    """One test's."""

    def __init__(self, item: pytest.Item) -> None:
        """Write to a test."""
        self._item = item

    def tell(self, reported: Reported) -> None:
        """If the test fails, let it speak."""
        self._item.stash.setdefault(REPORTED, []).append(reported)

    def record(self, **properties: object) -> None:
        """For the JUnit file, whether it fails or not."""
        self._item.user_properties.extend((f"closeproof.{name}", value) for name, value in properties.items())
