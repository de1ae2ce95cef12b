"""What is truly owed, written down as it comes about: the entries that the oracle judges by.

Obligations are things owed once; papers point at them. The world remembers here which paper is which, because people
need it too: the desk decides by the truth. How a purchase goes is not in here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from contracts.journal import Anomaly, Document, Effect, Entry, Goods, Obligation
from contracts.journal import Hours as WorkingHours
from sim.world.calendar import Hours

CURRENCY: Final = "USD"
DUE_DAYS: Final = 3
"""A sound paper is booked within three working days of its evidence. Assumption: best in class is 3.1 days from receipt
to payment release (Pagero 2025), and a design that needs people for nothing has no reason to be slower."""
DESK_DAYS: Final = 3
"""What people may take on top where a paper needs them. Assumption."""
FLAG_DAYS: Final = 3
"""A person must have been asked within three working days of the evidence. Assumption."""

ORDER_CREATED: Final = ("cloud_erp/order.created",)
RECEIPT_POSTED: Final = ("cloud_erp/receipt.posted",)
RECEIPT_RETURNED: Final = ("cloud_erp/receipt.returned",)
INVOICE_CREDITED: Final = ("cloud_erp/invoice.credited",)
INVOICE_POSTED: Final = ("cloud_erp/invoice.posted",)
POSTINGS: Final = frozenset(
    (
        "order.created",
        "receipt.posted",
        "receipt.returned",
        "invoice.posted",
        "invoice.cancelled",
        "invoice.credited",
        "accrual.posted",
        "accrual.reversed",
    )
)


class Owed(msgspec.Struct, frozen=True, gc=False):
    """What the facts of one purchase have in common; the place's hours say when something is due."""

    entity: str
    party: str
    stock: bool
    order: str
    hours: Hours
    account_on: Callable[[str], str] | None = None
    """Where its expense belongs when it is booked on a local day, where that depends on the day."""
    currency: str = CURRENCY
    rate_ppm: int = 0
    """What the order's currency cost on its day."""
    stocked: str = ""
    """Where what it brings for stock lies in the books, where sites are told apart."""


class Truth:
    """Writes obligations, papers and anomalies, and knows the newest version of each."""

    def __init__(self, record: Callable[[Entry], None], rate_ppm: Callable[[str, str], int]) -> None:
        """Write to a journal; `rate_ppm` is what a currency costs on a date, 0 for that of the books."""
        self._record = record
        self.rate_ppm = rate_ppm
        self.obligations: dict[str, Obligation] = {}
        self._account_on: dict[str, Callable[[str], str]] = {}
        self.papers: dict[str, Document] = {}
        self.unposted: set[str] = set()
        """Obligations of which nothing has reached a ledger yet: for people who watch, not for the verdict."""

    def works(self, at_ms: int, entity: str, hours: Hours) -> None:
        """When people of a hospital work."""
        self._record(WorkingHours(at_ms, entity, tuple(hours.opens), tuple(hours.closes)))

    def order(self, at_ms: int, key: str, owed: Owed, value_minor: int) -> None:
        """An order was approved."""
        self._owe(at_ms, key, "purchase-order", owed, (value_minor, value_minor), DUE_DAYS, ORDER_CREATED)
        ref = f"procurement:{owed.order}"
        self._paper(at_ms, ref, "purchase-order", key, owed, owed.party, owed.order, value_minor)

    def order_revised(self, at_ms: int, owed: Owed, version: int, value_minor: int) -> None:
        """A buyer changed or cancelled an order: it is another version of the same paper."""
        ref = f"procurement:{owed.order}"
        known = self.papers[ref]
        revised = msgspec.structs.replace(known, at=at_ms, version=version, amount_minor=value_minor)
        self.papers[ref] = revised
        self._record(revised)

    def receipt(  # noqa: PLR0913 - a delivery is all of this
        self,
        at_ms: int,
        key: str,
        owed: Owed,
        number: str,
        value_minor: int,
        goods: tuple[Goods, ...],
        *,
        came_minor: int,
    ) -> None:
        """The dock entered a delivery, of which so much truly came. Its note names no supplier that a system would know."""
        amounts = (value_minor, value_minor)
        account = owed.stocked if owed.stock else ""
        self._owe(at_ms, key, "goods-receipt", owed, amounts, DUE_DAYS, RECEIPT_POSTED, goods=goods, account=account)
        ref = f"inventory:{number}"
        self._paper(at_ms, ref, "goods-receipt", key, owed, "", number, came_minor)

    def goods_return(  # noqa: PLR0913 - a return is all of this
        self,
        at_ms: int,
        key: str,
        owed: Owed,
        number: str,
        value_minor: int,
        goods: tuple[Goods, ...],
        *,
        went_minor: int,
    ) -> None:
        """Goods leave the books before they were billed: so much went back to the supplier, the rest had never come."""
        amounts, account = (value_minor, value_minor), owed.stocked if owed.stock else ""
        self._owe(at_ms, key, "goods-return", owed, amounts, DUE_DAYS, RECEIPT_RETURNED, goods=goods, account=account)
        self._paper(at_ms, f"inventory:{number}", "goods-return", key, owed, "", number, went_minor)

    def payable(  # noqa: PLR0913 - a debt is all of this
        self,
        at_ms: int,
        key: str,
        owed: Owed,
        amounts: tuple[int, int],
        goods: tuple[Goods, ...],
        charges_minor: int = 0,
        *,
        ready_ms: int,
        needs_people: bool,
    ) -> None:
        """Something is to be paid: what is truly due and what that is worth at the order's prices.

        It can be booked from `ready_ms` on: an invoice that comes before its goods must wait for them.
        """
        days = DUE_DAYS + DESK_DAYS if needs_people else DUE_DAYS
        self._owe(at_ms, key, "payable", owed, amounts, days, INVOICE_POSTED, ready_ms, goods, charges_minor)

    def credit(  # noqa: PLR0913 - what is given back is all of this
        self,
        at_ms: int,
        key: str,
        owed: Owed,
        amounts: tuple[int, int],
        goods: tuple[Goods, ...],
        charges_minor: int,
        *,
        gives_back: str,
        needs_people: bool,
    ) -> None:
        """A supplier gives back what it had billed: all of another obligation, whose expense it takes back where that went."""
        days = DUE_DAYS + DESK_DAYS if needs_people else DUE_DAYS
        account = self.obligations[gives_back].account
        self._owe(
            at_ms, key, "credit-memo", owed, amounts, days, INVOICE_CREDITED, 0, goods, charges_minor, account=account
        )

    def invoice(  # noqa: PLR0913 - a paper is all of this
        self,
        at_ms: int,
        ref: str,
        key: str,
        owed: Owed,
        number: str,
        amount_minor: int,
        *,
        copy: bool,
        expect: str,
        party: str = "",
        what: str = "invoice",
    ) -> None:
        """An invoice or a credit memo was captured, from the supplier unless another `party` stands on it."""
        on = owed.hours.local_date(at_ms) if copy else ""
        party = party or owed.party
        self._paper(at_ms, ref, what, key, owed, party, number, amount_minor, copy=copy, expect=expect, on=on)

    def anomaly(  # noqa: PLR0913 - an anomaly is all of this
        self,
        at_ms: int,
        key: str,
        owed: Owed,
        what: str,
        categories: tuple[str, ...],
        about: tuple[str, ...],
        at_stake_minor: int,
        *,
        outcomes: tuple[str, ...],
        evidence: tuple[str, ...],
        held_out: bool = False,
    ) -> None:
        """Something came about that a person must see."""
        flag_by_ms = owed.hours.close_after(at_ms, FLAG_DAYS)
        self._record(
            Anomaly(
                at_ms,
                f"{key}/{what}",
                what,
                about,
                categories,
                flag_by_ms,
                at_stake_minor,
                outcomes,
                evidence,
                held_out,
            )
        )

    def revise(
        self, at_ms: int, key: str, due_ms: int, *, amount_minor: int | None = None, on: str | None = None
    ) -> None:
        """People decided, and the truth is another now: what is due, on which date, by when."""
        known = self.obligations[key]
        moved = on is not None and known.ledger
        revised = msgspec.structs.replace(
            known,
            at=at_ms,
            due_ms=max(due_ms, known.due_ms),
            amount_minor=known.amount_minor if amount_minor is None else amount_minor,
            on=known.on if on is None else on,
            account=self._account_on[key](on) if on and known.account and key in self._account_on else known.account,
            rate_ppm=self.rate_ppm(known.currency, on) if moved and on else known.rate_ppm,
            version=known.version + 1,
        )
        self.obligations[key] = revised
        self._record(revised)

    def posted(self, effect: Effect) -> str:
        """A ledger has it: tick it off. Which obligation it was, where the effect names one of its papers."""
        paper = self.papers.get(effect.source_ref)
        if paper is None:
            return ""
        self.unposted.discard(paper.obligation)
        return paper.obligation

    def owe(self, obligation: Obligation, paper: Document) -> None:
        """Something is owed that no other sentence here tells, and this is its paper."""
        self.obligations[obligation.id] = obligation
        self.unposted.add(obligation.id)
        self.papers[paper.ref] = paper
        self._record(obligation)
        self._record(paper)

    def _owe(  # noqa: PLR0913 - an obligation is all of this
        self,
        at_ms: int,
        key: str,
        what: str,
        owed: Owed,
        amounts: tuple[int, int],
        days: int,
        required: tuple[str, ...],
        ready_ms: int = 0,
        goods: tuple[Goods, ...] = (),
        charges_minor: int = 0,
        account: str = "",
    ) -> None:
        on, currency = owed.hours.local_date(at_ms), owed.currency
        abroad = currency != CURRENCY
        obligation = Obligation(
            at_ms,
            key,
            what,
            owed.entity,
            owed.party,
            currency,
            amounts[0],
            amounts[1],
            owed.stock,
            on,
            owed.order,
            owed.hours.close_after(max(at_ms, ready_ms), days),
            required,
            goods=goods,
            account=owed.account_on(on) if owed.account_on and what == "payable" else account,
            charges_minor=charges_minor,
            ledger=CURRENCY if abroad else "",
            rate_ppm=self.rate_ppm(currency, on) if abroad else 0,
        )
        if owed.account_on and what != "credit-memo":
            self._account_on[key] = owed.account_on
        self.obligations[key] = obligation
        self.unposted.add(key)
        self._record(obligation)

    def _paper(  # noqa: PLR0913 - a paper is all of this
        self,
        at_ms: int,
        ref: str,
        what: str,
        key: str,
        owed: Owed,
        party: str,
        number: str,
        amount_minor: int,
        *,
        copy: bool = False,
        expect: str = "effect",
        on: str = "",
    ) -> None:
        paper = Document(
            at_ms,
            ref,
            what,
            key,
            owed.entity,
            party,
            number,
            amount_minor,
            owed.currency,
            owed.order,
            copy=copy,
            expect=expect,
            on=on,
        )
        self.papers[ref] = paper
        self._record(paper)
