"""On which line of a TOML text each value stands.

The standard reader gives no places. This walks a text that it has accepted, so it checks nothing: it only has to know
where one value ends and the next begins.
"""

from __future__ import annotations

import re
from typing import Final

Key = tuple[str | int, ...]

_GAP: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BLANK: Final = re.compile(r"[ \t]*")
_PART: Final = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'""")
_SCALAR: Final = re.compile(r"[^,\]}\n#]*")
_STRINGS: Final = tuple(
    re.compile(form, re.DOTALL)
    for form in (r'"""(?:[^\\]|\\.)*?"{3,5}', r"'''.*?'{3,5}", r'"(?:[^"\\]|\\.)*"', r"'[^']*'")
)


class _Walk:
    """One pass over a text."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Key, int] = {(): 1}
        self._text = text
        self._at = 0
        self._tables: dict[Key, int] = {}

    def statements(self) -> None:
        """Everything, statement by statement."""
        prefix: Key = ()
        self._skip(_GAP)
        while self._at < len(self._text):
            if self._text.startswith("[[", self._at):
                prefix = self._header(2)
            elif self._text[self._at] == "[":
                prefix = self._header(1)
            else:
                self._pair(prefix)
            self._skip(_GAP)

    def _header(self, brackets: int) -> Key:
        begins = self._at
        self._at += brackets
        *parents, name = self._key()
        self._skip(_BLANK)
        self._at += brackets
        path: Key = ()
        for parent in parents:
            path = self._newest((*path, parent))
        path = (*path, name)
        if brackets == 1:
            path = self._newest(path)
        else:
            self._note(path, begins)
            self._tables[path] = self._tables.get(path, -1) + 1
            path = (*path, self._tables[path])
        self._note(path, begins)
        return path

    def _newest(self, path: Key) -> Key:
        """A name that stands for an array of tables means its newest one."""
        return (*path, self._tables[path]) if path in self._tables else path

    def _pair(self, prefix: Key) -> None:
        begins = self._at
        path = prefix
        for part in self._key():
            path = (*path, part)
            self._note(path, begins)
        self._skip(_BLANK)
        self._at += 1  # the equals sign
        self._skip(_BLANK)
        self._value(path)

    def _key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self._skip(_BLANK)
            found = _PART.match(self._text, self._at)
            if found is None:
                return parts
            parts.append(found.group().strip("\"'"))
            self._at = found.end()
            self._skip(_BLANK)
            if not self._text.startswith(".", self._at):
                return parts
            self._at += 1

    def _value(self, path: Key) -> None:
        opening = self._text[self._at : self._at + 1]
        if opening == "[":
            self._members(path, "]")
        elif opening == "{":
            self._members(path, "}")
        else:
            found = next((m for form in _STRINGS if (m := form.match(self._text, self._at))), None)
            self._at = found.end() if found else self._scalar_end()

    def _members(self, path: Key, closing: str) -> None:
        self._at += 1
        number = 0
        self._skip(_GAP)
        while not self._text.startswith(closing, self._at):
            if closing == "}":
                self._pair(path)
            else:
                self._note((*path, number), self._at)
                self._value((*path, number))
            number += 1
            self._skip(_GAP)
            if self._text.startswith(",", self._at):
                self._at += 1
                self._skip(_GAP)
        self._at += 1

    def _scalar_end(self) -> int:
        found = _SCALAR.match(self._text, self._at)
        return found.end() if found else self._at + 1

    def _skip(self, what: re.Pattern[str]) -> None:
        found = what.match(self._text, self._at)
        if found:
            self._at = found.end()

    def _note(self, path: Key, at: int) -> None:
        self.lines.setdefault(path, self._text.count("\n", 0, at) + 1)


def lines_of(text: str) -> dict[Key, int]:
    """The line of every key, table and array element of an accepted TOML text; the whole stands on line 1."""
    walk = _Walk(text)
    walk.statements()
    return walk.lines
