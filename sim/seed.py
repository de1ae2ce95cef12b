"""One root seed, and a stream of its own for every purpose: the only source of randomness.

A draw is keyed by names, never by order: adding a system, removing a fault or calling in another order disturbs no
other draw. Names pass through blake2b, so neighbouring seeds share nothing. What is drawn, and for what, does not belong
here.
"""

from __future__ import annotations

import _random
from hashlib import blake2b
from random import Random
from uuid import UUID

import msgspec

# MessagePack frames every name with its kind and length, so no two lists of names can ever read the same.
_encode = msgspec.msgpack.Encoder().encode
# A double holds 53 bits; the upper 53 of a word, scaled, are uniform in [0, 1) and never round up to 1.
_SCALE = 2.0**-53
_WORDS_PER_BLOCK = 16
_WORD_BYTES = 4
_WORD_SCALE = 2.0**-32


def word_at(index: int) -> tuple[int, slice]:
    """Return where the draw of an index stands: the number of its block, and its bytes there, most significant first."""
    if index < 0:
        msg = f"a slot's index starts at 0, not {index}"
        raise IndexError(msg)
    number, place = divmod(index, _WORDS_PER_BLOCK)
    return number, slice(_WORD_BYTES * place, _WORD_BYTES * (place + 1))


def limit_of(share: float) -> bytes:
    """Return the first word that is not among the lower `share` of all words: comparing bytes is comparing uniforms."""
    return min(int(share * 2**32), 2**32 - 1).to_bytes(_WORD_BYTES, "big") if share < 1 else b"\xff" * (_WORD_BYTES + 1)


class Slots(msgspec.Struct, frozen=True, gc=False):
    """Independent uniforms of one key, by fixed index: one hash serves every fault kind that may meet a crossing."""

    first: bytes

    def block(self, number: int) -> bytes:
        """Return a block of sixteen draws; the first is there already."""
        return blake2b(self.first, salt=number.to_bytes(8, "little")).digest() if number else self.first

    def uniform(self, index: int) -> float:
        """Return the uniform in [0, 1) at an index: always the same draw, whichever others are used."""
        number, word = word_at(index)
        return int.from_bytes(self.block(number)[word], "big") * _WORD_SCALE


class Stream(Random):
    """A generator that is seeded with a number, in C alone: `Random` asks first what it is seeded with."""

    gauss_next = None
    __init__ = _random.Random.__init__


class Seed:
    """A root number, and all that grows from it, by name."""

    __slots__ = ("_draws", "_prefix", "root")

    def __init__(self, root: int) -> None:
        self.root = root
        # A seed of any size, in front of every key; the length says where it ends.
        digits = str(root).encode()
        self._prefix = len(digits).to_bytes(2, "little") + digits
        self._draws = self._prefix + b"d"

    def __repr__(self) -> str:
        return f"Seed({self.root})"

    def _digest(self, purpose: bytes, names: tuple[str | int, ...]) -> bytes:
        return blake2b(self._prefix + purpose + _encode(names)).digest()

    def slots(self, *names: str | int) -> Slots:
        """Return the independent uniforms of a key."""
        return Slots(blake2b(self._draws + _encode(names)).digest())

    def draw(self, *names: str | int) -> float:
        """Return the one uniform in [0, 1) of a key: its slot 0."""
        return (int.from_bytes(blake2b(self._draws + _encode(names)).digest()[:8], "little") >> 11) * _SCALE

    def stream(self, *names: str | int) -> Random:
        """Return a generator of its own, for many draws in one order of one owner."""
        stream: Random = Stream(int.from_bytes(self._digest(b"s", names), "little"))
        return stream

    def child(self, name: str | int) -> Seed:
        """Return a seed for a part that names its own streams."""
        return Seed(int.from_bytes(self._digest(b"c", (name,))[:16], "little"))

    def uuid(self, *names: str | int) -> UUID:
        """Return an identifier in the form of a random UUID, the same in every run."""
        return UUID(bytes=self._digest(b"u", names)[:16], version=4)
