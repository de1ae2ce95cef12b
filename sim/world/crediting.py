"""Credit and rebill: a supplier finds that a bill was wrong, gives all of it back, and bills again.

The credit memo is a debt of its own, the other way round; so is the new bill, which people who lay it beside the old one
could take for a copy. Nothing here waits for the design: whether the old bill was booked by then is for it to see to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from sim.world.billing import at_order_prices, rightly, twisted
from sim.world.capture import Capture
from sim.world.course import CREDIT, CREDIT_AGAIN
from sim.world.docks import goods_of
from sim.world.hands import Hands
from sim.world.papers import Paper
from sim.world.trade import TOLERATED, Intent
from sim.world.truth import Owed, Truth

TWICE: Final = "duplicate-credit"
MISREFERRED: Final = "credit-without-invoice"
"""What a person must see, which is also what the case about it is called."""


class Crediting:
    """All credit memos and the bills that follow them."""

    def __init__(
        self,
        hands: Hands,
        truth: Truth,
        capture: Capture,
        papers: dict[str, Paper],
        unordered: Callable[[Intent], Owed],
    ) -> None:
        """Know the papers that people are asked about. `unordered` is whose a bill without an order is."""
        self._capture = capture
        self._unordered = unordered
        self._hands = hands
        self._truth = truth
        self._papers = papers
        self._memos: dict[str, Paper] = {}

    def play(self, now: int, step: str, intent: Intent, first: str) -> None:
        """The next thing that befalls a bill, whose paper is `first`."""
        original = self._papers[first]
        if step == CREDIT:
            self._credit(now, intent, original)
        elif step == CREDIT_AGAIN:
            self._credit_again(now, intent, original)
        else:
            self._rebill(now, intent, original)

    def _credit(self, now: int, intent: Intent, original: Paper) -> None:
        """The supplier gives a bill back; the memo may name its delivery note, a number that nobody here has."""
        credited = intent.credited
        misreferred = credited is not None and credited.misreferred
        bill, owed, owes = original.bill, original.owed, f"{original.owes}/credit"
        names = f"DN-{intent.key}" if misreferred else bill.number
        memo, billed = self._captured(now, intent, original, owes, names), self._truth.obligations[original.owes]
        if misreferred:
            memo.correction = f"credits={bill.number}"
        self._truth.credit(
            now,
            owes,
            owed,
            (bill.total_minor, billed.order_value_minor),
            billed.goods,
            bill.charges_minor,
            gives_back=original.owes,
            needs_people=misreferred,
        )
        self._paper(now, memo, copy=False, expect="case" if misreferred else "effect")
        self._memos[original.ref] = memo
        if misreferred:
            outcomes, evidence = ("correct", "accept"), (memo.ref,)
            self._anomaly(now, intent, memo, MISREFERRED, (memo.ref,), outcomes, evidence)

    def _credit_again(self, now: int, intent: Intent, original: Paper) -> None:
        """The memo comes a second time."""
        memo = self._memos[original.ref]
        again = self._captured(now, intent, original, memo.owes, original.bill.number)
        again.twin, memo.twin = memo.ref, again.ref
        self._paper(now, again, copy=True, expect="case")
        about = (again.ref, memo.ref)
        self._anomaly(now, intent, again, TWICE, about, ("reject", "merge"), about)

    def _rebill(self, now: int, intent: Intent, original: Paper) -> None:
        """The new bill: the same or another amount, under the same number or one of its own; perhaps another hospital's."""
        credited, owed = intent.credited, original.owed
        if credited is not None and credited.to:
            intent = replace(intent, hospital=credited.to)
            owed = self._unordered(intent)
        part = len(intent.parts) - 1
        quantities, date = intent.billed(part), owed.hours.local_date(now)
        repriced, same = (credited.repriced, credited.same_number) if credited is not None else (False, True)
        number = original.bill.number if same else f"{original.bill.number}-2"
        right = rightly(intent, quantities, number, date)
        billed = twisted(replace(intent, twist=TOLERATED), right) if repriced else right
        owes = f"{original.owes}/again"
        figures = self._capture.read(intent, billed, owes).figures
        ref = f"ap_automation:{self._hands.invoice(intent, owed.order, billed, figures)}"
        self._papers[ref] = Paper(ref, intent, owed, owes, billed, right.total_minor)
        waits = credited is not None and credited.misreferred
        goods = goods_of(intent, quantities, owed.rate_ppm)
        amounts = (billed.total_minor, at_order_prices(intent, quantities))
        self._truth.payable(now, owes, owed, amounts, goods, billed.charges_minor, ready_ms=now, needs_people=waits)
        self._truth.invoice(now, ref, owes, owed, number, billed.total_minor, copy=False, expect="effect")

    def _captured(self, now: int, intent: Intent, original: Paper, owes: str, names: str) -> Paper:
        """A credit memo as invoice capture has it."""
        bill, order, date = original.bill, original.owed.order, original.owed.hours.local_date(now)
        ref = f"ap_automation:{self._hands.credit_memo(intent, order, bill, f'CM{bill.number}', date, names)}"
        memo = self._papers[ref] = Paper(ref, intent, original.owed, owes, bill, original.right_minor, credit=True)
        return memo

    def _paper(self, now: int, memo: Paper, *, copy: bool, expect: str) -> None:
        number, amount = f"CM{memo.bill.number}", memo.bill.total_minor
        self._truth.invoice(
            now, memo.ref, memo.owes, memo.owed, number, amount, copy=copy, expect=expect, what="credit-memo"
        )

    def _anomaly(  # noqa: PLR0913 - an anomaly is all of this
        self,
        now: int,
        intent: Intent,
        memo: Paper,
        what: str,
        about: tuple[str, ...],
        outcomes: tuple[str, ...],
        evidence: tuple[str, ...],
    ) -> None:
        amount = memo.bill.total_minor
        self._truth.anomaly(
            now, intent.key, memo.owed, what, (what,), about, amount, outcomes=outcomes, evidence=evidence
        )
