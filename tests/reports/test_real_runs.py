"""The page of real runs: what it counts for itself agrees with the summary, and a disaster still fits on a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports import page
from reports.course import percentile
from reports.findings import JOURNEYS_MAX
from tests.cli.command import design, here


def ran(tmp_path: Path, *more: str | Path) -> page.Reading:
    """A quiet week, read as the page reads it."""
    out = tmp_path / "run"
    here(["run", "quiet-week", "--seed", "3", "--quiet", "--out", out, *more])
    assert page.render(out) == (out / "report.html").read_text("utf-8")
    return page.Reading(out)


def test_counts_agree_with_the_summary(tmp_path: Path) -> None:
    reading = ran(tmp_path)
    summary, course = reading.summary, reading.course
    assert len(course.open) == summary.open_obligations
    limit = next(each for each in summary.thresholds if each.name == "open_obligations_max")
    assert limit.value == len(course.open)
    took = {each.kind: each.took_effect for each in summary.faults if each.took_effect}
    assert {kind: days.total() for kind, days in course.faults.items()} == took
    for truth, counted in (("invoices", "invoices"), ("goods-receipts", "receipts"), ("purchase-orders", "orders")):
        assert sum(course.series(counted)) == summary.truth[truth]
    crossings = sum(sum(course.series(name)) for name in ("went well", "went wrong"))
    assert crossings == pytest.approx(summary.crossings, rel=0.05)  # those on the way at the end are not in the journal
    assert percentile(sorted(course.post_hours), 0.95) > 0


def test_a_disaster_fits_on_a_page(tmp_path: Path) -> None:
    """Nothing is ever posted: every paper is a finding, a few have their journeys, the rest is listed."""
    reading = ran(tmp_path, "--design", design(tmp_path))
    assert len(reading.groups) > JOURNEYS_MAX == len(reading.journeys)
    text = page.page(reading)
    assert f"{len(reading.groups) - JOURNEYS_MAX} more, without their journeys" in text
    assert len(text) < 250_000
    assert len(reading.course.days.dates) < 60
