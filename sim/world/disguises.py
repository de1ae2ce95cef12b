"""How one bill comes to look like two: the number is written a little differently the second time.

From practitioners' lists of what duplicate checks on the number miss (suffixes, leading zeros, O for 0, dashes, blanks;
30 to 40 % of duplicates pass such checks). Whoever must find the copies shares nothing with this module.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final


def _reissued(number: str) -> str:
    return f"{number}-R"


def _part_one(number: str) -> str:
    return f"{number}-1"


def _leading_zeros(number: str) -> str:
    return f"00{number}"


def _letter_for_digit(number: str) -> str:
    return number.replace("0", "O") if "0" in number else number.replace("O", "0") if "O" in number else f"0{number}"


def _dash(number: str) -> str:
    return f"{number[:-2]}-{number[-2:]}"


def _blank(number: str) -> str:
    return f"{number} "


def _asterisk(number: str) -> str:
    return f"{number}*"


DISGUISES: Final[tuple[Callable[[str], str], ...]] = (
    _reissued,
    _part_one,
    _leading_zeros,
    _letter_for_digit,
    _dash,
    _blank,
    _asterisk,
)


def disguised(number: str, draw: float) -> str:
    """The number as it stands on the copy."""
    return DISGUISES[int(draw * len(DISGUISES))](number)
