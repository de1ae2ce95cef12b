"""Whether two supplier records may be about one company. Pure comparison of words and digits; it decides no next step.

The rules are policy: the same tax id; the same name at the same address; or one account, unless both are paid through the
same parent or one is the other's parent. A name alone says nothing: there is a Summit Medical in every second state.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from orchestrator.canonical import SupplierRecord
from orchestrator.workflows.supplier_messages import Alike, Keys

FORMS: Final = frozenset(
    [
        "inc",
        "incorporated",
        "llc",
        "lp",
        "llp",
        "corp",
        "corporation",
        "co",
        "company",
        "ltd",
        "limited",
        "plc",
        "pllc",
        "pc",
        "group",
        "holdings",
        "the",
    ]
)
"""Words of a name that say how a company is made up, and not which it is."""
SHORT: Final = {
    "med": "medical",
    "hlth": "health",
    "svc": "services",
    "svcs": "services",
    "service": "services",
    "mfg": "manufacturing",
    "intl": "international",
    "natl": "national",
    "assoc": "associates",
    "assocs": "associates",
    "dist": "distribution",
    "sys": "systems",
    "tech": "technologies",
    "sply": "supply",
    "bros": "brothers",
    "st": "street",
    "ave": "avenue",
    "av": "avenue",
    "rd": "road",
    "blvd": "boulevard",
    "dr": "drive",
    "ln": "lane",
    "pkwy": "parkway",
    "hwy": "highway",
    "ct": "court",
    "sq": "square",
    "ste": "suite",
    "fl": "floor",
    "n": "north",
    "s": "south",
    "e": "east",
    "w": "west",
}
"""Abbreviations of names and of addresses."""
_WORDS: Final = re.compile(r"[a-z0-9]+")
_NOT_DIGITS: Final = re.compile(r"\D")
_NOT_PLAIN: Final = re.compile(r"[^0-9A-Z]")


def words(text: str, without: frozenset[str] = frozenset()) -> str:
    """A text as its words in full, lower case, without punctuation."""
    found = (SHORT.get(word, word) for word in _WORDS.findall(text.lower().replace("'", "").replace("&", " ")))
    return " ".join(word for word in found if word not in without and word != "and")


def account(text: str) -> str:
    """A bank account without what people put between its digits."""
    return _NOT_PLAIN.sub("", text.upper())


def tax_id(text: str) -> str:
    """A tax id as its digits."""
    return _NOT_DIGITS.sub("", text)


def keys(record: SupplierRecord, corrected_tax_id: str = "") -> Keys:
    """What a record is compared by."""
    return Keys(
        words(record.name, FORMS),
        words(record.address),
        tax_id(corrected_tax_id or record.tax_id),
        account(record.bank_account),
        words(record.parent, FORMS),
    )


def may_be(own: Keys, others: Iterable[Alike]) -> tuple[Alike, str] | None:
    """The first record that may be about the same company, and why."""
    for other in others:
        why = _why(own, other.keys)
        if why:
            return other, why
    return None


def _why(one: Keys, other: Keys) -> str:
    if one.tax_id and one.tax_id == other.tax_id:
        return "the same tax id"
    if one.name == other.name and one.address and one.address == other.address:
        return "the same name and address"
    if one.bank_account and one.bank_account == other.bank_account and not _of_one_house(one, other):
        return "the same bank account"
    return ""


def _of_one_house(one: Keys, other: Keys) -> bool:
    """Whether a parent company explains the shared account."""
    if one.parent and one.parent in (other.parent, other.name):
        return True
    return bool(other.parent) and other.parent == one.name
