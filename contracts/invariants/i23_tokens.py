"""I23 tokens: one new access token for each that ran out, and no more calls at once than a target grants.

An identity provider locks out clients that ask for a token with every call, and a stampede after an expiry looks the
same. A worker may ask again when half of an hour's life has passed, when a system answered 401 since, when it was
granted more, which the token that it has does not say, when it was started again, or when a fault struck the last reply, so that there was no token in it; and it asks once, not once for each call that waits. What is granted beside that was for nothing.

The served estate does not know a program's workers apart; there a whole program may be granted sixteen at a time.

Concurrency: invoice capture grants three requests at once to an organisation, which a hospital is. Calls that nobody answered count until
their caller gave up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from contracts.invariant import NOTHING, Invariant, Violation
from contracts.journal import Call, Effect, FaultTook, WorkerLife
from contracts.provenance import Known

HALF_A_LIFE_MS: Final = 30 * 60_000
"""Half of the 60 minutes that an app token lives at Concur [V]: asking earlier is never needed."""
PROGRAM_MAX: Final = 16
"""Workers that a program of unknown make may have. Assumption."""
AT_ONCE: Final = {"ap_automation": 3}
"""BILL: three concurrent requests per organisation, BDC_1322 [V]."""
IDENTITY: Final = "identity"
GRANTED: Final = "client.granted"


class Held(msgspec.Struct):
    """What a worker has: when it was granted its last tokens, and how many 401s and starts excuse the next."""

    granted: tuple[int, ...] = ()
    excused: bool = True
    known: bool = False


class Course(msgspec.Struct):
    """Workers by name, and the calls of limited systems to be counted, by system and hospital, as (began, ended, line).

    `struck` says that the next token granted was spoilt by a fault before it arrived.
    """

    held: dict[str, Held] = {}
    spans: dict[tuple[str, str], list[tuple[int, int, int]]] = {}
    struck: bool = False
    judged: int = 0


class Tokens(Invariant):
    """At most one refresh per expiry; concurrency limits kept."""

    id = "I23"
    name = "tokens"
    workflows = ("procure-to-pay", "supplier-master")
    reads = ("call", "worker", "fault", GRANTED)

    def start(self) -> Course:
        """No worker has a token."""
        return Course()

    def step(self, state: Course, entry: Call | WorkerLife | FaultTook | Effect, known: Known) -> Iterator[Violation]:
        """A token, a 401, a grant, the life of a worker, a fault, or a call to a system with a limit."""
        if isinstance(entry, Effect):
            for held in state.held.values():
                held.excused = True
        elif isinstance(entry, FaultTook):
            state.struck = state.struck or entry.target.startswith(f"{IDENTITY}.")
        elif isinstance(entry, WorkerLife):
            held = state.held.setdefault(entry.worker, Held())
            held.known = held.excused = True
        elif entry.system == IDENTITY:
            return _token(state, entry, known)
        elif entry.status == 401:
            state.held.setdefault(entry.worker, Held()).excused = True
        elif entry.system in AT_ONCE:
            paper = known.documents.get(f"{entry.system}:{entry.key}")
            if paper is not None:
                state.spans.setdefault((entry.system, paper.entity), []).append((entry.began, entry.at, known.line))
        return NOTHING

    def end(self, state: Course, known: Known) -> Iterator[Violation]:
        """Count how many calls each limited system had at once."""
        del known
        for (system, entity), spans in state.spans.items():
            state.judged += len(spans)
            most, line = _at_once(spans)
            if most > AT_ONCE[system]:
                says = f"{system} had {most} calls at once about papers of {entity}, and grants {AT_ONCE[system]}"
                yield Violation(system, says, (line,))

    def checked(self, state: Course) -> int:
        """Tokens granted, and calls to systems with a limit."""
        return state.judged


def _token(state: Course, entry: Call, known: Known) -> Iterator[Violation]:
    if entry.outcome != "replied" or entry.status >= 400:
        return
    if state.struck:
        state.struck = False
        return
    state.judged += 1
    held = state.held.setdefault(entry.worker, Held())
    recent = tuple(at for at in held.granted if entry.began - at < HALF_A_LIFE_MS)
    allowed = 1 if held.known else PROGRAM_MAX
    if held.excused:
        recent = ()
    held.granted, held.excused = (*recent, entry.at), False
    if len(recent) >= allowed:
        minutes = round((entry.began - recent[-1]) / 60_000)
        says = (
            f"{entry.worker} asked for a token {minutes} min after it was given one, and nothing had refused that one"
        )
        yield Violation(entry.worker, says, (known.line,))


def _at_once(spans: list[tuple[int, int, int]]) -> tuple[int, int]:
    """The most calls that overlap, and the line of the one that made it so many."""
    edges = sorted([(ended, -1, line) for _, ended, line in spans] + [(began, 1, line) for began, _, line in spans])
    now = most = where = 0
    for _, step, line in edges:
        now += step
        if now > most:
            most, where = now, line
    return most, where
