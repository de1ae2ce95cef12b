"""Journals about trust: who may act for whom, where a posting comes from, and what is a forgery."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from contracts.journal import Delivered, WorkerLife
from tests.contracts.journals import DESIGN, OCTOBER_5_MS, Story
from tests.contracts.master_stories import Masters


def _billed() -> Story:
    """Everything before the posting is right, and the invoice has been heard of and read."""
    return Story().delivered().bills().tells("INV-1").reads("INV-1")


def _forges(what: str, story: Story, source: str = "cloud_erp", topic: str = "import.completed") -> Story:
    """News of something come with a signature that is not their source's, and are turned away."""
    told = (source, topic, "H1", what, 1, f"ev-{what}", f"ev-{what}/1", 1, "refused", "w1", 401)
    return story.write(Delivered(story.at, *told, forged=True))


def _granted(entity: str, story: Story | None = None) -> Story:
    """The design may act for one hospital alone."""
    story = story or Story()
    story.entries[0] = msgspec.structs.replace(story.entries[0], granted=(entity,))
    return story


def _account_answered_by(actor: str) -> Story:
    """A buyer enters another account, and somebody answers the question about it."""
    story = Masters().onboarded()
    story.effect("procurement", "supplier.recorded", "SUP-1", actor="buyer-H1", version=2)
    story.edits(bank="B", expect="case").asks("CASE-1", "bank-change", "SUP-1")
    story.effect("service_desk", "case.decided", "CASE-1", actor=actor, state="accept")
    return story.tells("CASE-1").changes().pays("SUP-1", "ESUP-1", "B").over()


def account_approved_by_another() -> Story:
    """Somebody at the desk accepts the account that a buyer entered."""
    return _account_answered_by("desk-2")


def account_approved_by_who_entered_it() -> Story:
    """The buyer who entered the account accepts it as well."""
    return _account_answered_by("buyer-H1")


def granted_one_hospital() -> Story:
    """The design may act for H1 alone, does, and is turned away where it asks about another."""
    story = _granted("H1", _billed()).paid(actor=DESIGN)
    story.calls("cloud_erp", "list_periods", entity="H2", status=403)
    return story.ends()


def _joined(story: Story, entity: str = "H2") -> Story:
    """The security officer grants the design one more hospital."""
    return story.effect("identity", "client.granted", DESIGN, entity=entity, actor="security-officer")


def granted_another_in_time() -> Story:
    """H2 is granted in mid-month; from then on the design asks and acts there as well, with another token."""
    story = _granted("H1", _billed()).paid(actor=DESIGN).write(WorkerLife(OCTOBER_5_MS, "w1", "started", 1))
    story.calls("identity", "issue_token", idle=True).calls("cloud_erp", "list_periods", entity="H2", status=403)
    _joined(story).calls("identity", "issue_token", idle=True).calls("cloud_erp", "list_periods", "H2", entity="H2")
    return story.effect("cloud_erp", "import.taken", "ESS-1", entity="H2", actor=DESIGN, state="taken").ends()


def people_act_elsewhere() -> Story:
    """The design may act for H1 alone; a dock of H2 records what came there, which is none of its business."""
    story = _granted("H1", _billed()).paid(actor=DESIGN)
    return story.effect("inventory", "receipt.recorded", "GRN-7", entity="H2", actor="dock-H2").ends()


def heard_by_the_list_alone() -> Story:
    """No webhook arrives; the source shows the invoice in a list, and then it is posted."""
    story = Story().delivered().bills().tells("INV-1", "lost").calls("ap_automation", "list_invoices")
    return story.paid().ends()


def unanswered_but_kept() -> Story:
    """The worker keeps what it was told, dies before it answers, and the next one posts it."""
    return Story().delivered().bills().tells("INV-1", "unanswered").paid().ends()


def forgeries_turned_away() -> Story:
    """A forged event and a damaged one are refused; the damaged one comes again whole, and all is well."""
    story = Story().delivered().bills().tells("INV-19", "refused", status=401, forged=True)
    story.tells("INV-1", "refused", status=401, forged=True).tells("INV-1", attempt=2)
    return story.reads("INV-1").paid().ends()


def forgery_about_an_import_that_was_handed_in() -> Story:
    """The design hands in a job and asks after it; that somebody forges the news of it changes nothing."""
    story = _billed().paid().effect("cloud_erp", "import.taken", "ESS-1", actor=DESIGN, state="taken")
    return _forges("ESS-1", story).calls("cloud_erp", "get_import", "ESS-1").ends()


def count_that_a_damaged_event_told_of_first() -> Story:
    """A dock counts what it had entered and finds all of it there. The event of it is damaged; the list shows the count."""
    story = _billed().paid().effect("inventory", "receipt.recorded", "CNT-2", actor="dock-H1")
    _forges("CNT-2", story, "inventory", "receipt.recorded")
    return story.calls("inventory", "list_receipts").calls("inventory", "get_receipt", "CNT-2").ends()


def busy_when_told() -> Story:
    """A genuine event is refused because the design is not at work, and comes again: nobody took it for a forgery."""
    return Story().delivered().bills().tells("INV-1", "refused", status=503).tells("INV-1", attempt=2).paid().ends()


def moved_in_before() -> Story:
    """People brought an order into the ERP when the systems were set up; no wire had any part in it."""
    return Story().orders().posts_order(actor="migration").says("PO-1", "interfaced").tells("PO-1").ends()


def acted_for_a_stranger() -> Story:
    """The design may act for H2 alone; a webhook about an order of H1 reaches it, and it puts the order into the ERP."""
    return _granted("H2").orders().tells("PO-1").posts_order(actor=DESIGN).says("PO-1", "interfaced").ends()


def repeated_after_the_grant_was_gone() -> Story:
    """The design may act for H2 alone, and takes back by itself what somebody once posted for H1."""
    story = _granted("H2").orders().tells("PO-1").posts_order().says("PO-1", "interfaced")
    story.arrives().tells("GRN-1").posts_receipt().bills().tells("INV-1").posts().cancels("AP-1", actor=DESIGN)
    return story.paid("INV-1", "AP-2").ends()


def looked_into_a_stranger_s_books() -> Story:
    """A system answers the design about a hospital that it has no grant for."""
    return _granted("H1", _billed()).paid().calls("cloud_erp", "list_periods", "H2", entity="H2").ends()


def acted_before_it_was_granted() -> Story:
    """The grant for H2 comes an hour after the design has handed something in there."""
    story = _granted("H1", _billed()).paid(actor=DESIGN)
    story.effect("cloud_erp", "import.taken", "ESS-1", entity="H2", actor=DESIGN, state="taken").wait(1)
    return _joined(story).ends()


def another_client_was_granted() -> Story:
    """Somebody else may act for H2 from now on, which is no grant for the design."""
    story = _granted("H1", _billed()).paid()
    story.effect("identity", "client.granted", "payroll-feed", entity="H2", actor="security-officer")
    return story.calls("cloud_erp", "list_periods", "H2", entity="H2").ends()


def token_for_every_refusal() -> Story:
    """The design is not granted H2, asks all the same, and asks for a token each time that it is turned away."""
    story = _granted("H1", _billed()).paid(actor=DESIGN).write(WorkerLife(OCTOBER_5_MS, "w1", "started", 1))
    for _ in range(2):
        story.calls("identity", "issue_token", idle=True).calls("cloud_erp", "list_periods", entity="H2", status=403)
    return story.ends()


def posted_for_another_hospital() -> Story:
    """Both hospitals are granted; a receipt of H1 is posted in the books of H2."""
    story = Story().ordered().arrives().tells("GRN-1")
    return story.posts_receipt("GRN-1", entity="H2").bills().tells("INV-1").paid().ends()


def posted_out_of_the_blue() -> Story:
    """An invoice is posted before its source has said a word of it; the webhook comes an hour later."""
    story = Story().delivered().bills().paid().wait(1)
    return story.tells("INV-1").ends()


def list_was_too_old() -> Story:
    """The last list was read before the invoice stood in its source, and nothing else told of it."""
    story = Story().delivered().calls("ap_automation", "list_invoices").bills().tells("INV-1", "lost").paid()
    return story.reads("INV-1").ends()


def believed_a_stranger() -> Story:
    """A forged event about a paper that does not exist is acknowledged."""
    return _billed().paid().tells("INV-19", forged=True).ends()


def asked_people_about_a_forgery() -> Story:
    """A forged event is refused, and yet a case is opened about its paper."""
    story = _billed().paid().tells("INV-19", "refused", status=401, forged=True)
    return story.asks("CASE-1", "undeliverable", "INV-19").decides("CASE-1", "reject").tells("CASE-1").ends()


def read_what_a_forgery_told_of() -> Story:
    """The signature is looked at only after the source was asked about the paper."""
    story = _billed().paid().tells("INV-19", "refused", status=401, forged=True)
    return story.calls("ap_automation", "get_invoice", "INV-19", status=404).ends()


def read_a_count_that_nobody_made() -> Story:
    """A forged event tells of a count; the dock never made it, and the design asks for it."""
    story = _billed().paid().effect("inventory", "receipt.recorded", "CNT-2", actor="dock-H1")
    _forges("CNT-3", story, "inventory", "receipt.recorded")
    return story.calls("inventory", "get_receipt", "CNT-3", status=404).ends()


def asked_after_an_import_of_a_forger_s() -> Story:
    """The ERP never took such a job; the design asks after it all the same."""
    story = _billed().paid().effect("cloud_erp", "import.taken", "ESS-1", actor=DESIGN, state="taken")
    return _forges("ESS-7", story).calls("cloud_erp", "get_import", "ESS-7", status=404).ends()


def genuine_taken_for_forged() -> Story:
    """A genuine event is turned away as if it were forged, and found by the poll."""
    story = Story().delivered().bills().tells("INV-1", "refused", status=401)
    return story.calls("ap_automation", "list_invoices").paid().ends()


GOOD_TRUST: Final[tuple[Callable[[], Story], ...]] = (
    granted_one_hospital,
    granted_another_in_time,
    people_act_elsewhere,
    heard_by_the_list_alone,
    unanswered_but_kept,
    forgeries_turned_away,
    forgery_about_an_import_that_was_handed_in,
    count_that_a_damaged_event_told_of_first,
    busy_when_told,
    moved_in_before,
    account_approved_by_another,
)
BAD_TRUST: Final[tuple[tuple[Callable[[], Story], str], ...]] = (
    (acted_for_a_stranger, "I17"),
    (repeated_after_the_grant_was_gone, "I17"),
    (looked_into_a_stranger_s_books, "I17"),
    (acted_before_it_was_granted, "I17"),
    (another_client_was_granted, "I17"),
    (token_for_every_refusal, "I23"),
    (posted_for_another_hospital, "I03 I17"),
    (posted_out_of_the_blue, "I19"),
    (list_was_too_old, "I19"),
    (believed_a_stranger, "I24"),
    (asked_people_about_a_forgery, "I24"),
    (read_what_a_forgery_told_of, "I24"),
    (read_a_count_that_nobody_made, "I24"),
    (asked_after_an_import_of_a_forger_s, "I24"),
    (genuine_taken_for_forged, "I24"),
    (account_approved_by_who_entered_it, "I16"),
)
