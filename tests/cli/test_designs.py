"""The three ways to name a design, and the name it goes by."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.designs import design_names, load_design
from sim.errors import UserError
from tests.cli.command import IDLE, design


def test_ours_by_name_and_the_first_by_default() -> None:
    for name in design_names():
        assert load_design(name)[0] == name
    assert load_design("") == load_design(design_names()[0])


def test_a_file_goes_by_its_stem(tmp_path: Path) -> None:
    mine = design(tmp_path, IDLE + IDLE.replace("run", "other"))
    assert load_design(str(mine))[0] == "mine"
    name, other = load_design(f"{mine}:other")
    assert name == "mine:other"
    assert other.__name__ == "other"


def test_a_file_may_import_what_stands_beside_it(tmp_path: Path) -> None:
    design(tmp_path, "FIVE = 5\n", "beside_it.py")
    mine = design(
        tmp_path,
        "from dataclasses import dataclass\nfrom beside_it import FIVE\n\n@dataclass\nclass A:\n    a: 'int'\n\n"
        + IDLE,
    )
    assert load_design(str(mine))[0] == "mine"


def test_a_module_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    design(tmp_path, IDLE, "my_module_for_designs.py")
    monkeypatch.chdir(tmp_path)
    assert load_design("my_module_for_designs:run")[0] == "my_module_for_designs:run"


def test_an_object_that_is_called_like_a_coroutine_function_will_do(tmp_path: Path) -> None:
    text = "class Mine:\n    async def __call__(self, ports, durable_dir): ...\n\nrun = Mine()\n"
    load_design(str(design(tmp_path, text)))


def test_what_else_is_in_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no `run`; it has: other"):
        load_design(str(design(tmp_path, IDLE.replace("run", "other"))))
