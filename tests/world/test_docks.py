"""Deliveries that a dock enters without counting: mostly right, sometimes not, and counted days later."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from contracts.journal import Document, Effect, Obligation
from contracts.scenario import Anomalies, Trade
from mocks.inventory.models import ReceiptShown
from tests.world.stage import QUIET_WEEK, Stage

HASTY = replace(
    QUIET_WEEK,
    anomalies=Anomalies(blanket_receipt=0.3, price_variance=0.1),
    trade=Trade(receive_all_share=0.4, stock_share=1.0),
)


@pytest.fixture(scope="module")
def stage() -> Stage:
    """A week of docks in a hurry, undisturbed by any design."""
    return Stage(HASTY, 5).play()


def receipts(stage: Stage, method: str) -> dict[str, ReceiptShown]:
    """Receipts that came about in one way."""
    shown = stage.estate.inventory.state.receipts
    return {f"inventory:{grn}": each for grn, each in shown.items() if each.method == method}


def papers(stage: Stage) -> dict[str, Document]:
    """Papers by their reference."""
    return {paper.ref: paper for paper in stage.documents}


def owed(stage: Stage) -> dict[str, Obligation]:
    """Everything owed, as it was first."""
    return {each.id: each for each in reversed(stage.obligations)}


def test_what_is_entered_without_counting_is_counted_once_within_days(stage: Stage) -> None:
    entered, counts = receipts(stage, "receive_all"), receipts(stage, "count")
    assert sorted(f"inventory:{each.corrects}" for each in counts.values()) == sorted(entered)
    assert all(entered[f"inventory:{each.corrects}"].received_on < each.received_on for each in counts.values())
    short = [each for each in counts.values() if each.lines]
    assert len(short) > 10
    assert len(counts) - len(short) > 10, "most docks are right"
    assert len(receipts(stage, "counted")) > 10


def test_the_truth_knows_what_came_whatever_the_dock_entered(stage: Stage) -> None:
    known, due = papers(stage), owed(stage)
    for ref, count in receipts(stage, "count").items():
        entered = known[f"inventory:{count.corrects}"]
        if not count.lines:
            assert ref not in known, "a count that finds all there is owed nothing"
            assert entered.amount_minor == due[entered.obligation].order_value_minor
            continue
        missing = due[known[ref].obligation]
        assert (missing.what, known[ref].amount_minor) == ("goods-return", 0)
        assert missing.required == ("cloud_erp/receipt.returned",)
        assert entered.amount_minor == due[entered.obligation].order_value_minor - missing.order_value_minor > 0


def test_all_is_billed_and_what_came_is_due(stage: Stage) -> None:
    known, due = papers(stage), owed(stage)
    found = [anomaly for anomaly in stage.anomalies if anomaly.what == "blanket-receipt"]
    assert len(found) > 10
    for anomaly in found:
        bill, _, entered, count = (known[ref] for ref in anomaly.evidence)
        truth = due[bill.obligation]
        assert anomaly.about == (bill.ref,)
        assert bill.amount_minor == due[entered.obligation].order_value_minor
        assert truth.amount_minor == entered.amount_minor < bill.amount_minor
        assert anomaly.at == max(bill.at, count.at)
        assert anomaly.at < anomaly.flag_by_ms
        assert (anomaly.outcomes, bill.expect) == (("reject",), "case")


def test_a_bill_need_not_be_booked_before_the_count(stage: Stage) -> None:
    recorded = {effect.ref: effect.at for effect in stage.effects("receipt.recorded")}
    due = owed(stage)
    waited = 0
    for count in receipts(stage, "count").values():
        bill = next(o for o in due.values() if o.what == "payable" and o.order == count.order)
        waited += bill.at < recorded[count.grn] < bill.due_ms
        assert recorded[count.grn] < bill.due_ms
    assert waited > 10


def test_other_turns_are_shown_when_they_are_there(stage: Stage) -> None:
    """A wrong price on a delivery that nobody has counted yet is a wrong price from the first."""
    known = papers(stage)
    prices = [anomaly for anomaly in stage.anomalies if anomaly.what == "price-variance"]
    assert prices
    assert all(anomaly.at == known[anomaly.about[0]].at for anomaly in prices)


def test_refused_it_is_billed_again_for_what_came() -> None:
    stage = Stage(HASTY, 5, 0.4)

    def react(effect: Effect) -> None:
        if effect.what == "receipt.recorded" and effect.ref.startswith("CNT"):
            stage.later(60_000, ask)

    def ask() -> None:
        for anomaly in stage.anomalies:
            if anomaly.what == "blanket-receipt" and anomaly.id not in asked:
                asked.add(anomaly.id)
                stage.open_case("quantity-variance", "H1", *anomaly.about)

    asked: set[str] = set()
    stage.react = react
    stage.play()
    bills: dict[str, list[Document]] = {}
    for paper in stage.invoices():
        bills.setdefault(paper.obligation, []).append(paper)
    refused = [
        bills[papers(stage)[case.subjects[0]].obligation] for case in stage.estate.service_desk.state.cases.values()
    ]
    assert len(refused) > 3
    for first, again in refused:
        assert again.number == first.number
        assert again.amount_minor == owed(stage)[first.obligation].amount_minor < first.amount_minor
