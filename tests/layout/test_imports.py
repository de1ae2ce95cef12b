"""Imports run one way. `make check` proves it of the tree; here bad imports planted in a copy prove that the check bites."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.layout.tree import ROOT, project

CONFIG = project()["tool"]["importlinter"]
NAMES = {contract["id"]: contract["name"] for contract in CONFIG["contracts"]}


def lint(tree: Path) -> tuple[int, str]:
    """Run import-linter in a tree, as `make check` does."""
    ran = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the packages and of the rules."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in CONFIG["root_packages"]:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "out"))
    return tmp_path


def test_the_tree_keeps_its_contracts(copy: Path) -> None:
    code, said = lint(copy)
    assert code == 0, said
    assert said.count(" KEPT") == len(NAMES)


@pytest.mark.parametrize(
    ("where", "what", "breaks"),
    [
        ("contracts", "mocks.kit", "contracts-stand-alone"),
        ("mocks/kit", "orchestrator", "sides-know-only-contracts"),
        ("reports", "mocks", "sides-know-only-contracts"),
        ("orchestrator", "sim", "only-sim-composes"),
        ("loadtests", "sim", "only-sim-composes"),
        ("mocks/procurement", "mocks.cloud_erp", "systems-are-strangers"),
        ("mocks/kit", "mocks.identity", "kit-knows-no-system"),
    ],
)
def test_a_planted_import_is_caught(copy: Path, where: str, what: str, breaks: str) -> None:
    (copy / where / "planted.py").write_text(f"import {what}\n", encoding="utf-8")
    code, said = lint(copy)
    assert code == 1, said
    assert f"{NAMES[breaks]} BROKEN" in said
    assert f"{where.replace('/', '.')}.planted" in said
