"""The report page in a real browser: it fits a desk and a telephone, changes with the night, prints, and runs no script.

A page cannot be asked without a script, so a copy of it gets one that measures and tells the frame round it what it
found; the page itself has none (`tests/reports/test_page.py`).
"""

from __future__ import annotations

import json
import re
import struct
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from reports import page
from tests.browser.chromium import browser, look
from tests.reports.small_runs import RUNS, directory, hostile, twice

pytestmark = pytest.mark.skipif(
    browser() is None, reason="chromium is not installed (Debian: apt-get install chromium)"
)

MEASURE = """<script>
addEventListener("load", () => {
  const all = [...document.querySelectorAll("main *")];
  const seen = each => each.getClientRects().length > 0;
  const clipped = each => each.closest("svg, .scroll, .unseen");
  const found = {
    width: innerWidth,
    page: document.documentElement.scrollWidth,
    over: all.filter(each => seen(each) && !clipped(each) && each.getBoundingClientRect().right > innerWidth + 1)
             .map(each => each.tagName + "." + each.className),
    charts: [...document.querySelectorAll("svg.chart")].filter(seen).map(each => Math.round(each.getBoundingClientRect().width)),
    labels: [...document.querySelectorAll("svg.chart text")].filter(seen).map(each => each.getBoundingClientRect())
             .map(box => [box.left, box.right, box.height]),
    paper: getComputedStyle(document.body).backgroundColor,
    ink: getComputedStyle(document.body).color,
    attacked: window.attacked === true,
    verdictBottom: document.querySelector(".hero").getBoundingClientRect().bottom,
  };
  parent.postMessage(JSON.stringify(found), "*");
});
</script>"""
FRAME = """<!doctype html><style>body{margin:0}</style><pre id="found"></pre>
<script>addEventListener("message", said => { document.querySelector("#found").textContent = said.data; });</script>
<iframe src="%s" style="border:0;width:%dpx;height:900px"></iframe>"""
"""A window is never narrower than 500 pixels; a frame in it may be."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run with a violation."""
    folder = directory(tmp_path_factory.mktemp("run"), twice())
    page.write(folder)
    return folder / "report.html"


def measured(file: Path, *flags: str, width: int = 1280) -> dict[str, Any]:
    """What a browser finds on the page."""
    copy, frame = file.with_name(f"measured-{width}.html"), file.with_name(f"frame-{width}.html")
    copy.write_text(file.read_text("utf-8").replace("</body>", f"{MEASURE}</body>"), "utf-8")
    frame.write_text(FRAME % (copy.name, width), "utf-8")
    document = look(frame, "--dump-dom", "--window-size=1400,900", "--virtual-time-budget=2000", *flags)
    found = re.search(r'<pre id="found">(.*?)</pre>', document, re.DOTALL)
    assert found is not None
    result: dict[str, Any] = json.loads(unescape(found[1]))
    return result


def brightness(colour: str) -> float:
    """How bright `rgb(…)` is, 0 to 255."""
    return sum(map(int, re.findall(r"\d+", colour)[:3])) / 3


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_runs_over_the_edge(made: Path, width: int) -> None:
    found = measured(made, width=width)
    assert found["width"] == width
    assert found["page"] <= width
    assert found["over"] == []
    assert all(left >= 0 and right <= width + 1 for left, right, _ in found["labels"])


@pytest.mark.parametrize("width", [1280, 400])
def test_one_form_of_each_picture_is_shown_and_can_be_read(made: Path, width: int) -> None:
    found = measured(made, width=width)
    assert len(found["charts"]) == 6
    assert min(height for _, _, height in found["labels"]) >= 10


def test_the_verdict_is_on_the_first_screen(made: Path) -> None:
    assert measured(made)["verdictBottom"] < 400


def test_it_is_light_by_day_and_dark_by_night(made: Path) -> None:
    day = measured(made, "--blink-settings=preferredColorScheme=1")
    night = measured(made, "--blink-settings=preferredColorScheme=0")
    assert brightness(day["paper"]) - brightness(day["ink"]) > 200
    assert brightness(night["ink"]) - brightness(night["paper"]) > 180


def test_it_prints(made: Path) -> None:
    pdf = made.with_name("page.pdf")
    look(made, f"--print-to-pdf={pdf}", "--no-pdf-header-footer")
    printed = pdf.read_bytes()
    assert printed.startswith(b"%PDF-")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) <= 6


@pytest.mark.parametrize("name", RUNS)
def test_it_is_painted(tmp_path: Path, name: str) -> None:
    page.write(directory(tmp_path, RUNS[name]()))
    shot = tmp_path / "shot.png"
    look(tmp_path / "report.html", f"--screenshot={shot}", "--window-size=1280,900")
    picture = shot.read_bytes()
    assert struct.unpack(">II", picture[16:24]) == (1280, 900)
    assert len(picture) > 40_000, "a blank page is smaller"


def test_a_hostile_paper_runs_nothing(tmp_path: Path) -> None:
    def armed(text: str) -> str:
        return text.replace('alert("x")', "window.attacked=true")

    made = directory(tmp_path, hostile())
    for name in ("events.jsonl", "summary.json"):
        file = made / name
        file.write_text(armed(file.read_text("utf-8").replace('alert(\\"x\\")', 'alert("x")')), "utf-8")
    page.write(made)
    assert "window.attacked=true" in (made / "report.html").read_text("utf-8")
    assert measured(made / "report.html")["attacked"] is False
