"""Journals about suppliers, tokens and versions: correct ones that must stay green, and broken ones with what turns red.

`Masters` tells them in the words of supplier master data. A story that says nothing else is about Acme, tax id 12-3, whose
record is SUP-1, and its account is A.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from contracts.journal import Call, Document, FaultTook, WorkerLife
from tests.contracts.journals import Story, ref

ERP, SOURCE = "cloud_erp", "procurement"


class Masters(Story):
    """A journal about suppliers."""

    def proposes(
        self, record: str = "SUP-1", real: str = "acme", *, tax: str = "12-3", bank: str = "A", expect: str = "effect"
    ) -> Masters:
        """Somebody enters a supplier; one that is there already makes this a copy."""
        owed = f"supplier/{real}"
        copy = owed in self.owed
        if not copy:
            self.owes(owed, "supplier", f"{ERP}/supplier.created", 0, order="", party="")
        return self._record(record, owed, tax, bank, 1, expect=expect, copy=copy)

    def edits(self, record: str = "SUP-1", *, bank: str = "", real: str = "", expect: str = "effect") -> Masters:
        """Somebody changes the record; or the company was bought by another."""
        was = self.papers[record]
        owed = f"supplier/{real}" if real else was.obligation
        return self._record(record, owed, was.number, bank or was.bank, was.version + 1, expect=expect)

    def _record(
        self, record: str, owed: str, tax: str, bank: str, version: int, *, expect: str, copy: bool = False
    ) -> Masters:
        self.papers[record] = Document(
            self.at, ref(record), "supplier", owed, "H1", "", tax, 0, "", "", version, copy, expect, bank
        )
        self.write(self.papers[record])
        self.effect(SOURCE, "supplier.recorded", record, version=version)
        return self.hears(record)

    def hears(self, record: str) -> Masters:
        """The design is told, and reads."""
        self.tells(record).reads(record)
        return self

    def creates(self, record: str = "SUP-1", own: str = "ESUP-1", **fields: object) -> Masters:
        """The ERP takes the supplier in, with its account."""
        said = self.papers[record]
        usual = {"source_ref": ref(record), "number": said.number, "version": 1, "state": "active"}
        self.effect(ERP, "supplier.created", own, **{**usual, **fields})
        return self.pays(record, own, said.bank)

    def changes(self, record: str = "SUP-1", own: str = "ESUP-1", **fields: object) -> Masters:
        """The ERP takes a change over."""
        usual = {"source_ref": ref(record), "version": self.papers[record].version, "state": "active"}
        self.effect(ERP, "supplier.changed", own, **{**usual, **fields})
        return self

    def pays(self, record: str, own: str, bank: str) -> Masters:
        """The ERP will pay to this account."""
        self.effect(ERP, "supplier.bank", own, source_ref=ref(record), number=bank)
        return self

    def links(self, record: str = "SUP-1", own: str = "ESUP-1") -> Masters:
        """The source is told what the ERP calls the supplier."""
        self.effect(SOURCE, "supplier.linked", record, number=own)
        return self

    def onboarded(self, record: str = "SUP-1", own: str = "ESUP-1", real: str = "acme", **said: str) -> Masters:
        """A supplier that is rightly in the ERP."""
        return self.proposes(record, real, **said).creates(record, own).links(record, own)

    def over(self) -> Masters:
        """The run ends, long afterwards."""
        self.ends()
        return self


# -- correct ------------------------------------------------------------------------------------------------------------


def plain_supplier() -> Masters:
    """Proposed, created, linked."""
    return Masters().onboarded().over()


def same_name_two_companies() -> Masters:
    """Two companies share a name and nothing else: two golden records are right."""
    return Masters().onboarded().onboarded("SUP-2", "ESUP-2", "acme-west", tax="99-9", bank="B").over()


def parent_s_account() -> Masters:
    """Two subsidiaries are paid through their parent's account."""
    return Masters().onboarded().onboarded("SUP-2", "ESUP-2", "acme-lab", tax="55-5").over()


def duplicate_merged() -> Masters:
    """A second record of Acme is asked about, people merge it, and it refers to the golden record."""
    story = Masters().onboarded().proposes("SUP-2", expect="case")
    story.asks("CASE-1", "duplicate-supplier", "SUP-2", "SUP-1").decides("CASE-1", "merge").tells("CASE-1")
    return story.links("SUP-2", "ESUP-1").over()


def account_approved() -> Masters:
    """A new account is asked about, accepted, and only then taken over."""
    story = Masters().onboarded().edits(bank="B", expect="case")
    story.asks("CASE-1", "bank-change", "SUP-1").decides("CASE-1", "accept").tells("CASE-1")
    return story.changes().pays("SUP-1", "ESUP-1", "B").over()


def impostor_refused() -> Masters:
    """A new account is asked about and refused; the record is put back, and the ERP has paid to the old one throughout."""
    story = Masters().onboarded().edits(bank="B", expect="case")
    story.asks("CASE-1", "bank-change", "SUP-1").decides("CASE-1", "reject").tells("CASE-1")
    return story.edits(bank="A").changes().pays("SUP-1", "ESUP-1", "A").over()


def out_of_order() -> Masters:
    """Word of version 3 comes before that of version 2, which then changes nothing: order comes from the version."""
    story = Masters().onboarded().edits().edits()
    story.changes().hears("SUP-1")
    return story.over()


def version_skipped() -> Masters:
    """Version 2 never reaches the ERP, because 3 was there when it was read."""
    return Masters().onboarded().edits().edits().changes().over()


def companies_merged() -> Masters:
    """Acme buys Apex: the record of Apex is now Acme's, its golden record ends, and the record refers to Acme."""
    story = Masters().onboarded().onboarded("SUP-2", "ESUP-2", "apex", tax="77-7", bank="X")
    story.edits("SUP-2", real="acme", expect="case").asks("CASE-1", "duplicate-supplier", "SUP-2", "SUP-1")
    story.decides("CASE-1", "merge").tells("CASE-1")
    story.effect(ERP, "supplier.changed", "ESUP-2", state="inactive")
    return story.links("SUP-2", "ESUP-1").over()


GOOD: Final = (
    plain_supplier,
    same_name_two_companies,
    parent_s_account,
    duplicate_merged,
    account_approved,
    impostor_refused,
    out_of_order,
    version_skipped,
    companies_merged,
)


# -- broken -------------------------------------------------------------------------------------------------------------


def created_twice() -> Masters:
    """The create timed out, was sent again under a new key, and Acme stands twice."""
    return Masters().onboarded().creates("SUP-1", "ESUP-2").over()


def duplicate_created() -> Masters:
    """A second record of Acme becomes a second golden record."""
    return (
        Masters()
        .onboarded()
        .proposes("SUP-2", expect="effect")
        .creates("SUP-2", "ESUP-2")
        .links("SUP-2", "ESUP-2")
        .over()
    )


def lookalike_merged() -> Masters:
    """Two companies of one name are taken for one: the second is linked to the first, and never created."""
    return Masters().onboarded().proposes("SUP-2", "acme-west", tax="99-9", bank="B").links("SUP-2", "ESUP-1").over()


def written_into_another() -> Masters:
    """The record of one company is written into the golden record of another."""
    story = Masters().onboarded().onboarded("SUP-2", "ESUP-2", "acme-west", tax="99-9", bank="B")
    return story.edits("SUP-2").changes("SUP-2", "ESUP-1").over()


def wrong_tax_id() -> Masters:
    """The golden record carries the tax id of somebody else."""
    return Masters().proposes().creates(number="99-9").links().over()


def account_taken_over() -> Masters:
    """A new account takes effect without a word to anybody: the classic way in which money leaves."""
    return Masters().onboarded().edits(bank="B").changes().pays("SUP-1", "ESUP-1", "B").over()


def account_before_the_answer() -> Masters:
    """People are asked, and the account takes effect before they answer."""
    story = Masters().onboarded().edits(bank="B", expect="case").asks("CASE-1", "bank-change", "SUP-1")
    story.changes().pays("SUP-1", "ESUP-1", "B").decides("CASE-1", "accept").tells("CASE-1")
    return story.over()


def account_after_a_refusal() -> Masters:
    """People refuse the account, and it takes effect all the same."""
    story = Masters().onboarded().edits(bank="B", expect="case").asks("CASE-1", "bank-change", "SUP-1")
    return story.decides("CASE-1", "reject").tells("CASE-1").changes().pays("SUP-1", "ESUP-1", "B").over()


def old_approval_used_again() -> Masters:
    """An account was approved, given up and stated again; the old approval does not cover the new change."""
    story = account_approved()
    story.entries.pop()
    story.edits(bank="A").changes().pays("SUP-1", "ESUP-1", "A").edits(bank="B")
    return story.changes().pays("SUP-1", "ESUP-1", "B").over()


def account_from_nowhere() -> Masters:
    """The ERP pays to an account that no record ever stated."""
    return Masters().onboarded().pays("SUP-1", "ESUP-1", "Z").over()


def never_linked() -> Masters:
    """The source is never told what the ERP calls its supplier."""
    return Masters().proposes().creates().over()


def linked_to_nothing() -> Masters:
    """The source is told a number that the ERP does not have."""
    return Masters().proposes().creates().links(own="ESUP-9").over()


def never_created() -> Masters:
    """A proposal is acknowledged and forgotten."""
    return Masters().proposes().over()


def went_back() -> Masters:
    """Version 2 arrives after version 3, and overwrites it."""
    return Masters().onboarded().edits().edits().changes().changes(version=2).over()


def fell_behind() -> Masters:
    """The last edit never reaches the ERP."""
    return Masters().onboarded().edits().changes().edits().over()


def ahead_of_its_source() -> Masters:
    """The ERP claims a version that nobody wrote."""
    return Masters().onboarded().edits().changes(version=7).over()


def used_after_its_end() -> Masters:
    """A supplier that was set inactive is used again."""
    story = Masters().onboarded()
    story.effect(ERP, "supplier.changed", "ESUP-1", state="inactive")
    story.effect(ERP, "supplier.changed", "ESUP-1", state="active")
    return story.over()


BAD: Final = (
    (created_twice, "I01 I16"),
    (duplicate_created, "I01 I16"),
    (lookalike_merged, "I01 I11 I16 I20"),
    (written_into_another, "I16"),
    (wrong_tax_id, "I16"),
    (account_taken_over, "I16"),
    (account_before_the_answer, "I16"),
    (account_after_a_refusal, "I16"),
    (old_approval_used_again, "I16"),
    (account_from_nowhere, "I16"),
    (never_linked, "I16"),
    (linked_to_nothing, "I16"),
    (never_created, "I01 I11 I20"),
    (went_back, "I09"),
    (fell_behind, "I09"),
    (ahead_of_its_source, "I09"),
    (used_after_its_end, "I09"),
)


# -- tokens -------------------------------------------------------------------------------------------------------------


class Tokens(Story):
    """A journal about access tokens and calls."""

    def starts(self, worker: str = "w1", what: str = "started") -> Tokens:
        """A worker begins a life, or ends one."""
        self.write(WorkerLife(self.at, worker, what, 1))
        return self

    def granted(self, status: int = 200) -> Tokens:
        """The worker asks for a token."""
        self.calls("identity", "issue_token", status=status, idle=True)
        return self

    def at_once(self, *papers: str, minutes: int = 10) -> Tokens:
        """Calls about invoices that all take equally long."""
        began = self.at
        for paper in papers:
            self.at = began + minutes * 60_000
            self.write(
                Call(self.at, "w1", "ap_automation", "get_invoice", "H1", paper, 1, "replied", 200, began, request="")
            )
        return self


def one_token_an_hour() -> Tokens:
    """A token, and another before the first has died."""
    story = Tokens().starts().granted()
    story.wait(0.95)
    return story.granted()


def busy_then_granted() -> Tokens:
    """The identity system is busy twice; what was not granted does not count."""
    return Tokens().starts().granted(503).granted(503).granted()


def refused_then_asked() -> Tokens:
    """A system refuses the token minutes after it was granted, so another is asked for."""
    story = Tokens().starts().granted()
    story.calls("cloud_erp", "create_invoice", "ap_automation:INV-1", status=401)
    return story.granted()


def started_again() -> Tokens:
    """A worker crashes and comes back with nothing in its hands."""
    return Tokens().starts().granted().starts(what="crashed").starts().granted()


def program_of_many() -> Tokens:
    """Behind the served door a program of unknown make has four processes, each with a token."""
    return Tokens().granted().granted().granted().granted()


def three_at_once() -> Tokens:
    """Three calls about one hospital's invoices at once, then another three."""
    story = Tokens().starts().granted()
    for paper in ("INV-1", "INV-2", "INV-3"):
        story.bills(paper)
    return story.at_once("INV-1", "INV-2", "INV-3").at_once("INV-1", "INV-2", "INV-3")


def spoilt_then_asked() -> Tokens:
    """A fault spoils a grant on its way, so the worker asks again at once."""
    story = Tokens().starts()
    story.write(FaultTook(story.at, "unreadable-reply", "identity.issue_token", {"key": "@0", "attempt": 1}, {}))
    return story.granted().granted()


def token_for_every_call() -> Tokens:
    """Every call asks for a token of its own."""
    story = Tokens().starts().granted()
    story.calls("cloud_erp", "create_invoice", "ap_automation:INV-1")
    return story.granted()


def stampede() -> Tokens:
    """A program asks for a token seventeen times in a minute."""
    story = Tokens()
    for _ in range(17):
        story.granted()
    return story


def four_at_once() -> Tokens:
    """A fourth call about the same hospital's invoices while three are under way."""
    story = Tokens().starts().granted()
    for number in range(1, 5):
        story.bills(f"INV-{number}")
    return story.at_once(*(f"INV-{number}" for number in range(1, 5)))


TOKENS_KEPT: Final[tuple[Callable[[], Tokens], ...]] = (
    one_token_an_hour,
    busy_then_granted,
    refused_then_asked,
    spoilt_then_asked,
    started_again,
    program_of_many,
    three_at_once,
)
TOKENS_BROKEN: Final[tuple[Callable[[], Tokens], ...]] = (token_for_every_call, stampede, four_at_once)

__all__ = ["BAD", "GOOD", "TOKENS_BROKEN", "TOKENS_KEPT", "Masters", "Tokens"]
