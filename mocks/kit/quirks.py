"""A system's `quirks.toml`: limits, latency, paging, retry and acknowledgement, each figure with where it comes from.

Every figure is `{ value = …, source = "…" }` or `{ value = …, assumption = true }`; a figure with neither, or with
both, is refused when the system is built.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec


class QuirksError(Exception):
    """A quirks file does not have the form."""


class Figure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One figure and its origin."""

    value: bool | int | float | str | tuple[int, ...]
    source: str = ""
    assumption: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class HookPolicy:
    """How a family delivers webhooks: patience for an answer, delays before each further try, then it gives up."""

    ack_timeout_s: float
    retry_delays_s: tuple[int, ...]


class Quirks:
    """The figures of one system, by section and name."""

    def __init__(self, sections: dict[str, dict[str, Figure]]) -> None:
        """Take figures that have been checked."""
        self.sections = sections

    @classmethod
    def load(cls, path: Path) -> Quirks:
        """Read and check a quirks file; once, however many estates are built of it."""
        return cls(_read(path))

    def number(self, section: str, name: str) -> float:
        """A figure that is a number."""
        value = self._value(section, name)
        if not isinstance(value, int | float):
            message = f"{section}.{name} is not a number"
            raise QuirksError(message)
        return value

    def whole(self, section: str, name: str) -> int:
        """A figure that is a whole number."""
        return int(self.number(section, name))

    def text(self, section: str, name: str) -> str:
        """A figure that is a word."""
        return str(self._value(section, name))

    def hooks(self) -> HookPolicy:
        """The family's way with webhooks."""
        delays = self._value("webhooks", "retry_delays_s")
        if not isinstance(delays, tuple):
            message = "webhooks.retry_delays_s is not a list"
            raise QuirksError(message)
        return HookPolicy(self.number("webhooks", "ack_timeout_s"), delays)

    def _value(self, section: str, name: str) -> bool | int | float | str | tuple[int, ...]:
        figure = self.sections.get(section, {}).get(name)
        if figure is None:
            message = f"there is no figure {section}.{name}"
            raise QuirksError(message)
        return figure.value


@cache
def _read(path: Path) -> dict[str, dict[str, Figure]]:
    try:
        sections = msgspec.convert(tomllib.loads(path.read_text("utf-8")), dict[str, dict[str, Figure]])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        message = f"{path.name} of {path.parent.name}: {error}"
        raise QuirksError(message) from error
    for section, figures in sections.items():
        for name, figure in figures.items():
            if bool(figure.source.strip()) == figure.assumption:
                message = f"{path.parent.name}/{path.name}: {section}.{name} needs a source or assumption = true"
                raise QuirksError(message)
    return sections
