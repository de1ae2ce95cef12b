"""Orders, receipts and invoices, with the posting rules.

Stock accrues at receipt, at the order's price; an expense line is posted when it is invoiced; the difference between
what is billed for stock and what was accrued goes to purchase price variance. Nothing here compares documents with
earlier ones: what is created twice is posted twice.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Final

import msgspec

from contracts.journal import Goods, Posting
from mocks.cloud_erp.ledger import CURRENCY, Ledger, Payee, converted
from mocks.cloud_erp.models import NewInvoice, NewOrder, NewReceipt, NewRevision
from mocks.cloud_erp.suppliers import Suppliers
from mocks.kit.dialect import minor, stamp
from mocks.kit.operation import Refused, Work
from mocks.kit.paging import Changes

INVENTORY: Final = "1400"
PAYABLES: Final = "2100"
ACCRUED_RECEIPTS: Final = "2150"
PRICE_VARIANCE: Final = "5290"
EXCHANGE: Final = "7810"
"""Gain or loss on exchange."""
EXPENSE: Final = "6100"
"""The natural account; the cost centre follows as a segment, as a site does that of inventory: `6100-00412`, `1400-710`."""


class OrderLine(msgspec.Struct, frozen=True, gc=False):
    """What the ledger needs of an order's line."""

    stock: bool
    unit_price_minor: int
    ledger_price_minor: int
    """The same in the books' currency, at the order's rate: what comes and what is billed moves GRNI by this."""


class Order(msgspec.Struct, gc=False):
    """An order header with its lines by number, which price receipts and invoices. `revision` is its source's."""

    id: str
    source_ref: str
    number: str
    entity: str
    expense_account: str
    currency: str
    lines: dict[int, OrderLine]
    created_at: str
    supplier: str = ""
    revision: int = 1
    status: str = "Open"
    stock_account: str = INVENTORY


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """A posted receipt."""

    id: str
    source_ref: str
    number: str
    entity: str
    order: str
    on: str
    posted_at: str


class Invoice(msgspec.Struct, gc=False):
    """A posted invoice; `postings` is its journal."""

    id: str
    source_ref: str
    number: str
    entity: str
    supplier: str
    order: str
    currency: str
    amount_minor: int
    on: str
    postings: tuple[Posting, ...]
    goods: tuple[Goods, ...]
    posted_at: str
    status: str = "Posted"
    held: bool = False
    version: int = 1
    dated: dt.date = dt.date.min
    """The date on the supplier's bill, from which its terms run."""
    credited_minor: int = 0
    """What credit memos gave back of it before it was paid."""
    paid: bool = False
    suspect: str = ""
    """An earlier invoice of the same supplier under the same number, where there is one: a warning, no more."""

    @property
    def etag(self) -> str:
        """What this version of it is called."""
        return f'"{self.id}.{self.version}"'

    @property
    def payee(self) -> Payee:
        """Whom it is owed to."""
        return self.entity, self.supplier, self.currency


class CloudErp(Ledger):
    """The books of the estate."""

    def __init__(self, entities: tuple[str, ...]) -> None:
        """Empty books for these business units."""
        super().__init__(entities)
        self.orders: dict[str, Order] = {}
        self.receipts: dict[str, Receipt] = {}
        self.invoices: dict[str, Invoice] = {}
        self.unpaid: dict[str, dict[str, Invoice]] = {entity: {} for entity in entities}
        self.suppliers = Suppliers(entities)
        self.posted = Changes()
        self._numbered: dict[tuple[str, str, str], str] = {}
        self._order_of: dict[tuple[str, str], Order] = {}
        self._orders_from: defaultdict[str, list[Order]] = defaultdict(list)
        self._receipts_from: defaultdict[str, list[Receipt]] = defaultdict(list)
        self._invoices_from: defaultdict[str, list[Invoice]] = defaultdict(list)
        self._cancels = 0

    # Documents

    def create_order(self, work: Work, new: NewOrder) -> Order:
        """Create an order. A second one of the same number is a second header; the first prices what follows."""
        self.known_unit(new.business_unit)
        at = stamp(work.now_ms)
        on = new.conversion_date.isoformat() if new.conversion_date else at[:10]
        rate = self.rate_ppm(new.currency, on)
        lines, value = {}, 0
        for line in new.lines:
            price = minor(line.unit_price)
            value += line.quantity * price
            lines[line.line] = OrderLine(line.kind == "stock", price, converted(price, rate))
        if len(lines) != len(new.lines):
            raise Refused(400, "PO-LINE-DUPLICATE", "Invalid operation create: line numbers must be unique.")
        order = Order(
            f"EPO-{len(self.orders) + 1}",
            new.source_ref,
            new.order_number,
            new.business_unit,
            f"{EXPENSE}-{new.cost_center}" if new.cost_center else EXPENSE,
            new.currency,
            lines,
            at,
            new.supplier,
            new.revision,
            new.status,
            f"{INVENTORY}-{new.ship_to_location}" if new.ship_to_location else INVENTORY,
        )
        self.orders[order.id] = order
        self._order_of.setdefault((order.entity, order.number), order)
        self._orders_from[order.source_ref].append(order)
        work.effect(
            "order.created",
            order.id,
            entity=order.entity,
            source_ref=order.source_ref,
            party=new.supplier,
            number=order.number,
            amount_minor=value,
            currency=new.currency,
            order=order.number,
            version=new.revision if new.revision > 1 else 0,
        )
        return order

    def revise_order(self, work: Work, order: Order, new: NewRevision) -> None:
        """Bring an order to a later revision of its source. The one it is at is no change; an earlier one is refused."""
        if new.revision < order.revision:
            raise Refused(409, "PO-REVISION-STALE", f"The order is at revision {order.revision}.")
        if new.revision == order.revision:
            return
        if order.status == "Canceled":
            raise Refused(409, "PO-CANCELED", "The order was canceled.")
        value = sum(line.quantity * line_of(order, line.line).unit_price_minor for line in new.lines)
        order.revision, order.status = new.revision, new.status
        work.effect(
            "order.cancelled" if new.status == "Canceled" else "order.changed",
            order.id,
            entity=order.entity,
            source_ref=order.source_ref,
            party=order.supplier,
            number=order.number,
            amount_minor=value,
            currency=order.currency,
            order=order.number,
            version=new.revision,
        )

    def create_receipt(self, work: Work, new: NewReceipt) -> Receipt:
        """Create a receipt and accrue its stock lines at the order's price."""
        entity = new.business_unit
        order = self.order(entity, new.order_number)
        value = stock = 0
        goods = []
        for line in new.lines:
            ordered = line_of(order, line.line)
            value += line.quantity * ordered.unit_price_minor
            accrued = line.quantity * ordered.ledger_price_minor if ordered.stock else 0
            stock += accrued
            goods.append(Goods(line.line, line.quantity, -accrued))
        receipt_id, on = f"ERC-{len(self.receipts) + 1}", new.receipt_date.isoformat()
        receipt = Receipt(receipt_id, new.source_ref, new.receipt_number, entity, order.number, on, stamp(work.now_ms))
        postings: tuple[Posting, ...] = ()
        if stock:
            postings = (
                Posting(order.stock_account, "inventory", stock, CURRENCY),
                Posting(ACCRUED_RECEIPTS, "grni", -stock, CURRENCY),
            )
        self.receipts[receipt_id] = receipt
        self._receipts_from[new.source_ref].append(receipt)
        self.post(entity, postings)
        work.effect(
            "receipt.posted",
            receipt_id,
            entity=entity,
            source_ref=new.source_ref,
            number=new.receipt_number,
            amount_minor=value,
            currency=order.currency,
            order=order.number,
            on=on,
            lines=postings,
            goods=tuple(goods),
        )
        return receipt

    def create_invoice(self, work: Work, new: NewInvoice) -> Invoice:
        """Create an invoice and post it on its accounting date."""
        entity = new.business_unit
        order = self.order(entity, new.order_number) if new.order_number else self._without_order(new)
        amount, on = minor(new.invoice_amount), new.accounting_date.isoformat()
        if new.currency != order.currency:
            raise Refused(400, "CURRENCY-MISMATCH", "Invalid operation create: the currency is not the order's.")
        rate = self.rate_ppm(new.currency, on)
        postings, goods = _invoice_postings(new, order, amount, rate)
        self.payables_open_on(entity, on)
        invoice = Invoice(
            f"AP-{len(self.invoices) + 1}",
            new.source_ref,
            new.invoice_number,
            entity,
            new.supplier,
            order.number,
            new.currency,
            amount,
            on,
            postings,
            goods,
            stamp(work.now_ms),
            dated=new.invoice_date,
        )
        invoice.suspect = self._numbered.setdefault((entity, new.supplier, new.invoice_number), invoice.id)
        self.invoices[invoice.id] = self.unpaid[entity][invoice.id] = invoice
        self._invoices_from[new.source_ref].append(invoice)
        self.posted.touch(work.now_ms, invoice.id)
        self.post(entity, postings)
        work.effect(
            "invoice.posted",
            invoice.id,
            entity=entity,
            source_ref=new.source_ref,
            party=new.supplier,
            number=new.invoice_number,
            amount_minor=amount,
            currency=new.currency,
            order=order.number,
            on=on,
            lines=postings,
            goods=goods,
            ledger_minor=converted(amount, rate) if rate else 0,
        )
        return invoice

    def _without_order(self, new: NewInvoice) -> Order:
        """What stands in for the order of an invoice that has none: nothing was received, all of it is expense."""
        self.known_unit(new.business_unit)
        if not new.cost_center:
            raise Refused(400, "CODING-MISSING", "Invalid operation create: an invoice without an order needs coding.")
        lines = {line.line: OrderLine(stock=False, unit_price_minor=0, ledger_price_minor=0) for line in new.lines}
        return Order("", new.source_ref, "", new.business_unit, EXPENSE, new.currency, lines, "")

    def cancel_invoice(self, work: Work, invoice: Invoice) -> None:
        """Cancel a posted invoice: the mirrored journal on the same date, if its period is open."""
        if invoice.status != "Posted":
            raise Refused(409, "AP-CANCELLED", "The invoice is cancelled already.")
        if invoice.paid:
            raise Refused(409, "AP-PAID", "The invoice is paid.")
        self.payables_open_on(invoice.entity, invoice.on)
        mirrored = tuple(
            Posting(line.account, line.role, -line.amount_minor, line.currency) for line in invoice.postings
        )
        self._cancels += 1
        invoice.status = "Cancelled"
        invoice.version += 1
        self.post(invoice.entity, mirrored)
        work.effect(
            "invoice.cancelled",
            f"APC-{self._cancels}",
            entity=invoice.entity,
            source_ref=invoice.source_ref,
            party=invoice.supplier,
            number=invoice.number,
            amount_minor=invoice.amount_minor,
            currency=invoice.currency,
            order=invoice.order,
            on=invoice.on,
            reverses=invoice.id,
            lines=mirrored,
            goods=tuple(Goods(goods.line, goods.quantity, -goods.value_minor) for goods in invoice.goods),
            ledger_minor=sum(line.amount_minor for line in mirrored if line.role == "ap")
            if invoice.currency != CURRENCY
            else 0,
        )

    # Look-ups

    def invoice(self, invoice_id: str) -> Invoice:
        """An invoice, or a 404."""
        if (invoice := self.invoices.get(invoice_id)) is None:
            raise Refused(404, "NOT-FOUND", "The requested resource was not found.")
        return invoice

    def header(self, order_id: str) -> Order:
        """An order header, or a 404."""
        if (order := self.orders.get(order_id)) is None:
            raise Refused(404, "NOT-FOUND", "The requested resource was not found.")
        return order

    def orders_from(self, source_ref: str) -> list[Order]:
        """Every order created from a source."""
        return self._orders_from.get(source_ref, [])

    def receipts_from(self, source_ref: str) -> list[Receipt]:
        """Every receipt created from a source."""
        return self._receipts_from.get(source_ref, [])

    def invoices_from(self, source_ref: str) -> list[Invoice]:
        """Every invoice created from a source, cancelled ones included."""
        return self._invoices_from.get(source_ref, [])

    def order(self, entity: str, number: str) -> Order:
        """The order of this number that prices what follows it."""
        self.known_unit(entity)
        if (order := self._order_of.get((entity, number))) is None:
            raise Refused(400, "PO-UNKNOWN", "Invalid operation create: the purchase order is not valid.")
        return order


def line_of(order: Order, number: int) -> OrderLine:
    """A line of an order."""
    ordered = order.lines.get(number)
    if ordered is None:
        raise Refused(400, "PO-LINE-UNKNOWN", "Invalid operation create: the purchase order line is not valid.")
    return ordered


def _invoice_postings(
    new: NewInvoice, order: Order, amount_minor: int, rate_ppm: int
) -> tuple[tuple[Posting, ...], tuple[Goods, ...]]:
    """An invoice's journal, and the open receipts that it clears.

    Accrual at the order's price and rate; expense, charges and variance as billed, payables for all of it, at the day's
    rate; what the two rates leave over is gain or loss on exchange.
    """
    cleared = at_order = billed_stock = expense = 0
    goods = []
    for line in new.lines:
        ordered = line_of(order, line.line)
        billed = minor(line.amount)
        worth = line.quantity * ordered.ledger_price_minor if ordered.stock else 0
        goods.append(Goods(line.line, line.quantity, worth))
        cleared += worth
        if ordered.stock:
            at_order += line.quantity * ordered.unit_price_minor
            billed_stock += billed
        else:
            expense += billed
    for charge in new.charges:
        expense += minor(charge.amount)
    if billed_stock + expense != amount_minor:
        raise Refused(400, "AMOUNT-MISMATCH", "Invalid operation create: the lines do not add up to the amount.")
    account = f"{EXPENSE}-{new.cost_center}" if new.cost_center else order.expense_account
    owed, expense = converted(amount_minor, rate_ppm), converted(expense, rate_ppm)
    variance = converted(billed_stock - at_order, rate_ppm)
    journal = (
        (ACCRUED_RECEIPTS, "grni", cleared),
        (account, "expense", expense),
        (PRICE_VARIANCE, "ppv", variance),
        (EXCHANGE, "fx", owed - cleared - expense - variance),
        (PAYABLES, "ap", -owed),
    )
    return tuple([Posting(name, role, value, CURRENCY) for name, role, value in journal if value]), tuple(goods)
