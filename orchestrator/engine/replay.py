"""Dead letters come back by the way that everything comes in: an inbox row first, and nothing at all the second time.

What is replayed is the effect as it was: its own key and its own bytes, mapped as they were mapped, and in doubt, so that
the target is asked before anything is sent again. Another key or other bytes would be another effect. Whoever asks is
named, says why, and may do so for the hospitals alone that were granted to them.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from orchestrator.store.sqlite import SqliteStore

SOURCE: Final = "replay"
EVERYWHERE: Final = ("*",)
Came = Literal["replayed", "already", "unknown", "not-granted"]


class Wish(msgspec.Struct, frozen=True):
    """Somebody wants an effect that was given up to be taken up again."""

    key: str
    actor: str
    reason: str
    entities: tuple[str, ...] = EVERYWHERE


def granted(entities: tuple[str, ...], entity: str) -> bool:
    """Whether a grant covers an entity."""
    return "*" in entities or entity in entities


def replay(store: SqliteStore, wish: Wish, now_ms: int) -> Came:
    """Take the latest dead letter of a key up again, in somebody's transaction; what came of it."""
    letter = store.dead_letter(wish.key)
    if letter is None:
        return "unknown"
    if not granted(wish.entities, letter.entity):
        return "not-granted"
    if not store.note_event(SOURCE, wish.key, letter.id, "", now_ms):
        return "already"
    store.revive(letter, wish.actor, wish.reason, now_ms)
    return "replayed"
