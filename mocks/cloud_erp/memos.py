"""What comes after a posting: goods go back, suppliers give credit, clerks hold an invoice. Wire types, rules, operations.

A return takes stock out again at the order's price. A credit memo mirrors part of an invoice: payables, the receipts that
the invoice cleared, variance and expense. A held invoice stays in the books, and only who read it last may change that: a
change names the ETag that it read (428 without it, 412 for a stale one).
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import msgspec
from msgspec import Meta

from contracts.journal import Goods, Posting
from contracts.wire import Subject
from mocks.cloud_erp.ledger import CURRENCY
from mocks.cloud_erp.models import NewCharge, NewReceiptLine, SourceQuery
from mocks.cloud_erp.state import (
    ACCRUED_RECEIPTS,
    PAYABLES,
    PRICE_VARIANCE,
    CloudErp,
    Invoice,
    Order,
    OrderLine,
    line_of,
)
from mocks.kit.dialect import LINES_MAX, Ident, LineNumber, Money, Quantity, Reference, decimal, minor
from mocks.kit.operation import Incoming, Operation, Refused, Reply, Work, require_match

# Wire types

_Lines = Meta(min_length=1, max_length=LINES_MAX)


class NewReturn(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """Goods that go back to their supplier before they are invoiced."""

    source_ref: Reference
    return_number: Ident
    business_unit: Ident
    order_number: Ident
    return_date: dt.date
    lines: Annotated[tuple[NewReceiptLine, ...], _Lines]


class NewCreditLine(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """What is credited on one line of the order."""

    line: LineNumber
    quantity: Quantity
    amount: Money


class NewCredit(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """A credit memo against a posted invoice."""

    source_ref: Reference
    credit_number: Ident
    accounting_date: dt.date
    lines: Annotated[tuple[NewCreditLine, ...], _Lines]
    charges: Annotated[list[NewCharge], Meta(max_length=10)] = []


class MemoShown(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """A return or a credit that was posted."""

    memo_id: str
    source_ref: str
    business_unit: str
    amount: str


class MemoPage(msgspec.Struct, frozen=True, gc=False, rename={"has_more": "hasMore"}):
    """Credit memos found."""

    items: list[MemoShown]
    has_more: bool


class InvoiceEdit(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """Whether payment of an invoice is held."""

    payment_hold: bool


class HeldShown(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """An invoice, whether its payment is held or made, and what comes with it as a header."""

    invoice_id: str
    business_unit: str
    status: str
    payment_hold: bool
    payment_status: str


# Rules


class Memos:
    """Returns, credits and holds."""

    def __init__(self, books: CloudErp) -> None:
        """None yet."""
        self.books = books
        self._returns = 0
        self._credits = 0
        self._credits_from: dict[str, list[MemoShown]] = {}

    def take_back(self, work: Work, new: NewReturn) -> MemoShown:
        """Post a return: receipts accrued against inventory, at the order's price."""
        order = self.books.order(new.business_unit, new.order_number)
        goods, value = [], 0
        for line in new.lines:
            ordered = line_of(order, line.line)
            worth = line.quantity * ordered.ledger_price_minor if ordered.stock else 0
            goods.append(Goods(line.line, line.quantity, worth))
            value += line.quantity * ordered.unit_price_minor
        worth = sum(each.value_minor for each in goods)
        lines = _nonzero(
            Posting(ACCRUED_RECEIPTS, "grni", worth, CURRENCY),
            Posting(order.stock_account, "inventory", -worth, CURRENCY),
        )
        self._returns += 1
        memo = MemoShown(f"ERT-{self._returns}", new.source_ref, order.entity, decimal(value))
        self.books.post(order.entity, lines)
        work.effect(
            "receipt.returned",
            memo.memo_id,
            entity=order.entity,
            source_ref=new.source_ref,
            number=new.return_number,
            amount_minor=value,
            currency=order.currency,
            order=order.number,
            on=new.return_date.isoformat(),
            lines=lines,
            goods=tuple(goods),
        )
        return memo

    def credit(self, work: Work, invoice: Invoice, new: NewCredit) -> MemoShown:
        """Post a credit memo: the mirror of as much of an invoice as is given back.

        It is compared with its invoice alone, not with other memos: what is sent twice is given back twice.
        """
        if invoice.status != "Posted":
            raise Refused(409, "AP-CANCELLED", "The invoice is cancelled already.")
        if invoice.currency != CURRENCY:
            raise Refused(
                400, "CURRENCY-MISMATCH", "Invalid operation create: credits are taken in the books' currency."
            )
        on = new.accounting_date.isoformat()
        self.books.payables_open_on(invoice.entity, on)
        lines, goods, amount = _mirrored(self._priced(invoice), new)
        if amount > invoice.amount_minor:
            raise Refused(400, "AMOUNT-MISMATCH", "Invalid operation create: more is credited than was billed.")
        if invoice.paid:
            self.books.kept_back[invoice.payee] = self.books.kept_back.get(invoice.payee, 0) + amount
        else:
            invoice.credited_minor += amount
        self._credits += 1
        memo = MemoShown(f"APM-{self._credits}", new.source_ref, invoice.entity, decimal(amount))
        self._credits_from.setdefault(new.source_ref, []).append(memo)
        self.books.post(invoice.entity, lines)
        work.effect(
            "invoice.credited",
            memo.memo_id,
            entity=invoice.entity,
            source_ref=new.source_ref,
            party=invoice.supplier,
            number=new.credit_number,
            amount_minor=amount,
            currency=CURRENCY,
            order=invoice.order,
            on=on,
            about=(f"{work.system}:{invoice.id}",),
            lines=lines,
            goods=goods,
        )
        return memo

    def credits_from(self, source_ref: str) -> list[MemoShown]:
        """Every credit memo posted from a source."""
        return self._credits_from.get(source_ref, [])

    def _priced(self, invoice: Invoice) -> Order:
        """The order at whose prices an invoice was posted, with the account that its expense went to."""
        account = next((line.account for line in invoice.postings if line.role == "expense"), "")
        if invoice.order:
            order = self.books.order(invoice.entity, invoice.order)
            return msgspec.structs.replace(order, expense_account=account or order.expense_account)
        lines = {
            goods.line: OrderLine(stock=False, unit_price_minor=0, ledger_price_minor=0) for goods in invoice.goods
        }
        return Order("", invoice.source_ref, "", invoice.entity, account, invoice.currency, lines, "")

    def hold(self, work: Work, invoice: Invoice, *, held: bool) -> None:
        """Hold an invoice's payment, or let it go; what is so already is no change."""
        if invoice.held == held:
            return
        invoice.held = held
        invoice.version += 1
        state = "held" if held else "released"
        work.effect("invoice.hold", invoice.id, entity=invoice.entity, source_ref=invoice.source_ref, state=state)


def _mirrored(order: Order, new: NewCredit) -> tuple[tuple[Posting, ...], tuple[Goods, ...], int]:
    cleared = stock = 0
    expense = sum(minor(charge.amount) for charge in new.charges)
    goods = []
    for line in new.lines:
        ordered, amount = line_of(order, line.line), minor(line.amount)
        worth = line.quantity * ordered.ledger_price_minor if ordered.stock else 0
        goods.append(Goods(line.line, line.quantity, -worth))
        cleared += worth
        if ordered.stock:
            stock += amount
        else:
            expense += amount
    if not stock + expense:
        raise Refused(400, "AMOUNT-INVALID", "Invalid operation create: the amount is not valid.")
    lines = _nonzero(
        Posting(PAYABLES, "ap", stock + expense, CURRENCY),
        Posting(ACCRUED_RECEIPTS, "grni", -cleared, CURRENCY),
        Posting(order.expense_account, "expense", -expense, CURRENCY),
        Posting(PRICE_VARIANCE, "ppv", cleared - stock, CURRENCY),
    )
    return lines, tuple(goods), stock + expense


def _nonzero(*lines: Posting) -> tuple[Posting, ...]:
    return tuple(line for line in lines if line.amount_minor)


# Operations


class _Api:
    """The handlers over one state."""

    def __init__(self, state: Memos) -> None:
        self.state = state

    def create_return(self, incoming: Incoming, work: Work) -> Reply:
        new: NewReturn = incoming.body
        incoming.caller.require(new.business_unit)
        return Reply(201, self.state.take_back(work, new))

    def create_credit(self, incoming: Incoming, work: Work) -> Reply:
        invoice = self._granted(incoming, "invoice")
        return Reply(201, self.state.credit(work, invoice, incoming.body))

    def find_credits(self, incoming: Incoming, work: Work) -> Reply:
        del work
        query: SourceQuery = incoming.query
        sees = incoming.caller.may_act_for
        found = [memo for memo in self.state.credits_from(query.source_ref) if sees(memo.business_unit)]
        return Reply(200, MemoPage(found, has_more=False))

    def get_invoice(self, incoming: Incoming, work: Work) -> Reply:
        del work
        return _shown(self._granted(incoming))

    def update_invoice(self, incoming: Incoming, work: Work) -> Reply:
        edit: InvoiceEdit = incoming.body
        invoice = self._granted(incoming)
        require_match(incoming, invoice.etag)
        self.state.hold(work, invoice, held=edit.payment_hold)
        return _shown(invoice)

    def _granted(self, incoming: Incoming, name: str = "id") -> Invoice:
        invoice = self.state.books.invoice(incoming.params[name])
        incoming.caller.require(invoice.entity)
        return invoice


def operations(state: Memos) -> tuple[Operation, ...]:
    """The operations over one state."""
    api = _Api(state)
    return (*_given_back(api), *_held(api))


def _given_back(api: _Api) -> tuple[Operation, ...]:
    return (
        Operation(
            "create_return",
            "POST",
            "/returns",
            api.create_return,
            "Return goods to their supplier before they are invoiced",
            body=NewReturn,
            reply=MemoShown,
            status=201,
            scope="cloud_erp.write",
            subject=_sent_back,
            honours_key=True,
            commits=True,
        ),
        Operation(
            "create_credit_memo",
            "POST",
            "/invoices/{invoice}/creditMemos",
            api.create_credit,
            "Post a credit memo against an invoice",
            body=NewCredit,
            reply=MemoShown,
            status=201,
            scope="cloud_erp.write",
            subject=_credited,
            honours_key=True,
            commits=True,
            refusals=(404, 409),
        ),
        Operation(
            "find_credit_memos",
            "GET",
            "/creditMemos",
            api.find_credits,
            "Find the credit memos posted from a source",
            query=SourceQuery,
            reply=MemoPage,
            scope="cloud_erp.read",
            subject=_sought,
        ),
    )


def _held(api: _Api) -> tuple[Operation, ...]:
    return (
        Operation(
            "get_invoice",
            "GET",
            "/invoices/{id}",
            api.get_invoice,
            "Read an invoice, and its ETag",
            reply=HeldShown,
            scope="cloud_erp.read",
            subject=_named,
            refusals=(404,),
        ),
        Operation(
            "update_invoice",
            "PATCH",
            "/invoices/{id}",
            api.update_invoice,
            "Hold or release an invoice that has not changed since it was read",
            body=InvoiceEdit,
            reply=HeldShown,
            scope="cloud_erp.write",
            subject=_named,
            conditional=True,
            commits=True,
            refusals=(404,),
        ),
    )


def _sent_back(incoming: Incoming) -> Subject:
    new: NewReturn = incoming.body
    return Subject(new.business_unit, new.source_ref)


def _credited(incoming: Incoming) -> Subject:
    new: NewCredit = incoming.body
    return Subject("", new.source_ref)


def _sought(incoming: Incoming) -> Subject:
    query: SourceQuery = incoming.query
    return Subject("", query.source_ref)


def _named(incoming: Incoming) -> Subject:
    return Subject("", incoming.params["id"])


def _shown(invoice: Invoice) -> Reply:
    shown = HeldShown(invoice.id, invoice.entity, invoice.status, invoice.held, "Paid" if invoice.paid else "Not Paid")
    return Reply(200, shown, {"etag": invoice.etag})
