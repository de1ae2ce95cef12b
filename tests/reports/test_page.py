"""The page: golden fragments, no script and nothing from elsewhere, and whatever papers say stays text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from contracts.journal import Call, Entry
from contracts.provenance import Known
from reports import page
from reports.course import Course, percentile
from reports.moments import Clocks
from tests.contracts.journals import ref
from tests.reports.small_runs import GOLDEN, RUNS, cut, directory, fragments, hostile, judged, twice, well

VOID = {"meta", "br", "link", "img", "input"}
BLOCKS = {"p", "h4", "td", "th", "li", "div"}


class Reader(HTMLParser):
    """What a page is made of; fails when a tag is closed that is not open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag."""
        self.text += " " if tag in BLOCKS else ""
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag that closes itself."""
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        """The end of the tag that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """What people read."""
        if self.open and self.open[-1] not in {"style", "title", "desc"}:
            self.text += data


def read(text: str) -> Reader:
    """The page, parsed; everything that was opened is closed."""
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


def rendered(tmp_path: Path, entries: list[Entry]) -> str:
    """The page of a hand-made run."""
    return page.render(directory(tmp_path, entries))


def test_the_fragments_are_as_agreed(tmp_path: Path) -> None:
    """After a change on purpose: `python -m tests.reports.small_runs`, and look at the difference."""
    drawn = fragments(tmp_path)
    assert sorted(drawn) == sorted(path.name for path in GOLDEN.iterdir())
    for name, text in drawn.items():
        assert text == (GOLDEN / name).read_text("utf-8"), name


@pytest.mark.parametrize("name", RUNS)
def test_the_same_run_gives_the_same_page(tmp_path: Path, name: str) -> None:
    one, other = (rendered(tmp_path / folder, RUNS[name]()) for folder in ("one", "other"))
    assert one == other


@pytest.mark.parametrize(("entries", "word"), [(twice, "FAIL"), (well, "PASS"), (cut, "UNKNOWN")])
def test_the_verdict_comes_first(tmp_path: Path, entries: object, word: str) -> None:
    text = read(rendered(tmp_path, entries())).text  # type: ignore[operator]
    assert text.index(word) < text.index("Money at risk") < text.index("Invariants")


@pytest.mark.parametrize("name", RUNS)
def test_it_stands_alone(tmp_path: Path, name: str) -> None:
    reader = read(rendered(tmp_path, RUNS[name]()))
    assert not {"script", "link", "img", "iframe", "object"} & set(reader.tags)
    addresses = [value for attribute, value in reader.attributes if attribute in {"src", "href", "action"}]
    assert [value for value in addresses if not (value or "").startswith("#")] == []
    assert [attribute for attribute, _ in reader.attributes if attribute.startswith("on")] == []
    assert "url(" not in (page.TEMPLATES / "page.css").read_text("utf-8")


@pytest.mark.parametrize("name", RUNS)
def test_links_lead_somewhere_and_ids_are_unique(tmp_path: Path, name: str) -> None:
    attributes = read(rendered(tmp_path, RUNS[name]())).attributes
    ids = [value for attribute, value in attributes if attribute == "id"]
    assert len(ids) == len(set(ids))
    wanted = [(value or "").removeprefix("#") for attribute, value in attributes if attribute == "href"]
    wanted += [
        each for attribute, value in attributes if attribute == "aria-labelledby" for each in (value or "").split()
    ]
    assert set(wanted) <= set(ids)


def test_every_picture_has_its_numbers_below_it(tmp_path: Path) -> None:
    figures = re.findall(r"<figure.*?</figure>", rendered(tmp_path, twice()), re.DOTALL)
    assert len(figures) == 6
    assert all(figure.count("<svg") == 2 and figure.count("<table") == 1 for figure in figures)


def test_what_a_paper_says_is_never_markup(tmp_path: Path) -> None:
    """A supplier called <script>, with a terminal command behind it."""
    text = rendered(tmp_path, hostile())
    reader = read(text)
    assert "script" not in reader.tags
    assert '<script>alert("x")</script>' in reader.text
    assert "\x1b" not in text
    assert "svg" in reader.tags


def test_bodies_of_crossings_are_shown_and_escaped(tmp_path: Path) -> None:
    def with_body(entry: Entry) -> Entry:
        late = isinstance(entry, Call) and entry.outcome == "timed-out"
        return msgspec.structs.replace(entry, request="ab" * 12) if late else entry

    made = directory(tmp_path, [*map(with_body, twice())])
    body = msgspec.json.encode({"digest": "ab" * 12, "body": '{"supplier": "</pre><script>1</script>"}'})
    (made / "bodies.jsonl").write_bytes(msgspec.json.encode({"digest": "cd" * 12, "body": "x"}) + b"\n" + body + b"\n")
    reader = read(page.render(made))
    assert "script" not in reader.tags
    assert '"supplier": "</pre><script>1</script>"' in reader.text


def test_a_violation_is_told_whole(tmp_path: Path) -> None:
    text = " ".join(read(rendered(tmp_path, twice())).text.split())
    for said in (
        "I01 effect-once INV-1 (supplier S012 no. 4711, 1,234.56 USD) posted twice in cloud_erp: AP-1 and AP-2",
        "What was true H1 owes supplier S012 1,234.56 USD, once, for goods on order PO-1",
        "invoice.posted stands 2 times: AP-1 (1,234.56 USD), AP-2 (1,234.56 USD), 2,469.12 USD in all",
        "timeout-after-commit strikes cloud_erp.create_invoice, Mon 5 Oct 03:20:00 CDT: it was done, and no reply came",
        "closeproof run story --design hand-written --seed 7",
        "closeproof story RUN ap_automation:INV-1",
    ):
        assert said in text


def test_a_run_that_passes_has_no_findings(tmp_path: Path) -> None:
    reader = read(rendered(tmp_path, well()))
    assert ("id", "findings") not in reader.attributes
    assert "journey" not in {value for attribute, value in reader.attributes if attribute == "class"}


def test_a_doubt_is_said_and_is_no_failure(tmp_path: Path) -> None:
    text = " ".join(read(rendered(tmp_path, cut())).text.split())
    assert "Nothing failed; this could not be judged." in text
    assert "the run was cut at its time limit before it came to rest" in text


def test_a_run_of_nothing_still_has_a_page(tmp_path: Path) -> None:
    made = directory(
        tmp_path, [], msgspec.structs.replace(judged(well()), invariants=(), thresholds=(), faults=(), ledgers=())
    )
    (made / "scenario.toml").unlink()
    assert "Nothing happened." in read(page.render(made)).text


def test_the_course_ends_as_the_summary_does(tmp_path: Path) -> None:
    """What the pictures show at the end is what the summary says."""
    reading = page.Reading(directory(tmp_path, twice()[:-8] + twice()[-1:]))
    assert len(reading.course.open) == 1
    assert reading.course.post_hours == []
    whole = page.Reading(directory(tmp_path, twice()))
    assert len(whole.course.open) == 0
    assert percentile(sorted(whole.course.post_hours), 0.95) == pytest.approx(4 / 60)


def test_days_are_the_hospitals_and_years_are_not_drawn() -> None:
    days = Course(Clocks({"H1": "America/Chicago"}), Known()).days
    midnight_ms = 1_791_176_400_000  # 2026-10-05 00:00 in Chicago
    assert [days.place(midnight_ms + ms) for ms in (5, 86_399_999, 86_400_000)] == [0, 0, 1]
    assert days.dates[0].isoformat() == "2026-10-05"
    days.place(midnight_ms * 2)
    assert len(days.dates) <= 402


def test_the_faults_table_says_what_was_harmless(tmp_path: Path) -> None:
    text = " ".join(read(rendered(tmp_path, twice())).text.split())
    assert "kind armed took effect harmless timeout-after-commit 2 1 0" in text
    assert ref("INV-1") in text
