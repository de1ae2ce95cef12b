"""Journals of correct designs, many of which look odd. Every invariant must stay green on every one of them."""

from __future__ import annotations

from collections.abc import Callable

from tests.contracts.journals import SCOPE, Story, goods, line

__all__ = ["GOOD", "SCOPE"]


def plain_delivery() -> Story:
    """Ordered, received for stock, billed, posted, fed back."""
    return Story().delivered().bills().tells("INV-1").reads("INV-1").paid().ends()


def direct_use() -> Story:
    """Goods for direct use: no journal at the receipt, expense at the invoice."""
    return Story().delivered(stock=False).bills(stock=False).tells("INV-1").reads("INV-1").paid().ends()


def one_delivery_five_times() -> Story:
    """The webhook of an invoice comes five times; it is acknowledged each time and posted once."""
    story = Story().delivered().bills()
    for attempt in range(1, 6):
        story.tells("INV-1", attempt=attempt)
    return story.reads("INV-1").paid().ends()


def more_is_told_than_matters() -> Story:
    """Systems tell of everything: what was sent, what lies on shelves, what the design itself has just said. It is taken note of."""
    story = Story().delivered().tells("PO-1", topic="purchase_order.sent").tells("GRN-1", topic="stock.changed").bills()
    story.tells("INV-1").reads("INV-1").paid()
    return story.tells("INV-1", topic="invoice.status_changed").tells("INV-1", topic="invoice.status_changed").ends()


def equal_numbers_two_suppliers() -> Story:
    """Two suppliers both number their invoice 4711, over the same amount. Nothing is a duplicate of anything."""
    story = Story().delivered().ordered("PO-2", party="S099").received("GRN-2", order="PO-2", party="S099")
    story.bills("INV-1").bills("INV-2", order="PO-2", party="S099")
    return story.tells("INV-1").tells("INV-2").paid("INV-2", "AP-1").paid("INV-1", "AP-2").ends()


def credit_and_rebill() -> Story:
    """An invoice is posted, cancelled by a credit, billed again under the same number and posted again."""
    story = Story().delivered().bills().tells("INV-1").paid()
    story.cancels("AP-1").says("INV-1", "rejected")
    story.copies("INV-2", "INV-1", number="4711", expect="effect").tells("INV-2")
    return story.paid("INV-2", "AP-2").ends()


def wrong_and_put_right() -> Story:
    """An amount is posted wrong, noticed, cancelled and posted right: mistakes may be made if they are undone."""
    story = Story().delivered().bills().tells("INV-1").posts(amount=101_000)
    return story.cancels("AP-1").paid("INV-1", "AP-2").ends()


def duplicate_refused() -> Story:
    """A copy under another number comes; a case is opened, a person refuses the copy, and it is not posted."""
    story = Story().delivered().bills().tells("INV-1").paid()
    story.copies("INV-2", "INV-1", number="4711-A").tells("INV-2").reads("INV-2")
    story.says("INV-2", "held").asks("CASE-1", "duplicate-invoice", "INV-2", "INV-1")
    return story.wait(3).decides("CASE-1", "reject").tells("CASE-1").says("INV-2", "rejected").ends()


def copy_overtakes_original() -> Story:
    """The copy comes first and is posted; the original looks like the duplicate, is flagged, and refused."""
    story = Story().delivered().bills().copies("INV-2", "INV-1", number="4711").tells("INV-2").paid("INV-2")
    story.tells("INV-1").asks("CASE-1", "duplicate-invoice", "INV-1", "INV-2")
    return story.wait(3).decides("CASE-1", "reject").tells("CASE-1").says("INV-1", "rejected").ends()


def copy_by_second_channel_ignored() -> Story:
    """The same paper comes through a second channel, and the truth says that nobody need be asked: it is passed over."""
    story = Story().delivered().bills().tells("INV-1").paid()
    return story.copies("INV-2", "INV-1", number="4711", expect="effect").tells("INV-2").ends()


def variance_accepted() -> Story:
    """The price is 8 % too high; a person accepts it, the truth changes, and the invoice is posted as captured."""
    story = Story().delivered().bills(captured=108_000, expect="case").tells("INV-1").reads("INV-1")
    story.says("INV-1", "held").asks("CASE-1", "price-variance", "INV-1", "PO-1")
    story.wait(3).decides("CASE-1", "accept").truth_changes("INV-1", 108_000).tells("CASE-1")
    return story.paid().ends()


def variance_corrected() -> Story:
    """The price is 8 % too high; a person corrects the amount to the order's price."""
    story = Story().delivered().bills(captured=108_000, expect="case").tells("INV-1")
    story.asks("CASE-1", "price-variance", "INV-1").wait(3).decides("CASE-1", "correct").tells("CASE-1")
    return story.paid(amount=100_000).ends()


def variance_refused_and_rebilled() -> Story:
    """The price is too high, a person refuses it; the supplier bills again, same number, right amount."""
    story = Story().delivered().bills(captured=108_000, expect="case").tells("INV-1")
    story.asks("CASE-1", "price-variance", "INV-1").wait(3).decides("CASE-1", "reject").tells("CASE-1")
    story.says("INV-1", "rejected").wait(24)
    return story.paper("INV-2", "PAY:INV-1", number="4711").tells("INV-2").paid("INV-2").ends()


def variance_refused_not_rebilled() -> Story:
    """The price is too high, a person refuses it, and nothing more comes: nobody owes a posting."""
    story = Story().delivered().bills(captured=108_000, expect="case").tells("INV-1")
    story.asks("CASE-1", "price-variance", "INV-1").wait(3).decides("CASE-1", "reject").tells("CASE-1")
    return story.says("INV-1", "rejected").ends()


def variance_within_tolerance() -> Story:
    """The price is 1.5 % too high, which nobody need be asked about; the truth takes it as due."""
    story = Story().delivered().bills(captured=101_500).truth_changes("INV-1", 101_500)
    return story.tells("INV-1").paid().ends()


def small_money_big_share() -> Story:
    """4.00 on an order of 20.00 is 20 %, and still nothing to bother anybody with."""
    story = Story().delivered(2_000).bills(value=2_000, captured=2_400).truth_changes("INV-1", 2_400)
    return story.tells("INV-1").paid().ends()


def held_until_receipt() -> Story:
    """The invoice comes before the goods; the design holds it, says so, and posts it once they arrived."""
    story = Story().ordered().bills().tells("INV-1").says("INV-1", "held")
    return story.wait(20).received().paid().ends()


def late_commit_deduplicated() -> Story:
    """A call times out and commits later; the design looks it up in vain, sends again, and the key saves it."""
    story = Story().delivered().bills().tells("INV-1")
    story.calls("cloud_erp", "create_invoice", "ap_automation:INV-1", outcome="timed-out")
    story.calls("cloud_erp", "find_invoice", "ap_automation:INV-1", status=404)
    story.posts("INV-1", "AP-1")
    story.calls("cloud_erp", "create_invoice", "ap_automation:INV-1", attempt=2)
    return story.says("INV-1", "posted", "AP-1").ends()


def polling_only() -> Story:
    """A batch design takes no webhook and reads nothing singly; what it does shows that it had everything."""
    story = Story().orders().tells("PO-1", "no-worker").calls("procurement", "list_orders")
    story.calls("cloud_erp", "create_order", "procurement:PO-1", status=201).posts_order()
    story.arrives().calls("inventory", "list_receipts").calls("inventory", "list_receipts", idle=True)
    story.calls("cloud_erp", "create_receipt", "inventory:GRN-1", status=201).posts_receipt()
    return story.bills().tells("INV-1", "lost").calls("ap_automation", "list_invoices").paid().ends()


def no_source_references() -> Story:
    """A foreign design gives no references of ours; supplier, number, order and amount tell where things come from."""
    story = Story().orders().tells("PO-1").posts_order(source_ref="")
    story.arrives().tells("GRN-1").posts_receipt(source_ref="run-7/12")
    return story.bills().tells("INV-1").paid(source_ref="").ends()


def copies_without_references() -> Story:
    """A foreign design posts one of two equal papers and does not say which; either would be right."""
    story = Story().delivered().bills().copies("INV-2", "INV-1", number="4711").tells("INV-1").tells("INV-2")
    story.paid("INV-1", source_ref="").asks("CASE-1", "duplicate-invoice", "INV-2", "INV-1")
    return story.decides("CASE-1", "merge").tells("CASE-1").ends()


def undecided_at_the_end() -> Story:
    """A case is still in people's hands when the run ends: owned is as good as done."""
    story = Story().delivered().bills(captured=108_000, expect="case").tells("INV-1")
    return story.says("INV-1", "held").asks("CASE-1", "price-variance", "INV-1").ends()


def refused_by_target() -> Story:
    """The ERP refuses the invoice for good; a person owns it and says to wait."""
    story = Story().delivered().bills().tells("INV-1")
    story.calls("cloud_erp", "create_invoice", "ap_automation:INV-1", status=400)
    return story.asks("CASE-1", "rejected-by-target", "INV-1").decides("CASE-1", "wait").tells("CASE-1").ends()


def feedback_undeliverable() -> Story:
    """The invoice stands, its source refuses the status for good, and a person knows."""
    story = Story().delivered().bills().tells("INV-1").posts()
    story.calls("ap_automation", "set_status", "INV-1", status=400)
    return story.asks("CASE-1", "rejected-by-target", "INV-1").ends()


def superseded_paper() -> Story:
    """A paper is withdrawn before anybody acted on it; it was acknowledged, and nothing follows."""
    story = Story().delivered().bills().tells("INV-1").paid()
    return story.copies("INV-2", "INV-1", number="4712", expect="nothing").tells("INV-2").ends()


def split_delivery() -> Story:
    """One order comes in two deliveries, each billed once what it bills has arrived."""
    story = Story().ordered().received("GRN-1", 60_000).bills("INV-1", 60_000, number="1").tells("INV-1").paid()
    story.received("GRN-2", 40_000).bills("INV-2", 40_000, number="2").tells("INV-2")
    return story.paid("INV-2", "AP-2").ends()


def accepted_without_receipt() -> Story:
    """A service leaves no receipt; a person accepts the invoice without one before it is posted."""
    story = Story().ordered().bills(expect="case").tells("INV-1").asks("CASE-1", "invoice-without-receipt", "INV-1")
    return story.decides("CASE-1", "accept").tells("CASE-1").paid().ends()


def refused_then_accepted() -> Story:
    """A person refuses an invoice, another case turns it round, and then it is posted."""
    story = Story().delivered().bills(captured=108_000, expect="case").tells("INV-1")
    story.asks("CASE-1", "price-variance", "INV-1").decides("CASE-1", "reject").says("INV-1", "rejected")
    story.asks("CASE-2", "price-variance", "INV-1").decides("CASE-2", "accept").truth_changes("INV-1", 108_000)
    return story.tells("CASE-2").paid().ends()


def accepted_then_asked_again() -> Story:
    """A person accepts a variance; the period is closed by then, and a new case says so."""
    story = Story().delivered().bills(captured=108_000, expect="case").tells("INV-1")
    story.asks("CASE-1", "price-variance", "INV-1").decides("CASE-1", "accept").tells("CASE-1")
    return story.asks("CASE-2", "period-closed", "INV-1").ends()


def not_due_yet() -> Story:
    """An invoice is captured shortly before the run is over; nobody could have done it by then."""
    story = Story().delivered().bills().tells("INV-1").paid().wait(100)
    return story.received("GRN-2", 5_000).bills("INV-2", 5_000, number="2").tells("INV-2").ends(after_hours=1)


def persistent_under_outage() -> Story:
    """A target is down for eight hours; thirty patient attempts later it takes the invoice."""
    story = Story().delivered().bills().tells("INV-1")
    for attempt in range(1, 31):
        story.calls("cloud_erp", "create_invoice", "ap_automation:INV-1", status=503, attempt=attempt).wait(0.25)
    return story.paid().ends()


def turned_away_in_bursts() -> Story:
    """The ERP answers 429 nine times in ten minutes; the design comes back each time as asked, and then it is taken."""
    story = Story().delivered().bills().tells("INV-1")
    for attempt in range(1, 10):
        story.calls("cloud_erp", "create_invoice", "ap_automation:INV-1", status=429, attempt=attempt)
    return story.paid().ends()


def zombie_repeats_itself() -> Story:
    """A worker that everybody took for dead sends once more what another has sent: the same key, and one posting."""
    story = Story().delivered().bills().tells("INV-1")
    story.calls("cloud_erp", "create_invoice", "ap_automation:INV-1", status=201).posts()
    story.calls("cloud_erp", "create_invoice", "ap_automation:INV-1", status=201, attempt=2)
    return story.says("INV-1", "posted", "AP-1").says("INV-1", "posted", "AP-1").ends()


def saga_undone_in_full() -> Story:
    """A receipt and an invoice are posted for an order, all is undone, and all is done again: in the end it stands once."""
    story = Story().delivered().bills().tells("INV-1").posts().cancels("AP-1").says("INV-1", "held")
    return story.wait(2).paid("INV-1", "AP-2").ends()


def part_received_at_the_close() -> Story:
    """Six tenths came and were billed; the rest is open when the run ends, and so is what was received and not billed."""
    story = Story().ordered().received("GRN-1", 60_000).bills("INV-1", 60_000, number="1").tells("INV-1").paid()
    return story.received("GRN-2", 30_000).ends()


def goes_back(story: Story, value: int = 40_000) -> Story:
    """Some of the goods go back to the supplier, and the ERP books it."""
    story.owes("RT:RTN-1", "goods-return", "cloud_erp/receipt.returned", value, goods=goods(value))
    story.paper("RTN-1", "RT:RTN-1").tells("RTN-1")
    story.calls("cloud_erp", "create_return", "inventory:RTN-1", status=201)
    return story.effect(
        "cloud_erp",
        "receipt.returned",
        "ERT-1",
        source_ref="inventory:RTN-1",
        order="PO-1",
        amount_minor=value,
        currency="USD",
        on="2026-10-05",
        lines=(line("grni", value), line("inventory", -value)),
        goods=goods(value),
    )


def some_goes_back() -> Story:
    """Ten units come, four are broken and go back, six are billed: less is billed than was received, and nothing is open."""
    story = goes_back(Story().ordered().received())
    return story.bills(value=60_000).tells("INV-1").paid().ends()


def news_out_of_order() -> Story:
    """A change of an order overtakes its approval: the ERP has it at the second version, and hears nothing of the first."""
    story = Story().orders().revises("PO-1", 120_000).tells("PO-1", version=2).reads("PO-1").tells("PO-1")
    story.posts_order(version=2, amount_minor=120_000, currency="USD").says("PO-1", "interfaced")
    return story.received(value=120_000).bills(value=120_000).tells("INV-1").paid().ends()


def changed_in_the_erp_too() -> Story:
    """An order is changed after the ERP had it: it follows, and what is billed is what was changed to."""
    story = Story().ordered().revises("PO-1", 120_000).tells("PO-1", version=2).reads("PO-1")
    story.effect(
        "cloud_erp", "order.changed", "ERP-PO-1", source_ref="procurement:PO-1", version=2, amount_minor=120_000
    )
    return story.received(value=120_000).bills(value=120_000).tells("INV-1").paid().ends()


def the_same_bill_every_week() -> Story:
    """A standing order: three bills over one amount within three weeks, each for a delivery of its own."""
    story = Story().ordered(value=90_000)
    for week in (1, 2, 3):
        story.received(f"GRN-{week}", 30_000).bills(f"INV-{week}", 30_000, number=f"10{week}").tells(f"INV-{week}")
        story.paid(f"INV-{week}", f"AP-{week}").wait(24 * 7)
    return story.ends()


def one_number_two_hospitals() -> Story:
    """A supplier numbers each hospital's bills apart: the other hospital's 4711 is none of this one's business."""
    story = Story().delivered().bills().tells("INV-1").paid()
    story.ordered("PO-2").received("GRN-2", order="PO-2").bills("INV-2", number="4711", order="PO-2")
    return story.tells("INV-2").paid("INV-2", "AP-2").ends()


def flagged_after_the_weekend() -> Story:
    """A copy comes on Friday afternoon and is flagged on Monday morning, within a day of work; the answer is due on Wednesday."""
    story = Story().works(5, 6, 7, 8, 9, 12, 13, 14, 15, 16).delivered().bills().tells("INV-1").paid()
    story.wait(4 * 24 + 8).copies("INV-2", "INV-1", number="4711-R").tells("INV-2")
    story.anomaly("A-1", "INV-2", "INV-1", categories=("duplicate-invoice",), within_hours=72)
    story.wait(64).asks("CASE-1", "duplicate-invoice", "INV-2", "INV-1", by="2026-10-14T17:00:00+00:00")
    return story.decides("CASE-1", "reject").tells("CASE-1").says("INV-2", "rejected").ends()


def one_false_alarm() -> Story:
    """Two sound bills look so alike that a person is asked; one such question is nobody's fault."""
    story = Story().ordered().received("GRN-1", 50_000).received("GRN-2", 50_000)
    story.bills("INV-1", 50_000, number="1341").tells("INV-1").paid()
    story.bills("INV-2", 50_000, number="1347").tells("INV-2").asks("CASE-1", "duplicate-invoice", "INV-2", "INV-1")
    return story.decides("CASE-1", "accept").tells("CASE-1").paid("INV-2", "AP-2").ends()


GOOD: tuple[Callable[[], Story], ...] = (
    plain_delivery,
    direct_use,
    one_delivery_five_times,
    more_is_told_than_matters,
    equal_numbers_two_suppliers,
    credit_and_rebill,
    wrong_and_put_right,
    duplicate_refused,
    copy_overtakes_original,
    copy_by_second_channel_ignored,
    variance_accepted,
    variance_corrected,
    variance_refused_and_rebilled,
    variance_refused_not_rebilled,
    variance_within_tolerance,
    small_money_big_share,
    held_until_receipt,
    late_commit_deduplicated,
    polling_only,
    no_source_references,
    copies_without_references,
    undecided_at_the_end,
    refused_by_target,
    feedback_undeliverable,
    superseded_paper,
    split_delivery,
    accepted_without_receipt,
    refused_then_accepted,
    accepted_then_asked_again,
    not_due_yet,
    persistent_under_outage,
    turned_away_in_bursts,
    zombie_repeats_itself,
    saga_undone_in_full,
    part_received_at_the_close,
    some_goes_back,
    news_out_of_order,
    changed_in_the_erp_too,
    the_same_bill_every_week,
    one_number_two_hospitals,
    flagged_after_the_weekend,
    one_false_alarm,
)
