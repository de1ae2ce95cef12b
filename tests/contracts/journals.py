"""Builders for hand-written journals: a `Story` is told in the words of the business and becomes entries.

Each sentence takes a minute. Truth is written as the world writes it, effects as the systems commit them, crossings as
the wire journals them. A story that says nothing else has one hospital, H1, one supplier, S012, and US dollars.
"""

from __future__ import annotations

from typing import Self

import msgspec

from contracts.journal import (
    Anomaly,
    Call,
    Delivered,
    Document,
    Effect,
    Entry,
    Goods,
    Hours,
    Obligation,
    Posting,
    RunEnded,
    RunStarted,
)

SCOPE = ("procure-to-pay",)
DESIGN = "orchestrator"
"""The name under which systems know the design."""
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
OCTOBER_5_MS = 1_791_187_200_000
"""2026-10-05 08:00 UTC, a Monday."""

SOURCES = {
    "RTN": "inventory",
    "CNT": "inventory",
    "PO": "procurement",
    "SUP": "procurement",
    "GRN": "inventory",
    "INV": "ap_automation",
    "CM": "ap_automation",
    "CASE": "service_desk",
    "ACC": "period-end",
    "REV": "period-end",
}
KINDS = {
    "RTN": "goods-return",
    "CNT": "goods-return",
    "PO": "purchase-order",
    "GRN": "goods-receipt",
    "INV": "invoice",
    "CM": "credit-memo",
    "ACC": "accrual",
    "REV": "accrual-reversal",
}


def ref(paper: str) -> str:
    """`INV-1` → `ap_automation:INV-1`."""
    return f"{SOURCES[paper.partition('-')[0]]}:{paper}"


def goods(value: int, number: int = 1) -> tuple[Goods, ...]:
    """Ten units on one line of an order."""
    return (Goods(number, 10, value),)


def line(role: str, amount_minor: int, currency: str = "USD") -> Posting:
    """One line of a ledger journal."""
    return Posting(f"1000-{role}", role, amount_minor, currency)


class Story:
    """A journal in the making."""

    def __init__(self) -> None:
        self.at = OCTOBER_5_MS
        self.entries: list[Entry] = [RunStarted(self.at, "story", "hand-written", 1, 1.0, SCOPE, DESIGN, ("*",))]
        self.commits = 0
        self.owed: dict[str, Obligation] = {}
        self.papers: dict[str, Document] = {}
        self.posted: dict[str, Effect] = {}

    def write(self, entry: Entry) -> Self:
        """Write an entry; a minute passes."""
        self.entries.append(entry)
        self.at += MINUTE_MS
        return self

    def wait(self, hours: float) -> Self:
        """Nothing happens for a while."""
        self.at += round(hours * HOUR_MS)
        return self

    def ends(self, reason: str = "quiescent", after_hours: float = 120) -> Self:
        """The run is over; by then everything is due."""
        return self.wait(after_hours).write(RunEnded(self.at, reason))

    # -- truth --------------------------------------------------------------------------------------------------------

    def owes(
        self,
        obligation: str,
        what: str,
        required: str,
        value: int,
        *,
        amount: int | None = None,
        order: str = "PO-1",
        party: str = "S012",
        stock: bool = True,
        due_hours: float = 72,
        version: int = 1,
        **more: object,
    ) -> Self:
        """The world owes something, once. `amount` is truly due, `value` is it at the order's prices."""
        if what in ("payable", "goods-receipt"):
            more.setdefault("goods", goods(value))
        on, currency = str(more.pop("on", "2026-10-05")), str(more.pop("currency", "USD"))
        due_ms = self.owed[obligation].due_ms if obligation in self.owed else self.at + round(due_hours * HOUR_MS)
        self.owed[obligation] = Obligation(
            self.at,
            obligation,
            what,
            "H1",
            party,
            currency,
            value if amount is None else amount,
            value,
            stock,
            on,
            order,
            due_ms,
            (required,),
            version,
            **more,  # type: ignore[arg-type]
        )
        return self.write(self.owed[obligation])

    def paper(
        self,
        paper: str,
        obligation: str,
        *,
        amount: int | None = None,
        number: str = "",
        copy: bool = False,
        expect: str = "effect",
        on: str = "",
    ) -> Self:
        """A paper that points at an obligation stands in its source system."""
        owed = self.owed[obligation]
        what = KINDS[paper.partition("-")[0]]
        self.papers[paper] = Document(
            self.at,
            ref(paper),
            what,
            obligation,
            owed.entity,
            owed.party,
            number,
            owed.amount_minor if amount is None else amount,
            owed.currency,
            owed.order,
            copy=copy,
            expect=expect,
            on=on,
        )
        return self.write(self.papers[paper])

    def orders(self, paper: str = "PO-1", value: int = 100_000, party: str = "S012") -> Self:
        """A department orders; the order is approved."""
        self.owes(f"PO:{paper}", "purchase-order", "cloud_erp/order.created", value, order=paper, party=party)
        self.paper(paper, f"PO:{paper}", number=paper)
        return self.effect("procurement", "order.approved", paper)

    def revises(self, paper: str, value: int, version: int = 2) -> Self:
        """A buyer changes an order: the same paper, at a later version."""
        self.papers[paper] = msgspec.structs.replace(
            self.papers[paper], at=self.at, version=version, amount_minor=value
        )
        return self.write(self.papers[paper])

    def arrives(
        self,
        paper: str = "GRN-1",
        value: int = 100_000,
        *,
        order: str = "PO-1",
        party: str = "S012",
        stock: bool = True,
        **more: object,
    ) -> Self:
        """Goods arrive at the dock."""
        what, required = "goods-receipt", "cloud_erp/receipt.posted"
        self.owes(f"GR:{paper}", what, required, value, order=order, party=party, stock=stock, **more)  # type: ignore[arg-type]
        return self.paper(paper, f"GR:{paper}")

    def bills(
        self,
        paper: str = "INV-1",
        value: int = 100_000,
        *,
        captured: int | None = None,
        number: str = "4711",
        expect: str = "effect",
        order: str = "PO-1",
        party: str = "S012",
        stock: bool = True,
        due_hours: float = 72,
        **more: object,
    ) -> Self:
        """A supplier bills a delivery, and the invoice is captured: at `captured`, where that is not what is due."""
        owed, required = f"PAY:{paper}", "cloud_erp/invoice.posted"
        due = {"order": order, "party": party, "stock": stock, "due_hours": due_hours, **more}
        self.owes(owed, "payable", required, value, **due)  # type: ignore[arg-type]
        self.paper(paper, owed, amount=captured, number=number, expect=expect)
        return self.effect("ap_automation", "invoice.captured", paper)

    def copies(self, paper: str, of: str, *, number: str, expect: str = "case", on: str = "") -> Self:
        """The same invoice comes again."""
        original = self.papers[of]
        owed, amount = original.obligation, original.amount_minor
        self.paper(paper, owed, amount=amount, number=number, copy=True, expect=expect, on=on)
        return self.effect("ap_automation", "invoice.captured", paper)

    def truth_changes(self, paper: str, amount: int | None = None, on: str = "") -> Self:
        """People decided that another amount is due for what a paper bills, or on another date."""
        owed = self.owed[self.papers[paper].obligation]
        amount, on = owed.amount_minor if amount is None else amount, on or owed.on
        changed = msgspec.structs.replace(owed, at=self.at, amount_minor=amount, on=on, version=owed.version + 1)
        self.owed[owed.id] = changed
        return self.write(changed)

    def works(self, *days: int, entity: str = "H1") -> Self:
        """People of the hospital work from 8 to 17 UTC on these days of October 2026."""
        opens = tuple(OCTOBER_5_MS + (day - 5) * DAY_MS for day in days)
        return self.write(Hours(self.at, entity, opens, tuple(open_ + 9 * HOUR_MS for open_ in opens)))

    def anomaly(self, name: str, *papers: str, categories: tuple[str, ...], within_hours: float = 24) -> Self:
        """Something that a person must see."""
        flag_by_ms = self.at + round(within_hours * HOUR_MS)
        return self.write(
            Anomaly(self.at, name, categories[0], tuple(map(ref, papers)), categories, flag_by_ms, 100_000)
        )

    # -- the wire -----------------------------------------------------------------------------------------------------

    def tells(
        self,
        paper: str,
        outcome: str = "acknowledged",
        attempt: int = 1,
        version: int = 1,
        *,
        status: int = 202,
        forged: bool = False,
        topic: str = "",
    ) -> Self:
        """A source system tells the design of a paper, or the desk of a decision."""
        source = SOURCES[paper.partition("-")[0]]
        topic = topic or ("case.decided" if paper.startswith("CASE") else "changed")
        event = f"E-{paper}" if version == 1 else f"E-{paper}#{version}"
        told = (source, topic, "H1", paper, version, event, f"{event}/{attempt}")
        return self.write(Delivered(self.at, *told, attempt, outcome, "w1", status, forged=forged))

    def calls(
        self,
        system: str,
        operation: str,
        key: str = "",
        *,
        outcome: str = "replied",
        status: int = 200,
        attempt: int = 1,
        idle: bool = False,
        entity: str = "H1",
        about: tuple[str, ...] = (),
    ) -> Self:
        """The design calls a system; `about` names the members of a batch."""
        how = (attempt, outcome, status, self.at, idle, "", "", tuple(map(ref, about)))
        return self.write(Call(self.at, "w1", system, operation, entity, key, *how))

    def reads(self, paper: str) -> Self:
        """The design reads a paper by its id."""
        return self.calls(SOURCES[paper.partition("-")[0]], "get", paper)

    # -- what systems commit ------------------------------------------------------------------------------------------

    def effect(self, system: str, what: str, own: str, **fields: object) -> Self:
        """Commit an effect."""
        self.commits += 1
        effect = Effect(self.at, system, what, own, self.commits, **{"entity": "H1", **fields})  # type: ignore[arg-type]
        self.posted[own] = effect
        return self.write(effect)

    def posts_order(self, paper: str = "PO-1", own: str = "ERP-PO-1", **fields: object) -> Self:
        """The ERP creates an order."""
        return self.effect("cloud_erp", "order.created", own, **{"source_ref": ref(paper), "order": paper, **fields})

    def posts_receipt(self, paper: str = "GRN-1", own: str = "GR-1", **fields: object) -> Self:
        """The ERP books a receipt, at the value that the truth says."""
        owed = self.owed[self.papers[paper].obligation]
        value = owed.order_value_minor
        lines = (line("inventory", value), line("grni", -value)) if owed.stock else ()
        usual = {
            "source_ref": ref(paper),
            "order": owed.order,
            "amount_minor": value,
            "currency": "USD",
            "on": owed.on,
            "lines": lines,
            "goods": tuple(Goods(each.line, each.quantity, -each.value_minor * owed.stock) for each in owed.goods),
        }
        return self.effect("cloud_erp", "receipt.posted", own, **{**usual, **fields})

    def posts(self, paper: str = "INV-1", own: str = "AP-1", amount: int | None = None, **fields: object) -> Self:
        """The ERP books an invoice, at the amount that the truth says now unless another is given."""
        captured = self.papers[paper]
        owed = self.owed[captured.obligation]
        due, value = owed.amount_minor if amount is None else amount, owed.order_value_minor
        lines = (line("grni", value), line("ppv", due - value)) if owed.stock else (line("expense", due),)
        usual = {
            "source_ref": ref(paper),
            "party": captured.party,
            "number": captured.number,
            "amount_minor": due,
            "currency": "USD",
            "order": owed.order,
            "on": owed.on,
            "goods": tuple(Goods(each.line, each.quantity, each.value_minor * owed.stock) for each in owed.goods),
            "lines": (*(each for each in lines if each.amount_minor), line("ap", -due)),
        }
        return self.effect("cloud_erp", "invoice.posted", own, **{**usual, **fields})

    def cancels(self, own: str, by: str = "CN-1", **fields: object) -> Self:
        """The ERP cancels an invoice."""
        undone = self.posted[own]
        mirrored = tuple(line(each.role, -each.amount_minor, each.currency) for each in undone.lines)
        taken = tuple(Goods(each.line, each.quantity, -each.value_minor) for each in undone.goods)
        usual = {"reverses": own, "amount_minor": -undone.amount_minor, "currency": "USD", "lines": mirrored}
        usual["goods"] = taken
        return self.effect("cloud_erp", "invoice.cancelled", by, **{**usual, **fields})

    def says(self, paper: str, state: str, voucher: str = "") -> Self:
        """The requester's system is told a status."""
        what = "order.status" if paper.startswith("PO") else "invoice.status"
        return self.effect(SOURCES[paper.partition("-")[0]], what, paper, state=state, number=voucher)

    def asks(self, case: str, category: str, *papers: str, by: str = "") -> Self:
        """The design opens a case about papers; the first is the one in question. It may ask for an answer by a moment."""
        about, key = tuple(map(ref, papers)), f"key-{case}"
        return self.effect("service_desk", "case.opened", case, state=category, about=about, source_ref=key, on=by)

    def decides(self, case: str, decision: str, on: str = "") -> Self:
        """A person decides, perhaps on a date."""
        about = self.posted[case].about if case in self.posted else ()
        self.effect("service_desk", "case.decided", case, state=decision, about=about, on=on)
        self.posted[case] = msgspec.structs.replace(self.posted[case], about=about)
        return self

    # -- whole chains -------------------------------------------------------------------------------------------------

    def ordered(self, paper: str = "PO-1", value: int = 100_000, party: str = "S012") -> Self:
        """An order that is rightly in the ERP."""
        self.orders(paper, value, party).tells(paper).reads(paper)
        self.calls("cloud_erp", "create_order", ref(paper), status=201)
        return self.posts_order(paper, f"ERP-{paper}").says(paper, "interfaced")

    def received(
        self,
        paper: str = "GRN-1",
        value: int = 100_000,
        *,
        order: str = "PO-1",
        party: str = "S012",
        stock: bool = True,
    ) -> Self:
        """A receipt that is rightly in the ERP."""
        self.arrives(paper, value, order=order, party=party, stock=stock).tells(paper).reads(paper)
        self.calls("cloud_erp", "create_receipt", ref(paper), status=201)
        return self.posts_receipt(paper, f"GR-{paper}")

    def paid(self, paper: str = "INV-1", own: str = "AP-1", **fields: object) -> Self:
        """What rightly follows once an invoice may be posted."""
        self.calls("cloud_erp", "create_invoice", ref(paper), status=201)
        return self.posts(paper, own, **fields).says(paper, "posted", own)  # type: ignore[arg-type]

    def delivered(self, value: int = 100_000, *, stock: bool = True) -> Self:
        """An order and its receipt, rightly in the ERP: what most stories begin with."""
        return self.ordered(value=value).received(value=value, stock=stock)
