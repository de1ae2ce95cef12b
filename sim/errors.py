"""What a user's own file may get wrong, told in one line.

Errors drawn as a tree::

    UserError        a scenario or plan does not say what it must: file, line, key, message; exit code 2
"""

from __future__ import annotations


class UserError(Exception):
    """A user's mistake. Its text is the one line to print: `scenarios/x.toml:12: trade.suppliers: expected int >= 1`."""

    def __init__(self, file: str, line: int, key: str, message: str) -> None:
        """Name the place; line 0 and an empty key stand for the file as a whole."""
        self.file = file
        self.line = line
        self.key = key
        self.message = message
        place = f"{file}:{line}" if line else file
        super().__init__(": ".join(part for part in (place, key, message) if part))
