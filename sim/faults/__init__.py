"""The fault kinds, one file each. To add one: write the file after `noop.py`, and name its class in `FAULTS`.

A fault knows crossings, never the business. When it strikes is for the forecast to say (`sim/forecast.py`).
"""

from typing import Final

from sim.faults.busy import Busy
from sim.faults.crash import Crash
from sim.faults.error_after_commit import ErrorAfterCommit
from sim.faults.kind import Kind
from sim.faults.noop import Noop
from sim.faults.timeout_after_commit import TimeoutAfterCommit
from sim.faults.timeout_before_commit import TimeoutBeforeCommit
from sim.faults.timeout_executed_later import TimeoutExecutedLater
from sim.faults.webhook_duplicate import WebhookDuplicate
from sim.faults.webhook_lost import WebhookLost
from sim.faults.webhook_reordered import WebhookReordered

FAULTS: Final[tuple[Kind, ...]] = (
    TimeoutBeforeCommit(),
    TimeoutExecutedLater(),
    TimeoutAfterCommit(),
    ErrorAfterCommit(),
    Busy(),
    WebhookDuplicate(),
    WebhookReordered(),
    WebhookLost(),
    Crash(),
    Noop(),
)
"""In the order of their numbers. A kind's place is also its place among the draws: append, never reorder."""
