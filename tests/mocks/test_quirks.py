"""Every figure of every system says where it comes from, or that it is assumed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import mocks
from mocks.kit.quirks import Quirks

FILES = sorted(Path(mocks.__file__).parent.glob("*/quirks.toml"))


def test_every_system_has_its_figures() -> None:
    assert {path.parent.name for path in FILES} == set(mocks.SYSTEMS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_every_figure_has_a_source_or_is_an_assumption(path: Path) -> None:
    """Read here without the kit, and once more by it."""
    sections = tomllib.loads(path.read_text("utf-8"))
    assert sections
    for section, figures in sections.items():
        for name, figure in figures.items():
            where = f"{section}.{name}"
            assert isinstance(figure, dict), where
            assert "value" in figure, where
            assert bool(figure.get("source", "").strip()) != (figure.get("assumption") is True), where
    assert Quirks.load(path).sections.keys() == sections.keys()
