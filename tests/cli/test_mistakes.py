"""A user's mistake: one line that names file, line and key, exit code 2, no traceback, nothing left behind."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

from tests.cli.command import cli, design, here

QUIET_WEEK = Path(str(resources.files("scenarios"))) / "quiet-week.toml"
PLAN = '[[fault]]\nkind = "busy"\ntarget = "cloud_erp.create_invoice"\ntrigger = { nth = 1 }\n'


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Said:
    """Ask for something wrong, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Said(tmp_path, capsys)


class Said:
    """What the command line has to say to a mistake."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def __call__(self, *words: str) -> str:
        """The one line for these words."""
        before = self._there()
        code = here(words)
        out, err = self._capsys.readouterr()
        assert code == 2
        assert out == ""
        assert err.count("\n") == 1, err
        assert self._there() == before
        return str(err.rstrip("\n"))

    def _there(self) -> set[str]:
        """What lies in the folder, but for what Python itself leaves beside a module that was read."""
        return {path.name for path in self.folder.iterdir()} - {"__pycache__"}

    def scenario(self, old: str, new: str) -> str:
        """The line for a quiet week in which something was changed."""
        text = QUIET_WEEK.read_text("utf-8")
        assert old in text
        (self.folder / "s.toml").write_text(text.replace(old, new, 1), "utf-8")
        return self("run", "s.toml")


def line_of(word: str) -> int:
    """Where a word first stands in the packaged quiet week."""
    lines = QUIET_WEEK.read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if word in line)


def test_scenario_mistakes_name_file_line_and_key(said: Said) -> None:
    line = line_of("orders_per_day")
    assert said.scenario("orders_per_day", "orders_per_dax").startswith(f"s.toml:{line}: hospital[0].orders_per_dax: ")
    line = line_of('target = "cloud_erp.*"')
    place = f"s.toml:{line}: weather[1].target: "
    assert said.scenario('target = "cloud_erp.*"', 'target = "cloud_erp.nothing"').startswith(place)
    line = line_of("\nend = ".strip())
    assert said.scenario("\nend = 2026-10-11", "\nend = 2026-02-30").startswith(f"s.toml:{line}: calendar.end: ")


def test_plan_mistakes_name_file_line_and_key(said: Said) -> None:
    plan = said.folder / "p.toml"
    for old, new, place in (
        ("nth = 1", "nth = 0", "p.toml:4: fault[0].trigger.nth: "),
        ('"busy"', '"bussy"', "p.toml:2: fault[0].kind: "),
        ("create_invoice", "create_invoise", "p.toml:3: fault[0].target: "),
        ("kind", "knd", "p.toml:2: fault[0].knd: unknown key"),
    ):
        plan.write_text(PLAN.replace(old, new), "utf-8")
        assert said("run", "quiet-week", "--plan", "p.toml").startswith(place)
    plan.write_text(PLAN + "params = { delay = 1 }\n", "utf-8")
    assert said("run", "quiet-week", "--plan", "p.toml").startswith("p.toml:5: fault[0].params.delay: ")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("run", "month-edn"), "did you mean month-end?"),
        (("check", "month-edn"), "did you mean month-end?"),
        (("run", "quiet-week", "--design", "worklfow"), "did you mean workflow?"),
        (("run", "quiet-week", "--scale", "-1"), "--scale: -1 is not a number above 0"),
        (("run", "quiet-week", "--scale", "nan"), "--scale: nan is not"),
        (("run", "quiet-week", "--scale", "much"), "--scale"),
        (("run", "quiet-week", "--seed", "-1"), "--seed: -1 is not"),
        (("run", "quiet-week", "--seed", "1.5"), '"1.5" is not a whole number'),
        (("run", "quiet-week", "--sed", "1"), "Did you mean --seed?"),
        (("run", "quiet-week", "--plan", "nowhere.toml"), "nowhere.toml: no such file"),
        (("run", "nowhere.toml"), "nowhere.toml: no such file"),
        (("run",), "SCENARIO"),
        (("rnu",), 'Did you mean "run"?'),
        (("explain", "I99"), "nothing goes by this name"),
        (("explain", "duplcate-invoice"), "did you mean duplicate-invoice?"),
        (("replay", "nowhere"), "nowhere: is not a run directory"),
        (("run", "quiet-week", "--out", "."), "is the current directory"),
        (("run", "quiet-week", "--design", "nowhere:run"), "cannot be imported"),
    ],
)
def test_one_line(said: Said, words: tuple[str, ...], says: str) -> None:
    line = said(*words)
    assert says in line
    assert line.startswith("closeproof")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = 1\n", r"^closeproof: mine\.py: has no `run`"),
        ("import nothere\n", r"^mine\.py:1: cannot be imported: ModuleNotFoundError"),
        ("x = 1\nraise ValueError('one\\ntwo')\n", r"^mine\.py:2: cannot be imported: ValueError: one two$"),
        ("async def run(a, b)\n", r"^mine\.py:1: is not Python: "),
        ("def run(a, b): ...\n", r"^closeproof: mine\.py: `run` is not a coroutine function"),
        ("async def run(a): ...\n", r"^closeproof: mine\.py: `run` cannot be called with two arguments"),
    ],
)
def test_design_files(said: Said, text: str, says: str) -> None:
    design(said.folder, text)
    assert re.search(says, said("run", "quiet-week", "--design", "mine.py"))


def test_an_occupied_out_is_left_alone(said: Said) -> None:
    taken = said.folder / "taken"
    taken.mkdir()
    (taken / "thesis.txt").write_text("years of work", "utf-8")
    assert "is not empty and not a run directory (it holds thesis.txt)" in said("run", "quiet-week", "--out", "taken")
    (taken / "repro.toml").write_text("", "utf-8")
    assert "it holds thesis.txt" in said("run", "quiet-week", "--out", "taken")
    (said.folder / "file").write_text("", "utf-8")
    assert "is a file" in said("run", "quiet-week", "--out", "file")


def test_as_a_process(tmp_path: Path) -> None:
    """Nothing on stdout, one line on stderr, and the shell sees 2."""
    asked = cli("run", "month-edn", "--json", cwd=tmp_path)
    assert (asked.returncode, asked.stdout, asked.stderr.count("\n")) == (2, "", 1)
    assert list(tmp_path.iterdir()) == []
