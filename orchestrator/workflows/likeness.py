"""Whether two bills are one: what a clerk sees who lays them side by side. Pure; nothing here knows how copies come about.

A number alone proves little: suppliers number alike, and a bill that was refused comes again under its own number. An
amount alone proves less: a service costs the same every week. So each rule asks for two agreements.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Protocol

_NOISE: Final = re.compile(r"[^0-9A-Z]")
_DIGIT: Final = re.compile(r"[0-9]")
_READ_ALIKE: Final = str.maketrans("OQDILBSGZ", "000118562")
_LOOKS: Final = str.maketrans("867", "301")
"""Digits that a scanner or a tired eye takes for one another, each as one of its group; never two that follow each other,
or every bill would look like the next one."""
ROOM: Final = 3
"""Shorter numbers are contained in too many others to mean anything."""


class Billed(Protocol):
    """What two bills are compared by."""

    @property
    def supplier_id(self) -> str:
        """Who bills."""

    @property
    def number(self) -> str:
        """The number on it."""

    @property
    def invoice_date(self) -> str:
        """The date on it."""

    @property
    def total_minor(self) -> int:
        """What it comes to."""


@lru_cache(maxsize=8192)
def number_key(number: str) -> str:
    """A number without its clothes: capitals and digits, letters that stand for digits read so, no leading zeros."""
    bare = _NOISE.sub("", number.upper())
    return bare.replace("O", "0").lstrip("0") or bare


def keys_of(bill: Billed) -> tuple[str, str]:
    """What a bill is filed under, so that whatever could be the same one is found without looking at all the others.

    By its amount, and by its supplier and the digits of its number: half a bill has another amount.
    """
    digits = "".join(filter(str.isdigit, number_key(bill.number)))
    return f"={bill.total_minor}", f"#{bill.supplier_id}/{digits}"


def named(supplier_id: str, number: str) -> str:
    """What a bill is filed under for the credit memos that name it."""
    return f"@{supplier_id}/{number_key(number)}"


def contained(one: str, other: str) -> bool:
    """Whether one number stands within the other: a suffix, a part, a code before it."""
    one, other = sorted((number_key(one), number_key(other)), key=len)
    return one == other or (len(one) >= ROOM and one in other)


def mistaken(one: str, other: str) -> bool:
    """Whether one number could be the other, read or typed wrongly: a digit lost, digits taken for others."""
    one, other = sorted((number_key(one), number_key(other)), key=len)
    if len(one) < ROOM:
        return False
    if len(one) == len(other):
        return _as_seen(one) == _as_seen(other)
    return len(other) - len(one) == 1 and _with_one_lost(one, other)


def same_form(one: str, other: str) -> bool:
    """Whether two numbers could be of one series: the same letters and signs, as many digits in the same places."""
    return _DIGIT.sub("9", one) == _DIGIT.sub("9", other)


def same_bill(one: Billed, other: Billed) -> bool:
    """Whether two bills for the same thing are one bill, given amount, number, supplier and date."""
    if one.total_minor != other.total_minor:
        return False
    same_day = one.invoice_date == other.invoice_date
    if number_key(one.number) == number_key(other.number):
        return one.supplier_id == other.supplier_id or same_day
    if one.supplier_id != other.supplier_id or not same_day:
        return False
    number = one.number
    return contained(number, other.number) or mistaken(number, other.number) or not same_form(number, other.number)


def _as_seen(key: str) -> str:
    return key.translate(_READ_ALIKE).translate(_LOOKS)


def _with_one_lost(shorter: str, longer: str) -> bool:
    at = next((n for n, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    return shorter[at:] == longer[at + 1 :]
