"""Load: the arrival schedule that a generator plays, and the result that comes of it.

A schedule is a JSON Lines file. Its first line is a `Schedule`, each further line an `Arrival`: something that falls due at
a moment of its own, whatever became of those before it. What an arrival sends is data, so a generator knows no dialect.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from contracts.verdict import Judgement, Summary, ThresholdResult

SCHEDULE: Final = "closeproof.arrivals/1"
RESULT: Final = "closeproof.load/1"

Against = Literal["estate", "end-to-end"]
Word = Annotated[str, Meta(min_length=1, max_length=200)]
Seconds = Annotated[float, Meta(ge=0.0)]


class Step(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """One call of an arrival.

    `key` is its idempotency key; the call is sent again under it where no answer, or none that counts, has come. `fill`
    puts into the body what an earlier reply of the lane said: field → (ref, operation, field of the reply). With `until`
    the call is a look: it is repeated until the list of that name in the reply holds something.
    """

    system: Word
    operation: Word
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: Annotated[str, Meta(pattern="^/", max_length=2000)]
    query: dict[str, str] = {}
    body: dict[str, Any] | None = None
    key: str = ""
    fill: dict[str, tuple[str, str, str]] = {}
    until: str = ""


class Arrival(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """Something to be done, due `due_s` after its phase began. Those of one lane go one after the other.

    `at` is the moment in the scenario's own time; `name` is what it counts as; `ref` is the paper it is about.
    """

    phase: Annotated[int, Meta(ge=0)]
    due_s: Seconds
    name: Word
    steps: Annotated[tuple[Step, ...], Meta(min_length=1)]
    lane: str = ""
    ref: str = ""
    at: str = ""


class Phase(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A stretch of the schedule. Before it is played the estate's clock is moved to `until`; `seconds` is its length.

    What is not `measured` is there so that the books are whole: it is played as fast as it goes and not counted.
    """

    until: str
    measured: bool = False
    seconds: Seconds = 0.0


class Schedule(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The first line. `begins` and `ends` bound the measured window, which is played `speed` times as fast as it was."""

    schema: Literal["closeproof.arrivals/1"]
    scenario: Word
    seed: Annotated[int, Meta(ge=0)]
    scale: Annotated[float, Meta(gt=0.0)]
    against: Against
    begins: str
    ends: str
    speed: Annotated[float, Meta(gt=0.0)]
    phases: Annotated[tuple[Phase, ...], Meta(min_length=1)]
    arrivals: Annotated[int, Meta(ge=0)]


class Orders(msgspec.Struct, frozen=True):
    """What a generator process is told when it starts: one of `workers`, it plays its part of the schedule.

    `wire` is the file descriptor of a socket over which it is told when to play what: JSON lines, `Told` one way, `Progress`
    the other. `form` is what it gets its tokens for.
    """

    schedule: str
    samples: str
    worker: int
    workers: int
    concurrency: int
    wire: int
    form: dict[str, str]


class Play(msgspec.Struct, frozen=True, tag="play"):
    """Play a phase, its second nought being this moment of `time.perf_counter`, which the processes of a machine share."""

    phase: int
    at_s: float


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """Write down what was seen, and end."""


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """Where a generator stands in a phase; before the first one, that it is ready."""

    phase: int = -1
    taken: int = 0
    done: int = 0
    failed: int = 0
    over: bool = False


Told = Play | Stop


class Spread(msgspec.Struct, frozen=True):
    """How a number of durations lie, in milliseconds: exact, from every one of them."""

    count: int
    p50_ms: float
    p90_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


class Calls(msgspec.Struct, frozen=True):
    """The calls of one operation: how long each took from its sending, and how many ended in which status.

    Status 0 is no answer. `failed` counts all but 2xx, also those that were sent again and then succeeded.
    """

    operation: str
    took: Spread
    failed: int
    statuses: dict[str, int]


class Kind(msgspec.Struct, frozen=True):
    """Arrivals of one name: from the instant at which each was due to its end."""

    name: str
    planned: int
    done: int
    failed: int
    latency: Spread


class Instant(msgspec.Struct, frozen=True):
    """A piece of the measured window: what was due in it, what ended in it, and the latency of what was due in it."""

    from_s: float
    due: int
    done: int
    p50_ms: float | None
    p95_ms: float | None
    max_ms: float | None


class Measured(msgspec.Struct, frozen=True):
    """What the generator saw.

    `behind` is how much later than scheduled the generator itself took arrivals up; it is part of `latency`, never taken
    out of it. `taken` runs from that later moment: a limit that only it keeps cannot be judged. `achieved_share` is the rate of arrivals that ended well, in parts of the rate that was planned.
    """

    seconds: float
    took_s: float
    planned: int
    done: int
    failed: int
    unplayed: int
    unmeasured: int
    unmeasured_failed: int
    rate_planned: float
    rate_planned_peak: float
    rate_achieved: float
    achieved_share: float
    error_share: float
    latency: Spread
    behind: Spread
    taken: Spread
    kinds: tuple[Kind, ...]
    calls: tuple[Calls, ...]
    course: tuple[Instant, ...]
    reasons: dict[str, int]


class LoadResult(msgspec.Struct, frozen=True):
    """All of it (`closeproof.load/1`). Fields are only ever added.

    `books` is the oracle's summary of the served run; there is none where the estate did not settle.
    """

    schema: str
    scenario: str
    seed: int
    scale: float
    against: Against
    limits: Literal["lifted", "true"]
    workers: int
    begins: str
    ends: str
    speed: float
    fell_back_s: float
    verdict: Judgement
    measured: Measured
    thresholds: tuple[ThresholdResult, ...]
    books: Summary | None
    command: str
