"""The toll of hand-written journals: each harm once for each obligation, with its money and what had struck it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from contracts.comparison import HARMS, Finding, Toll, percentile, total
from contracts.journal import Call, FaultTook, WorkerLife
from tests.contracts import bad_stories as bad
from tests.contracts.journals import Story


def found(story: Story) -> tuple[Finding, ...]:
    toll = Toll()
    for entry in story.entries:
        toll.feed(entry)
    return toll.findings()


def counts(story: Story) -> dict[str, int]:
    return {harm: figure.count for harm, figure in total(found(story)).items() if figure.count}


def strikes(story: Story, kind: str, target: str, key: str, *, harmless: bool = False) -> Story:
    return story.write(FaultTook(story.at, kind, target, {"key": key, "attempt": 1}, {}, harmless))


def sound() -> Story:
    """Ordered, received, billed, posted and told."""
    return Story().delivered().bills().tells("INV-1").paid().ends()


def test_a_sound_month_costs_nothing() -> None:
    assert found(sound()) == ()
    assert set(total(())) == set(HARMS)


@pytest.mark.parametrize(
    ("story", "harm"),
    [
        (bad.acknowledged_and_lost, "lost"),
        (bad.webhook_lost, "lost"),
        (bad.decision_lost, "lost"),
        (bad.resent_after_timeout, "doubled"),
        (bad.copy_posted_too, "doubled"),
        (bad.doubled_then_cancelled, "doubled"),
        (bad.receipt_posted_twice, "doubled"),
    ],
)
def test_each_broken_design_costs_what_it_should(story: Callable[[], Story], harm: str) -> None:
    cost = counts(story())
    assert cost.pop(harm) == 1
    assert set(cost) <= {"untold"}, "and nothing is counted under two names"


def test_what_nobody_owns_is_lost_and_what_a_person_holds_is_not() -> None:
    waiting = Story().delivered().bills(captured=108_000, expect="case").tells("INV-1")
    waiting.asks("CASE-1", "price-variance", "INV-1").ends()
    assert "lost" not in counts(waiting)


def test_a_posting_after_its_time_is_late_by_its_amount() -> None:
    late = Story().delivered().bills(due_hours=1).tells("INV-1").wait(5).paid().ends()
    harms = total(found(late))
    assert harms["late"].count == 1
    assert harms["late"].amount_minor == 100_000
    assert harms["lost"].count == 0


def test_a_wrong_amount_is_misposted() -> None:
    wrong = Story().delivered().bills().tells("INV-1").paid(amount=90_000).ends()
    assert counts(wrong) == {"misposted": 1}


def test_three_postings_are_two_too_many() -> None:
    story = Story().delivered().bills().tells("INV-1").paid().posts("INV-1", "AP-2").posts("INV-1", "AP-3").ends()
    doubled = total(found(story))["doubled"]
    assert (doubled.count, doubled.amount_minor) == (2, 200_000)


# -- why --------------------------------------------------------------------------------------------------------------


def why(story: Story, harm: str) -> tuple[str, str]:
    one = next(finding for finding in found(story) if finding.harm == harm)
    return one.reason, one.how


def test_a_fault_on_the_paper_itself_is_the_reason() -> None:
    story = strikes(Story().delivered().bills(), "webhook-lost", "ap_automation>invoice.captured", "INV-1")
    assert why(story.tells("INV-1", "lost").ends(), "lost") == ("webhook-lost", "struck")


def test_a_harmless_fault_is_no_reason() -> None:
    story = strikes(Story().delivered().bills(), "webhook-reordered", "a>b", "INV-1", harmless=True)
    assert why(story.ends(), "lost") == ("no fault", "none")


def test_a_copy_is_the_reason_when_two_papers_were_posted() -> None:
    story = Story().delivered().bills().paid().copies("INV-2", "INV-1", number="4711-A")
    story.anomaly("A-1", "INV-2", "INV-1", categories=("duplicate-renumbered",))
    strikes(story, "busy", "cloud_erp.create_invoice", "ap_automation:INV-1")
    assert why(story.paid("INV-2", "AP-2").ends(), "doubled") == ("duplicate-renumbered", "world")


def test_a_lost_reply_is_the_reason_when_one_paper_was_posted_twice() -> None:
    story = Story().delivered().bills().tells("INV-1").paid()
    strikes(story, "timeout-after-commit", "cloud_erp.create_invoice", "ap_automation:INV-1")
    assert why(story.posts("INV-1", "AP-2").ends(), "doubled") == ("timeout-after-commit", "struck")


def test_what_a_dead_worker_had_acknowledged_died_with_it() -> None:
    story = Story().delivered().bills().tells("INV-1")
    story.write(WorkerLife(story.at, "w1", "crashed", 1, "crash at P2"))
    assert why(story.ends(), "lost") == ("crash", "struck")


def test_a_door_that_had_just_closed_is_named_as_nearby() -> None:
    story = strikes(Story().delivered().bills(), "busy", "cloud_erp.create_invoice", "ap_automation:INV-99")
    assert why(story.tells("INV-1").ends(), "lost") == ("busy", "nearby")


def test_a_decisions_key_counts_as_its_papers() -> None:
    story = Story().delivered().bills(captured=108_000, expect="case").asks("CASE-1", "price-variance", "INV-1")
    story.decides("CASE-1", "accept").truth_changes("INV-1", 108_000)
    strikes(story, "webhook-lost", "service_desk>case.decided", "CASE-1")
    assert why(story.ends(), "lost") == ("webhook-lost", "struck")


# -- what it took -----------------------------------------------------------------------------------------------------


def test_calls_are_counted_idle_and_failed_ones_apart() -> None:
    story = Story().delivered().bills()
    story.calls("cloud_erp", "create_invoice", "ap_automation:INV-1", outcome="timed-out", status=0)
    story.calls("ap_automation", "list_invoices", idle=True)
    toll = Toll()
    for entry in story.entries:
        toll.feed(entry)
    made = [entry for entry in story.entries if isinstance(entry, Call)]
    assert (toll.calls, toll.idle_calls, toll.failed_calls) == (len(made), 1, 1)
    assert toll.invoices == 1


def test_time_to_post_runs_from_the_first_capture_to_the_first_posting() -> None:
    toll = Toll()
    for entry in Story().delivered().bills().wait(3).posts().posts("INV-1", "AP-2").ends().entries:
        toll.feed(entry)
    assert toll.post_hours == [pytest.approx(3, abs=0.1)]


def test_a_lost_delivery_is_not_an_acknowledged_one() -> None:
    story = Story().delivered().bills().tells("INV-1", "lost")
    story.write(WorkerLife(story.at, "w1", "crashed", 1))
    assert why(story.ends(), "lost") == ("crash", "order"), "other papers of its order were in that worker's hands"


def test_percentiles_of_nothing_and_of_something() -> None:
    assert percentile([], 0.5) is None
    assert percentile([1.0, 2.0, 3.0], 0.5) == 2.0
