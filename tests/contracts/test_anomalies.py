"""How anomalies and false alarms are counted."""

from __future__ import annotations

import pytest

from contracts.anomalies import score
from tests.contracts.journals import SCOPE, Story

__all__ = ["SCOPE"]

VARIANCE = ("price-variance", "quantity-variance")


def counted(story: Story) -> tuple[int, int, int, int]:
    """True, flagged, missed, false alarms."""
    found = score(story.entries).score
    return found.true, found.flagged, found.missed, found.false_alarms


def variance() -> Story:
    """An order, its receipt, and an invoice that is 8 % too high."""
    return Story().delivered().bills(captured=108_000, expect="case").anomaly("A-1", "INV-1", categories=VARIANCE)


def test_flagged_in_time() -> None:
    """The right paper, a fitting category, before the flag-by moment."""
    assert counted(variance().asks("CASE-1", "quantity-variance", "INV-1").ends()) == (1, 1, 0, 0)


def test_any_paper_of_an_anomaly_will_do() -> None:
    """A pair may be flagged from either side."""
    story = Story().delivered().bills().copies("INV-2", "INV-1", number="4711-A")
    story.anomaly("A-1", "INV-2", "INV-1", categories=("duplicate-invoice",))
    assert counted(story.asks("CASE-1", "duplicate-invoice", "INV-1").ends()) == (1, 1, 0, 0)


def test_never_flagged_is_missed() -> None:
    """Nobody was asked."""
    found = score(variance().ends().entries)
    assert found.missed == ("A-1",)
    assert (found.precision, found.recall) == (None, 0.0)


def test_flagged_late_is_missed_and_no_false_alarm() -> None:
    """It was something, but too late to help."""
    assert counted(variance().wait(25).asks("CASE-1", "price-variance", "INV-1").ends()) == (1, 0, 1, 0)


def test_the_wrong_category_misses_and_alarms() -> None:
    """A variance called a duplicate helps nobody."""
    assert counted(variance().asks("CASE-1", "duplicate-invoice", "INV-1").ends()) == (1, 0, 1, 1)


def test_what_could_not_be_flagged_yet_does_not_count() -> None:
    """The run is over before the flag-by moment."""
    assert counted(variance().ends(after_hours=1)) == (0, 0, 0, 0)


def test_a_case_about_nothing_is_a_false_alarm() -> None:
    """A lookalike within tolerance is flagged, and a paper that does not exist."""
    story = Story().delivered().bills(captured=101_500).asks("CASE-1", "price-variance", "INV-1")
    story.asks("CASE-2", "duplicate-invoice", "INV-404")
    found = score(story.ends().entries)
    assert [alarm.case for alarm in found.false_alarms] == ["service_desk:CASE-1", "service_desk:CASE-2"]
    assert story.entries[found.false_alarms[0].line - 1] is story.entries[-3]


def test_the_truth_may_be_written_after_the_case() -> None:
    """Entries of one moment stand in either order."""
    story = Story().delivered().bills(captured=108_000).asks("CASE-1", "price-variance", "INV-1")
    assert counted(story.anomaly("A-1", "INV-1", categories=VARIANCE).ends()) == (1, 1, 0, 0)


def test_precision_and_recall() -> None:
    """Two anomalies, one of them flagged, and three cases about nothing."""
    story = variance().bills("INV-2", number="2").anomaly("A-2", "INV-2", categories=VARIANCE)
    story.asks("CASE-1", "price-variance", "INV-1")
    for number in (2, 3, 4):
        story.asks(f"CASE-{number}", "unknown-order", "INV-1")
    found = score(story.ends().entries)
    assert (found.precision, found.recall) == (0.25, 0.5)


@pytest.mark.parametrize(
    ("entity", "period", "alarms"), [("H1", "2026-10", 0), ("H2", "2026-10", 1), ("H1", "2026-09", 1)]
)
def test_a_closed_period_explains_a_case(entity: str, period: str, alarms: int) -> None:
    """If it is the paper's hospital and the paper's period."""
    story = Story().delivered().bills()
    story.effect("cloud_erp", "period.closed", "P-1", entity=entity, state=period)
    assert counted(story.asks("CASE-1", "period-closed", "INV-1").ends())[3] == alarms


def test_a_period_closed_afterwards_explains_nothing() -> None:
    """The case was opened on a guess."""
    story = Story().delivered().bills().asks("CASE-1", "period-closed", "INV-1")
    assert counted(story.effect("cloud_erp", "period.closed", "P-1", state="2026-10").ends())[3] == 1


@pytest.mark.parametrize("category", ["rejected-by-target", "undeliverable"])
@pytest.mark.parametrize(
    ("outcome", "status", "alarms"),
    [("replied", 400, 0), ("replied", 503, 0), ("timed-out", 0, 0), ("not-sent", 0, 0), ("replied", 201, 1)],
)
def test_trouble_at_the_target_explains_a_case(category: str, outcome: str, status: int, alarms: int) -> None:
    """A call about the paper was refused, or has not succeeded; a call that succeeded explains nothing."""
    story = Story().delivered().bills()
    story.calls("cloud_erp", "create_invoice", "ap_automation:INV-1", outcome=outcome, status=status)
    assert counted(story.asks("CASE-1", category, "INV-1").ends())[3] == alarms


def test_trouble_that_passed_explains_nothing() -> None:
    """The target was down for a while, took the invoice, and the case is opened all the same."""
    story = Story().delivered().bills()
    story.calls("cloud_erp", "create_invoice", "4711", outcome="timed-out").calls("cloud_erp", "create_invoice", "4711")
    assert counted(story.asks("CASE-1", "undeliverable", "INV-1").ends())[3] == 1


def test_looking_up_in_vain_is_no_refusal() -> None:
    """Not found is an answer once something else was found."""
    story = Story().delivered().bills().calls("cloud_erp", "find_invoice", "ap_automation:INV-1", status=404)
    story.calls("cloud_erp", "find_invoice", "ap_automation:INV-1")
    assert counted(story.asks("CASE-1", "rejected-by-target", "INV-1").ends())[3] == 1


def test_goods_that_have_not_come_explain_a_case() -> None:
    """Until they come; what has arrived for an earlier invoice of the order does not count twice."""
    story = Story().ordered().bills("INV-1", 60_000, number="1").asks("CASE-1", "invoice-without-receipt", "INV-1")
    story.arrives("GRN-1", 60_000).bills("INV-2", 40_000, number="2")
    assert counted(story.asks("CASE-2", "invoice-without-receipt", "INV-2").ends())[3] == 0
    story = Story().ordered().arrives().bills().asks("CASE-1", "invoice-without-receipt", "INV-1")
    assert counted(story.ends())[3] == 1


def test_a_repeated_open_counts_once() -> None:
    """The desk answers a repeated send with the case that it has."""
    story = Story().delivered().bills().asks("CASE-1", "unknown-order", "INV-1")
    assert counted(story.asks("CASE-1", "unknown-order", "INV-1").ends())[3] == 1
