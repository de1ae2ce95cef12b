"""The wheel carries everything: built, installed into an environment of its own, and run from a folder that is not ours."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.layout.tree import PACKAGES, ROOT, files, name
from tests.testing.session import ENVIRONMENT, pytest_run

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a user would, outside the checkout."""
    return subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with the backend that the lock pins."""
    out = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel in it; its dependencies are borrowed from ours, the checkout is not."""
    home = tmp_path_factory.mktemp("elsewhere")
    venv.create(home / "env", symlinks=True)
    python = home / "env/bin/python"
    put = run(
        sys.executable, "-m", "pip", "--python", python, "install", "-qq", "--no-deps", "--no-index", wheel, cwd=home
    )
    assert put.returncode == 0, put.stderr
    site = home / "env/lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    # A folder named in a .pth file is searched, but the .pth files in it (our editable install) are not read.
    (site / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    return home / "env/bin"


def test_everything_is_in_it_and_tests_are_not(wheel: Path) -> None:
    inside = {member for member in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in member}
    assert inside == {name(path) for path in files() if name(path).split("/")[0] in PACKAGES}


def test_it_does_not_lean_on_the_checkout(installed: Path, tmp_path: Path) -> None:
    asked = run(
        installed / "python", "-c", "import contracts, mocks; print(contracts.__file__, mocks.__file__)", cwd=tmp_path
    )
    assert asked.returncode == 0, asked.stderr
    assert str(ROOT) not in asked.stdout


def test_list_works_from_elsewhere(installed: Path, tmp_path: Path) -> None:
    listed = run(installed / "closeproof", "list", cwd=tmp_path)
    assert listed.returncode == 0, listed.stdout + listed.stderr
    assert "quiet-week" in listed.stdout + listed.stderr


def test_a_small_run_passes_from_elsewhere(installed: Path, tmp_path: Path) -> None:
    ran = run(installed / "closeproof", "run", "quiet-week", "--scale", "0.05", "--seed", "1", cwd=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_pytest_finds_its_plugin_elsewhere_and_the_pages_example_passes(installed: Path, tmp_path: Path) -> None:
    """The tests of docs/pytest.md, as a user would run them: nothing but the wheel and pytest."""
    for example in (ROOT / "docs/examples").iterdir():
        shutil.copy(example, tmp_path)
    ran = pytest_run(tmp_path, "", "-rP", python=installed / "python")
    assert (ran.code, ran.counts()) == (0, {"passed": 4}), ran.said
    where = "import sim.testing.plugin as p; print(p.__file__)"
    assert str(ROOT) not in run(installed / "python", "-c", where, cwd=tmp_path).stdout


def test_a_failure_elsewhere_can_be_replayed_there(installed: Path, tmp_path: Path) -> None:
    source = """
import pytest

async def idle(ports, durable_dir):
    await ports.clock.sleep(10**8)

@pytest.mark.closeproof(seed=7, scale=0.2)
def test_mine(virtual_estate):
    assert virtual_estate.run(idle)
"""
    ran = pytest_run(tmp_path, source, "--closeproof-out=kept", python=installed / "python")
    assert (ran.code, ran.counts()) == (1, {"failed": 1}), ran.said
    (replay,) = ran.replays()
    assert replay == "closeproof run quiet-week-invoices --design test_it.py:idle --seed 7 --scale 0.2"
    assert run(installed / "closeproof", *shlex.split(replay)[1:], cwd=tmp_path).returncode == 1
    (kept,) = (tmp_path / "kept").glob("*/run")
    same = run(installed / "closeproof", "replay", kept, cwd=tmp_path)
    assert (same.returncode, same.stdout[:5]) == (0, "same:"), same.stderr
