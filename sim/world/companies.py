"""Companies that sell to hospitals, as they really are: a name, a tax id, an address, an account to be paid to.

Drawn each from a stream of its own. No two are alike in anything but, now and then, a name.
"""

from __future__ import annotations

from typing import Final

import msgspec

from sim.world.catalogue import Draws

FIRST: Final = (
    *("Summit", "Harbor", "Cedar", "Lakeview", "Pioneer", "Beacon", "Sterling", "Meridian", "Keystone", "Granite"),
    *(
        "Bluebird",
        "Northway",
        "Fairfield",
        "Redwood",
        "Crescent",
        "Atlas",
        "Juniper",
        "Orchard",
        "Compass",
        "Tidewater",
    ),
    *(
        "Ridgeline",
        "Evergreen",
        "Halcyon",
        "Ironwood",
        "Larkspur",
        "Monarch",
        "Nimbus",
        "Palisade",
        "Quarry",
        "Sequoia",
    ),
)
KIND: Final = (
    *("Medical Supply", "Surgical Services", "Health Systems", "Imaging Technologies", "Laboratory Products"),
    *(
        "Clinical Staffing",
        "Linen Services",
        "Orthopaedic Systems",
        "Pharmacy Distribution",
        "Biomedical Manufacturing",
    ),
    *("Facility Services", "Infusion Products", "Waste Services", "Dietary Supply", "Diagnostics International"),
)
FORM: Final = ("Inc.", "LLC", "Corp.", "Co.", "Ltd.", "LP")
STREET: Final = ("Harbor", "Main", "Commerce", "Industrial", "Oak", "Mill", "Franklin", "Union", "Canal", "Prospect")
WAY: Final = ("Street", "Avenue", "Road", "Boulevard", "Drive", "Parkway")
TOWN: Final = (
    *("Albany, NY", "Dayton, OH", "Peoria, IL", "Erie, PA", "Toledo, OH", "Macon, GA", "Boise, ID", "Tulsa, OK"),
    *("Fresno, CA", "Salem, OR", "Mobile, AL", "Reno, NV", "Laredo, TX", "Duluth, MN", "Savannah, GA", "Provo, UT"),
)


class Details(msgspec.Struct, frozen=True, gc=False):
    """What one can say of a company. `parent` is the company that is paid in its stead, where one is."""

    name: str
    tax_id: str
    address: str
    account: str
    parent: str = ""


class Company(msgspec.Struct, gc=False):
    """A real company; `truly` is what is true of it now."""

    id: str
    truly: Details


def drawn(draws: Draws, name: str = "") -> Details:
    """A company, under a name that is given or made up."""
    draw = draws.random
    made_up = f"{_one(FIRST, draw())} {_one(KIND, draw())}, {_one(FORM, draw())}"
    number = int(draw() * 900_000_000) + 100_000_000
    tax_id = f"{number // 10_000_000:02d}-{number % 10_000_000:07d}"
    return Details(name or made_up, tax_id, address(draws), account(draws))


def address(draws: Draws) -> str:
    """Somewhere."""
    draw = draws.random
    street = f"{1 + int(draw() * 9800)} {_one(STREET, draw())} {_one(WAY, draw())}"
    suite = f", Suite {100 + int(draw() * 800)}" if draw() < 0.4 else ""
    return f"{street}{suite}, {_one(TOWN, draw())} {10_000 + int(draw() * 89_000):05d}"


def account(draws: Draws) -> str:
    """An account: the bank's routing number, and the number there."""
    return f"{int(draws.random() * 900_000_000) + 100_000_000}/{int(draws.random() * 9_000_000_000) + 1_000_000_000}"


def _one(of: tuple[str, ...], draw: float) -> str:
    return of[int(draw * len(of))]
