"""Every figure of every system says where it comes from, or that it is assumed, however deep it stands."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mocks
from mocks.kit.quirks import Quirks, QuirksError

FILES = sorted(Path(mocks.__file__).parent.glob("*/quirks.toml"))


def homeless(told: Any, where: str = "") -> Iterator[str]:
    """The figures of which nobody says where they come from. Read here without the kit: whatever is no figure is one too many."""
    if isinstance(told, dict) and "value" in told:
        sourced = bool(str(told.get("source", "")).strip())
        if sourced == (told.get("assumption") is True) or isinstance(told["value"], dict):
            yield where
    elif isinstance(told, dict):
        for name, each in told.items():
            yield from homeless(each, f"{where}.{name}".strip("."))
    elif isinstance(told, list):
        for place, each in enumerate(told):
            yield from homeless(each, f"{where}[{place}]")
    else:
        yield where


def test_every_system_has_its_figures() -> None:
    assert {path.parent.name for path in FILES} == set(mocks.SYSTEMS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_every_figure_has_a_source_or_is_an_assumption(path: Path) -> None:
    """Looked through here, and once more by the kit as it builds the system."""
    sections = tomllib.loads(path.read_text("utf-8"))
    assert sum(len(figures) for figures in sections.values()) > 3
    assert list(homeless(sections)) == []
    assert Quirks.load(path).sections.keys() == sections.keys()


@pytest.mark.parametrize(
    ("planted", "where"),
    [
        ("per_s = 25", "limits.per_s"),
        ("per_s = { value = 25 }", "limits.per_s"),
        ("per_s = { value = 25, source = ' ' }", "limits.per_s"),
        ("per_s = { value = 25, assumption = false }", "limits.per_s"),
        ("per_s = { value = 25, source = 'Coupa', assumption = true }", "limits.per_s"),
        ("[limits.night]\nper_s = 5", "limits.night.per_s"),
        ("[limits.night.weekend]\nper_s = { value = 5 }", "limits.night.weekend.per_s"),
        ("[[limits.steps]]\nper_s = 5", "limits.steps[0].per_s"),
        ("per_s = { value = { day = 25, night = 5 }, assumption = true }", "limits.per_s"),
    ],
)
def test_a_planted_figure_without_its_origin_is_found(planted: str, where: str, tmp_path: Path) -> None:
    """By the test above and by the kit, which builds no system of it."""
    path = tmp_path / "bold" / "quirks.toml"
    path.parent.mkdir()
    path.write_text(f"[limits]\nburst = {{ value = 20, assumption = true }}\n{planted}\n", "utf-8")
    assert list(homeless(tomllib.loads(path.read_text("utf-8")))) == [where]
    with pytest.raises(QuirksError):
        Quirks.load(path)
