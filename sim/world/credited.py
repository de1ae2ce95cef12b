"""Which bills turn out wrong after they were booked, and how they are put right: drawn whole, like everything of an intent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from contracts.scenario import Credits


class Credited(msgspec.Struct, frozen=True, gc=False):
    """How a bill is given back and billed again.

    The credit memo comes `memo_days` working days after the bill, and the new bill `rebill_days` later, both at `share` of
    the day. The new bill may be `repriced`, or have the `same_number`. The memo may come `twice`, or be `misreferred`: it
    names a bill that nobody has.
    """

    memo_days: int
    rebill_days: int
    share: float
    repriced: bool
    same_number: bool
    twice: bool
    misreferred: bool
    to: str = ""
    """The hospital that should have been billed, where it was another."""


def misapplied(shares: Credits, draw: Callable[[], float], others: Sequence[str]) -> Credited:
    """What befalls a bill without an order that went to the wrong hospital: the new one goes to one of the others."""
    return replace(drawn(shares, draw), repriced=False, to=others[int(len(others) * draw())])


def drawn(shares: Credits, draw: Callable[[], float]) -> Credited:
    """What befalls a bill. How long suppliers take is an assumption."""
    memo_days, rebill_days, share = 2 + int(4 * draw()), 1 + int(2 * draw()), draw()
    repriced, same_number = draw() < shares.repriced_share, draw() < shares.same_number_share
    wrong = draw()
    twice = wrong < shares.twice_share
    misreferred = not twice and wrong < shares.twice_share + shares.misreferred_share
    return Credited(memo_days, rebill_days, share, repriced, same_number, twice, misreferred)
