"""Plays intents: asked, approved, delivered, billed. One short process per purchase, and the truth written at each step.

Nothing here depends on the design under test: an intent and the calendar settle every moment. What people at the desk
decide comes back through `settle`, and the supplier's answer to a refusal is the one thing that waits for it.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from contracts.cases import Decision
from sim.world.billing import Bill, at_order_prices, copies, disguise_of, rightly, twisted
from sim.world.calendar import MINUTE_MS, Hours, utc_date
from sim.world.capture import Capture, money
from sim.world.codes import Codes
from sim.world.course import ACKNOWLEDGED, COPY, COUNT, INVOICE, RECEIPT, RETURN, REVISION, course, followed
from sim.world.crediting import Crediting
from sim.world.disguises import HELD_OUT
from sim.world.docks import Docks, goods_of
from sim.world.hands import Hands
from sim.world.papers import DISPUTED, OUTCOMES, Paper
from sim.world.people import approvers
from sim.world.trade import BLANKET, RENUMBERED, SECOND_CHANNEL, Intent
from sim.world.truth import DUE_DAYS, Owed, Truth

Playing = Generator[simpy.Event, Any, None]


class Purchasing:
    """All purchases of all hospitals."""

    def __init__(  # noqa: PLR0913 - what purchases need
        self,
        env: simpy.Environment,
        hands: Hands,
        truth: Truth,
        hours: dict[str, Hours],
        codes: Codes,
        capture: Capture,
        last_delivery_ms: int,
        *,
        acknowledged: bool = False,
    ) -> None:
        """Deliveries after `last_delivery_ms` belong to the next month's story: such orders stay open.

        `acknowledged`: suppliers say when they have seen an order.
        """
        self._acknowledged = acknowledged
        self._codes = codes
        self._capture = capture
        self._env = env
        self._hands = hands
        self._truth = truth
        self._docks = Docks(hands, truth)
        self._hours = hours
        self._last_delivery_ms = last_delivery_ms
        self._next_number: dict[str, int] = {}
        self._first_paper: dict[str, str] = {}
        self._counts: dict[str, tuple[str, str]] = {}
        self.papers: dict[str, Paper] = {}
        self._crediting = Crediting(hands, truth, capture, self.papers, self._unordered)
        self.playing = 0

    def open_order(self, intent: Intent) -> None:
        """An order that had been approved before the month began, entered now."""
        owed = self._ordered(intent, self._approved(intent, self._hands.requisition(intent)))
        self._begin(self._delivered_and_billed(intent, owed))

    def start(self, intent: Intent) -> None:
        """Somebody wants something, now; or is billed for something that nobody ordered in writing."""
        if intent.unordered:
            self._begin(self._billed_alone(intent))
            return
        self._begin(self._from_requisition(intent, self._hands.requisition(intent)))

    def settle(self, paper: Paper, decision: Decision) -> None:
        """The desk has decided about an invoice: the truth follows, and so does the supplier."""
        now, hours = self._now(), self._hours[paper.intent.hospital]
        if decision == "correct":
            if not paper.accepted:
                paper.accepted = True
                self._truth.revise(now, paper.owes, hours.close_after(now, DUE_DAYS))
            return
        if decision == "accept":
            if paper.disputed and not paper.rebilled and not paper.accepted:
                paper.accepted = True
                due_ms = hours.close_after(now, DUE_DAYS)
                self._truth.revise(now, paper.owes, due_ms, amount_minor=paper.bill.total_minor)
            return
        paper.rejected = True
        if paper.disputed and not paper.rebilled:
            paper.rebilled = True
            intent = paper.intent
            at_ms = hours.after_days(now, 1 + int(2 * intent.copy_share), 0.1 + 0.8 * intent.disguise)
            due_ms = hours.close_after(at_ms, DUE_DAYS)
            self._truth.revise(now, paper.owes, due_ms, on=hours.local_date(at_ms))
            self._begin(self._rebill(paper, at_ms))

    def accept_after_all(self, paper: Paper) -> None:
        """What had been refused by mistake is accepted, and can be booked from now on."""
        self.settle(paper, "accept")
        if not paper.disputed:
            self.due_anew(paper)

    def due_anew(self, paper: Paper) -> None:
        """What a bill is for can be booked from now on."""
        now = self._now()
        self._truth.revise(now, paper.owes, self._hours[paper.intent.hospital].close_after(now, DUE_DAYS))

    # -- a purchase ---------------------------------------------------------------------------------------------------

    def _begin(self, playing: Playing) -> None:
        self.playing += 1
        self._env.process(playing)

    def _from_requisition(self, intent: Intent, requisition: str) -> Playing:
        hours, now = self._hours[intent.hospital], self._now()
        order = ""
        for approver in approvers(intent.desk_share):
            if order:
                break
            at_ms = hours.add(now, intent.approval_minutes * MINUTE_MS)
            if self._codes.at_rest(intent.hospital, at_ms):
                at_ms = hours.after_days(at_ms, 1, intent.desk_share / 4)
            yield self._env.timeout(at_ms - now)
            now = at_ms
            order = self._hands.approval(requisition, approver)
        yield from self._delivered_and_billed(intent, self._ordered(intent, order))

    def _approved(self, intent: Intent, requisition: str) -> str:
        """The number of an order to which everybody whom it needs has said yes."""
        numbers = (self._hands.approval(requisition, approver) for approver in approvers(intent.desk_share))
        return next(number for number in numbers if number)

    def _ordered(self, intent: Intent, order: str) -> Owed:
        account_on = None if intent.stock else self._codes.booked(intent.hospital, intent.cost_centre)
        now, currency = self._now(), intent.supplier.currency
        rate_ppm = self._truth.rate_ppm(currency, utc_date(now))
        hours = self._hours[intent.hospital]
        stocked = self._codes.stocked(intent.hospital, intent.cost_centre)
        owed = Owed(
            intent.hospital, intent.supplier.id, intent.stock, order, hours, account_on, currency, rate_ppm, stocked
        )
        value_minor = at_order_prices(intent, intent.ordered)
        self._truth.order(now, f"{intent.key}/order", owed, value_minor)
        return owed

    def _billed_alone(self, intent: Intent) -> Playing:
        """A bill without an order, coded and approved where it was captured; and perhaps its copy."""
        owed, now = self._unordered(intent), self._now()
        self._bill(now, intent, owed, 0, now)
        for step in followed(intent, 0, owed.hours, now, self._last_delivery_ms):
            yield self._until(step.at_ms)
            self._follow(self._now(), step.what, intent, owed, step.part)
        self.playing -= 1

    def _unordered(self, intent: Intent) -> Owed:
        """What the facts about a bill without an order have in common."""
        hours = self._hours[intent.hospital]
        account_on = self._codes.booked(intent.hospital, intent.cost_centre)
        return Owed(intent.hospital, intent.supplier.id, intent.stock, "", hours, account_on)

    def _follow(self, now: int, step: str, intent: Intent, owed: Owed, part: int) -> None:
        """What comes of a bill: its copy, its credit memo, the new bill."""
        if step == COPY:
            self._bill_again(now, intent, owed, part)
        else:
            self._crediting.play(now, step, intent, self._first_paper[f"{intent.key}/invoice-{part + 1}"])

    def _delivered_and_billed(self, intent: Intent, owed: Owed) -> Playing:
        now = self._now()
        for step in course(intent, owed.hours, now, self._last_delivery_ms, acknowledged=self._acknowledged):
            at_ms, what, part = max(now, step.at_ms), step.what, step.part
            yield self._env.timeout(at_ms - now)
            now = at_ms
            if what == RECEIPT:
                self._docks.receive(now, intent, owed, part)
            elif what == INVOICE:
                self._bill(now, intent, owed, part, step.ready_ms)
            elif what == RETURN:
                self._docks.send_back(now, intent, owed, part)
            elif what == COUNT:
                self._count(now, intent, owed, part)
            elif what == REVISION:
                self._revise(now, intent, owed)
            elif what == ACKNOWLEDGED:
                self._hands.acknowledgement(intent.supplier.id, owed.order)
            else:
                self._follow(now, what, intent, owed, part)
        self.playing -= 1

    def _revise(self, now: int, intent: Intent, owed: Owed) -> None:
        """A buyer thinks again: another quantity, or nothing at all."""
        quantities = tuple(line.quantity for line in intent.lines)
        if intent.cancelled:
            version = self._hands.cancel(intent.requester, owed.order)
        else:
            version = self._hands.change(intent.requester, owed.order, quantities)
        self._truth.order_revised(now, owed, version, at_order_prices(intent, quantities))

    def _bill(self, now: int, intent: Intent, owed: Owed, part: int, ready_ms: int) -> None:
        quantities = intent.billed(part)
        turns = part == intent.twisted_part
        right = rightly(intent, quantities, self._number(intent), owed.hours.local_date(now))
        bill = twisted(intent, right) if turns else right
        owes = f"{intent.key}/invoice-{part + 1}"
        reading = self._capture.read(intent, bill, owes, turns=turns)
        bill, correction = reading.bill, reading.correction or (_tax_correction(bill, right) if turns else "")
        ref = f"ap_automation:{self._hands.invoice(intent, owed.order, bill, reading.figures)}"
        paper = Paper(ref, intent, owed, owes, bill, right.total_minor, correction=correction)
        self.papers[ref] = paper
        self._first_paper[owes] = ref
        off = turns and intent.twist in DISPUTED
        due = right if off else bill
        amounts = (due.total_minor, right.goods_minor)
        goods, charges = goods_of(intent, quantities, owed.rate_ppm), due.charges_minor
        self._truth.payable(now, owes, owed, amounts, goods, charges, ready_ms=ready_ms, needs_people=off)
        expect = "case" if off else "effect"
        self._truth.invoice(now, ref, owes, owed, bill.number, bill.total_minor, copy=False, expect=expect)
        if off and not (intent.missing and self._docks.uncounted(intent)):  # else nothing shows it before the count
            self._dispute(now, paper)

    def _count(self, now: int, intent: Intent, owed: Owed, part: int) -> None:
        """A delivery is counted at last; if less came, and it is billed already, this is what shows it."""
        entered = self._docks.count(now, intent, owed, part)
        self._counts[intent.key] = entered
        billed = self._first_paper.get(f"{intent.key}/invoice-{part + 1}")
        if intent.missing and billed:
            self._dispute(now, self.papers[billed])

    def _dispute(self, now: int, paper: Paper) -> None:
        """The truth about a bill that people must decide about."""
        twist, owed = paper.intent.twist, paper.owed
        counted = self._counts.get(paper.intent.key, ()) if twist == BLANKET else ()
        self._truth.anomaly(
            now,
            paper.intent.key,
            owed,
            twist,
            DISPUTED[twist],
            (paper.ref,),
            abs(paper.bill.total_minor - paper.right_minor) or paper.bill.total_minor,
            outcomes=OUTCOMES[twist],
            evidence=(paper.ref, f"procurement:{owed.order}", *counted),
        )

    def _bill_again(self, now: int, intent: Intent, owed: Owed, part: int) -> None:
        """A copy of an invoice: disguised, or honest and through the other channel; or two that add up to it."""
        owes = f"{intent.key}/invoice-{part + 1}"
        original = self.papers[self._first_paper[owes]]
        disguise = disguise_of(intent, intent.parts[part].quantities)
        what = intent.twist if intent.twist in (RENUMBERED, SECOND_CHANNEL) else f"duplicate-{disguise.name}"
        categories = ("duplicate-invoice", "quantity-variance") if disguise.halves else ("duplicate-invoice",)
        later = self._hours[intent.hospital].local_date(now)
        for place, copy in enumerate(copies(original.bill, disguise, intent.hospital, later)):
            figures = self._capture.read(intent, copy, f"{owes}/copy{place}").figures
            ref = f"ap_automation:{self._hands.invoice(intent, owed.order, copy, figures)}"
            self.papers[ref] = Paper(ref, intent, owed, owes, copy, original.right_minor, twin=original.ref)
            original.twin = ref
            self._truth.invoice(
                now, ref, owes, owed, copy.number, copy.total_minor, copy=True, expect="case", party=copy.supplier.id
            )
            self._truth.anomaly(
                now,
                f"{intent.key}/{part + 1}{'ab'[place]}" if disguise.halves else intent.key,
                owed,
                what,
                categories,
                (ref, original.ref),
                copy.total_minor,
                outcomes=("reject", "merge"),
                evidence=(ref, original.ref),
                held_out=disguise in HELD_OUT,
            )

    def _rebill(self, refused: Paper, at_ms: int) -> Playing:
        """The supplier sends the bill again: the same number, the right price."""
        yield self._until(at_ms)
        now, intent = self._now(), refused.intent
        date = self._hours[intent.hospital].local_date(now)
        bill = rightly(intent, refused.delivered, refused.bill.number, date)
        figures = self._capture.read(intent, bill, f"{refused.owes}/again").figures
        ref = f"ap_automation:{self._hands.invoice(intent, refused.owed.order, bill, figures)}"
        self.papers[ref] = Paper(ref, intent, refused.owed, refused.owes, bill, refused.right_minor)
        self._truth.invoice(
            now, ref, refused.owes, refused.owed, bill.number, bill.total_minor, copy=False, expect="effect"
        )
        self.playing -= 1

    # -- small things -------------------------------------------------------------------------------------------------

    def _number(self, intent: Intent) -> str:
        """The supplier's next invoice number, in its own style."""
        supplier = intent.supplier
        series = f"{supplier.id}/{intent.hospital}" if supplier.own_series else supplier.id
        number = self._next_number.get(series, supplier.first_number)
        self._next_number[series] = number + 1
        return supplier.style.format(n=number)

    def _until(self, at_ms: int) -> simpy.Event:
        return self._env.timeout(max(0, at_ms - self._now()))

    def _now(self) -> int:
        return int(self._env.now)  # an int already; SimPy only types it float


def _tax_correction(bill: Bill, right: Bill) -> str:
    """What people put right where the tax is not what is due: that is paid, and the supplier told."""
    due = right.charged("tax")
    if bill.charged("tax") == due:
        return ""
    return f"charges/tax={money(due)}; total={money(right.total_minor)}"
