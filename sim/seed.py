"""One root seed, and a stream of its own for every purpose: the only source of randomness.

A draw is keyed by names, never by order: adding a system, removing a fault or calling in another order disturbs no
other draw. Names pass through blake2b, so neighbouring seeds share nothing. What is drawn, and for what, does not belong
here.
"""

from __future__ import annotations

from hashlib import blake2b
from random import Random
from uuid import UUID

import msgspec

# MessagePack frames every name with its kind and length, so no two lists of names can ever read the same.
_encode = msgspec.msgpack.Encoder().encode
# A double holds 53 bits; the upper 53 of a word, scaled, are uniform in [0, 1) and never round up to 1.
_SCALE = 2.0**-53
_WORDS_PER_BLOCK = 8


class Slots(msgspec.Struct, frozen=True, gc=False):
    """Independent uniforms of one key, by fixed index: one hash serves every fault kind that may meet a crossing."""

    block: bytes

    def uniform(self, index: int) -> float:
        """Return the uniform in [0, 1) at an index: always the same draw, whichever others are used."""
        block = self.block
        if index >= _WORDS_PER_BLOCK:
            number, index = divmod(index, _WORDS_PER_BLOCK)
            block = blake2b(block, salt=number.to_bytes(8, "little")).digest()
        elif index < 0:
            msg = f"a slot's index starts at 0, not {index}"
            raise IndexError(msg)
        return (int.from_bytes(block[8 * index : 8 * index + 8], "little") >> 11) * _SCALE


class Seed:
    """A root number, and all that grows from it, by name."""

    __slots__ = ("_prefix", "root")

    def __init__(self, root: int) -> None:
        self.root = root
        # A seed of any size, in front of every key; the length says where it ends.
        digits = str(root).encode()
        self._prefix = len(digits).to_bytes(2, "little") + digits

    def __repr__(self) -> str:
        return f"Seed({self.root})"

    def _digest(self, purpose: bytes, names: tuple[str | int, ...]) -> bytes:
        return blake2b(self._prefix + purpose + _encode(names)).digest()

    def slots(self, *names: str | int) -> Slots:
        """Return the independent uniforms of a key."""
        return Slots(blake2b(self._prefix + b"d" + _encode(names)).digest())

    def draw(self, *names: str | int) -> float:
        """Return the one uniform in [0, 1) of a key: its slot 0."""
        return (int.from_bytes(self._digest(b"d", names)[:8], "little") >> 11) * _SCALE

    def stream(self, *names: str | int) -> Random:
        """Return a generator of its own, for many draws in one order of one owner."""
        return Random(int.from_bytes(self._digest(b"s", names), "little"))

    def child(self, name: str | int) -> Seed:
        """Return a seed for a part that names its own streams."""
        return Seed(int.from_bytes(self._digest(b"c", (name,))[:16], "little"))

    def uuid(self, *names: str | int) -> UUID:
        """Return an identifier in the form of a random UUID, the same in every run."""
        return UUID(bytes=self._digest(b"u", names)[:16], version=4)
