"""What the capture makes of a bill that comes by mail: what it read, how sure it is, and where it read something else.

A misreading is one figure on the paper with one digit taken for another that looks like it. Mostly the capture is not
sure of such a figure; much more often it is not sure of one that it read rightly. Three readings contradict themselves:
a total that is not the sum of its lines, an amount, quantity or price that does not multiply. The fourth cannot: the paper
shows no amounts, so the capture worked them out from a price that it misread, and is not sure of its lines.
"""

from __future__ import annotations

import copy
from typing import Final

import msgspec

from contracts.scenario import Scenario
from sim.seed import Seed, Slots
from sim.world.billing import Bill
from sim.world.trade import MISREAD, TOLERATED, Intent

LOOKS_LIKE: Final = {
    "0": "8", "1": "7", "2": "7", "3": "8", "4": "9", "5": "6", "6": "5", "7": "1", "8": "3", "9": "4",
}  # fmt: skip
"""What a digit is taken for: 3 and 8 are the classic (08110230/08110280); none for a 0, so that no figure gets shorter."""
KINDS: Final = ("total", "amount", "quantity", "price", "worked-out")
SURE_FROM, SURE_SPAN, UNSURE_FROM, UNSURE_SPAN = 92, 8, 45, 35
"""Per cent from 92 to 99 where the capture is sure, from 45 to 79 where it is not. Assumption."""
UNSURE_OF_MISREAD: Final = 0.8
"""How often the capture is not sure of what it misread. Assumption; of prices that it works on with it never is."""

Figures = tuple[int, int, int]
"""How sure the capture is of number, lines and total, in per cent."""


class Reading(msgspec.Struct, frozen=True, gc=False):
    """What the capture shows of a bill. `correction` is what somebody who looks at the paper would say, if anything."""

    bill: Bill
    figures: Figures | None = None
    correction: str = ""


class Capture:
    """Reads the bills that come by mail, where a scenario wants to know how."""

    def __init__(self, seed: Seed, scenario: Scenario) -> None:
        """Where a scenario has neither misreadings nor doubts, nothing is said of how sure anything was."""
        self._seed = seed
        self._unsure_share = scenario.trade.unsure_share
        self._tells = bool(self._unsure_share or scenario.anomalies.misread)

    def read(self, intent: Intent, bill: Bill, paper: str, *, turns: bool = False) -> Reading:
        """What comes of a bill; `paper` tells the papers of a purchase apart, `turns` says that its turn befalls this one."""
        if not self._tells or bill.channel != "email":
            return Reading(bill)
        draws = self._seed.slots("capture", intent.key, paper)
        if turns and intent.twist == MISREAD:
            return _misread(bill, draws)
        hard_for_people_too = intent.twist == TOLERATED
        unsure = draws.uniform(3) < self._unsure_share and not hard_for_people_too
        return Reading(bill, _figures(draws, int(3 * draws.uniform(4)) if unsure else -1))


def _figures(draws: Slots, unsure_of: int) -> Figures:
    """How sure the capture is, and of which one not."""
    number, lines, total = (
        UNSURE_FROM + int(UNSURE_SPAN * draws.uniform(n))
        if n == unsure_of
        else SURE_FROM + int(SURE_SPAN * draws.uniform(n))
        for n in range(3)
    )
    return number, lines, total


def _misread(bill: Bill, draws: Slots) -> Reading:
    """One figure is another than the paper says."""
    kind = KINDS[int(len(KINDS) * draws.uniform(5))]
    unsure = draws.uniform(3) < UNSURE_OF_MISREAD or kind == "worked-out"
    figures = _figures(draws, -1 if not unsure else 2 if kind == "total" else 1)
    place, share = draws.uniform(6), draws.uniform(7)
    seen = copy.copy(bill)
    if kind == "total":
        seen.total_minor = taken_for(bill.total_minor, place)
        return Reading(seen, figures, f"total={money(bill.total_minor)}")
    billed = [n for n, quantity in enumerate(bill.quantities) if quantity]
    at = billed[int(len(billed) * share)]
    line = f"lines/{at + 1}"
    if kind == "amount":
        seen.amounts = _with(bill.amounts, at, taken_for(bill.amounts[at], place))
        return Reading(seen, figures, f"{line}/amount={money(bill.amounts[at])}")
    if kind == "quantity":
        seen.quantities = _with(bill.quantities, at, taken_for(bill.quantities[at], place))
        return Reading(seen, figures, f"{line}/quantity={bill.quantities[at]}")
    price = taken_for(bill.prices[at], place)
    seen.prices = _with(bill.prices, at, price)
    correction = f"{line}/unit_price={money(bill.prices[at])}"
    if kind == "price":
        return Reading(seen, figures, correction)
    seen.amounts = _with(bill.amounts, at, bill.quantities[at] * price)
    seen.total_minor = sum(seen.amounts) + bill.charges_minor
    right = f"{correction}; {line}/amount={money(bill.amounts[at])}; total={money(bill.total_minor)}"
    return Reading(seen, figures, right)


def taken_for(figure: int, place: float) -> int:
    """The figure with the digit at a place, from 0 to below 1, taken for another."""
    digits = str(figure)
    at = int(len(digits) * place)
    return int(digits[:at] + LOOKS_LIKE[digits[at]] + digits[at + 1 :])


def money(minor: int) -> str:
    """An amount as it stands on a paper."""
    return f"{minor // 100}.{minor % 100:02d}"


def _with(figures: tuple[int, ...], at: int, figure: int) -> tuple[int, ...]:
    return (*figures[:at], figure, *figures[at + 1 :])
