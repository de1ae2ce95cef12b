"""A bill may be for too much though all of it has come, while an earlier one is still to be found by a poll."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from contracts.plan import Weather
from contracts.verdict import Summary
from orchestrator.canonical import GoodsReceipt, ReceiptLine
from orchestrator.engine.streams import POLL_QUIET_MS
from orchestrator.workflows import messages as m
from orchestrator.workflows import progress
from orchestrator.workflows.progress import HEARD_MS
from sim.designs import load_design
from sim.run import RunOptions, run
from sim.scenario_file import load_scenario
from tests.orchestrator.papers import NOW, NUMBER, Story, approved, captured, decided, invoice, received, short

POST_1, POST_2 = "inv:ap_automation:INV-1:post", "inv:ap_automation:INV-2:post"
CASE = "quantity-variance/ap_automation:INV-2"
HEARD = m.TimerDue(NOW + HEARD_MS, "heard:INV-2")
TOO_MUCH = {"more than it should be": (6, 3), "as much as both deliveries": (10, 4)}


def halves(first: int = 6, second: int = 3) -> Story:
    """Two halves came, and the first bill that we hear of is the second, for so many; its number is its own."""
    story = Story()
    story.tell(approved(), received("GRN-1", 5, 2), received("GRN-2", 5, 2))
    said = short(story.tell(captured(invoice("INV-2", first, second, number="78", at=60_000))))
    assert said == ["start heard:INV-2"]
    return story


@pytest.mark.parametrize("billed", TOO_MUCH.values(), ids=TOO_MUCH)
def test_the_earlier_bill_is_posted_and_the_one_for_too_much_asked_about(billed: tuple[int, int]) -> None:
    story = halves(*billed)
    said = short(story.tell(captured(invoice("INV-1", 5, 2))))
    assert said == [POST_1, f"case {CASE}", "tell INV-1 posted"]
    assert short(story.tell(HEARD)) == []
    assert short(story.tell(decided(CASE, "accept"))) == [POST_2, "tell INV-2 posted"], "people's word is enough"


def test_a_copy_in_halves_does_not_come_before_what_it_copies() -> None:
    story = Story()
    story.tell(approved(), received())
    for name, quantity, number in (("INV-2", 4, "INV-1068A"), ("INV-3", 6, "INV-1068B")):
        half = captured(invoice(name, quantity, 2, number=number, at=60_000))
        assert short(story.tell(half)) == [f"start heard:{name}"]
    assert short(story.tell(captured(invoice(number="INV-1068")))) == [
        POST_1,
        "case duplicate-invoice/ap_automation:INV-2",
        "case duplicate-invoice/ap_automation:INV-3",
        "tell INV-1 posted",
    ]


def test_a_copy_under_another_supplier_s_name_does_not_come_before_what_it_copies() -> None:
    story = Story()
    story.tell(approved(), received())
    copy = replace(invoice("INV-2", at=60_000), supplier_id="V001")
    assert short(story.tell(captured(copy))) == ["start heard:INV-2"]
    assert short(story.tell(captured(invoice()))) == [
        POST_1,
        "case duplicate-invoice/ap_automation:INV-2",
        "tell INV-1 posted",
    ]


def test_a_bill_under_another_supplier_s_name_is_posted_where_nobody_else_bills() -> None:
    """Suppliers merge and have more records than one: the name alone is no reason to ask."""
    story = Story()
    story.tell(approved(), received())
    assert short(story.tell(captured(replace(invoice("INV-2"), supplier_id="V001")))) == ["start heard:INV-2"]
    assert short(story.tell(HEARD)) == [POST_2, "tell INV-2 posted"]


@pytest.mark.parametrize("billed", TOO_MUCH.values(), ids=TOO_MUCH)
def test_where_no_earlier_bill_is_found_in_time_it_is_posted(billed: tuple[int, int]) -> None:
    story = halves(*billed)
    assert short(story.tell(received("GRN-3", 1, 0))) == ["gr:H1:GRN-3"], (
        "nothing that comes meanwhile starts the time anew"
    )
    assert short(story.tell(HEARD)) == [POST_2, "tell INV-2 posted"]


def test_the_time_counts_from_the_capture() -> None:
    """A bill that comes into the process days later, or waited for its delivery, has had its time."""
    story = halves()
    started = next(command for command in story.commands if isinstance(command, m.StartTimer))
    assert started.due_ms == story.state.invoices["INV-2"].invoice.captured_ms + HEARD_MS


def test_a_bill_for_one_delivery_is_posted_at_once_whichever_it_is() -> None:
    story = Story()
    story.tell(approved(), received("GRN-1", 7, 3), received("GRN-2", 3, 1))
    assert short(story.tell(captured(invoice("INV-2", 3, 1, number="78", at=5)))) == [POST_2, "tell INV-2 posted"]
    assert short(story.tell(captured(invoice("INV-1", 7, 3)))) == [POST_1, "tell INV-1 posted"]


def test_what_went_back_of_a_delivery_is_not_billed_with_it() -> None:
    back = GoodsReceipt("GRN-3", "H1", NUMBER, "2026-10-05", (ReceiptLine(1, 2),), corrects="GRN-2")
    story = Story()
    story.tell(approved(), received("GRN-1", 5, 2), received("GRN-2", 5, 2), m.ReceiptRecorded(NOW, "GRN-3", back))
    assert short(story.tell(captured(invoice("INV-2", 3, 2, number="78")))) == [POST_2, "tell INV-2 posted"]


def test_a_line_that_did_not_come_with_a_delivery_is_not_billed_with_it() -> None:
    story = Story()
    story.tell(approved(), received("GRN-1", 5, 0), received("GRN-2", 5, 4))
    only = invoice("INV-2", 5, 0, number="78")
    assert short(story.tell(captured(only))) == [POST_2, "tell INV-2 posted"], "a line of none is no line"
    assert short(story.tell(captured(invoice("INV-1", 5, 2)))) == ["start heard:INV-1"]


def played() -> Summary:
    """A week in which all comes in halves, much is billed too high, and half of the bills' webhooks are lost."""
    week, (name, design) = load_scenario("quiet-week")[0], load_design("workflow")
    trade, anomalies = replace(week.trade, split_delivery_share=1.0), replace(week.anomalies, quantity_variance=0.7)
    lost = Weather("webhook-lost", "ap_automation>invoice.captured", 0.5)
    return run(RunOptions(replace(week, trade=trade, anomalies=anomalies, weather=(lost,)), name, design, 4, 0.4))


def test_a_week_of_lost_webhooks_ends_with_every_bill_for_too_much_asked_about() -> None:
    summary = played()
    assert summary.verdict == "pass"
    assert (summary.anomalies.missed, summary.anomalies.false_alarms) == (0, 0)


def test_who_posts_whatever_the_deliveries_would_cover_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_is_delivered", lambda *_: True)
    assert {each.id for each in played().invariants if each.verdict == "fail"} == {"I03", "I07", "I12", "I21"}


def test_the_time_is_longer_than_any_pause_between_two_polls() -> None:
    assert HEARD_MS > POLL_QUIET_MS
