"""What to do after an attempt that did not end an effect: pure functions of the outcome, the effect and the moment.

By class: throttled waits as asked and spends no attempt; not sent and repeatable come again after a backoff; an unknown
outcome rests until the target must have settled, and is then looked up before anything is sent again.
"""

from __future__ import annotations

from typing import Final
from zlib import crc32

import msgspec

from orchestrator.connectors.base import NotSent, Operation, Outcome, Rejected, Throttled, Unauthorized, Unknown
from orchestrator.store.rows import DOUBT, READY, Effect

LEASE_MS: Final = 480_000
"""How long a worker may hold an effect: longer than any call plus the longest time a target needs to settle."""
RENEW_MS: Final = 420_000
"""With less left than this an effect is not sent before its lease is renewed."""
FIRST_MS: Final = 2_000
CAP_MS: Final = 900_000
RETRY_AFTER_CAP_MS: Final = 3_600_000
"""A `Retry-After` may lie; beyond this we ask again anyway."""
ATTEMPTS_MAX: Final = 48
"""About eleven hours of trying."""
THROTTLED_AGE_MAX_MS: Final = 3 * 86_400_000
"""Being turned away spends no attempts, but not for ever; resting by our own budget may last."""


class Rest(msgspec.Struct, frozen=True, gc=False):
    """Put it down until a moment."""

    status: int
    due_at: int
    attempts: int
    detail: str


class Bury(msgspec.Struct, frozen=True, gc=False):
    """Give it up: a dead letter, with a case."""

    detail: str


class Refuse(msgspec.Struct, frozen=True, gc=False):
    """It was definitely refused: the workflow must know."""

    code: str
    detail: str


def backoff_ms(key: str, attempts: int) -> int:
    """Exponential, capped, and spread by a fifth to either side, by the key alone."""
    base = min(CAP_MS, FIRST_MS << min(attempts - 1, 20))
    spread = crc32(f"{key}/{attempts}".encode()) % 401 - 200
    return base + base * spread // 1000


def retry_after_ms(outcome: Throttled, key: str, attempts: int) -> int:
    """How long to stay away: what was asked for, up to a cap, or a backoff where nothing was."""
    asked = round(outcome.after_s * 1000)
    return min(asked, RETRY_AFTER_CAP_MS) if asked > 0 else backoff_ms(key, attempts)


def after_failure(outcome: Outcome, effect: Effect, operation: Operation, now_ms: int) -> Rest | Bury | Refuse:
    """The rule, by class of outcome."""
    # What was in doubt stays in doubt until it is found, or sent again and answered.
    status = DOUBT if effect.status == DOUBT and not operation.repeatable else READY
    if isinstance(outcome, Throttled):
        by_target = outcome.status != 0
        if by_target and now_ms - effect.born_at > THROTTLED_AGE_MAX_MS and not operation.endless:
            return Bury(f"turned away for days: {outcome.status}")
        due_at = now_ms + retry_after_ms(outcome, effect.key, effect.attempts)
        return Rest(status, due_at, effect.attempts - 1, f"throttled: {outcome.status}")
    if isinstance(outcome, Rejected):
        unread = operation.is_read and outcome.status == 404
        if not unread:
            return (
                Bury(f"{outcome.status} {outcome.code}") if operation.is_read else Refuse(outcome.code, outcome.detail)
            )
        detail = "cannot be read yet"
    else:
        detail = _said(outcome)
    if effect.attempts >= ATTEMPTS_MAX and not operation.endless:
        return Bury(detail)
    wait_ms = backoff_ms(effect.key, effect.attempts)
    if isinstance(outcome, Unknown):
        if not operation.repeatable:
            status = DOUBT
        wait_ms = max(wait_ms, round(operation.settle_s * 1000))
    return Rest(status, now_ms + wait_ms, effect.attempts, detail)


def _said(outcome: Outcome) -> str:
    if isinstance(outcome, NotSent | Unknown):
        return outcome.why
    return "unauthorized" if isinstance(outcome, Unauthorized) else type(outcome).__name__
