"""Every rate of a scenario says where it comes from, or that it is assumed: beside it, above it, or for the whole of a part.

What counts as a word about its origin: *assumption*, a source with its year, or *month-end*, which says it for the others. It
stands on the rate's own line or the lines that go on from there, above its table, under the banner of its part (`# -- …`), or
in the head of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import scenarios

FILES = sorted(Path(scenarios.__file__).parent.glob("*.toml"))
ORIGIN = re.compile(r"assumption|month-end|\b(19|20)\d\d\)?[:);,. ]", re.IGNORECASE)
HEAD = re.compile(r"(figures|rates)\b[^.]*\b(assumptions|month-end)", re.IGNORECASE)
"""What the head of a file must say to speak for all that is in it."""
RATE = re.compile(r"(?P<key>\w+) = (?P<value>0?\.\d+|\d+\.\d+|1)(?P<own>\s+#.*)?$")
SHARES = ("[anomalies]", "[disguises]")
"""Tables in which every number is a share."""


def unexplained(text: str) -> Iterator[str]:
    """The rates of a file of which nobody says where they come from, with their lines."""
    lines = text.splitlines()
    head = " ".join(_until_blank(lines, 0))
    if HEAD.search(head):
        return
    part = table = above = ""
    name = ""
    for number, line in enumerate(lines):
        if line.startswith("#"):
            if line.startswith("# -- "):
                part, table = " ".join(_until_blank(lines, number)), ""
            above += line
            continue
        if line.startswith("["):
            name, table = line.split("#", maxsplit=1)[0].strip(), above + line
        rate = RATE.fullmatch(line)
        if rate and _is_rate(rate["key"], name):
            own = (rate["own"] or "") + "".join(_going_on(lines, number + 1))
            if not any(ORIGIN.search(f"{said} ") for said in (own, above, table, part)):
                yield f"{number + 1}: {rate['key']}"
        above = ""


def _is_rate(key: str, table: str) -> bool:
    return table in SHARES or key in ("rate", "in_front") or key.endswith(("_share", "_per_year", "_per_day"))


def _until_blank(lines: list[str], first: int) -> Iterator[str]:
    for line in lines[first:]:
        if not line.startswith("#"):
            return
        yield line.removeprefix("#").strip()


def _going_on(lines: list[str], first: int) -> Iterator[str]:
    """A comment beside a value may go on under itself."""
    for line in lines[first:]:
        if not line.startswith(" ") or not line.lstrip().startswith("#"):
            return
        yield line


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_rate_says_where_it_comes_from(path: Path) -> None:
    assert list(unexplained(path.read_text("utf-8"))) == []


PLAIN = """# A week.

name = "x"
[trade]
stock_share = 0.7
[anomalies]
price_variance = 0.02
[[weather]]
rate = 0.5
in_front = 1
"""


def test_one_that_says_nothing_is_found() -> None:
    assert list(unexplained(PLAIN)) == ["5: stock_share", "7: price_variance", "9: rate", "10: in_front"]


@pytest.mark.parametrize(
    ("said", "instead", "left"),
    [
        ("# A week.", "# A week.\n#\n# All figures are assumptions.", []),
        ("stock_share = 0.7", "stock_share = 0.7  # assumption", ["7", "9", "10"]),
        ("[anomalies]", "# Duplicates: 0.8 % (APQC 2019).\n[anomalies]", ["5", "10", "11"]),
        ("price_variance = 0.02", "price_variance = 0.02  # AFP\n                # 2025: so many", ["5", "10", "11"]),
        ("[[weather]]", "# -- the weather\n# Assumptions, all of it.\n[[weather]]", ["5", "7"]),
        ("in_front = 1", "# Assumption\nin_front = 1", ["5", "7", "9"]),
        ("# A week.", "# A week of the figures of life, with one assumption", ["5", "7", "9", "10"]),
    ],
)
def test_where_it_may_be_said(said: str, instead: str, left: list[str]) -> None:
    found = [each.partition(":")[0] for each in unexplained(PLAIN.replace(said, instead))]
    assert found == left
