"""How systems write times, money and quantities on their wires, with the bounds that every dialect shares.

Bounds are part of a type, so that a request outside them is refused when it is read and the OpenAPI document says why.
They also keep every sum of a document inside 64 bits.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Final

from msgspec import Meta

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)

Ident = Annotated[str, Meta(min_length=1, max_length=80)]
Reference = Annotated[str, Meta(min_length=1, max_length=160)]
Text = Annotated[str, Meta(max_length=400)]
Money = Annotated[str, Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,2})?$", max_length=13)]
"""An amount that cannot be negative, as decimal text."""
Quantity = Annotated[int, Meta(ge=1, le=100_000)]
LineNumber = Annotated[int, Meta(ge=1, le=10_000)]
LINES_MAX: Final = 200
Moment = Annotated[datetime, Meta(tz=True)]
Offset = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Limit = Annotated[int, Meta(ge=1, le=1_000_000)]
"""How many rows a caller asks for; what it gets is cut to the family's cap."""


_SECONDS: Final = tuple(f"{second // 60:02d}:{second % 60:02d}." for second in range(3600))
_MILLISECONDS: Final = tuple(f"{millisecond:03d}Z" for millisecond in range(1000))
_CENTS: Final = tuple(f".{cents:02d}" for cents in range(100))
"""Numbers with leading zeros, ready made: formatting one takes longer than all the rest of a stamp."""


def stamp(at_ms: int) -> str:
    """A moment as ISO 8601 in UTC with milliseconds."""
    return f"{_hour(at_ms // 3_600_000)}{_SECONDS[at_ms // 1000 % 3600]}{_MILLISECONDS[at_ms % 1000]}"


@lru_cache(maxsize=4096)
def _hour(hours: int) -> str:
    return (EPOCH + timedelta(hours=hours)).isoformat()[:14]


def moment_ms(text: str) -> int:
    """The moment that an ISO 8601 text with an offset names; raises ValueError for anything else."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        message = f"{text!r} has no offset"
        raise ValueError(message)
    return epoch_ms(parsed)


def epoch_ms(moment: datetime) -> int:
    """An aware moment as milliseconds since the epoch; what is finer is cut."""
    return (moment - EPOCH) // _MILLISECOND


def decimal(amount_minor: int) -> str:
    """Minor units as a decimal text with two places."""
    if amount_minor < 0:
        return "-" + decimal(-amount_minor)
    return f"{amount_minor // 100}{_CENTS[amount_minor % 100]}"


def minor(text: str) -> int:
    """The minor units of a decimal text with at most two places; raises ValueError for anything else.

    A final newline is let through, because a pattern's `$` lets it through as well.
    """
    if text[-3:-2] == ".":
        digits = text[:-3] + text[-2:]
        if digits.isdecimal() and len(digits) > 2:
            return int(digits)
    sign = -1 if text[:1] == "-" else 1
    whole, point, cents = text.removesuffix("\n").removeprefix("-").partition(".")
    if not whole.isdecimal() or (point and not (cents.isdecimal() and len(cents) <= 2)):
        message = f"{text!r} is not an amount"
        raise ValueError(message)
    return sign * int(whole + cents.ljust(2, "0"))
