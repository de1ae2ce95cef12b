"""The project's tree as the layout tests read it: packages, files, and parsed modules. Nothing is imported."""

from __future__ import annotations

import ast
import functools
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PACKAGES = ("sim", "mocks", "contracts", "orchestrator", "reports", "loadtests", "scenarios")
FOLDERS = (*PACKAGES, "tests", "docs", ".ci")


def name(path: Path) -> str:
    """A path as people write it: from the root, with slashes."""
    return path.relative_to(ROOT).as_posix()


def files() -> Iterator[Path]:
    """Every file of the project; not what tools and runs leave behind, nor a work tree's pointer to its history."""
    for path in sorted(ROOT.iterdir()):
        if path.is_file() and path.name != ".git" and not path.name.startswith(".coverage"):
            yield path
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and not path.is_relative_to(ROOT / "reports/out"):
                yield path


def modules(*folders: str) -> list[Path]:
    """Every Python file below the folders."""
    return [path for path in files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in folders]


@functools.cache
def parsed(path: Path) -> ast.Module:
    """A module's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@functools.cache
def project() -> dict[str, Any]:
    """`pyproject.toml`."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
