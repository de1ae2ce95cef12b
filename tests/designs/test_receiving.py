"""What is misread, taxed wrongly, or received without being counted: who looks for it finds all of it, who does not pays."""

from __future__ import annotations

from functools import cache

from msgspec.structs import replace

from contracts.scenario import Anomalies, Scenario, Trade
from contracts.verdict import Summary
from sim.designs import load_design
from sim.run import RunOptions, run
from sim.scenario_file import load_scenario

NEW = {"misread", "tax-variance", "blanket-receipt"}


@cache
def hasty_week() -> Scenario:
    """A week of bills read from paper, with taxes, of docks in a hurry; nothing fails but people."""
    week = load_scenario("quiet-week")[0]
    taxed = replace(week.hospital[0], sales_tax=0.08875)
    trade = Trade(charges_share=0.4, unsure_share=0.3, receive_all_share=0.3)
    anomalies = Anomalies(price_within_tolerance=0.1, misread=0.1, tax_variance=0.08, blanket_receipt=0.15)
    return replace(week, hospital=(taxed,), trade=trade, anomalies=anomalies, weather=(), front=())


@cache
def judged(design: str) -> Summary:
    """That week under a design."""
    name, run_it = load_design(design)
    return run(RunOptions(hasty_week(), name, run_it, 3, 1.0))


def found(summary: Summary) -> dict[str, tuple[int, int]]:
    """True and flagged, by kind."""
    return {each.what: (each.true, each.flagged) for each in summary.anomalies.classes}


def test_the_reference_finds_all_of_it_and_bothers_nobody_with_the_rest() -> None:
    summary = judged("workflow")
    assert summary.verdict == "pass", [each for each in summary.invariants if each.verdict == "fail"]
    kinds = found(summary)
    assert set(kinds) == NEW
    assert all(true == flagged >= 4 for true, flagged in kinds.values()), kinds
    assert summary.anomalies.false_alarms == 0
    assert summary.open_obligations == 0


def test_a_design_that_does_not_look_books_what_was_never_owed() -> None:
    """It matches prices and quantities, and knows nothing of readings, taxes and counts."""
    summary = judged("point-to-point")
    kinds = found(summary)
    assert all(flagged < true for true, flagged in kinds.values()), kinds
    assert {each.id for each in summary.invariants if each.verdict == "fail"} >= {"I03", "I07", "I12", "I21"}
    assert summary.money_at_risk_minor > 0
    assert summary.anomalies.false_alarms == 0  # it asks about no count that found all of it there
