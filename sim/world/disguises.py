"""How one bill comes to look like two: each disguise changes one thing about the paper the second time.

From practitioners' lists of what duplicate checks miss (PCR audit, TAG, docsumo, zloadr: suffixes, leading zeros, O for 0,
dashes, blanks, digits dropped or misread, two vendor records for one firm, one bill in halves, another date, a new number
after a migration, the facility's code in front); 30 to 40 % of duplicates pass a check on the number alone (number7ai
2026). Whoever must find the copies shares nothing with this module.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

Renumber = Callable[[str, str], str]
"""The number as it was, and the hospital's id; gives the number as it stands on the copy."""


def _same(number: str, hospital: str) -> str:
    del hospital
    return number


def _reissued(number: str, hospital: str) -> str:
    del hospital
    return f"{number}-R"


def _part_one(number: str, hospital: str) -> str:
    del hospital
    return f"{number}-1"


def _leading_zeros(number: str, hospital: str) -> str:
    del hospital
    return f"00{number}"


def _letter_for_digit(number: str, hospital: str) -> str:
    del hospital
    return number.replace("0", "O") if "0" in number else number.replace("O", "0") if "O" in number else f"0{number}"


def _dash(number: str, hospital: str) -> str:
    del hospital
    return f"{number[:-2]}-{number[-2:]}"


def _blank(number: str, hospital: str) -> str:
    del hospital
    return f"{number} "


def _asterisk(number: str, hospital: str) -> str:
    del hospital
    return f"{number}*"


def _digit_dropped(number: str, hospital: str) -> str:
    """The last digit but one is lost, as when somebody types from paper."""
    del hospital
    return number[:-2] + number[-1:]


def _misread(number: str, hospital: str) -> str:
    """08110230 is read as 08110280: the classic; a number without a 3 or an 8 has its first 1 read as a 7."""
    del hospital
    for seen, read in (("3", "8"), ("8", "3"), ("1", "7")):
        if seen in number:
            return number.replace(seen, read, 1)
    return f"{number}8"


def _facility_coded(number: str, hospital: str) -> str:
    """A shared service centre puts the facility's code before the number."""
    return f"{hospital}-{number}"


def _rekeyed(number: str, hospital: str) -> str:
    """The supplier has moved to a new system, which numbers all open bills again and sends them."""
    del hospital
    digits = "".join(filter(str.isdigit, number))
    return f"90{(int(digits) * 7919) % 100_000_000:08d}"


class Disguise(msgspec.Struct, frozen=True):
    """What is different about a copy. `halves`: it comes as two bills that add up to the first."""

    name: str
    renumber: Renumber = _same
    days_later: int = 0
    other_name: bool = False
    other_channel: bool = False
    halves: bool = False


RENUMBERED: Final = (
    Disguise("suffix", _reissued),
    Disguise("part-number", _part_one),
    Disguise("leading-zeros", _leading_zeros),
    Disguise("letter-for-digit", _letter_for_digit),
    Disguise("dash", _dash),
    Disguise("trailing-blank", _blank),
    Disguise("asterisk", _asterisk),
)
"""Where only the number is written a little differently."""
TWO_CHANNELS: Final = Disguise("two-channels", other_channel=True)

TUNED: Final = (
    *RENUMBERED,
    TWO_CHANNELS,
    Disguise("redated", days_later=3),
    Disguise("two-names", other_name=True),
    Disguise("misread", _misread),
)
"""Disguises that a design may be tuned on."""
HELD_OUT: Final = (
    Disguise("digit-dropped", _digit_dropped),
    Disguise("facility-code", _facility_coded),
    Disguise("rekeyed", _rekeyed),
    Disguise("halves", halves=True),
)
"""Disguises that nobody should look at while tuning; they are scored apart."""


def drawn(disguises: tuple[Disguise, ...], draw: float) -> Disguise:
    """The one that a draw from 0 to below 1 falls on."""
    return disguises[int(draw * len(disguises))]
