"""Where effects stem from, and what is known by then."""

from __future__ import annotations

import msgspec

from contracts.journal import Effect
from contracts.provenance import AMBIGUOUS, UNRELATED, Known
from tests.contracts.journals import Story


def known(story: Story) -> Known:
    """What a story makes known."""
    index = Known()
    for entry in story.entries:
        index.learn(entry)
    return index


def invoice(**fields: object) -> Effect:
    """A posting that gives only what it is told to."""
    return Effect(0, "cloud_erp", "invoice.posted", "AP-1", 1, **{"entity": "H1", **fields})  # type: ignore[arg-type]


def test_the_source_reference_comes_first() -> None:
    """Even where the other fields point elsewhere."""
    index = known(Story().bills("INV-1").bills("INV-2", number="4712"))
    assert index.origin(invoice(source_ref="ap_automation:INV-1", party="S012", number="4712")) == "PAY:INV-1"


def test_the_fields_as_captured_come_second() -> None:
    """Supplier, number and hospital, for the right kind of paper."""
    index = known(Story().bills("INV-1").bills("INV-2", number="4712").orders())
    assert index.origin(invoice(party="S012", number="4712")) == "PAY:INV-2"


def test_equal_numbers_are_told_apart_by_the_amount() -> None:
    """A rebill has the number of what it replaces."""
    index = known(Story().bills("INV-1", 5_000).bills("INV-2", 7_000))
    assert index.origin(invoice(party="S012", number="4711", amount_minor=7_000)) == "PAY:INV-2"


def test_what_fits_two_is_ambiguous() -> None:
    """Nothing tells them apart, and nothing is guessed."""
    index = known(Story().bills("INV-1").bills("INV-2"))
    assert index.origin(invoice(party="S012", number="4711", amount_minor=100_000)) == AMBIGUOUS


def test_two_papers_of_one_obligation_have_one_origin_and_no_single_paper() -> None:
    """Which copy carried it does not matter for what is owed."""
    index = known(Story().bills("INV-1").copies("INV-2", "INV-1", number="4711"))
    effect = invoice(party="S012", number="4711", amount_minor=100_000)
    assert index.origin(effect) == "PAY:INV-1"
    assert index.paper(effect) is None


def test_what_fits_nothing_is_unrelated() -> None:
    """No number, no order, no reference; and invoices are never told by their order alone."""
    index = known(Story().bills("INV-1"))
    assert index.origin(invoice(party="S012")) == UNRELATED
    assert index.origin(invoice(order="PO-1")) == UNRELATED


def test_receipts_and_orders_are_told_by_the_order() -> None:
    """They carry no number of a supplier's."""
    index = known(Story().orders("PO-1").arrives("GRN-1", 5_000).arrives("GRN-2", 7_000))
    receipt = Effect(0, "cloud_erp", "receipt.posted", "GR-1", 1, entity="H1", order="PO-1", amount_minor=7_000)
    assert index.origin(receipt) == "GR:GRN-2"
    order = Effect(0, "cloud_erp", "order.created", "4500", 1, entity="H1", order="PO-1")
    assert index.origin(order) == "PO:PO-1"


def test_a_paper_written_again_is_known_by_its_newest_fields() -> None:
    """An older version that comes late changes nothing."""
    story = Story().bills("INV-1")
    first = story.papers["INV-1"]
    second = msgspec.structs.replace(first, version=2, amount_minor=7_000, number="4712")
    index = known(story.write(second).write(first))
    assert index.documents[first.ref] is second
    assert index.papers_of["PAY:INV-1"] == (first.ref,)
    assert index.origin(invoice(party="S012", number="4712")) == "PAY:INV-1"


def test_a_reversal_ends_a_posting_s_life() -> None:
    """The posting after it stands alone."""
    story = Story().bills("INV-1").posts("INV-1", "AP-1").cancels("AP-1").posts("INV-1", "AP-2")
    index = known(story)
    assert [posted.effect.ref for posted in index.live("PAY:INV-1", "cloud_erp/invoice.posted")] == ["AP-2"]
    assert len(index.postings["PAY:INV-1", "cloud_erp/invoice.posted"]) == 2


def test_a_case_decides_on_its_first_invoice() -> None:
    """An order named before it is evidence; so is the original named after it."""
    story = Story().orders().bills("INV-1").copies("INV-2", "INV-1", number="4711-A")
    index = known(story.asks("CASE-1", "duplicate-invoice", "PO-1", "INV-2", "INV-1").decides("CASE-1", "reject"))
    refused = index.verdict_of_desk("ap_automation:INV-2")
    assert refused is not None
    assert refused.decision == "reject"
    assert index.verdict_of_desk("ap_automation:INV-1") is None


def test_a_design_has_in_hand_what_it_read_or_names() -> None:
    """A read that failed hands over nothing; a call that names a paper shows that it was there, even if it fails."""
    story = Story().bills("INV-1").bills("INV-2", number="2").bills("INV-3", number="3")
    story.calls("ap_automation", "get_invoice", "INV-1", status=404)
    story.calls("ap_automation", "get_invoice", "INV-2")
    story.calls("cloud_erp", "create_invoice", "ap_automation:INV-3", outcome="timed-out")
    assert set(known(story).in_hand) == {"ap_automation:INV-2", "ap_automation:INV-3"}


def test_what_is_unmet_is_due_and_does_not_stand() -> None:
    """What has no paper, or time left, is not unmet."""
    story = Story().delivered().bills("INV-1", due_hours=1).bills("INV-2", number="2", due_hours=1000)
    story.owes("PAY:INV-3", "payable", "cloud_erp/invoice.posted", 5_000, due_hours=1).wait(2).says("INV-1", "held")
    assert [obligation.id for obligation, _ in known(story).unmet()] == ["PAY:INV-1"]
