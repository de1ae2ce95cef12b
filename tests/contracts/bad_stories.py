"""Journals of broken designs, each with the invariants that must turn red, and no others."""

from __future__ import annotations

from collections.abc import Callable

from contracts.journal import Posting
from tests.contracts.good_stories import goes_back
from tests.contracts.journals import Story, line


def _billed(**bill: object) -> Story:
    """Everything before the invoice is right, and the invoice was acknowledged."""
    return Story().delivered().bills(**bill).tells("INV-1")  # type: ignore[arg-type]


def resent_after_timeout() -> Story:
    """The call times out after the commit; the design sends again under a new key, and both commit."""
    story = _billed().calls("cloud_erp", "create_invoice", "ap_automation:INV-1", outcome="timed-out")
    return story.posts("INV-1", "AP-88").paid("INV-1", "AP-91").ends()


def copy_posted_too() -> Story:
    """The same invoice comes under another number, and both papers are posted."""
    story = _billed().paid().copies("INV-2", "INV-1", number="4711-A").tells("INV-2")
    return story.paid("INV-2", "AP-2").ends()


def doubled_then_cancelled() -> Story:
    """The second posting is cancelled a minute later; the money could have left in between."""
    return _billed().paid().posts("INV-1", "AP-2").cancels("AP-2").ends()


def receipt_posted_twice() -> Story:
    """One receipt stands in the ERP twice."""
    return _billed().paid().posts_receipt("GRN-1", "GR-9").ends()


def acknowledged_and_lost() -> Story:
    """A worker acknowledges the webhook, crashes before it wrote anything down, and nobody ever hears of it again."""
    return _billed().ends()


def webhook_lost() -> Story:
    """The webhook is lost, and nothing ever polls."""
    return Story().delivered().bills().tells("INV-1", "lost").ends()


def only_its_status_came() -> Story:
    """The webhook of an invoice is lost; that its status was changed is told and acknowledged, and hands over nothing."""
    story = Story().delivered().bills().tells("INV-1", "lost")
    return story.tells("INV-1", topic="invoice.status_changed").ends()


def duplicate_dropped_silently() -> Story:
    """A renumbered copy is recognised and thrown away, and nobody is asked."""
    return _billed().paid().copies("INV-2", "INV-1", number="4711-A").tells("INV-2").ends()


def decision_lost() -> Story:
    """A person accepts the variance; the design acknowledges the decision and forgets it."""
    story = _billed(captured=108_000, expect="case").asks("CASE-1", "price-variance", "INV-1")
    return story.decides("CASE-1", "accept").truth_changes("INV-1", 108_000).tells("CASE-1").ends()


def decision_never_fetched() -> Story:
    """A person accepts the variance; the webhook is lost, and the design never asks again."""
    story = _billed(captured=108_000, expect="case").asks("CASE-1", "price-variance", "INV-1")
    return story.decides("CASE-1", "accept").truth_changes("INV-1", 108_000).tells("CASE-1", "lost").ends()


def both_of_a_pair_refused() -> Story:
    """A copy is flagged and refused; the design takes the refusal for the original as well, which nobody refused."""
    story = _billed().copies("INV-2", "INV-1", number="4711-A").tells("INV-2")
    story.asks("CASE-1", "duplicate-invoice", "INV-2", "INV-1").decides("CASE-1", "reject").tells("CASE-1")
    return story.says("INV-1", "rejected").says("INV-2", "rejected").ends()


def original_refused_copy_forgotten() -> Story:
    """Of a pair the original is asked about and refused; then the copy is the one to post, and nobody posts it."""
    story = _billed().copies("INV-2", "INV-1", number="4711-A").tells("INV-2")
    story.asks("CASE-1", "duplicate-invoice", "INV-1", "INV-2").decides("CASE-1", "reject").tells("CASE-1")
    return story.says("INV-1", "rejected").says("INV-2", "held").ends()


def out_of_nothing() -> Story:
    """An invoice stands in the ERP that no supplier ever sent."""
    stray = {"source_ref": "ap_automation:INV-9", "number": "9999"}
    return _billed().paid().posts("INV-1", "AP-9", **stray).ends()  # type: ignore[arg-type]


def into_the_wrong_ledger() -> Story:
    """An order is created in the ERP that does not keep this hospital's books, too."""
    story = _billed().paid()
    return story.effect("legacy_erp", "order.created", "4500001", source_ref="procurement:PO-1", order="PO-1").ends()


def under_anothers_name() -> Story:
    """The invoice is posted under a number that its paper does not carry."""
    return _billed().paid(number="4712").ends()


def under_anothers_number() -> Story:
    """The invoice is posted for the company whose number the supplier's was until lately."""
    return _billed().paid(party="S013").ends()


def ordered_from_another() -> Story:
    """The order stands in the ERP with the company that has the supplier's old number now."""
    return Story().orders().tells("PO-1").posts_order(party="S013", currency="USD").says("PO-1", "interfaced").ends()


def cancelled_nothing() -> Story:
    """A cancellation names an invoice that was never posted."""
    return _billed().paid().cancels("AP-1", "CN-9", reverses="AP-77", lines=()).ends()


def cancelled_twice() -> Story:
    """One posting is cancelled twice, then billed again."""
    story = _billed().paid().cancels("AP-1", "CN-1").cancels("AP-1", "CN-2").says("INV-1", "rejected")
    story.copies("INV-2", "INV-1", number="4711", expect="effect").tells("INV-2")
    return story.paid("INV-2", "AP-2").ends()


def wrong_amount() -> Story:
    """Digits change places on the way: 1,000.00 becomes 1,001.00, well within any tolerance, and still wrong."""
    return _billed().paid(amount=100_100).ends()


def wrong_account() -> Story:
    """Stock is booked as expense; amount and balance are right."""
    return _billed().paid(lines=(line("expense", 100_000), line("ap", -100_000))).ends()


def variance_hidden_in_clearing() -> Story:
    """An accepted variance stays in goods received not invoiced instead of price variance."""
    story = _billed(captured=108_000, expect="case").asks("CASE-1", "price-variance", "INV-1")
    story.decides("CASE-1", "accept").truth_changes("INV-1", 108_000).tells("CASE-1")
    return story.paid(lines=(line("grni", 108_000), line("ap", -108_000))).ends()


def wrong_hospital() -> Story:
    """The receipt is booked in another hospital's ledger."""
    story = Story().ordered().arrives().tells("GRN-1").posts_receipt(entity="H2")
    return story.bills().tells("INV-1").paid().ends()


def wrong_currency() -> Story:
    """The amount is right and the currency is not."""
    euros = (line("grni", 100_000, "EUR"), line("ap", -100_000, "EUR"))
    return _billed().paid(currency="EUR", lines=euros).ends()


def crooked_cancellation() -> Story:
    """A cancellation gives back less than was posted."""
    story = _billed().paid().cancels("AP-1", lines=(line("grni", -90_000), line("ap", 90_000)))
    story.says("INV-1", "rejected").copies("INV-2", "INV-1", number="4711", expect="effect").tells("INV-2")
    return story.paid("INV-2", "AP-2").ends()


def crooked_opening() -> Story:
    """The opening journal does not sum to zero."""
    lines = (line("cash", 500_000), line("equity", -400_000))
    return _billed().paid().effect("cloud_erp", "journal.posted", "GL-1", lines=lines).ends()


def balanced_across_currencies() -> Story:
    """A journal that sums to zero only if dollars were euros."""
    lines = (Posting("1000", "cash", 100, "USD"), Posting("2000", "equity", -100, "EUR"))
    return _billed().paid().effect("cloud_erp", "journal.posted", "GL-1", lines=lines).ends()


def paid_before_the_goods_came() -> Story:
    """The invoice is posted the minute it comes; the goods arrive a day later."""
    return Story().ordered().bills().tells("INV-1").paid().wait(24).received().ends()


def billed_beyond_received() -> Story:
    """Two deliveries are billed and posted, and only the first has come by then."""
    story = Story().ordered().received("GRN-1", 60_000).bills("INV-1", 60_000, number="1").tells("INV-1").paid()
    story.bills("INV-2", 40_000, number="2").tells("INV-2").paid("INV-2", "AP-2")
    return story.wait(4).received("GRN-2", 40_000).ends()


def variance_posted_unasked() -> Story:
    """An invoice 8 % too high is posted; somebody accepts it afterwards, when it is too late."""
    story = _billed(captured=108_000, expect="case").paid(amount=108_000).asks("CASE-1", "price-variance", "INV-1")
    return story.decides("CASE-1", "accept").truth_changes("INV-1", 108_000).tells("CASE-1").ends()


def refused_and_posted() -> Story:
    """A person refuses the invoice, and it is posted all the same, at the order's price."""
    story = _billed(captured=108_000, expect="case").asks("CASE-1", "price-variance", "INV-1")
    return story.decides("CASE-1", "reject").tells("CASE-1").paid(amount=100_000).ends()


def days_late() -> Story:
    """The invoice is posted four days after it came, where three are the limit, and nobody was asked."""
    return _billed().wait(96).paid().ends()


def asked_too_late() -> Story:
    """The invoice becomes a case, but only after it was due."""
    return _billed().wait(96).asks("CASE-1", "undeliverable", "INV-1").ends()


def storm() -> Story:
    """The design calls a target that is down thirty-one times in half an hour."""
    story = _billed()
    for attempt in range(1, 32):
        story.calls("cloud_erp", "create_invoice", "ap_automation:INV-1", status=503, attempt=attempt)
    return story.paid().ends()


def never_gives_up() -> Story:
    """The design sends an invoice that the target refuses sixty-one times, at its leisure."""
    story = _billed()
    for attempt in range(1, 62):
        story.calls("cloud_erp", "create_invoice", "ap_automation:INV-1", status=400, attempt=attempt).wait(0.5)
    return story.paid().ends()


def livelock() -> Story:
    """Everything is done, and the design still spins."""
    return _billed().paid().ends("livelock")


def broke_down() -> Story:
    """Everything is done, and then the design's own code fails for good."""
    return _billed().paid().ends("design-failed")


def cut_with_work_left() -> Story:
    """The run is cut at its limit, and an invoice that was due is nowhere."""
    return _billed().ends("bound")


def still_called_held() -> Story:
    """The invoice is posted, and its source still says that it is held."""
    return _billed().says("INV-1", "held").posts().ends()


def nobody_told() -> Story:
    """The invoice is posted, and its source was never told."""
    return _billed().posts().ends()


def called_posted_and_is_not() -> Story:
    """The source says posted; the ERP knows nothing."""
    return _billed().says("INV-1", "posted", "AP-1").ends()


def wrong_voucher() -> Story:
    """The source names a voucher that is another invoice's."""
    return _billed().posts("INV-1", "AP-1").says("INV-1", "posted", "AP-7").ends()


def cancelled_and_called_posted() -> Story:
    """A posting is cancelled, a person owns what follows, and the source still says posted."""
    return _billed().paid().asks("CASE-1", "quantity-variance", "INV-1").cancels("AP-1").ends()


def refused_and_called_held() -> Story:
    """A person refused the invoice, and its source still says that it is held."""
    story = _billed(captured=108_000, expect="case").says("INV-1", "held").asks("CASE-1", "price-variance", "INV-1")
    return story.decides("CASE-1", "reject").tells("CASE-1").ends()


def order_called_interfaced_and_is_not() -> Story:
    """An order is called interfaced, a person was asked about it, and the ERP has no such order."""
    story = _billed().paid().orders("PO-2", 5_000).tells("PO-2").asks("CASE-1", "rejected-by-target", "PO-2")
    return story.says("PO-2", "interfaced").decides("CASE-1", "reject").ends()


def billed_for_what_went_back() -> Story:
    """Four of ten units went back; the bill for all ten is booked, and nobody was asked."""
    story = goes_back(Story().ordered().received()).bills().tells("INV-1")
    return story.paid().ends()


def flagged_too_late() -> Story:
    """A copy is flagged and refused, six days after anybody could have seen it."""
    story = _billed().paid().copies("INV-2", "INV-1", number="4711-A").tells("INV-2")
    story.anomaly("A-1", "INV-2", "INV-1", categories=("duplicate-invoice",), within_hours=72).wait(144)
    story.asks("CASE-1", "duplicate-invoice", "INV-2").decides("CASE-1", "reject").tells("CASE-1")
    return story.says("INV-2", "rejected").ends()


def promised_for_the_weekend() -> Story:
    """A case of Friday evening asks for an answer within two days, as if people answered on Sundays."""
    story = Story().works(5, 6, 7, 8, 9, 12, 13, 14).delivered().bills().tells("INV-1").paid()
    story.copies("INV-2", "INV-1", number="4711-A").tells("INV-2").wait(104)
    story.asks("CASE-1", "duplicate-invoice", "INV-2", by="2026-10-11T16:00:00+00:00")
    return story.decides("CASE-1", "reject").tells("CASE-1").says("INV-2", "rejected").ends()


def promised_for_tonight() -> Story:
    """A case asks for an answer within the hour, which is no time for people who have other cases too."""
    story = Story().works(5, 6, 7, 8, 9).delivered().bills().tells("INV-1").paid()
    story.copies("INV-2", "INV-1", number="4711-A").tells("INV-2")
    story.asks("CASE-1", "duplicate-invoice", "INV-2", by="2026-10-05T10:00:00+00:00")
    return story.decides("CASE-1", "reject").tells("CASE-1").says("INV-2", "rejected").ends()


def cries_wolf() -> Story:
    """Every second bill of the month is called a copy of the first."""
    story = Story().ordered()
    for n in range(1, 5):
        story.received(f"GRN-{n}", 25_000).bills(f"INV-{n}", 25_000, number=f"10{n}").tells(f"INV-{n}")
        if n % 2 == 0:
            story.asks(f"CASE-{n}", "duplicate-invoice", f"INV-{n}", "INV-1").decides(f"CASE-{n}", "accept")
        story.paid(f"INV-{n}", f"AP-{n}")
    return story.ends()


BAD: tuple[tuple[Callable[[], Story], str], ...] = (
    (resent_after_timeout, "I01 I12"),
    (copy_posted_too, "I01 I12"),
    (doubled_then_cancelled, "I01 I12"),
    (receipt_posted_twice, "I01"),
    (acknowledged_and_lost, "I01 I11 I20"),
    (webhook_lost, "I01 I10 I20"),
    (only_its_status_came, "I01 I10 I20"),
    (duplicate_dropped_silently, "I11"),
    (decision_lost, "I11 I20"),
    (decision_never_fetched, "I20"),
    (both_of_a_pair_refused, "I20"),
    (original_refused_copy_forgotten, "I20"),
    (out_of_nothing, "I02 I07"),
    (into_the_wrong_ledger, "I02"),
    (under_anothers_name, "I02"),
    (under_anothers_number, "I02 I03"),
    (ordered_from_another, "I03"),
    (cancelled_nothing, "I02"),
    (cancelled_twice, "I02"),
    (wrong_amount, "I03 I07"),
    (wrong_account, "I03 I05"),
    (variance_hidden_in_clearing, "I03 I05 I07"),
    (wrong_hospital, "I03 I17"),
    (wrong_currency, "I03"),
    (crooked_cancellation, "I03 I05"),
    (crooked_opening, "I04"),
    (balanced_across_currencies, "I04"),
    (paid_before_the_goods_came, "I12"),
    (billed_beyond_received, "I12"),
    (variance_posted_unasked, "I12"),
    (refused_and_posted, "I12"),
    (days_late, "I20"),
    (asked_too_late, "I20"),
    (storm, "I20"),
    (never_gives_up, "I20"),
    (livelock, "I20"),
    (broke_down, "I20"),
    (cut_with_work_left, "I01 I11 I20"),
    (still_called_held, "I22"),
    (nobody_told, "I22"),
    (called_posted_and_is_not, "I01 I11 I20 I22"),
    (wrong_voucher, "I22"),
    (cancelled_and_called_posted, "I22"),
    (refused_and_called_held, "I22"),
    (order_called_interfaced_and_is_not, "I22"),
    (billed_for_what_went_back, "I12"),
    (flagged_too_late, "I21"),
    (promised_for_the_weekend, "I21"),
    (promised_for_tonight, "I21"),
    (cries_wolf, "I21"),
)
