"""What a test asks for: `@pytest.mark.closeproof(…)` on the test, its class or its module; the command line has the last word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

MARKER: Final = "closeproof"
SEEDS_MAX: Final = 10_000


class MarkerError(Exception):
    """A marker or an option does not say what it must; its text is the one line to print."""


@dataclass(frozen=True)
class Wanted:
    """An estate in the words of its marker. `folder` is where paths in it begin: that of the test's file."""

    scenario: str = "quiet-week-invoices"
    seed: int | tuple[int, ...] = 1
    scale: float = 1.0
    plan: str = ""
    speed: float = 3600.0
    folder: Path = Path()

    def seeds(self) -> tuple[int, ...]:
        """One or several."""
        return self.seed if isinstance(self.seed, tuple) else (self.seed,)

    def path(self, text: str) -> str:
        """A path as the test's folder has it; a name stays what it is."""
        file, colon, attribute = text.rpartition(":") if re.search(r"\.py:\w+$", text) else (text, "", "")
        looks_like_a_path = file.endswith((".toml", ".py")) or "/" in file
        return f"{shown(self.folder / file)}{colon}{attribute}" if looks_like_a_path else text


def shown(path: Path) -> str:
    """A path as people would type it where they are."""
    here = Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "scenario": (str, Path),
    "seed": (int, range, list, tuple),
    "scale": (int, float),
    "plan": (str, Path),
    "speed": (int, float),
}


def wanted(marks: Iterable[Mapping[str, Any]], folder: Path, seeds: str = "", scale: str = "") -> Wanted:
    """What a test's markers ask for, the nearest first, under what was said on the command line; raises `MarkerError`."""
    said: dict[str, Any] = {}
    for mark in marks:
        for name, value in mark.items():
            _check(name, value)
            said.setdefault(name, value)
    if seeds:
        said["seed"] = parse_seeds(seeds)
    if scale:
        said["scale"] = _number(scale)
    seed = said.get("seed", 1)
    said["seed"] = seed if isinstance(seed, int) else tuple(seed)
    said.update({name: str(said[name]) for name in ("scenario", "plan") if name in said})
    asked = replace(Wanted(folder=folder), **said)
    return replace(asked, scenario=asked.path(asked.scenario), plan=asked.path(asked.plan))


def parse_seeds(text: str) -> tuple[int, ...]:
    """`7`, `1-20` or `3,7,10-12`; raises `MarkerError`."""
    seeds: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if not 0 <= last - first < SEEDS_MAX:
            message = f"--closeproof-seed: {part.strip()!r} is not a seed such as 7, or several such as 1-20 or 3,7"
            raise MarkerError(message)
        seeds += range(first, last + 1)
    return tuple(dict.fromkeys(seeds))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        message = f"--closeproof-scale: {text!r} is not a number"
        raise MarkerError(message) from None


def _check(name: str, value: object) -> None:
    kinds = _KINDS.get(name)
    if kinds is None:
        message = f"the closeproof marker has no {name!r}; it has {', '.join(_KINDS)}"
        raise MarkerError(message)
    odd = isinstance(value, (range, list, tuple)) and not (value and all(type(seed) is int for seed in value))
    if not isinstance(value, kinds) or isinstance(value, bool) or odd:
        one_of = " or ".join(kind.__name__ for kind in kinds)
        message = f"the closeproof marker's {name} is {value!r}, and not {one_of}"
        raise MarkerError(message)
