"""The fault kinds, one file each. To add one: write the file after `noop.py`, and name its class in `FAULTS`.

A fault knows crossings, never the business. When it strikes is for the forecast to say (`sim/forecast.py`).
"""

from typing import Final

from sim.faults.bad_signature import BadSignature
from sim.faults.batch_in_part import BatchInPart
from sim.faults.busy import Busy
from sim.faults.calendar_edge import CalendarEdge
from sim.faults.clock_skew import ClockSkew
from sim.faults.connect_timeout import ConnectTimeout
from sim.faults.connection_refused import ConnectionRefused
from sim.faults.crash import Crash
from sim.faults.crash_loop import CrashLoop
from sim.faults.cut_off_race import CutOffRace
from sim.faults.error_after_commit import ErrorAfterCommit
from sim.faults.error_in_200 import ErrorIn200
from sim.faults.key_ignored import KeyIgnored
from sim.faults.kind import Kind
from sim.faults.name_not_resolved import NameNotResolved
from sim.faults.noop import Noop
from sim.faults.pause import Pause
from sim.faults.reset_mid_body import ResetMidBody
from sim.faults.schema_drift import SchemaDrift
from sim.faults.shifting_pages import ShiftingPages
from sim.faults.slow_drip import SlowDrip
from sim.faults.stale_read import StaleRead
from sim.faults.timeout_after_commit import TimeoutAfterCommit
from sim.faults.timeout_before_commit import TimeoutBeforeCommit
from sim.faults.timeout_executed_later import TimeoutExecutedLater
from sim.faults.token_expired import TokenExpired
from sim.faults.unreadable_reply import UnreadableReply
from sim.faults.webhook_before_object import WebhookBeforeObject
from sim.faults.webhook_duplicate import WebhookDuplicate
from sim.faults.webhook_late import WebhookLate
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
    ConnectionRefused(),
    NameNotResolved(),
    ConnectTimeout(),
    ResetMidBody(),
    SlowDrip(),
    UnreadableReply(),
    ErrorIn200(),
    TokenExpired(),
    SchemaDrift(),
    ShiftingPages(),
    StaleRead(),
    KeyIgnored(),
    BatchInPart(),
    WebhookLate(),
    BadSignature(),
    WebhookBeforeObject(),
    CrashLoop(),
    Pause(),
    ClockSkew(),
    CalendarEdge(),
    CutOffRace(),
)
"""In the order in which they came. A kind's place is also its place among the draws: append, never reorder."""
