"""Plays arrivals at their moments, whatever became of those before: an answer that comes late makes no later call wait.

Only two things hold an arrival back, and both are in its latency: its lane (an invoice needs its order in the books) and a
generator that has its hands full. It knows no dialect; what to send stands in the schedule.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

import gevent
import msgspec
from gevent.event import Event
from gevent.lock import RLock
from gevent.pool import Pool

from contracts.load import Arrival, Progress, Step
from loadtests.samples import Aside, Called, Played, Sample

ATTEMPTS: Final = 5
FIRST_PAUSE_S: Final = 0.1
PAUSE_S_MAX: Final = 10.0
PATIENCE_S: Final = 60.0
"""How long a call is sent again to a system that turns callers away; being turned away spends no attempt."""
THROTTLED: Final = frozenset({429, 503})
AGAIN: Final = frozenset({0, 429, 500, 502, 503, 504})
"""No answer, or one after which the same call may be sent again under the same key."""
UNAUTHORIZED: Final = 401
LOOKS_MAX: Final = 25
"""Fewer than what the oracle calls a storm of calls about one paper."""
FIRST_LOOK_S: Final = 0.01
LOOKS_GROW: Final = 1.35
ASIDE_MAX: Final = 32
"""What is not measured goes as fast as so many at a time."""


class Answer(NamedTuple):
    """What came back; status 0 where nothing did."""

    status: int
    body: bytes = b""
    retry_after: str = ""


Send = Callable[[Step, bytes, dict[str, str]], Answer]


class Player:
    """One generator's part of a schedule."""

    def __init__(self, arrivals: Iterable[Arrival], send: Send, new_token: Callable[[], str], concurrency: int) -> None:
        """Play these, with so many under way at a time at most."""
        self._phases: dict[int, list[Arrival]] = {}
        wanted = set()
        for arrival in arrivals:
            self._phases.setdefault(arrival.phase, []).append(arrival)
            wanted |= {(ref, operation) for step in arrival.steps for ref, operation, _ in step.fill.values()}
        self._send = send
        self._new_token = new_token
        self._token = ""
        self._fetching = RLock()
        self._concurrency = concurrency
        self._wanted = wanted
        self._replies: dict[tuple[str, str], dict[str, Any]] = {}
        self._last: dict[str, Event] = {}
        self._began_s = 0.0
        self._measured = False
        self._taken = self._done = self._failed = 0
        self._aside = Counter[str]()
        self._aside_played = 0
        self.samples: list[Sample] = []

    def play(self, phase: int, began_s: float, *, measured: bool) -> None:
        """Play a phase to its end; it begins, or has begun, at a moment of `time.perf_counter`."""
        self._began_s, self._measured = began_s, measured
        self._taken = self._done = self._failed = 0
        pool = Pool(self._concurrency if measured else min(ASIDE_MAX, self._concurrency))
        for arrival in self._phases.get(phase, ()):
            gevent.sleep(max(0.0, began_s + arrival.due_s - time.perf_counter()))
            pool.wait_available()
            before, over = self._last.get(arrival.lane), Event()
            if arrival.lane:
                self._last[arrival.lane] = over
            self._taken += 1
            pool.spawn(self._arrive, arrival, self._now_s(), before, over)
        pool.join()

    def progress(self, phase: int, *, over: bool = False) -> Progress:
        """Where it stands."""
        return Progress(phase, self._taken, self._done, self._failed, over)

    def close(self) -> list[Sample]:
        """All that was noted."""
        return [*self.samples, Aside(self._aside_played, self._aside.total(), dict(self._aside))]

    def _now_s(self) -> float:
        return time.perf_counter() - self._began_s

    def _arrive(self, arrival: Arrival, taken_s: float, before: Event | None, over: Event) -> None:
        try:
            if before is not None:
                before.wait()
            failed = next(filter(None, map(self._step, arrival.steps, [arrival.ref] * len(arrival.steps))), "")
        finally:
            over.set()
        self._done += not failed
        self._failed += bool(failed)
        if self._measured:
            self.samples.append(Played(arrival.name, arrival.due_s, taken_s, self._now_s(), failed))
            return
        self._aside_played += 1
        if failed:
            self._aside[failed] += 1

    def _step(self, step: Step, ref: str) -> str:
        """Make a call; why it failed, or nothing."""
        if any((of, operation) not in self._replies for of, operation, _ in step.fill.values()):
            return f"{step.operation}: what it builds on had failed"
        return self._look(step) if step.until else self._call(step, ref)

    def _call(self, step: Step, ref: str) -> str:
        filled = {field: self._replies[of, name].get(said) for field, (of, name, said) in step.fill.items()}
        body = b"" if step.body is None else msgspec.json.encode({**step.body, **filled})
        ends_s, attempts, sent = time.perf_counter() + PATIENCE_S, 0, 0
        while True:
            answer = self._sent(step, body)
            sent += 1
            attempts += answer.status not in THROTTLED
            if 200 <= answer.status < 300:
                if (ref, step.operation) in self._wanted:
                    self._replies[ref, step.operation] = msgspec.json.decode(answer.body)
                return ""
            if answer.status not in AGAIN or attempts >= ATTEMPTS or time.perf_counter() > ends_s:
                break
            gevent.sleep(_pause_s(answer, sent))
        return f"{step.operation}: {f'status {answer.status}' if answer.status else 'no answer'}"

    def _look(self, step: Step) -> str:
        pause_s = FIRST_LOOK_S
        for _ in range(LOOKS_MAX):
            answer = self._sent(step, b"")
            if 200 <= answer.status < 300 and msgspec.json.decode(answer.body).get(step.until):
                return ""
            gevent.sleep(pause_s)
            pause_s *= LOOKS_GROW
        return f"{step.operation}: not seen"

    def _sent(self, step: Step, body: bytes) -> Answer:
        token = self._token or self._fresh("")
        answer = self._once(step, body, token)
        if answer.status == UNAUTHORIZED:  # the token's life is over
            answer = self._once(step, body, self._fresh(token))
        return answer

    def _fresh(self, stale: str) -> str:
        """Another token; whoever comes while one is fetched takes that."""
        with self._fetching:
            if self._token == stale:
                self._token = self._new_token()
            return self._token

    def _once(self, step: Step, body: bytes, token: str) -> Answer:
        headers = {"authorization": f"Bearer {token}"}
        if body:
            headers["content-type"] = "application/json"
        if step.key:
            headers["idempotency-key"] = step.key
        sent_s = self._now_s()
        answer = self._send(step, body, headers)
        if self._measured:
            operation = f"{step.system}.{step.operation}"
            self.samples.append(Called(operation, sent_s, self._now_s() - sent_s, answer.status))
        return answer


def _pause_s(answer: Answer, attempt: int) -> float:
    """As long as was asked for, or else twice as long each time."""
    asked = float(answer.retry_after) if answer.retry_after.isdecimal() else 0.0
    return min(PAUSE_S_MAX, max(asked, FIRST_PAUSE_S * 2.0 ** (attempt - 1)))
