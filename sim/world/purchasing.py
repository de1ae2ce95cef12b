"""Plays intents: asked, approved, delivered, billed. One short process per purchase, and the truth written at each step.

Nothing here depends on the design under test: an intent and the calendar settle every moment. What people at the desk
decide comes back through `settle`, and the supplier's answer to a refusal is the one thing that waits for it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, Final

import msgspec
import simpy

from contracts.journal import Goods
from sim.world.calendar import HOUR_MS, MINUTE_MS, Hours
from sim.world.disguises import disguised
from sim.world.hands import Bill, Hands
from sim.world.trade import EARLY, PRICE_VARIANCE, RENUMBERED, SECOND_CHANNEL, TOLERATED, Intent
from sim.world.truth import DUE_DAYS, Owed, Truth

Playing = Generator[simpy.Event, Any, None]

RECEIPT, INVOICE, COPY = "receipt", "invoice", "copy"

SURELY_OFF_SHARE: Final = 0.03
SURELY_OFF_MINOR: Final = 800
"""A variance is at least this far off, a tolerated difference well inside: no paper lies on the edge of a tolerance that
people would argue about. Buyers commonly let 2 % or 5.00 pass (assumption)."""
TOLERATED_SHARE: Final = 0.015
TOLERATED_MINOR: Final = 400
APPROVERS: Final = ("m.okafor", "j.lindqvist", "r.delgado", "s.whitfield")


class Paper(msgspec.Struct):
    """An invoice as the world knows it: what it belongs to, and what people did with it."""

    ref: str
    intent: Intent
    owed: Owed
    owes: str
    bill: Bill
    right_minor: int
    twin: str = ""
    accepted: bool = False
    rejected: bool = False
    rebilled: bool = False

    @property
    def overpriced(self) -> bool:
        """Whether its price is one that people must decide about."""
        return self.intent.twist == PRICE_VARIANCE and self.bill.total_minor != self.right_minor


class Purchasing:
    """All purchases of all hospitals."""

    def __init__(
        self, env: simpy.Environment, hands: Hands, truth: Truth, hours: dict[str, Hours], last_delivery_ms: int
    ) -> None:
        """Deliveries after `last_delivery_ms` belong to the next month's story: such orders stay open."""
        self._env = env
        self._hands = hands
        self._truth = truth
        self._hours = hours
        self._last_delivery_ms = last_delivery_ms
        self._next_number: dict[str, int] = {}
        self._first_paper: dict[str, str] = {}
        self.papers: dict[str, Paper] = {}
        self.playing = 0

    def open_order(self, intent: Intent) -> None:
        """An order that had been approved before the month began, entered now."""
        owed = self._approve(intent, self._hands.requisition(intent))
        self._begin(self._delivered_and_billed(intent, owed))

    def start(self, intent: Intent) -> None:
        """Somebody wants something, now."""
        self._begin(self._from_requisition(intent, self._hands.requisition(intent)))

    def settle(self, paper: Paper, *, accepted: bool) -> None:
        """The desk has decided about an invoice: the truth follows, and so does the supplier."""
        now, hours = self._now(), self._hours[paper.intent.hospital]
        if accepted:
            if paper.overpriced and not paper.rebilled and not paper.accepted:
                paper.accepted = True
                due_ms = hours.close_after(now, DUE_DAYS)
                self._truth.revise(now, paper.owes, due_ms, amount_minor=paper.bill.total_minor)
            return
        paper.rejected = True
        if paper.overpriced and not paper.rebilled:
            paper.rebilled = True
            intent = paper.intent
            at_ms = hours.after_days(now, 1 + int(2 * intent.copy_share), 0.1 + 0.8 * intent.disguise)
            due_ms = hours.close_after(at_ms, DUE_DAYS)
            self._truth.revise(now, paper.owes, due_ms, on=hours.local_date(at_ms))
            self._begin(self._rebill(paper, at_ms))

    # -- a purchase ---------------------------------------------------------------------------------------------------

    def _begin(self, playing: Playing) -> None:
        self.playing += 1
        self._env.process(playing)

    def _from_requisition(self, intent: Intent, requisition: str) -> Playing:
        hours = self._hours[intent.hospital]
        yield self._until(hours.add(self._now(), intent.approval_minutes * MINUTE_MS))
        yield from self._delivered_and_billed(intent, self._approve(intent, requisition))

    def _approve(self, intent: Intent, requisition: str) -> Owed:
        approver = APPROVERS[int(intent.desk_share * len(APPROVERS))]
        order = self._hands.approval(requisition, approver)
        owed = Owed(intent.hospital, intent.supplier.id, intent.stock, order, self._hours[intent.hospital])
        value_minor = sum(line.quantity * line.item.price_minor for line in intent.lines)
        self._truth.order(self._now(), f"{intent.key}/order", owed, value_minor)
        return owed

    def _delivered_and_billed(self, intent: Intent, owed: Owed) -> Playing:
        for at_ms, step, part, ready_ms in self._course(intent, self._now()):
            yield self._until(at_ms)
            if step == RECEIPT:
                self._receive(intent, owed, part)
            elif step == INVOICE:
                self._bill(intent, owed, part, ready_ms)
            else:
                self._bill_again(intent, owed, part)
        self.playing -= 1

    def _course(self, intent: Intent, approved_ms: int) -> list[tuple[int, str, int, int]]:
        """Every step after the approval in order: when, what, which part, and when its invoice can first be booked."""
        hours, steps = self._hours[intent.hospital], []
        day, billed_ms = hours.day_at(approved_ms), approved_ms
        for number, part in enumerate(intent.parts):
            day += part.lead_days
            arrives_ms = hours.moment(day, part.dock_share)
            if (
                arrives_ms < approved_ms + HOUR_MS
            ):  # on the same day: within hours if the dock is still open, or tomorrow
                arrives_ms = approved_ms + HOUR_MS + int(2 * HOUR_MS * part.dock_share)
                if arrives_ms > hours.closes[day]:
                    day += 1
                    arrives_ms = hours.moment(day, part.dock_share)
            last = number == len(intent.parts) - 1
            early = last and intent.twist == EARLY
            booked_ms = hours.moment(day + intent.late_days, part.dock_share) if early else arrives_ms
            if booked_ms > self._last_delivery_ms:
                break
            bill_ms = hours.moment(day if early else day + part.invoice_days, part.invoice_share)
            billed_ms = max(bill_ms, arrives_ms + 30 * MINUTE_MS, billed_ms + 30 * MINUTE_MS)
            steps.append((booked_ms, RECEIPT, number, 0))
            steps.append((billed_ms, INVOICE, number, max(booked_ms, billed_ms)))
            if last and intent.twist in (RENUMBERED, SECOND_CHANNEL):
                copy_ms = hours.after_days(billed_ms, intent.copy_days, intent.copy_share)
                steps.append((max(copy_ms, billed_ms + 20 * MINUTE_MS), COPY, number, 0))
        steps.sort()
        return steps

    def _receive(self, intent: Intent, owed: Owed, part: int) -> None:
        now, hours = self._now(), self._hours[intent.hospital]
        quantities = intent.parts[part].quantities
        number = self._hands.receipt(intent, owed.order, quantities, hours.local_date(now))
        goods = _goods(intent, quantities)
        value = sum(each.value_minor for each in goods)
        self._truth.receipt(now, f"{intent.key}/receipt-{part + 1}", owed, number, value, goods)

    def _bill(self, intent: Intent, owed: Owed, part: int, ready_ms: int) -> None:
        now, hours = self._now(), self._hours[intent.hospital]
        quantities = intent.parts[part].quantities
        last = part == len(intent.parts) - 1
        right = tuple(line.item.price_minor for line in intent.lines)
        prices = _misprice(intent, quantities, right) if last else right
        bill = Bill(self._number(intent), hours.local_date(now), intent.channel, quantities, prices)
        right_minor = sum(_amounts(intent, quantities))
        ref = f"ap_automation:{self._hands.invoice(intent, owed.order, bill)}"
        owes = f"{intent.key}/invoice-{part + 1}"
        paper = self.papers[ref] = Paper(ref, intent, owed, owes, bill, right_minor)
        self._first_paper[owes] = ref
        off = paper.overpriced
        amounts = (right_minor if off else bill.total_minor, right_minor)
        goods = _goods(intent, quantities)
        self._truth.payable(now, owes, owed, amounts, goods, ready_ms=ready_ms, needs_people=off)
        expect = "case" if off else "effect"
        self._truth.invoice(now, ref, owes, owed, bill.number, bill.total_minor, copy=False, expect=expect)
        if off:
            at_stake = bill.total_minor - right_minor
            self._truth.anomaly(now, intent.key, owed, PRICE_VARIANCE, "price-variance", (ref,), at_stake)

    def _bill_again(self, intent: Intent, owed: Owed, part: int) -> None:
        """A copy of the last invoice: disguised, or honest and through the other channel."""
        now, owes = self._now(), f"{intent.key}/invoice-{part + 1}"
        original = self.papers[self._first_paper[owes]]
        bill = original.bill
        number, channel = bill.number, "portal" if bill.channel == "email" else "email"
        if intent.twist == RENUMBERED:
            number, channel = disguised(number, intent.disguise), bill.channel
        copy = Bill(number, bill.date, channel, bill.quantities, bill.prices)
        ref = f"ap_automation:{self._hands.invoice(intent, owed.order, copy)}"
        self.papers[ref] = Paper(ref, intent, owed, owes, copy, original.right_minor, twin=original.ref)
        original.twin = ref
        self._truth.invoice(now, ref, owes, owed, number, copy.total_minor, copy=True, expect="case")
        about = (ref, original.ref)
        self._truth.anomaly(now, intent.key, owed, intent.twist, "duplicate-invoice", about, copy.total_minor)

    def _rebill(self, refused: Paper, at_ms: int) -> Playing:
        """The supplier sends the bill again: the same number, the right price."""
        yield self._until(at_ms)
        now, intent = self._now(), refused.intent
        date = self._hours[intent.hospital].local_date(now)
        right = tuple(line.item.price_minor for line in intent.lines)
        bill = Bill(refused.bill.number, date, refused.bill.channel, refused.bill.quantities, right)
        ref = f"ap_automation:{self._hands.invoice(intent, refused.owed.order, bill)}"
        self.papers[ref] = Paper(ref, intent, refused.owed, refused.owes, bill, refused.right_minor)
        self._truth.invoice(
            now, ref, refused.owes, refused.owed, bill.number, bill.total_minor, copy=False, expect="effect"
        )
        self.playing -= 1

    # -- small things -------------------------------------------------------------------------------------------------

    def _number(self, intent: Intent) -> str:
        """The supplier's next invoice number, in its own style."""
        supplier = intent.supplier
        number = self._next_number.get(supplier.id, supplier.first_number)
        self._next_number[supplier.id] = number + 1
        return supplier.style.format(n=number)

    def _until(self, at_ms: int) -> simpy.Event:
        return self._env.timeout(max(0, at_ms - self._now()))

    def _now(self) -> int:
        return int(self._env.now)  # an int already; SimPy only types it float


def _amounts(intent: Intent, quantities: tuple[int, ...]) -> Iterator[int]:
    return (quantity * line.item.price_minor for line, quantity in zip(intent.lines, quantities, strict=True))


def _goods(intent: Intent, quantities: tuple[int, ...]) -> tuple[Goods, ...]:
    """Quantities at the order's prices, by line."""
    amounts = enumerate(_amounts(intent, quantities), 1)
    return tuple(Goods(n, quantities[n - 1], amount) for n, amount in amounts if amount)


def _misprice(intent: Intent, quantities: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...]:
    """The unit prices on an invoice: right, clearly too high, or a little off to either side."""
    if intent.twist not in (PRICE_VARIANCE, TOLERATED):
        return right
    value = sum(_amounts(intent, quantities))
    if intent.twist == PRICE_VARIANCE:
        # 4 to 15 % too high (assumption: public sources give how often prices are wrong, not by how much)
        share = max(0.04 + 0.11 * intent.size, SURELY_OFF_SHARE + SURELY_OFF_MINOR / value)
        return tuple(price + max(1, round(price * share)) for price in right)
    share = TOLERATED_SHARE * (2 * intent.size - 1)
    if value < 10_000:  # cents weigh more on a small bill: up to 4.00 may pass whatever share that is
        share = TOLERATED_MINOR / value * (2 * intent.size - 1)
    return tuple(price + round(price * share) for price in right)
