"""The rows that the engine handles: effects, and their statuses. Plain values; the store alone knows where they lie."""

from __future__ import annotations

from typing import Any, Final

import msgspec

READY: Final = 0
"""Certainly not carried out: send it."""
SENT: Final = 1
"""In a worker's hands, so it may have been sent. Found so after its lease ran out, it is in doubt."""
DOUBT: Final = 2
"""Outcome unknown: look first, then perhaps send again, with the same key and the same bytes."""
DONE: Final = 3
REJECTED: Final = 4
DEAD: Final = 5
LOST: Final = 6
"""Nobody will learn what came of it as a whole; its workflow looks for what it was to bring about."""


class Effect(msgspec.Struct, gc=False):
    """One command on its way: what to send where, under which key, and how far it has come.

    `due_at` is when the next worker may take it: the end of the lease while it is held, the moment of the next attempt
    while it rests. `fence` grows with every change of hands; a write under an old fence is refused.
    """

    id: int
    key: str
    process: int
    operation: str
    path: str
    body: bytes
    ref: str
    status: int
    attempts: int
    due_at: int
    fence: int
    quiet: int
    born_at: int
    entity: str
    known: Any = None
    """What the worker that stored it knew of its process then, (version, state): saves reading it again. Never stored."""


class DeadLetter(msgspec.Struct, frozen=True, gc=False):
    """An effect that was given up: the letter's own number, the effect's, and whose it was."""

    id: int
    effect: int
    entity: str
