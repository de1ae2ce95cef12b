"""The pytest plugin as its users meet it: whole runs of pytest, in folders of their own."""

from __future__ import annotations

import json
import re
import shlex
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from sim.testing.marker import MarkerError, parse_seeds
from tests.testing.session import command, pytest_run

IDLE = """
import pytest

async def idle(ports, durable_dir):
    await ports.clock.sleep(10**8)
"""

FAILING = (
    IDLE
    + """
@pytest.mark.closeproof("quiet-week-invoices", seed=7, scale=0.2)
def test_mine(virtual_estate):
    verdict = virtual_estate.run(idle)
    assert verdict.passed
"""
)

PASSING = """
import pytest
pytestmark = pytest.mark.closeproof("quiet-week", scale=0.05)

@pytest.mark.closeproof(seed=3)
def test_one(virtual_estate, closeproof_seed):
    verdict = virtual_estate.run("workflow")
    assert verdict and verdict.passed and not verdict.broken
    assert (virtual_estate.seed, verdict.summary.seed, verdict.summary.scale) == (closeproof_seed,) * 2 + (0.05,)
    print("the seed was", closeproof_seed)
"""


def test_a_failure_says_what_broke_and_its_last_word_brings_it_about_again(tmp_path: Path) -> None:
    ran = pytest_run(tmp_path, FAILING, "--closeproof-out", "kept")
    assert ran.code == 1, ran.said
    assert "<fail: quiet-week-invoices · test_it:idle · seed 7" in ran.said
    assert re.search(r"✗ I01 PO-H1-000001 .* has no order.created in\s+cloud_erp, and nobody was asked", ran.said)
    assert ran.replays() == ["closeproof run quiet-week-invoices --design test_it.py:idle --seed 7 --scale 0.2"]
    (kept,) = (tmp_path / "kept").glob("*/run")
    again = [sys.executable, "-m", "sim.cli", *shlex.split(ran.replays()[0])[1:], "--quiet", "--json", "--out", "again"]
    assert command(again, tmp_path).code == 1
    then, now = (json.loads((folder / "summary.json").read_text()) for folder in (kept, tmp_path / "again"))
    assert then["digest"] == now["digest"]
    assert (kept / "report.html").is_file()


@pytest.mark.parametrize(("words", "passed"), [((), 1), (("--closeproof-seed=1-3,7", "-n2"), 4)])
def test_several_seeds_are_several_tests_and_the_command_line_has_the_last_word(
    words: tuple[str, ...], passed: int, tmp_path: Path
) -> None:
    ran = pytest_run(tmp_path, PASSING, *words, "-rP", "--junit-xml=junit.xml")
    assert (ran.code, ran.counts()) == (0, {"passed": passed}), ran.said
    seeds = [int(seed) for seed in re.findall(r"the seed was (\d+)", ran.said)]
    assert sorted(seeds) == ([1, 2, 3, 7] if words else [3])
    cases = ET.parse(tmp_path / "junit.xml").iter("testcase")  # noqa: S314 - pytest wrote it
    told = [{at.attrib["name"]: at.attrib["value"] for at in case.iter("property")} for case in cases]
    assert sorted(int(said["closeproof.seed"]) for said in told) == sorted(seeds)
    assert {said["closeproof.verdict"] for said in told} == {"pass"}
    assert all("--seed" in said["closeproof.replay"] for said in told)


def test_a_design_that_only_its_test_can_make_is_run_again_by_its_test(tmp_path: Path) -> None:
    source = """
def test_inside(virtual_estate):
    async def broken(ports, durable_dir):
        raise LookupError("no such thing")

    assert virtual_estate.run(broken)
"""
    ran = pytest_run(tmp_path, source, "--closeproof-seed=5", "--closeproof-scale=0.1")
    assert ran.replays() == ["pytest test_it.py::test_inside --closeproof-seed=5 --closeproof-scale=0.1"], ran.said
    assert "LookupError: no such thing" in ran.said
    again = pytest_run(tmp_path, "", *shlex.split(ran.replays()[0])[1:])
    assert again.replays() == ran.replays()


def test_two_virtual_runs_at_once_are_refused_out_loud(tmp_path: Path) -> None:
    source = """
import asyncio
import pytest
pytestmark = pytest.mark.closeproof("quiet-week", scale=0.05)

def test_nested(virtual_estate):
    async def nested(ports, durable_dir):
        virtual_estate.run("workflow")
    virtual_estate.run(nested)

def test_from_a_loop(virtual_estate):
    async def inside():
        virtual_estate.run("workflow")
    asyncio.run(inside())

def test_after_all_that(virtual_estate):
    assert virtual_estate.run("workflow")

def test_nested_is_seen(virtual_estate):
    async def nested(ports, durable_dir):
        virtual_estate.run("workflow")
    assert virtual_estate.run(nested)
"""
    ran = pytest_run(tmp_path, source)
    assert ran.counts() == {"passed": 2, "failed": 2}, ran.said
    assert "another virtual run is under way in this process" in ran.said
    assert "call it from `def test_…`, not `async def`" in ran.said


MISTAKES = {
    "'quiet-weak'": "quiet-weak: no scenario has this name; did you mean quiet-week?",
    "sead=3": "the closeproof marker has no 'sead'; it has scenario, seed, scale, plan, speed",
    "seed='seven'": "the closeproof marker's seed is 'seven', and not int or range or list or tuple",
    "seed=[]": "the closeproof marker's seed is []",
    "scale=0": "--scale: 0 is not a number above 0",
    "plan='none.toml'": "none.toml: no such file",
    "'a', 'b'": "the closeproof marker takes one word",
}


@pytest.mark.parametrize("fixture", ["virtual_estate", "served_estate"])
def test_a_mistake_in_a_marker_is_one_line(fixture: str, tmp_path: Path) -> None:
    for number, marker in enumerate(MISTAKES):
        source = f"import pytest\n\n@pytest.mark.closeproof({marker})\ndef test_it({fixture}):\n    {fixture}.run()\n"
        (tmp_path / f"test_{number}.py").write_text(source, "utf-8")
    ran = pytest_run(tmp_path, "", "--continue-on-collection-errors")
    assert sum(ran.counts().values()) == len(MISTAKES), ran.said
    assert [says for says in MISTAKES.values() if says not in ran.said] == [], ran.said
    assert "Traceback" not in ran.said


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("--closeproof-seed=one", "--closeproof-seed: 'one' is not a seed such as 7"),
        ("--closeproof-scale=big", "--closeproof-scale: 'big' is not a number"),
    ],
)
def test_a_mistake_in_an_option_is_said_before_anything_is_collected(word: str, says: str, tmp_path: Path) -> None:
    ran = pytest_run(tmp_path, PASSING, word)
    assert ran.code == pytest.ExitCode.USAGE_ERROR
    assert says in ran.said


def test_seeds_are_written_as_people_write_them() -> None:
    assert parse_seeds("7") == (7,)
    assert parse_seeds("1-3, 7,2") == (1, 2, 3, 7)
    for wrong in ("", "-1", "3-1", "1-99999", "7;8"):
        with pytest.raises(MarkerError):
            parse_seeds(wrong)


SERVED = """
import httpx
import pytest

pytestmark = pytest.mark.closeproof("quiet-week-invoices", seed=2, scale=0.2, speed=60)

def papers(estate):
    settings = estate.settings
    form = {"grant_type": "client_credentials", **{name: settings[name] for name in ("client_id", "client_secret")}}
    token = httpx.post(settings["token_url"], data=form).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    return httpx.get(f"{estate.url}/inventory/receipts", headers=headers).json()["receipts"]

def test_the_clock_is_ours(served_estate):
    assert papers(served_estate) == []
    moved = served_estate.control.advance(to="2026-10-12T12:00:00Z")
    assert moved["reached"] and len(papers(served_estate)) > 0
    served_estate.control.post("/reset")
    assert papers(served_estate) == []

def test_nobody_at_work(served_estate):
    assert papers(served_estate) == []
    assert served_estate.verdict(timeout_s=60, advance=True).passed

def test_it_never_ends(served_estate):
    served_estate.verdict(timeout_s=0.2)
"""


@pytest.mark.slow
def test_a_served_estate_for_each_test_two_at_a_time(tmp_path: Path) -> None:
    ran = pytest_run(tmp_path, SERVED, "-n2", "--closeproof-out=kept")
    assert ran.counts() == {"passed": 1, "failed": 2}, ran.said
    assert re.search(r"✗ I10 PO-H1-000001 .* never reached", ran.said), ran.said
    assert "NotSettledError: not settled within 0.2 s" in ran.said
    command_line = "closeproof serve quiet-week-invoices --seed 2 --scale 0.2 --speed 60"
    assert ran.replays() == [command_line] * 2
    pages = sorted(path.parts[-3] for path in (tmp_path / "kept").rglob("report.html"))
    assert [page.removeprefix("test_it.py-test_") for page in pages] == [
        "it_never_ends",
        "nobody_at_work",
        "the_clock_is_ours",
    ]


def test_whoever_does_not_use_it_hardly_pays(tmp_path: Path) -> None:
    """What it loads, not how long that takes: nothing of the estate, and nothing that pytest has not loaded itself."""
    source = """
import sys

def test_nothing_was_loaded(request):
    assert request.config.pluginmanager.has_plugin("closeproof")
    ours = {name for name in sys.modules if name.partition(".")[0] in {"sim", "mocks", "contracts", "orchestrator", "reports"}}
    assert ours == {"sim", "sim.testing", "sim.testing.marker", "sim.testing.note", "sim.testing.plugin"}
    assert not {"httpx", "msgspec", "simpy", "uvicorn"} & set(sys.modules)
"""
    ran = pytest_run(tmp_path, source, "-p", "no:hypothesispytest", "-p", "no:respx", "-p", "no:anyio")
    assert ran.code == 0, ran.said


def test_the_page_shows_the_file_that_is_tested() -> None:
    docs = Path(__file__).parents[2] / "docs"
    source = (docs / "examples/test_orchestrator.py").read_text("utf-8").partition("\n")[2]  # the first is our linter's
    assert f"```python\n{source}```" in (docs / "pytest.md").read_text("utf-8")
