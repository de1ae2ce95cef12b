"""What is paid: posted invoices that are due, of suppliers that are not on hold, to the account that the books hold just then.

A payment takes an invoice off payables and puts the money in transit; whether a bank carries it out is not known here. What
credit memos gave back of an invoice is not paid; what they gave back of one that was paid already is kept back from the
supplier's next. A supplier whose account the books do not hold gets a check. Nobody is asked whether an invoice is right:
what was posted was approved.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from contracts.journal import Posting
from mocks.cloud_erp.ledger import CURRENCY, converted
from mocks.cloud_erp.state import EXCHANGE, PAYABLES, CloudErp, Invoice
from mocks.cloud_erp.suppliers import Supplier
from mocks.kit.operation import Work

IN_TRANSIT: Final = "1050"
"""Payments in transit."""


class Payments:
    """The payments of all business units; `terms_days` after its date an invoice is due."""

    def __init__(self, books: CloudErp, terms_days: int) -> None:
        """Nothing paid."""
        self._books = books
        self._terms = dt.timedelta(days=terms_days)
        self._issued = 0

    def due(self, entity: str, on: dt.date) -> list[Invoice]:
        """What a pay run of a business unit takes up: nothing while its period is not open."""
        if self._books.periods[entity].get(on.isoformat()[:7]) != "Open":
            return []
        return [invoice for invoice in self._books.unpaid[entity].values() if self._payable(invoice, on)]

    def pay(self, work: Work, invoice: Invoice, on: dt.date) -> None:
        """Pay an invoice, less what was given back; nothing leaves where nothing is left."""
        supplier, kept_back = self._books.suppliers.called(invoice.supplier), self._books.kept_back
        open_minor = invoice.amount_minor - invoice.credited_minor
        kept = kept_back.get(invoice.payee, 0)
        amount = max(0, open_minor - kept)
        lines, carried = self._journal(invoice, amount, on.isoformat())
        kept_back[invoice.payee] = kept - open_minor + amount
        invoice.paid = True
        del self._books.unpaid[invoice.entity][invoice.id]
        invoice.version += 1
        if not amount:
            return
        self._issued += 1
        self._books.post(invoice.entity, lines)
        work.effect(
            "payment.issued",
            f"PAY-{self._issued}",
            entity=invoice.entity,
            source_ref=invoice.source_ref,
            party=supplier.number if supplier else invoice.supplier,
            number=supplier.bank_account if supplier else "",
            amount_minor=amount,
            currency=invoice.currency,
            order=invoice.order,
            on=on.isoformat(),
            about=(f"{work.system}:{invoice.id}",),
            lines=lines,
            ledger_minor=carried if invoice.currency != CURRENCY else 0,
        )

    def _payable(self, invoice: Invoice, on: dt.date) -> bool:
        if invoice.held or invoice.status != "Posted" or invoice.dated + self._terms > on:
            return False
        supplier = self._books.suppliers.called(invoice.supplier)
        return supplier is None or _may_be_paid(supplier)

    def _journal(self, invoice: Invoice, amount: int, on: str) -> tuple[tuple[Posting, ...], int]:
        """Off payables at what it stands there for, into transit at the day's rate; the rest is gain or loss on exchange."""
        rate = self._books.rate_ppm(invoice.currency, on)
        carried = -sum(line.amount_minor for line in invoice.postings if line.role == "ap") if rate else amount
        leaves = converted(amount, rate)
        lines = (
            Posting(PAYABLES, "ap", carried, CURRENCY),
            Posting(IN_TRANSIT, "in-transit", -leaves, CURRENCY),
            Posting(EXCHANGE, "fx", leaves - carried, CURRENCY),
        )
        return tuple(line for line in lines if line.amount_minor), carried


def _may_be_paid(supplier: Supplier) -> bool:
    """One that has ended is not: what it is owed is for whoever took it over, once somebody has moved it there."""
    return not supplier.on_hold and supplier.status == "ACTIVE"
