"""The oracle itself: three verdicts, no check takes another down, live and afterwards agree."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contracts import journal
from contracts.invariant import Invariant, Violation, doubt
from contracts.invariants import INVARIANTS
from contracts.journal import Effect, Entry
from contracts.oracle import TYPES, Oracle, judge
from contracts.provenance import Known
from contracts.verdict import InvariantResult
from tests.contracts.bad_stories import BAD, acknowledged_and_lost, resent_after_timeout
from tests.contracts.good_stories import GOOD, plain_delivery
from tests.contracts.journals import SCOPE, Story


class Counting(Invariant):
    """Counts invoices, and doubts, fails or breaks where told to."""

    id = "T01"
    name = "counting"
    workflows = ("procure-to-pay",)
    reads = ("invoice.posted",)

    def __init__(self, trouble: str = "", where: str = "") -> None:
        self.trouble, self.where = trouble, where

    def start(self) -> list[int]:
        """No invoices."""
        self._act("start")
        return []

    def step(self, state: list[int], entry: Effect, known: Known) -> Iterator[Violation]:
        """Count it."""
        del entry
        state.append(known.line)
        yield from self._act("step")

    def end(self, state: list[int], known: Known) -> Iterator[Violation]:
        """Act, perhaps."""
        del state, known
        yield from self._act("end")

    def checked(self, state: list[int]) -> int:
        """Invoices."""
        self._act("checked")
        return len(state)

    def _act(self, where: str) -> tuple[Violation, ...]:
        if where != self.where:
            return ()
        if self.trouble == "breaks":
            raise ZeroDivisionError("by design")
        return (doubt("it", "who knows", 7),) if self.trouble == "doubts" else (Violation("it", "is wrong", (7,), 500),)


def run(story: Story, *invariants: Invariant, scope: tuple[str, ...] = SCOPE) -> tuple[InvariantResult, ...]:
    """Feed a story to an oracle with these invariants."""
    oracle = Oracle(scope, invariants)
    for entry in story.entries:
        oracle.feed(entry)
    return oracle.close()


def test_a_quiet_check_passes() -> None:
    """It judged something and found nothing."""
    (result,) = run(plain_delivery(), Counting())
    assert (result.verdict, result.checked, result.evidence) == ("pass", 1, ())


def test_out_of_scope_is_not_applicable() -> None:
    """An invariant of a workflow that is not in play says nothing, not even unknown."""
    (result,) = run(plain_delivery(), Counting("breaks", "start"), scope=("bank-reconciliation",))
    assert result.verdict == "not applicable"


def test_an_empty_journal_proves_nothing() -> None:
    """Every invariant is unknown, and says that there was nothing to judge."""
    results = judge([], SCOPE)
    assert {result.verdict for result in results} == {"unknown", "not applicable"}
    assert all(result.evidence[0].says for result in results if result.verdict == "unknown")


@pytest.mark.parametrize("where", ["start", "step", "end", "checked"])
def test_a_check_that_breaks_is_unknown_and_alone(where: str) -> None:
    """The error is its evidence, and the other checks go on."""
    broken, sound = run(plain_delivery(), Counting("breaks", where), Counting())
    assert broken.verdict == "unknown"
    assert broken.evidence[0].says == "the check itself failed: ZeroDivisionError: by design"
    assert sound.verdict == "pass"


def test_a_breach_found_before_a_check_broke_still_counts() -> None:
    """False beats unknown."""

    class Both(Counting):
        def end(self, state: list[int], known: Known) -> Iterator[Violation]:
            del state, known
            yield Violation("it", "is wrong", (7,))
            raise ZeroDivisionError

    (result,) = run(plain_delivery(), Both())
    assert (result.verdict, result.violations, len(result.evidence)) == ("fail", 1, 2)


def test_a_doubt_is_unknown() -> None:
    """Never green, and no violation either."""
    (result,) = run(plain_delivery(), Counting("doubts", "step"))
    assert (result.verdict, result.violations) == ("unknown", 0)
    assert result.evidence[0].lines == (7,)


def test_a_violation_fails_with_its_money() -> None:
    """What is at risk adds up."""
    (result,) = run(plain_delivery(), Counting("fails", "end"))
    assert (result.verdict, result.violations, result.at_risk_minor) == ("fail", 1, 500)


def test_all_violations_count_and_the_first_few_are_shown() -> None:
    """A thousand breaches do not fill the summary."""
    story = plain_delivery()
    for number in range(1000):
        story.posts("INV-1", f"AP-{number}")
    (result,) = run(story, Counting("fails", "step"))
    assert result.violations == 1001
    assert len(result.evidence) == 20


def test_an_index_that_breaks_leaves_nothing_green() -> None:
    """Where the shared knowledge is broken, no check is sound."""
    oracle = Oracle(SCOPE)
    unsound = Effect(0, "service_desk", "case.opened", "CASE-1", 1, about=None)  # type: ignore[arg-type]
    for entry in (*plain_delivery().entries, unsound, *plain_delivery().entries):
        oracle.feed(entry)
    assert {result.verdict for result in oracle.close()} == {"unknown", "not applicable"}


STORIES = [*GOOD, *(story for story, _ in BAD)]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_live_and_afterwards_agree(story: Callable[[], Story], tmp_path: Path) -> None:
    """The same entries, read back from a file, give the same results to the letter."""
    entries = story().entries
    live = Oracle(SCOPE)
    for entry in entries:
        live.feed(entry)
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(journal.encode(entry) + b"\n" for entry in entries))
    assert live.close() == judge(journal.read(path), SCOPE)


def test_closing_twice_says_the_same() -> None:
    """Nothing is judged twice."""
    oracle = Oracle(SCOPE)
    for entry in resent_after_timeout().entries:
        oracle.feed(entry)
    assert oracle.close() == oracle.close()


def test_a_breach_of_safety_is_known_the_moment_it_commits() -> None:
    """A hunt need not wait for the end."""
    oracle = Oracle(SCOPE)
    seen = []
    for entry in resent_after_timeout().entries:
        oracle.feed(entry)
        if isinstance(entry, Effect) and entry.what == "invoice.posted":
            seen.append(oracle.violations)
    assert seen[0] == 0
    assert seen[1] > 0


def test_invariants_hold_no_state() -> None:
    """One instance serves any number of runs, also at once."""
    first, second = Oracle(SCOPE), Oracle(SCOPE)
    for entry in resent_after_timeout().entries:
        first.feed(entry)
    for entry in plain_delivery().entries:
        second.feed(entry)
    assert any(result.verdict == "fail" for result in first.close())
    assert {result.verdict for result in second.close() if result.checked} == {"pass"}


def test_what_invariants_read_exists() -> None:
    """Ids are unique and in order; a name in `reads` is a tag or an effect, never a slip of the pen."""
    ids = [invariant.id for invariant in INVARIANTS]
    assert ids == sorted(set(ids))
    names = {name for invariant in INVARIANTS for name in invariant.reads}
    assert {name for name in names if "." not in name} <= {*TYPES, "effect"}


def test_crossings_are_not_kept() -> None:
    """A month has a hundred thousand of them; the oracle forgets each at once."""
    oracle = Oracle(SCOPE)
    entries: list[Entry] = plain_delivery().entries
    kept = [entry for entry in entries if type(entry).__name__ in {"Call", "Delivered"}]
    for entry in entries:
        oracle.feed(entry)
    gc.collect()
    before = [sys.getrefcount(entry) for entry in kept]
    del oracle
    gc.collect()
    assert [sys.getrefcount(entry) for entry in kept] == before


def test_money_at_risk_counts_an_obligation_once() -> None:
    """An acknowledged invoice that is lost breaks several invariants; what it asks for is at stake once."""
    oracle = Oracle(SCOPE)
    for entry in acknowledged_and_lost().entries:
        oracle.feed(entry)
    results = oracle.close()
    assert sum(result.violations for result in results) > 1
    assert oracle.money_at_risk_minor == max(result.at_risk_minor for result in results) > 0
