"""The command for real: its document, its page, the same again, and what point to point costs under month-end."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.comparison import HARMS, SCHEMA, Comparison
from tests.cli.command import cli, design, here

BOTH = "point-to-point,workflow"


def compare(tmp_path: Path, *more: str, name: str = "out") -> tuple[dict[str, Any], Path]:
    """Compare two designs in the demo's days; the document and its directory."""
    out = tmp_path / name
    done = cli("compare", "demo", "--designs", BOTH, "--seeds", "2", "--json", "--out", out, *more, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), out


def untimed(document: dict[str, Any]) -> dict[str, Any]:
    """Without wall times."""
    runs = [{key: value for key, value in run.items() if key != "wall_s"} for run in document["runs"]]
    return {**document, "runs": runs, "wall_s": 0}


def test_the_document_has_its_shape_and_is_the_file_beside_the_page(tmp_path: Path) -> None:
    document, out = compare(tmp_path)
    assert document["schema"] == SCHEMA
    assert document["seeds"] == [1, 2]
    assert document["currency"] == "USD"
    assert [made["design"] for made in document["designs"]] == BOTH.split(",")
    assert [(run["design"], run["seed"]) for run in document["runs"]] == [
        (name, seed) for name in BOTH.split(",") for seed in (1, 2)
    ]
    for made in document["designs"]:
        assert list(made["harms"]) == list(HARMS)
        assert made["worst_replay"].startswith("closeproof run demo --design ")
    assert document["pairs"][0]["differences"]["calls_per_invoice"]["by_seed"]
    assert json.loads((out / "comparison.json").read_bytes()) == document
    msgspec.json.decode((out / "comparison.json").read_bytes(), type=Comparison, strict=True)


def test_every_design_meets_the_same_world_and_the_same_command_gives_the_same_document(tmp_path: Path) -> None:
    first, _ = compare(tmp_path, "--jobs", "1")
    again, _ = compare(tmp_path, "--jobs", "2", name="again")
    assert untimed(first) == untimed(again)


class Tags(HTMLParser):
    """Which tags open and close, and what they refer to."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.refers: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember it; void elements never close."""
        self.opened.append(tag)
        self.refers += [str(value) for key, value in attrs if key in {"src", "href"}]
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """What closes must be what opened last."""
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else(tmp_path: Path) -> None:
    _, out = compare(tmp_path)
    page = (out / "comparison.html").read_text("utf-8")
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert "script" not in tags.opened
    assert tags.refers == []
    assert re.search(r"url\(|@import|http", page) is None
    assert "prefers-color-scheme:dark" in page
    assert "@media print" in page


def test_what_a_design_is_called_cannot_change_the_page(tmp_path: Path) -> None:
    """A file may have any name; what it does not do must not show as markup."""
    file = design(tmp_path, name="a<b>.py")
    done = cli(
        "compare", "demo", "--designs", f"{file.name},workflow", "--seeds", "1", "--scale", "0.2", "--out", "out",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "out" / "comparison.html").read_text("utf-8")
    assert "<b>.py" not in page
    assert "a&lt;b&gt;.py" in page


@pytest.mark.parametrize(
    "said",
    [
        ("--designs", "workflow"),
        ("--designs", "workflow,nobody"),
        ("--designs", BOTH, "--seeds", "none"),
        ("--designs", BOTH, "--scale", "0"),
        ("--designs", BOTH, "--jobs", "0"),
    ],
)
def test_mistakes_are_one_line_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], said: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert here(["compare", "demo", *said]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_point_to_point_loses_or_doubles_where_the_reference_does_neither(tmp_path: Path) -> None:
    """Ten seeds of a tenth of the month."""
    done = cli(
        "compare", "month-end", "--designs", BOTH, "--seeds", "10", "--scale", "0.1", "--json", "--quiet",
        "--out", "out", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    common, reference = json.loads(done.stdout)["designs"]
    assert reference["verdicts"] == {"pass": 10}
    assert {harm: figure["count"] for harm, figure in reference["harms"].items()} == dict.fromkeys(HARMS, 0)
    assert common["harms"]["lost"]["count"] + common["harms"]["doubled"]["count"] > 0
    assert sum(reason["count"] for reason in common["reasons"]) == sum(f["count"] for f in common["harms"].values())
