"""Known bad: whatever was not answered is sent again at once, under the same key and never looked up.

That is what an idempotency key is for, and it holds as long as the other side remembers. Where it does not, or has forgotten,
the second send is a second posting.
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


def send_again(outcome: Outcome, effect: Effect, operation: Operation, now_ms: int) -> Rest | Bury | Refuse:
    """No answer: the same again after a moment."""
    verdict = after_failure(outcome, effect, operation, now_ms)
    if isinstance(verdict, Rest):
        return replace(verdict, status=READY, due_at=now_ms + backoff_ms(effect.key, effect.attempts))
    return verdict


async def run(ports: Ports, durable_dir: Path) -> None:
    """One worker of it."""
    await Orchestrator(ports, durable_dir, Habits(after_failure=send_again)).live()
