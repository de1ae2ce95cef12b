"""Known bad: every attempt carries a key of its own, and whatever was not answered is sent again.

It looks careful (there is a key on every request) and it doubles whatever was committed before the line went dead.
"""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from contracts.ports import Ports
from orchestrator.connectors.base import Operation, Outcome
from orchestrator.engine.assembly import Orchestrator
from orchestrator.engine.habits import Habits
from orchestrator.engine.retry import Bury, Refuse, Rest, after_failure, backoff_ms
from orchestrator.store.rows import READY, Effect


def key_of_attempt(effect: Effect) -> str:
    """A new key for each attempt."""
    return f"{effect.key}:{effect.attempts}"


def send_again(outcome: Outcome, effect: Effect, operation: Operation, now_ms: int) -> Rest | Bury | Refuse:
    """No answer: try again after a moment."""
    verdict = after_failure(outcome, effect, operation, now_ms)
    if isinstance(verdict, Rest):
        return replace(verdict, status=READY, due_at=now_ms + backoff_ms(effect.key, effect.attempts))
    return verdict


async def run(ports: Ports, durable_dir: Path) -> None:
    """One worker of it."""
    await Orchestrator(ports, durable_dir, Habits(wire_key=key_of_attempt, after_failure=send_again)).live()
