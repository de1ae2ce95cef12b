"""Accruals at the end of a period and what takes them back: wire types, rules, operations.

An accrual is a document like any other: it names an order's line and an amount, and the ledger's lines follow from that.
It posts into a period as long as the ledger is open, also when payables have closed it. A reversal names the accrual that
it mirrors; in the accrual's own period it is a cancellation. Nothing here remembers what was reversed before: a job that
runs twice posts twice, unless it sends the same `Idempotency-Key`.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

import msgspec

from contracts.journal import Goods, Posting
from contracts.wire import Subject
from mocks.cloud_erp.ledger import CURRENCY
from mocks.cloud_erp.models import Currency, SourceQuery
from mocks.cloud_erp.state import CloudErp, line_of
from mocks.kit.dialect import Ident, LineNumber, Money, Quantity, Reference, decimal, minor, stamp
from mocks.kit.operation import Incoming, Operation, Refused, Reply, Work

ACCRUED: Final = "2160"
"""Accrued receipts of what is used at once; stock accrues in another account, at the dock."""


# Wire types


class NewAccrual(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """What is received and not invoiced on a line, to be accrued."""

    source_ref: Reference
    business_unit: Ident
    accounting_date: dt.date
    order_number: Ident
    order_line: LineNumber
    quantity: Quantity
    currency: Currency
    amount: Money


class NewReversal(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """When an accrual is to be taken back."""

    source_ref: Reference
    accounting_date: dt.date


class JournalShown(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """A journal that was posted; `Reverses` names the one that it takes back."""

    journal_id: str
    source_ref: str
    business_unit: str
    accounting_date: str
    amount: str
    reverses: str
    posted_at: str


class JournalPage(msgspec.Struct, frozen=True, gc=False, rename={"has_more": "hasMore"}):
    """Journals found."""

    items: list[JournalShown]
    has_more: bool


# Rules


class Journal(msgspec.Struct, frozen=True, gc=False):
    """A posted accrual, or a reversal of one."""

    id: str
    source_ref: str
    entity: str
    order: str
    line: str
    currency: str
    amount_minor: int
    on: str
    postings: tuple[Posting, ...]
    goods: tuple[Goods, ...]
    posted_at: str
    reverses: str = ""


class Journals:
    """The accruals in the books."""

    def __init__(self, books: CloudErp) -> None:
        """None yet."""
        self._books = books
        self._journals: dict[str, Journal] = {}
        self._from: dict[str, list[Journal]] = {}

    def accrue(self, work: Work, new: NewAccrual) -> Journal:
        """Post an accrual: expense against accrued receipts."""
        entity, on = new.business_unit, new.accounting_date.isoformat()
        order = self._books.order(entity, new.order_number)
        line = line_of(order, new.order_line)
        self._books.ledger_open_on(entity, on)
        if (minor(new.amount), new.currency) != (new.quantity * line.unit_price_minor, order.currency):
            raise Refused(400, "AMOUNT-MISMATCH", "Invalid operation create: the amount is not that of the order.")
        amount = new.quantity * line.ledger_price_minor
        if not amount:
            raise Refused(400, "AMOUNT-INVALID", "Invalid operation create: the amount is not valid.")
        postings = (
            Posting(order.expense_account, "expense", amount, CURRENCY),
            Posting(ACCRUED, "accrued", -amount, CURRENCY),
        )
        journal = Journal(
            self._books.next_journal(),
            new.source_ref,
            entity,
            order.number,
            f"{on[:7]}/{order.number}/{new.order_line}",
            CURRENCY,
            amount,
            on,
            postings,
            (Goods(new.order_line, new.quantity, 0),),
            stamp(work.now_ms),
        )
        self._post(work, "accrual.posted", journal)
        return journal

    def reverse(self, work: Work, accrual: Journal, new: NewReversal) -> Journal:
        """Post an accrual's mirror on a date: a reversal in a later period, a cancellation in its own."""
        on = new.accounting_date.isoformat()
        if accrual.reverses:
            raise Refused(409, "JE-NOT-REVERSIBLE", "The journal is a reversal itself.")
        if on[:7] < accrual.on[:7]:
            raise Refused(400, "DATE-INVALID", "Invalid operation reverse: the accounting date is not valid.")
        self._books.ledger_open_on(accrual.entity, on)
        journal = msgspec.structs.replace(
            accrual,
            id=self._books.next_journal(),
            source_ref=new.source_ref,
            on=on,
            postings=tuple(
                Posting(line.account, line.role, -line.amount_minor, line.currency) for line in accrual.postings
            ),
            goods=(),
            posted_at=stamp(work.now_ms),
            reverses=accrual.id,
        )
        self._post(work, "accrual.cancelled" if on[:7] == accrual.on[:7] else "accrual.reversed", journal)
        return journal

    def known_unit(self, entity: str) -> None:
        """Refuse a business unit that has no books."""
        self._books.known_unit(entity)

    def journal(self, journal_id: str) -> Journal:
        """A journal, or a 404."""
        journal = self._journals.get(journal_id)
        if journal is None:
            raise Refused(404, "NOT-FOUND", "The requested resource was not found.")
        return journal

    def journals_from(self, source_ref: str) -> list[Journal]:
        """Every journal created from a source."""
        return self._from.get(source_ref, [])

    def _post(self, work: Work, what: str, journal: Journal) -> None:
        self._journals[journal.id] = journal
        self._from.setdefault(journal.source_ref, []).append(journal)
        self._books.post(journal.entity, journal.postings)
        work.effect(
            what,
            journal.id,
            entity=journal.entity,
            source_ref=journal.source_ref,
            number=journal.line,
            amount_minor=journal.amount_minor,
            currency=journal.currency,
            order=journal.order,
            on=journal.on,
            reverses=journal.reverses,
            lines=journal.postings,
            goods=journal.goods,
        )


# Operations


class _Api:
    """The handlers over one state."""

    def __init__(self, state: Journals) -> None:
        self.state = state

    def create_accrual(self, incoming: Incoming, work: Work) -> Reply:
        new: NewAccrual = incoming.body
        incoming.caller.require(new.business_unit)
        return Reply(201, _shown(self.state.accrue(work, new)))

    def reverse_journal(self, incoming: Incoming, work: Work) -> Reply:
        accrual = self.state.journal(incoming.params["journal"])
        incoming.caller.require(accrual.entity)
        return Reply(201, _shown(self.state.reverse(work, accrual, incoming.body)))

    def find_journals(self, incoming: Incoming, work: Work) -> Reply:
        del work
        query: SourceQuery = incoming.query
        sees = incoming.caller.may_act_for
        found = [_shown(journal) for journal in self.state.journals_from(query.source_ref) if sees(journal.entity)]
        return Reply(200, JournalPage(found, has_more=False))


def operations(state: Journals) -> tuple[Operation, ...]:
    """The operations over one state."""
    api = _Api(state)
    return (
        Operation(
            "create_accrual",
            "POST",
            "/journals",
            api.create_accrual,
            "Accrue what is received and not invoiced on an order's line",
            body=NewAccrual,
            reply=JournalShown,
            status=201,
            scope="cloud_erp.write",
            subject=_accrued,
            honours_key=True,
            commits=True,
        ),
        Operation(
            "find_journals",
            "GET",
            "/journals",
            api.find_journals,
            "Find the journals created from a source",
            query=SourceQuery,
            reply=JournalPage,
            scope="cloud_erp.read",
            subject=_sought,
        ),
        Operation(
            "reverse_journal",
            "POST",
            "/journals/{journal}/reverse",
            api.reverse_journal,
            "Take an accrual back by its mirror, on a date",
            body=NewReversal,
            reply=JournalShown,
            status=201,
            scope="cloud_erp.write",
            subject=_reversed,
            honours_key=True,
            commits=True,
            refusals=(404, 409),
        ),
    )


def _accrued(incoming: Incoming) -> Subject:
    new: NewAccrual = incoming.body
    return Subject(new.business_unit, new.source_ref)


def _reversed(incoming: Incoming) -> Subject:
    new: NewReversal = incoming.body
    return Subject("", new.source_ref)


def _sought(incoming: Incoming) -> Subject:
    query: SourceQuery = incoming.query
    return Subject("", query.source_ref)


def _shown(journal: Journal) -> JournalShown:
    return JournalShown(
        journal.id,
        journal.source_ref,
        journal.entity,
        journal.on,
        decimal(journal.amount_minor),
        journal.reverses,
        journal.posted_at,
    )
