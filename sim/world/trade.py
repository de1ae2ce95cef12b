"""What hospitals want to buy: how much on which day, and every turn each purchase will take.

An *intent* is drawn whole, before anything happens, from a stream of its own: hospital, day and number on that day. So
it is the same whatever the design does, whichever intents stand beside it, and at any scale that reaches its number.
What follows from an intent, and when, is for `purchasing`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from typing import Final, Protocol

import msgspec

from contracts.scenario import Scenario
from sim.world.catalogue import Catalogue, Draws, Supplier
from sim.world.credited import Credited, drawn, misapplied
from sim.world.orders import Line, Part, arrival, delivery, halves, lines_of
from sim.world.taxes import Rates, rates_of

RUSH_SHARE: Final = 0.8
RUSH_SAME_DAY: Final = 0.7
"""In a peak most orders come at once, billed on the spot: what is to count this month must be here this month. Assumption."""
APPROVAL_MINUTES_MAX: Final = 300

PRICE_VARIANCE: Final = "price-variance"
RENUMBERED: Final = "duplicate-renumbered"
SECOND_CHANNEL: Final = "duplicate-second-channel"
EARLY: Final = "invoice-before-receipt"
TOLERATED: Final = "price-within-tolerance"
DISGUISED: Final = "disguised"
UNSEEN: Final = "disguised-held-out"
OVERBILLED: Final = "quantity-variance"
STALE_PRICE: Final = "stale-order-price"
WRONG_UNIT: Final = "unit-variance"
IN_PIECES: Final = "billed-in-pieces"
MISREAD: Final = "misread"
OVERTAXED: Final = "tax-variance"
BLANKET: Final = "blanket-receipt"
COPIED: Final = frozenset((RENUMBERED, SECOND_CHANNEL, DISGUISED, UNSEEN))
"""The turns that bring a second paper for one delivery."""

SURELY_OFF_SHARE: Final = 0.03
SURELY_OFF_MINOR: Final = 800
"""A variance is at least this far off, a tolerated difference well inside. Buyers commonly let 2 % or 5.00 pass
(assumption)."""
HOME: Final = "USD"
CONTRACTS: Final = 12
"""Services of a hospital that are billed without an order. Assumption."""
WEEKS_ORDERED: Final = 26
"""A standing order covers half a year. Assumption."""

LEAST_ORDERED: Final = 2
"""Of one unit nothing can be missing, or there is nothing to bill."""


class Seeded(Protocol):
    """What is needed of the seed."""

    def stream(self, *names: str) -> Draws:
        """A stream of numbers that depends on its names alone."""

    def draw(self, *names: str) -> float:
        """One number that does: a stream takes four times as long to begin."""


class Intent(msgspec.Struct, frozen=True, gc=False):
    """A purchase with every turn that it will take. `twist` befalls the invoice of one part; the shares settle how.

    `first` are the quantities as they were approved, where the order was changed afterwards.
    """

    key: str
    hospital: str
    asked_share: float
    approval_minutes: int
    supplier: Supplier
    lines: tuple[Line, ...]
    stock: bool
    requester: str
    cost_centre: str
    channel: str
    parts: tuple[Part, ...]
    twist: str
    size: float
    disguise: float
    copy_days: int
    copy_share: float
    desk_share: float
    late_days: int
    twisted: int = -1
    first: tuple[int, ...] = ()
    cancelled: bool = False
    unordered: bool = False
    returned: int = 0
    charges: tuple[float, ...] = ()
    """Freight and tax, as shares of the goods' amount; where orders say the `taxes`, that there is any is all that counts."""
    received_all: bool = False
    """Whether the dock enters the last delivery without counting it; `missing` of the first line did not come."""
    missing: int = 0
    taxes: Rates = ()
    by_line: bool = False
    """Whether its supplier rounds tax line by line."""
    credited: Credited | None = None

    @property
    def twisted_part(self) -> int:
        """The place of the part whose invoice the twist befalls: the last, but for standing orders."""
        return self.twisted % len(self.parts)

    @property
    def ordered(self) -> tuple[int, ...]:
        """The quantities that are approved."""
        return self.first or tuple([line.quantity for line in self.lines])

    def billed(self, part: int) -> tuple[int, ...]:
        """What a part's invoice should be for: what came, less what went back of the last."""
        quantities, less = self.parts[part].quantities, self.returned + self.missing
        if not less or part != len(self.parts) - 1:
            return quantities
        return (quantities[0] - less, *quantities[1:])

    @property
    def packed(self) -> bool:
        """Whether some of it is bought in packs of pieces."""
        return any(line.item.pack > 1 for line in self.lines)


class Trade:
    """Draws intents, one by one, on demand."""

    def __init__(self, scenario: Scenario, seed: Seeded, catalogue: Catalogue) -> None:
        """Take the scenario's figures."""
        self._seed = seed
        self._catalogue = catalogue
        self._trade = scenario.trade
        self._turns, self._edges = _turns(scenario)
        self._revises = scenario.trade.changed_order_share + scenario.trade.cancelled_order_share > 0
        self._copied = scenario.disguises.tuned, scenario.disguises.held_out
        self._taxes = {hospital.id: rates_of(hospital, scenario.calendar) for hospital in scenario.hospital}
        self._credits = scenario.credits
        self._hospitals = [hospital.id for hospital in scenario.hospital if hospital.joins is None]
        self._at_home = [seller for seller in catalogue.expense if seller[0].currency == HOME]
        self._sellers = {
            (hospital.id, stock): catalogue.sellers(hospital, stock=stock)
            for hospital in scenario.hospital
            for stock in (True, False)
        }

    def intent(self, hospital: str, day: str, number: int, *, rush: bool = False) -> Intent:
        """The purchase with this number on a hospital's day; `open` is the day before the first."""
        draw = self._seed.stream("intent", hospital, day, str(number)).random
        stock = draw() < self._trade.stock_share
        sellers = self._sellers[hospital, stock]
        seller, assortment = sellers[int(len(sellers) * draw() ** 2)]  # a few suppliers get most orders. Assumption
        split = draw() < self._trade.split_delivery_share
        lines = lines_of(draw, assortment, stock=stock, even=split)
        rushed = (draw() < RUSH_SHARE) and rush
        lead = draw()
        lead_days = int(lead >= RUSH_SAME_DAY) if rushed else 1 + int(self._trade.lead_days_max * lead**1.6)
        first = delivery(draw, tuple(line.quantity for line in lines), lead_days)
        if rushed:
            first = msgspec.structs.replace(first, invoice_days=0)
        parts = halves(draw, first) if split else (first,)
        twist = self._turns[bisect_right(self._edges, draw())]
        intent = Intent(
            key=f"{hospital}-{day}-{number:03d}",
            hospital=hospital,
            asked_share=arrival(draw()),
            approval_minutes=5 + int(APPROVAL_MINUTES_MAX * draw() ** 2),
            supplier=seller,
            lines=lines,
            stock=stock,
            requester=self._catalogue.requester(draw()),
            cost_centre=self._catalogue.cost_centre(draw()),
            channel="email" if draw() < 0.6 else "portal",  # assumption
            parts=parts,
            twist=twist,
            size=draw(),
            disguise=draw(),
            copy_days=int(3 * draw()),
            copy_share=draw(),
            desk_share=draw(),
            late_days=1 + int(3 * draw()),
            taxes=self._taxes[hospital],
        )
        intent = self._revised(_settled(intent), draw) if self._revises and day != "open" else _settled(intent)
        intent = self._returned(self._charged(intent, hospital, day, number), day, number)
        intent = self._received_all(intent, day, number) if self._trade.receive_all_share else intent
        return self._credited(intent, day, number) if self._credits.share else intent

    def _befalls(self, share: float, what: str, *place: str) -> bool:
        """Whether something befalls a purchase; most things do not, and only then is more to be drawn."""
        return self._seed.draw(what, *place) < share

    def _received_all(self, intent: Intent, day: str, number: int) -> Intent:
        """The intent whose last delivery nobody counts at the dock, though all of it has come."""
        if not intent.stock or intent.returned or intent.twist in (BLANKET, IN_PIECES, EARLY):
            return intent
        received_all = self._befalls(self._trade.receive_all_share, "receive-all", intent.hospital, day, str(number))
        return msgspec.structs.replace(intent, received_all=True) if received_all else intent

    def _credited(self, intent: Intent, day: str, number: int) -> Intent:
        """The intent whose last bill is given back and billed again, where nothing else befalls it."""
        if (
            intent.twist
            or intent.returned
            or intent.received_all
            or intent.cancelled
            or intent.supplier.currency != HOME
        ):
            return intent
        place = intent.hospital, day, str(number)
        if not self._befalls(self._credits.share, "credited", *place):
            return intent
        return msgspec.structs.replace(
            intent, credited=drawn(self._credits, self._seed.stream("credited", *place).random)
        )

    def _returned(self, intent: Intent, day: str, number: int) -> Intent:
        """The intent of which something goes back, where it is for stock and nothing else befalls its last bill."""
        last = intent.parts[-1].quantities[0]
        if not self._trade.returned_share or not intent.stock or intent.twist or last < 2:
            return intent
        place = intent.hospital, day, str(number)
        if not self._befalls(self._trade.returned_share, "returned", *place):
            return intent
        return msgspec.structs.replace(intent, returned=1 + int((last - 1) * self._seed.draw("goes-back", *place) / 2))

    def _revised(self, intent: Intent, draw: Callable[[], float]) -> Intent:
        """The intent of a buyer who thinks again, soon after the approval."""
        changed, cancelled = self._trade.changed_order_share, self._trade.cancelled_order_share
        reached, share = draw(), 0.5 + draw()
        if reached < changed:
            first = tuple(max(1, round(line.quantity * share)) for line in intent.lines)
            first = tuple(q + (q == line.quantity) for q, line in zip(first, intent.lines, strict=True))
            return msgspec.structs.replace(intent, first=first)
        return msgspec.structs.replace(intent, cancelled=reached < changed + cancelled)

    def _charged(self, intent: Intent, hospital: str, day: str, number: int) -> Intent:
        """Some suppliers bill freight and tax beside the goods; what people must argue about is told without them."""
        overtaxed = intent.twist == OVERTAXED
        if not (self._trade.charges_share or overtaxed) or intent.twist not in ("", EARLY, OVERTAXED):
            return intent
        place = hospital, day, str(number)
        if not (overtaxed or self._befalls(self._trade.charges_share, "charges", *place)):
            return intent
        draw = self._seed.stream("charges", *place).random
        # assumption: freight of 1 to 6 %, and a sales tax of 6 to 9 % on half of these bills, which nobody gives back
        freight, taxed, tax = 0.01 + 0.05 * draw(), draw() < 0.5, 0.06 + 0.03 * draw()
        charges = (freight, tax if taxed or overtaxed else 0.0)
        return msgspec.structs.replace(intent, charges=charges, by_line=bool(intent.taxes) and draw() < 0.5)

    def unordered(self, hospital: str, day: str, number: int) -> Intent | None:
        """The bill without an order that comes beside an order, if one does: one of a few contracts, the same each time."""
        place = hospital, day, str(number)
        if not self._befalls(self._trade.unordered_share, "unordered", *place):
            return None
        draw = self._seed.stream("unordered", *place).random
        contract = self._seed.stream("contract", hospital, str(int(CONTRACTS * draw()))).random
        seller, assortment = self._at_home[int(len(self._at_home) * contract())]
        line = Line(assortment[int(len(assortment) * contract())], 1 + int(4 * contract()))
        tuned, held_out = self._copied
        reached, asked = draw(), arrival(draw())
        intent = Intent(
            key=f"{hospital}-{day}-bill-{number:03d}",
            hospital=hospital,
            asked_share=asked,
            approval_minutes=0,
            supplier=seller,
            lines=(line,),
            stock=False,
            requester=self._catalogue.requester(draw()),
            cost_centre=self._catalogue.cost_centre(contract()),
            channel="email" if draw() < 0.6 else "portal",
            parts=(Part((line.quantity,), 0, 0.0, 0, 0.0),),
            twist=DISGUISED if reached < tuned else UNSEEN if reached < tuned + held_out else "",
            size=draw(),
            disguise=draw(),
            copy_days=int(3 * draw()),
            copy_share=draw(),
            desk_share=draw(),
            late_days=0,
            unordered=True,
        )
        if intent.twist or not self._credits.misapplied_share:
            return intent
        others = [other for other in self._hospitals if other != hospital]
        if not others or not self._befalls(self._credits.misapplied_share, "misapplied", *place):
            return intent
        draw = self._seed.stream("misapplied", *place).random
        return msgspec.structs.replace(intent, credited=misapplied(self._credits, draw, others))

    def standing(self, hospital: str, number: int) -> Intent:
        """A standing order: one line, one unit of it every so many days, each time billed alike."""
        draw = self._seed.stream("standing", hospital, str(number)).random
        seller, assortment = self._catalogue.expense[int(len(self._catalogue.expense) * draw())]
        line = Line(assortment[int(len(assortment) * draw())], WEEKS_ORDERED)
        days = self._trade.standing_days
        first = 1 + number % days  # not everybody's goods come on the same day of the week
        parts = tuple(delivery(draw, (1,), days if week else first) for week in range(WEEKS_ORDERED))
        tuned, held_out = (share * WEEKS_ORDERED for share in self._copied)
        reached = draw()
        twist = DISGUISED if reached < tuned else UNSEEN if reached < tuned + held_out else ""
        return Intent(
            key=f"{hospital}-standing-{number:03d}",
            hospital=hospital,
            asked_share=0.0,
            approval_minutes=0,
            supplier=seller,
            lines=(line,),
            stock=False,
            requester=self._catalogue.requester(draw()),
            cost_centre=self._catalogue.cost_centre(draw()),
            channel="email",
            parts=parts,
            twist=twist,
            size=draw(),
            disguise=draw(),
            copy_days=int(3 * draw()),
            copy_share=draw(),
            desk_share=draw(),
            late_days=0,
            twisted=int(3 * draw()),
            taxes=self._taxes[hospital],
        )


def _settled(intent: Intent) -> Intent:
    """The intent with what its turn needs: a price the order does not know yet, or no turn where it cannot happen."""
    unit = intent.twist in (WRONG_UNIT, IN_PIECES)
    if (unit and not intent.packed) or (intent.twist == OVERTAXED and not intent.taxes):
        return msgspec.structs.replace(intent, twist="")
    if intent.twist == BLANKET:
        return _missing(intent)
    if intent.twist == MISREAD:  # only paper is read
        return msgspec.structs.replace(intent, channel="email")
    if intent.twist != STALE_PRICE:
        return intent
    lines = tuple(_outdated(line, intent.size) for line in intent.lines)
    billed = zip(lines, intent.parts[intent.twisted_part].quantities, strict=True)
    off = sum(quantity * (line.agreed_minor - line.item.price_minor) for line, quantity in billed)
    if abs(off) < SURELY_OFF_MINOR:
        return msgspec.structs.replace(intent, twist="")
    return msgspec.structs.replace(intent, lines=lines)


def _missing(intent: Intent) -> Intent:
    """A delivery that comes whole, it is said, and of which a tenth to six tenths of the first line did not. Assumption."""
    ordered = intent.lines[0].quantity
    if not intent.stock or len(intent.parts) > 1 or ordered < LEAST_ORDERED:
        return msgspec.structs.replace(intent, twist="")
    missing = max(1, round(ordered * (0.1 + 0.5 * intent.size)))
    return msgspec.structs.replace(intent, received_all=True, missing=missing)


def _outdated(line: Line, size: float) -> Line:
    """A line ordered at a price from before the contract was renewed: 5 to 14 % off, either way. Assumption."""
    agreed, share = line.item.price_minor, 0.05 + 0.09 * (2 * size % 1)
    old = round(agreed / (1 + share) if size < 0.5 else agreed * (1 + share))
    return Line(msgspec.structs.replace(line.item, price_minor=old), line.quantity, agreed)


def _turns(scenario: Scenario) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """What can befall an order's last invoice, nothing last of all, and up to which edges on one draw.

    Only the last one, so that a copy always bills more than was ordered (standing orders are the exception). The scenario's
    shares are of all invoices; split deliveries make more of those than orders.
    """
    shares = scenario.anomalies
    named = (
        (PRICE_VARIANCE, shares.price_variance),
        (RENUMBERED, shares.duplicate_renumbered),
        (SECOND_CHANNEL, shares.duplicate_second_channel),
        (EARLY, shares.invoice_before_receipt),
        (TOLERATED, shares.price_within_tolerance),
        (DISGUISED, scenario.disguises.tuned),
        (UNSEEN, scenario.disguises.held_out),
        (OVERBILLED, shares.quantity_variance),
        (STALE_PRICE, shares.stale_order_price),
        (WRONG_UNIT, shares.unit_variance),
        (IN_PIECES, shares.billed_in_pieces),
        (MISREAD, shares.misread),
        (OVERTAXED, shares.tax_variance),
        (BLANKET, shares.blanket_receipt),
    )
    invoices_per_order = 1 + scenario.trade.split_delivery_share
    edges = accumulate(share * invoices_per_order for _, share in named)
    return (*(name for name, _ in named), ""), tuple(edges)
