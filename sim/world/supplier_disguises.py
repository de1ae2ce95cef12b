"""How one company comes to have two records: nobody searches before they type, and nobody types alike.

From practitioners' lists of what makes duplicate suppliers (spelling, legal form, missing or mistyped tax id, another
site's address, trading names). Each disguise leaves one thing by which a careful reader can still tell. Whoever must find
them shares nothing with this module.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from sim.world.catalogue import Draws
from sim.world.companies import FIRST, KIND, Details, account, address

_replace = msgspec.structs.replace

LONG_FORMS: Final = {
    "Inc.": "Incorporated",
    "Corp.": "Corporation",
    "Co.": "Company",
    "Ltd.": "Limited",
    "LLC": "L.L.C.",
}
SHORTENED: Final = {
    "Street": "St.",
    "Avenue": "Ave",
    "Road": "Rd.",
    "Boulevard": "Blvd",
    "Drive": "Dr.",
    "Parkway": "Pkwy",
    "Suite": "Ste",
}


def _another_site(truly: Details, draws: Draws) -> Details:
    """The same tax id without its dash, the name in capitals and in full, another site's address and account."""
    name = truly.name.upper()
    for short, full in LONG_FORMS.items():
        name = name.replace(short.upper(), full.upper())
    return Details(name, truly.tax_id.replace("-", ""), address(draws), account(draws))


def _no_tax_id(truly: Details, draws: Draws) -> Details:
    """No tax id; the same name without its legal form, the same address in short words."""
    where = truly.address
    for full, short in SHORTENED.items():
        where = where.replace(full, short)
    return Details(truly.name.partition(",")[0], "", where, account(draws))


def _mistyped(truly: Details, draws: Draws) -> Details:
    """The tax id with a digit wrong, the name with a letter lost; but paid to the same account, written with blanks."""
    place = 3 + int(draws.random() * 7)
    wrong = str((int(truly.tax_id[place]) + 1 + int(draws.random() * 8)) % 10)
    typed = truly.tax_id[:place] + wrong + truly.tax_id[place + 1 :]
    lost = 1 + int(draws.random() * (len(truly.name) - 2))
    name = truly.name[:lost] + truly.name[lost + 1 :]
    return Details(name, typed, address(draws), truly.account.replace("/", " / "), truly.parent)


def _trading_name(truly: Details, draws: Draws) -> Details:
    """A trading name that has nothing in common with the company's; the tax id gives it away."""
    traded = f"{FIRST[int(draws.random() * len(FIRST))]} {KIND[int(draws.random() * len(KIND))]} Group"
    return Details(traded, truly.tax_id, address(draws), account(draws))


DISGUISES: Final[tuple[Callable[[Details, Draws], Details], ...]] = (
    _another_site,
    _no_tax_id,
    _mistyped,
    _trading_name,
)


def disguised(truly: Details, draws: Draws) -> Details:
    """What a second buyer enters about a company that is there already."""
    return DISGUISES[int(draws.random() * len(DISGUISES))](truly, draws)


def namesake(truly: Details, other: Details) -> Details:
    """Another company of the same name: no duplicate, though it looks like one."""
    return _replace(other, name=truly.name)


def subsidiary(truly: Details, other: Details) -> Details:
    """A company that is paid through its parent's account: no duplicate either."""
    return _replace(other, account=truly.account, parent=truly.name)


def rewritten(account_number: str) -> str:
    """The same account, written differently."""
    bank, _, number = account_number.partition("/")
    return f"{bank[:4]}-{bank[4:]} / {number[:4]} {number[4:]}"
