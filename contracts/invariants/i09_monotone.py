"""I09 monotone: a target follows its source, and never falls behind what it had already.

Records that change (a supplier, an order) have versions in their source. Whatever order the news of them came in, a
target never goes back to an older version, never claims one that the source does not have, and ends at the highest;
unless people were asked about the record and have not answered, or refused. A target that names no version has the first.

States follow one another as life allows: what is inactive or cancelled stays so, and what was never handed over cannot
have been invoiced.

A code is a record too, whose meaning has versions by day: an expense stands on the account that its code meant on its
accounting date, whatever it meant when the order was made; and stock lies at the site that its order's dock was when the
order was written, whatever it is when the goods come.

Not judged: versions that the source wrote in the last hours of the run, and records of which the target has none (I01
and I20 speak of those).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from contracts.invariant import NOTHING, Invariant, Violation
from contracts.invariants._wording import HOUR_MS, lines_of, name_of, posting_name
from contracts.journal import Effect, Obligation
from contracts.provenance import Case, Known

UNDERWAY_MS: Final = 24 * HOUR_MS
"""How long a version may be on its way: a working day, as for what follows a decision."""
VERSIONED: Final = ("order.created", "order.changed", "order.cancelled", "supplier.created", "supplier.changed")
"""Effects that bring a version of a source's record into a target; `source_ref` names the record."""
STATES: Final = ("order.status",)
"""Effects that only say a state."""
ENDS: Final = ("inactive", "cancelled")
"""States that nothing follows."""
NEEDS: Final = {"invoiced": ("interfaced", "invoiced")}
"""States that come only after one of these."""

STOCK: Final = ("goods-receipt", "goods-return")
"""What moves stock, which lies on the account of a site."""

Followed = tuple[str, str]


class Course(msgspec.Struct):
    """What a target has: the version and the line of each record, by system and paper; the last state of each thing."""

    reached: dict[Followed, tuple[int, int]] = {}
    states: dict[Followed, str] = {}
    judged: int = 0


class Monotone(Invariant):
    """The target ends at the highest source version; transitions are legal."""

    id = "I09"
    name = "monotone"
    workflows = ("procure-to-pay", "supplier-master")
    reads = (*VERSIONED, *STATES)

    def start(self) -> Course:
        """Nothing has been brought anywhere."""
        return Course()

    def step(self, state: Course, entry: Effect, known: Known) -> Iterator[Violation]:
        """A version or a state must follow from the one before it."""
        state.judged += 1
        wrong = _transition(state, entry)
        if not wrong and entry.what in VERSIONED and entry.source_ref in known.documents:
            wrong = _version(state, entry, known)
        if not wrong:
            return NOTHING
        about = entry.source_ref or entry.ref
        return iter((Violation(about, f"{name_of(about, known)} {wrong}", (known.line, *lines_of(known, about))),))

    def end(self, state: Course, known: Known) -> Iterator[Violation]:
        """Each record that a target has must stand there as the source last wrote it."""
        for (system, ref), (version, line) in state.reached.items():
            source = known.documents[ref]
            if version >= source.version or known.at - source.at < UNDERWAY_MS or _excused(ref, known):
                continue
            says = f"stands in {system} at version {version}, and the source at {source.version}"
            yield Violation(ref, f"{name_of(ref, known)} {says}", (line, *lines_of(known, ref)))

        for obligation in known.obligations.values():
            if obligation.account:
                yield from _coded(state, obligation, known)

    def checked(self, state: Course) -> int:
        """Versions and states seen in a target."""
        return state.judged


def _version(state: Course, entry: Effect, known: Known) -> str:
    """What is wrong with a version, in words that follow the record's name."""
    version = entry.version or 1
    followed = (entry.system, entry.source_ref)
    before = state.reached.get(followed, (0, 0))[0]
    if version < before:
        return f"went back in {entry.system} from version {before} to {version}"
    state.reached[followed] = (version, known.line)
    newest = known.documents[entry.source_ref].version
    return f"came to {entry.system} at version {version}, and the source is at {newest}" if version > newest else ""


def _transition(state: Course, entry: Effect) -> str:
    """What is wrong with a state, likewise."""
    if not entry.state:
        return ""
    thing = (entry.system, entry.ref)
    before = state.states.get(thing, "")
    state.states[thing] = entry.state
    if before in ENDS and entry.state != before:
        return f"became {entry.state} in {entry.system} after it was {before}"
    needs = NEEDS.get(entry.state)
    return (
        f"became {entry.state} in {entry.system} when it was {before or 'new'}" if needs and before not in needs else ""
    )


def _coded(state: Course, obligation: Obligation, known: Known) -> Iterator[Violation]:
    """Each posting of it that stands must carry its expense on the account of its date, or its stock on that of its site."""
    role, meant = "expense", f"its code meant {obligation.account} on {obligation.on}"
    if obligation.what in STOCK:
        role, meant = "inventory", f"its dock meant {obligation.account} when it was ordered"
    for required in obligation.required:
        for posted in known.live(obligation.id, required):
            state.judged += 1
            wrong = sorted({each.account for each in posted.effect.lines if each.role == role} - {obligation.account})
            if wrong:
                says = f"stands on {', '.join(wrong)}, and {meant}"
                amount = abs(posted.effect.amount_minor)
                because = (posted.line, *lines_of(known, obligation.id))
                yield Violation(obligation.id, f"{posting_name(posted, known)} {says}", because, amount)


def _excused(ref: str, known: Known) -> bool:
    """Whether people have the record in hand, or have said no to what it says now."""
    return any(_holds(case, ref, known) for case in known.cases_about.get(ref, ()))


def _holds(case: Case, ref: str, known: Known) -> bool:
    if case.decision in ("", "wait"):
        return True
    return case.decision in ("reject", "merge") and case.decided_line > known.lines[ref]
