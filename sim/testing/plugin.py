"""The hooks and the fixtures. Whatever a failing test did with an estate is told in its report, the command to repeat it last."""
# ruff: noqa: PLC0415 - lazy imports are the point: this module is loaded in every pytest run of whoever has the wheel

from __future__ import annotations

import re
import shlex
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from sim.testing.marker import MARKER, MarkerError, Wanted, wanted
from sim.testing.note import REPORTED, Note

if TYPE_CHECKING:
    from sim.testing.served import ServedEstate
    from sim.testing.virtual import VirtualEstate

SECTION: Final = "closeproof"
SEED: Final = "closeproof_seed"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say what the command line may override."""
    group = parser.getgroup("closeproof", "an estate to test an orchestrator in")
    group.addoption("--closeproof-seed", default="", metavar="N", help="one seed, or several: 7, 1-20, 3,7")
    group.addoption("--closeproof-scale", default="", metavar="X", help="the volume, as a multiple of the scenario's")
    group.addoption(
        "--closeproof-out", default="", metavar="DIR", help="keep the run directories, pages included, here"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and look at the options before anything is collected."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(scenario, seed=1, scale=1.0, plan=, speed=): the estate that virtual_estate and served_estate stand "
        "for; several seeds make several tests",
    )
    try:
        wanted((), config.rootpath, _option(config, "seed"), _option(config, "scale"))
    except MarkerError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_report_header(config: pytest.Config) -> str | None:
    """Print what was given; what a test's own marker says is printed with its failure."""
    said = [f"{name} {given}" for name in ("seed", "scale", "out") if (given := _option(config, name))]
    return f"closeproof: {', '.join(said)}" if said else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Several seeds are several tests."""
    if SEED in metafunc.fixturenames:
        seeds = _wanted(metafunc.definition).seeds()
        if len(seeds) > 1:
            metafunc.parametrize(SEED, seeds, ids=[f"seed{seed}" for seed in seeds], indirect=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell of the estates of a test that failed."""
    report = yield
    if report.failed and (reported := item.stash.get(REPORTED, [])):
        report.sections.append((SECTION, "\n\n".join(one.report() for one in reported)))
    return report


@pytest.fixture
def closeproof_seed(request: pytest.FixtureRequest) -> int:
    """The test's seed."""
    seed: int = request.param if hasattr(request, "param") else _wanted(request.node).seeds()[0]
    return seed


@pytest.fixture
def virtual_estate(
    request: pytest.FixtureRequest, closeproof_seed: int, tmp_path_factory: pytest.TempPathFactory
) -> VirtualEstate:
    """An estate in virtual time: `run(design)` gives the verdict, in seconds, the same each time."""
    from sim.testing.virtual import VirtualEstate

    asked = replace(_wanted(request.node), seed=closeproof_seed)
    return VirtualEstate(asked, _out(request.node, tmp_path_factory), Note(request.node), _again(request.node))


@pytest.fixture
def served_estate(
    request: pytest.FixtureRequest, closeproof_seed: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedEstate]:
    """An estate over HTTP on a free port of this machine, in a process of its own, for the length of the test."""
    from sim.testing.served import serving

    asked = replace(_wanted(request.node), seed=closeproof_seed)
    with serving(asked, _out(request.node, tmp_path_factory), Note(request.node)) as served:
        yield served


def _wanted(node: pytest.Item | pytest.Collector) -> Wanted:
    """What a test's markers ask for, under the command line."""
    marks = []
    for mark in node.iter_markers(MARKER):
        if len(mark.args) > 1:
            pytest.fail(f"{node.nodeid}: the closeproof marker takes one word, the scenario's name", pytrace=False)
        marks.append({**({"scenario": mark.args[0]} if mark.args else {}), **mark.kwargs})
    try:
        return wanted(marks, node.path.parent, _option(node.config, "seed"), _option(node.config, "scale"))
    except MarkerError as error:
        pytest.fail(f"{node.nodeid}: {error}", pytrace=False)


def _out(item: pytest.Item, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what this test's runs leave."""
    kept = _option(item.config, "out")
    name = re.sub(r"[^\w.-]+", "-", item.nodeid if kept else item.name).strip("-")
    return item.config.invocation_params.dir / kept / name if kept else tmp_path_factory.mktemp(name)


def _again(item: pytest.Item) -> str:
    """The command that runs this very test again."""
    options = [f"--closeproof-{name}={given}" for name in ("seed", "scale") if (given := _option(item.config, name))]
    return shlex.join(["pytest", item.nodeid, *options])


def _option(config: pytest.Config, name: str) -> str:
    given: str = config.getoption(f"closeproof_{name}")
    return given
