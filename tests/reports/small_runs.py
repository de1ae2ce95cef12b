"""Run directories made by hand: a week in which an invoice is posted twice, one in which all is well, one that proves nothing."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from contracts import journal
from contracts.anomalies import score
from contracts.journal import Document, Effect, Entry, FaultTook, RunEnded, WorkerLife
from contracts.oracle import Oracle
from contracts.verdict import FaultCount, InvariantResult, Ledger, Summary, ThresholdResult, overall
from reports import page, summary_json
from tests.contracts.journals import SCOPE, Story, ref
from tests.reports.samples import PASSED

SCENARIO = """
name = "story"
title = "A week, and one invoice"
scope = ["procure-to-pay"]

[calendar]
start = 2026-10-05
end = 2026-10-09
close = 2026-10-09T22:00:00

[[hospital]]
id = "H1"
name = "Prairie General Hospital"
time_zone = "America/Chicago"
orders_per_day = 1.0

[[peak]]
start = 2026-10-07
end = 2026-10-08
factor = 3.0
"""


def struck(story: Story, kind: str, target: str, key: str, attempt: int = 1, **params: str | float) -> Story:
    """A fault takes effect."""
    return story.write(FaultTook(story.at, kind, target, {"key": key, "attempt": attempt}, params))


def twice() -> list[Entry]:
    """The ERP books an invoice and does not say so; the design sends it again under a new key."""
    story = Story().delivered(123_456).bills(value=123_456).tells("INV-1").reads("INV-1")
    story.posts(own="AP-1")
    struck(story, "timeout-after-commit", "cloud_erp.create_invoice", ref("INV-1"))
    story.calls("cloud_erp", "create_invoice", ref("INV-1"), outcome="timed-out", status=0)
    story.posts(own="AP-2").calls("cloud_erp", "create_invoice", ref("INV-1"), status=201, attempt=2)
    return story.says("INV-1", "posted", "AP-2").ends().entries


def well() -> list[Entry]:
    """The same week, and nothing goes wrong."""
    return Story().delivered(123_456).bills(value=123_456).tells("INV-1").reads("INV-1").paid().ends().entries


def cut() -> list[Entry]:
    """A run that never came to rest."""
    return [*well()[:-1], RunEnded(well()[-1].at, "bound")]


def hostile() -> list[Entry]:
    """The same as `twice`, with markup and terminal commands in whatever a supplier or a design may write."""
    evil = '<script>alert("x")</script>\x1b[2J'

    def spoiled(entry: Entry) -> Entry:
        if isinstance(entry, Document | Effect):
            return msgspec.structs.replace(
                entry, party=evil if entry.party else "", number=evil if entry.number else ""
            )
        return entry

    return [*map(spoiled, twice()), WorkerLife(twice()[-1].at, "w1", "failed", 1, evil)]


def judged(entries: list[Entry]) -> Summary:
    """The summary that such a run would have."""
    oracle = Oracle(SCOPE)
    for entry in entries:
        oracle.feed(entry)
    invariants: tuple[InvariantResult, ...] = oracle.close()
    thresholds = (ThresholdResult("post_hours_p95_max", 24.0, 0.05, "pass"),)
    ended = next(entry.reason for entry in entries if isinstance(entry, RunEnded))
    faults = [entry.kind for entry in entries if isinstance(entry, FaultTook)]
    return msgspec.structs.replace(
        PASSED,
        scenario="story",
        design="hand-written",
        verdict=overall([*(each.verdict for each in invariants), *(each.verdict for each in thresholds)]),
        invariants=invariants,
        thresholds=thresholds,
        faults=tuple(FaultCount(kind, faults.count(kind) + 1, faults.count(kind)) for kind in sorted(set(faults))),
        anomalies=score(entries).score,
        ledgers=(Ledger("H1", "USD", 370_368, 370_368),),
        money_at_risk_minor=oracle.money_at_risk_minor,
        ended=ended,
        virtual_s=432_000.0,
        crossings=11,
        idle_crossings=0,
        truth={"invoices": 1},
        effects={"cloud_erp/invoice.posted": 1},
        open_cases=0,
        replay="closeproof run story --design hand-written --seed 7",
    )


def directory(folder: Path, entries: list[Entry], summary: Summary | None = None) -> Path:
    """Leave a run's files in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "summary.json").write_bytes(summary_json.encode(summary or judged(entries)))
    (folder / "events.jsonl").write_bytes(b"".join(journal.encode(entry) + b"\n" for entry in entries))
    (folder / "scenario.toml").write_text(SCENARIO, "utf-8")
    return folder


RUNS: dict[str, Callable[[], list[Entry]]] = {"twice": twice, "well": well, "cut": cut}

GOLDEN = Path(__file__).with_name("golden")


def fragments(folder: Path) -> dict[str, str]:
    """What the golden files hold of the page of `twice`: each picture, wide and narrow, and the journey."""
    text = page.render(directory(folder, twice()))
    found = {f"{name}.svg": f"{drawn}\n" for drawn, name in re.findall(r'(<svg .*?id="([\w-]+)-t">.*?</svg>)', text)}
    found["journey.html"] = text[
        text.index('<details class="journey"') : text.index('</section>\n\n<section id="course')
    ]
    return found


if __name__ == "__main__":  # python -m tests.reports.small_runs: write the golden files again, after looking at them
    with tempfile.TemporaryDirectory() as scratch:
        for name, text in fragments(Path(scratch)).items():
            (GOLDEN / name).write_text(text, "utf-8")
