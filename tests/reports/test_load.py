"""A load test's page, table and JUnit: what they say, whatever the names in it are."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree as ET

import msgspec
import pytest
from rich.console import Console

from contracts.load import RESULT, Calls, Instant, Kind, LoadResult, Measured, Spread
from contracts.verdict import Judgement, ThresholdResult
from reports import load
from reports.load_junit import junit

FAST = Spread(3, 1.0, 2.0, 3.0, 4.0, 1234.5)


def result(verdict: Judgement = "pass", *limits: ThresholdResult) -> LoadResult:
    measured = Measured(
        seconds=2.0, took_s=2.1, planned=3, done=2, failed=1, unplayed=0, unmeasured=7, unmeasured_failed=0,
        rate_planned=1.5, rate_planned_peak=4.0, rate_achieved=1.0, achieved_share=0.6349, error_share=0.3333,
        latency=FAST, behind=FAST, taken=FAST, kinds=(Kind("<b>invoice</b>", 3, 2, 1, FAST),),
        calls=(Calls("cloud_erp.create_invoice", FAST, 1, {"201": 2, "500": 1}),),
        course=(Instant(0.0, 2, 1, 1.0, 2.0, 3.0), Instant(1.0, 1, 1, None, None, None)),
        reasons={"create_invoice: status 500": 1},
    )  # fmt: skip
    return LoadResult(
        schema=RESULT, scenario="x", seed=1, scale=1.0, against="estate", limits="lifted", workers=2,
        begins="2026-10-31T12:00:00Z", ends="2026-10-31T13:00:00Z", speed=1800.0, fell_back_s=0.0, verdict=verdict,
        measured=measured, thresholds=limits, books=None, command="closeproof load x --seconds 2",
    )  # fmt: skip


SLOW = ThresholdResult("p95_ms_max", 2.0, 3.0, "fail")
SLUGGISH = ThresholdResult("achieved_share_min", 0.9, None, "unknown")


def test_the_page_needs_nothing_but_itself_and_escapes_what_it_is_given() -> None:
    page = load.page(result("fail", SLOW))
    assert "<script" not in page
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page)
    assert "&lt;b&gt;invoice" in page
    assert "<b>invoice" not in page
    assert page.count("<svg") == 2
    assert page.count("<title id=") == page.count("<desc id=") == 2
    assert page == load.page(result("fail", SLOW))


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ((SLOW,), "missed: 95 in 100 within; books: the estate did not settle"),
        ((SLUGGISH,), "could not be judged: achieved of the planned rate;"),
        ((), "0 limits kept;"),
    ],
)
def test_the_sentence_says_what_was_missed(limits: tuple[ThresholdResult, ...], said: str) -> None:
    assert said in load.sentence(result("fail", *limits))


def test_the_table_fits_a_narrow_terminal_and_names_the_generators_delay() -> None:
    out = io.StringIO()
    load.show(result("fail", SLOW), Console(file=out, width=80, markup=False, highlight=False), "reports/out/x")
    said = out.getvalue()
    assert "generator late by p50 1.0 ms · p99 4.0 ms" in said
    assert "cloud_erp.create_invoice" in said
    assert "95 in 100 within: 3 ms, at most 2 ms" in said
    assert "1 failed at create_invoice: status 500" in said
    assert all(len(line) <= 80 for line in said.splitlines() if line.startswith("  cloud_erp"))


def test_junit_counts_a_miss_as_failure_and_doubt_as_error() -> None:
    suite = ET.fromstring(junit(result("fail", SLOW, SLUGGISH))).find("testsuite")  # noqa: S314 - our own document
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "2")
    assert [case.get("name") for case in suite.findall("testcase/failure/..")] == ["p95_ms_max"]


def test_the_document_reads_back_as_it_was() -> None:
    made = result("pass", SLOW)
    assert msgspec.json.decode(msgspec.json.encode(made), type=LoadResult) == made
