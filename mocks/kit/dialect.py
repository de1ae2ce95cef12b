"""How systems write times and money on their wires."""

from __future__ import annotations

from datetime import UTC, datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp(at_ms: int) -> str:
    """A moment as ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at_ms % 1000:03d}Z"


def moment_ms(text: str) -> int:
    """The moment that an ISO 8601 text with an offset names; raises ValueError for anything else."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        message = f"{text!r} has no offset"
        raise ValueError(message)
    return round((parsed - _EPOCH).total_seconds() * 1000)


def decimal(amount_minor: int) -> str:
    """Minor units as a decimal text with two places."""
    sign = "-" if amount_minor < 0 else ""
    whole, cents = divmod(abs(amount_minor), 100)
    return f"{sign}{whole}.{cents:02d}"


def minor(text: str) -> int:
    """The minor units of a decimal text with at most two places; raises ValueError for anything else."""
    sign = -1 if text.startswith("-") else 1
    whole, _, cents = text.removeprefix("-").partition(".")
    if not whole.isdecimal() or not (cents.isdecimal() or not cents) or len(cents) > 2:  # noqa: PLR2004 - cents
        message = f"{text!r} is not an amount"
        raise ValueError(message)
    return sign * (int(whole) * 100 + int(cents.ljust(2, "0")))
