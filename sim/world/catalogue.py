"""Who sells what, at which price, and who asks for it.

Faker makes names at about 11,000 a second, too slow for a run of a hundredth of a month: the names are made once per
process from a seed of their own, and each run's seed chooses among them. Prices and assortments are the run's own.
"""

from __future__ import annotations

from functools import cache
from typing import Final, Protocol

import msgspec
from faker.generator import Generator
from faker.providers.company.en_US import Provider as Companies
from faker.providers.person.en_US import Provider as People

from contracts.scenario import Hospital, Trade

POOL_SEED: Final = 20261031
"""Names are the same for every run; which of them a run meets is its own draw."""
PEOPLE: Final = 240
COST_CENTRES: Final = 40
STYLES: Final = ("{n}", "{n}", "INV-{n}", "{n:07d}", "SO{n}", "26/{n}")
"""How suppliers number their invoices. Plain digits twice: two suppliers with one number are nothing unusual."""

GOODS: Final = (
    ("Nitrile exam gloves", ("S", "M", "L", "XL"), "box"),
    ("Syringe, luer lock", ("3 ml", "5 ml", "10 ml", "20 ml"), "case"),
    ("IV catheter", ("18G", "20G", "22G", "24G"), "box"),
    ("Sodium chloride 0.9 %", ("250 ml", "500 ml", "1000 ml"), "case"),
    ("Suture, absorbable", ("2-0", "3-0", "4-0"), "box"),
    ("Surgical gown", ("M", "L", "XL"), "case"),
    ("Wound dressing", ("5x5 cm", "10x10 cm", "15x15 cm"), "box"),
    ("Blood collection tube", ("EDTA", "citrate", "serum"), "case"),
    ("Endotracheal tube", ("6.5", "7.0", "7.5", "8.0"), "each"),
    ("Orthopaedic screw", ("20 mm", "30 mm", "40 mm"), "each"),
)
SERVICES: Final = (
    ("Linen service", ("ward", "theatre"), "week"),
    ("Infusion pump maintenance", ("annual", "call-out"), "visit"),
    ("Waste collection", ("clinical", "sharps"), "pickup"),
    ("Toner cartridge", ("black", "colour"), "each"),
    ("Agency nursing", ("day", "night"), "shift"),
    ("Software subscription", ("per seat", "per ward"), "month"),
)

ABROAD: Final = ("CAD", "EUR")
PACKS: Final = {"box": 50, "case": 24}
"""Pieces in a unit, where a scenario has goods bought in packs. Assumption: common sizes of consumables."""


class Draws(Protocol):
    """What is needed of a stream of the seed."""

    def random(self) -> float:
        """The next number from 0 to below 1."""


class Supplier(msgspec.Struct, frozen=True, gc=False):
    """Somebody who sells: an id in every system, a way of numbering invoices, and the first number of this month.

    With `own_series` every hospital's bills are numbered apart, so that one number goes to several of them.
    """

    id: str
    name: str
    style: str
    first_number: int
    own_series: bool = False
    currency: str = "USD"


class Item(msgspec.Struct, frozen=True, gc=False):
    """Something that can be ordered, at the price that the contract gives. `pack` is how many pieces a unit holds."""

    id: str
    description: str
    unit: str
    price_minor: int
    pack: int = 1


@cache
def _names(companies: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The pools of names: companies and people. All else that Faker could make takes longer to look for than these."""
    faker = Generator()
    company, person = Companies(faker), People(faker)
    for provider in (company, person):
        faker.add_provider(provider)
    faker.seed_instance(POOL_SEED)
    firms: dict[str, None] = {}
    while len(firms) < companies:
        firms[company.company()] = None
    return tuple(firms), tuple(person.name() for _ in range(PEOPLE))


def _pool_size(wanted: int) -> int:
    """A power of two with room to choose, so that scenarios of like size share one pool."""
    return 1 << max(7, (2 * wanted - 1).bit_length())


class Catalogue:
    """The suppliers of one run and their assortments: `stock[s]` and `expense[s]` are what supplier `s` sells."""

    def __init__(self, draws: Draws, trade: Trade) -> None:
        """Choose names, and draw assortments and prices."""
        firms, self._people = _names(_pool_size(trade.suppliers))
        step = 1 + 2 * int(draws.random() * (len(firms) // 2))  # odd, so that a walk meets every name once
        place = int(draws.random() * len(firms))
        self.suppliers = tuple(
            Supplier(
                f"S{n + 1:03d}",
                firms[(place + n * step) % len(firms)],
                STYLES[int(draws.random() * len(STYLES))],
                1000 + int(draws.random() * 200),
                own_series=int((n + 1) * trade.own_series_share) > int(n * trade.own_series_share),
                currency=_currency(n, trade.foreign_share),
            )
            for n in range(trade.suppliers)
        )
        stock_items = max(1, round(trade.items * trade.stock_share))
        stock = [_item(n, draws, GOODS, 450, 40_000, packs=trade.packs) for n in range(stock_items)]
        expense = [
            _item(stock_items + n, draws, SERVICES, 4_000, 250_000) for n in range(max(1, trade.items - stock_items))
        ]
        sellers = max(1, round(trade.suppliers * trade.stock_share))
        self.stock = _shared(stock, self.suppliers[:sellers])
        self.expense = _shared(expense, self.suppliers[sellers:] or self.suppliers)

    def sellers(self, hospital: Hospital, *, stock: bool) -> tuple[tuple[Supplier, tuple[Item, ...]], ...]:
        """Whom a hospital buys from, goods for stock or others: one that joins, from those whom it brings along."""
        sellers = self.stock if stock else self.expense
        return sellers if hospital.joins is None else sellers[: hospital.brings_suppliers // 2] or sellers

    def known_to(self, hospital: Hospital) -> tuple[str, ...]:
        """The ids of all whom a hospital buys from."""
        both = (*self.sellers(hospital, stock=True), *self.sellers(hospital, stock=False))
        return tuple(dict.fromkeys(seller.id for seller, _ in both))

    def requester(self, share: float) -> str:
        """A person who asks."""
        return self._people[int(share * len(self._people))]

    def cost_centre(self, share: float) -> str:
        """A cost centre: digits with leading zeros, and no number."""
        return cost_centres()[int(share * COST_CENTRES)]


@cache
def cost_centres() -> tuple[str, ...]:
    """All cost centres of the group."""
    return tuple(f"{400 + 3 * n:05d}" for n in range(COST_CENTRES))


def _currency(n: int, foreign_share: float) -> str:
    """What a supplier is paid in: those from abroad by turns in Canadian dollars and in euros."""
    before, after = int(n * foreign_share), int((n + 1) * foreign_share)
    return ABROAD[before % len(ABROAD)] if after > before else "USD"


def _item(  # noqa: PLR0913 - what an item is drawn from
    n: int,
    draws: Draws,
    kinds: tuple[tuple[str, tuple[str, ...], str], ...],
    low: int,
    high: int,
    *,
    packs: bool = False,
) -> Item:
    """One item; prices spread evenly over their orders of magnitude (assumption: no public price distribution)."""
    name, variants, unit = kinds[n % len(kinds)]
    variant = variants[n // len(kinds) % len(variants)]
    price = round(low * (high / low) ** draws.random())
    return Item(f"I{n + 1:04d}", f"{name}, {variant}", unit, price, PACKS.get(unit, 1) if packs else 1)


def _shared(items: list[Item], sellers: tuple[Supplier, ...]) -> tuple[tuple[Supplier, tuple[Item, ...]], ...]:
    """Deal the items out; who would go without sells what another does."""
    return tuple(
        (seller, tuple(items[n :: len(sellers)]) or (items[n % len(items)],)) for n, seller in enumerate(sellers)
    )
