"""The course of a purchase once it is approved: every step and its moment, settled by the intent and the calendar alone.

What happens at a step is `purchasing`'s business.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from sim.world.billing import disguise_of
from sim.world.calendar import DAY_MS, HOUR_MS, MINUTE_MS, Hours
from sim.world.credited import Credited
from sim.world.orders import Part
from sim.world.trade import COPIED, EARLY, Intent

ACKNOWLEDGED: Final = "acknowledged"
RECEIPT: Final = "receipt"
RETURN: Final = "return"
COUNT: Final = "count"
INVOICE: Final = "invoice"
COPY: Final = "copy"
REVISION: Final = "revision"
CREDIT: Final = "credit"
CREDIT_AGAIN: Final = "credit-again"
REBILL: Final = "rebill"

ACKNOWLEDGED_MS: Final = 20 * MINUTE_MS
"""A supplier has seen an order after twenty to eighty minutes. Assumption."""
SENT_BACK_MS: Final = 15 * MINUTE_MS
"""What is wrong with a delivery shows when it is unpacked, before anybody bills it. Assumption."""
LATE_COPY_DAYS: Final = 6
"""A copy that would come so long after the last delivery belongs to the next month's story."""


class Step(msgspec.Struct, frozen=True, order=True, gc=False):
    """When, what, which part of the order; and, of a bill, when it can first be booked."""

    at_ms: int
    what: str
    part: int = 0
    ready_ms: int = 0


def course(
    intent: Intent, hours: Hours, approved_ms: int, last_delivery_ms: int, *, acknowledged: bool = False
) -> list[Step]:
    """Every step after the approval, in order. What would be delivered after the last moment is left to the next month."""
    steps = list(_thought_over(intent, hours, approved_ms, acknowledged=acknowledged))
    if intent.cancelled:
        return steps
    day, billed_ms = hours.day_at(approved_ms), approved_ms
    for number, part in enumerate(intent.parts):
        day, arrives_ms = _arrival(part, hours, day + part.lead_days, approved_ms)
        turns = number == intent.twisted_part
        early = turns and intent.twist == EARLY
        booked_ms = hours.moment(day + intent.late_days, part.dock_share) if early else arrives_ms
        if booked_ms > last_delivery_ms:
            break
        bill_ms = hours.moment(day if early else day + part.invoice_days, part.invoice_share)
        billed_ms = max(bill_ms, arrives_ms + 30 * MINUTE_MS, billed_ms + 30 * MINUTE_MS)
        steps.append(Step(booked_ms, RECEIPT, number))
        last, ready_ms = number == len(intent.parts) - 1, max(booked_ms, billed_ms)
        if intent.received_all and last:
            counted_ms = hours.after_days(booked_ms, intent.late_days, part.dock_share)
            steps.append(Step(counted_ms, COUNT, number))
            ready_ms = max(ready_ms, counted_ms)
        steps.append(Step(billed_ms, INVOICE, number, ready_ms))
        if intent.returned and last:
            steps.append(Step(booked_ms + SENT_BACK_MS, RETURN, number))
        if turns:
            steps.extend(followed(intent, number, hours, billed_ms, last_delivery_ms))
    steps.sort()
    return steps


def followed(intent: Intent, part: int, hours: Hours, billed_ms: int, last_delivery_ms: int) -> Iterator[Step]:
    """What comes of a bill by itself: its copy; or its credit memo, and the new bill."""
    if intent.twist in COPIED:
        return _copied(intent, part, hours, billed_ms, last_delivery_ms)
    if intent.credited is not None:
        return _corrected(intent.credited, part, hours, billed_ms, last_delivery_ms)
    return iter(())


def _corrected(credited: Credited, part: int, hours: Hours, billed_ms: int, last_delivery_ms: int) -> Iterator[Step]:
    """When a bill is given back, and when the new one comes."""
    memo_ms = hours.after_days(billed_ms, credited.memo_days, credited.share)
    again_ms = hours.after_days(memo_ms, credited.rebill_days, 1 - credited.share)
    if again_ms <= last_delivery_ms + LATE_COPY_DAYS * DAY_MS:
        yield Step(memo_ms, CREDIT, part)
        if credited.twice:
            yield Step(memo_ms + HOUR_MS, CREDIT_AGAIN, part)
        yield Step(again_ms, REBILL, part)


def _copied(intent: Intent, part: int, hours: Hours, billed_ms: int, last_delivery_ms: int) -> Iterator[Step]:
    """When the copy of a bill comes, if it comes."""
    disguise = disguise_of(intent, intent.parts[part].quantities)
    days = intent.copy_days + disguise.days_later
    copy_ms = max(hours.after_days(billed_ms, days, intent.copy_share), billed_ms + 20 * MINUTE_MS)
    if not disguise.days_later or copy_ms <= last_delivery_ms + LATE_COPY_DAYS * DAY_MS:
        yield Step(copy_ms, COPY, part)


def _thought_over(intent: Intent, hours: Hours, approved_ms: int, *, acknowledged: bool) -> Iterator[Step]:
    """A buyer thinks again within the hour; a supplier has seen what stands."""
    if intent.first or intent.cancelled:
        yield Step(approved_ms + int((10 + 40 * intent.copy_share) * MINUTE_MS), REVISION)
    if acknowledged and not intent.cancelled:
        yield Step(hours.add(approved_ms, ACKNOWLEDGED_MS + int(HOUR_MS * intent.copy_share)), ACKNOWLEDGED)


def _arrival(part: Part, hours: Hours, day: int, approved_ms: int) -> tuple[int, int]:
    """The day and the moment; on the day of the approval within hours if the dock is still open, or tomorrow."""
    arrives_ms = hours.moment(day, part.dock_share)
    if arrives_ms < approved_ms + HOUR_MS:
        arrives_ms = approved_ms + HOUR_MS + int(2 * HOUR_MS * part.dock_share)
        if arrives_ms > hours.closes[day]:
            day += 1
            arrives_ms = hours.moment(day, part.dock_share)
    return day, arrives_ms
