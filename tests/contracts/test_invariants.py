"""The invariants against hand-written journals: what is correct stays green, what is broken turns the right ones red."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from contracts.invariants import INVARIANTS
from contracts.oracle import judge
from contracts.scenario import WORKFLOWS
from contracts.verdict import InvariantResult
from tests.contracts.bad_stories import BAD
from tests.contracts.books_stories import BAD_BOOKS, GOOD_BOOKS
from tests.contracts.credit_stories import BAD_CREDITS, GOOD_CREDITS
from tests.contracts.desk_stories import BAD_DESK, GOOD_DESK
from tests.contracts.good_stories import GOOD
from tests.contracts.journals import Story
from tests.contracts.master_stories import BAD as BAD_MASTERS
from tests.contracts.master_stories import GOOD as GOOD_MASTERS
from tests.contracts.master_stories import TOKENS_BROKEN, TOKENS_KEPT
from tests.contracts.payment_stories import BAD_PAYMENTS, GOOD_PAYMENTS
from tests.contracts.receiving_stories import BAD_RECEIVING, GOOD_RECEIVING
from tests.contracts.trust_stories import BAD_TRUST, GOOD_TRUST

RIGHT = (*GOOD, *GOOD_BOOKS, *GOOD_TRUST, *GOOD_RECEIVING, *GOOD_CREDITS, *GOOD_PAYMENTS, *GOOD_DESK)
WRONG = (*BAD, *BAD_BOOKS, *BAD_TRUST, *BAD_RECEIVING, *BAD_CREDITS, *BAD_PAYMENTS, *BAD_DESK)


def judged(story: Story) -> dict[str, InvariantResult]:
    """What each invariant finds in a story."""
    return {result.id: result for result in judge(story.entries, WORKFLOWS)}


def described(results: dict[str, InvariantResult]) -> str:
    """All that was found, for people."""
    return "\n".join(f"{each.id} {found.says}" for each in results.values() for found in each.evidence)


@pytest.mark.parametrize("story", RIGHT, ids=lambda story: story.__name__)
def test_correct_behaviour_stays_green(story: Callable[[], Story]) -> None:
    """Whatever it looks like."""
    results = judged(story())
    assert {result.verdict for result in results.values() if result.checked} == {"pass"}, described(results)
    assert {each.verdict for each in results.values() if not each.checked} <= {"unknown", "not applicable"}


@pytest.mark.parametrize(("story", "red"), WRONG, ids=[story.__name__ for story, _ in WRONG])
def test_broken_behaviour_turns_the_right_invariants_red(story: Callable[[], Story], red: str) -> None:
    """All that should speak do, and nothing else does."""
    results = judged(story())
    assert {each.id for each in results.values() if each.verdict == "fail"} == set(red.split()), described(results)


@pytest.mark.parametrize(("story", "red"), WRONG, ids=[story.__name__ for story, _ in WRONG])
def test_evidence_points_into_the_journal(story: Callable[[], Story], red: str) -> None:
    """Each finding names at least one line that exists, and says a sentence."""
    told = story()
    for invariant in red.split():
        for found in judged(told)[invariant].evidence:
            assert found.lines
            assert all(1 <= line <= len(told.entries) for line in found.lines)
            assert found.says


def test_every_invariant_has_been_seen_green_and_red() -> None:
    """A check that has never failed has never been tested."""
    stories = [story() for story in (*RIGHT, *GOOD_MASTERS, *TOKENS_KEPT)]
    green = {each.id for story in stories for each in judge(story.entries, WORKFLOWS) if each.verdict == "pass"}
    red = {name for _, names in (*WRONG, *BAD_MASTERS) for name in names.split()}
    red |= {each.id for story in TOKENS_BROKEN for each in judge(story().entries, WORKFLOWS) if each.verdict == "fail"}
    assert red == green == {invariant.id for invariant in INVARIANTS}


def test_every_story_is_told() -> None:
    """The docstring of a story is the story; each is listed once."""
    stories = [*RIGHT, *(story for story, _ in WRONG)]
    assert all(story.__doc__ for story in stories)
    assert len({story.__name__ for story in stories}) == len(stories)


def test_a_second_posting_is_told_in_the_words_of_the_business() -> None:
    """The sentence names paper, supplier, money and both vouchers; the lines are those of the two postings."""
    story = (
        Story()
        .delivered(123_450)
        .bills("INV-H1-000123", 123_450)
        .tells("INV-H1-000123")
        .posts("INV-H1-000123", "AP-88")
        .paid("INV-H1-000123", "AP-91")
        .ends()
    )
    found = judged(story)["I01"].evidence[0]
    assert found.says == (
        "INV-H1-000123 (supplier S012 no. 4711, 1,234.50 USD) posted twice in cloud_erp: AP-88 and AP-91"
    )
    written = {entry: number for number, entry in enumerate(story.entries, 1)}
    assert found.lines[:2] == (written[story.posted["AP-91"]], written[story.posted["AP-88"]])
    assert found.amount_minor == 123_450


def test_what_fits_several_papers_is_unknown() -> None:
    """Two deliveries of one order over equal amounts, posted without references: nobody can tell which is which."""
    story = Story().ordered().arrives("GRN-1", 50_000).arrives("GRN-2", 50_000).tells("GRN-1").tells("GRN-2")
    story.posts_receipt("GRN-1", source_ref="").ends()
    result = judged(story)["I02"]
    assert result.verdict == "unknown"
    assert "fits several papers" in result.evidence[0].says


@pytest.mark.parametrize("reason", ["bound", None])
def test_a_run_without_a_proper_end_is_unknown(reason: str | None) -> None:
    """Everything was done, but the run was cut, or its journal breaks off: what would have come is not known."""
    story = Story().delivered().bills().tells("INV-1").paid()
    results = judged(story.ends(reason) if reason else story.wait(120).says("INV-1", "posted", "AP-1"))
    assert results["I20"].verdict == "unknown"
    assert {result.verdict for result in results.values() if result.checked and result.id != "I20"} == {"pass"}


def test_what_came_early_is_judged_though_the_run_ends_before_it_was_due() -> None:
    """A small estate comes to rest within the hour. What is not there yet is nobody's fault, and proves nothing either."""
    early = judged(Story().delivered().bills().tells("INV-1").paid().ends(after_hours=1))["I20"]
    assert (early.verdict, early.checked) == ("pass", 3)  # order, receipt, bill
    open_still = judged(Story().delivered().bills().tells("INV-1").ends(after_hours=1))["I20"]
    assert (open_still.verdict, open_still.checked) == ("pass", 2)
    assert judged(Story().bills().tells("INV-1").ends(after_hours=1))["I20"].verdict == "unknown"


def test_an_obligation_without_any_paper_is_nobody_s_fault() -> None:
    """The world owes something that it has not written down: no design can know of it."""
    story = Story().delivered().bills().tells("INV-1").paid()
    story.owes("PAY:INV-9", "payable", "cloud_erp/invoice.posted", 5_000, due_hours=1).ends()
    assert {result.verdict for result in judged(story).values() if result.checked} == {"pass"}


def test_half_of_what_is_owed_in_time_is_not_in_time() -> None:
    """An obligation may ask for two effects; the first says nothing of the second."""
    story = Story().delivered().bills()
    both = msgspec.structs.replace(
        story.owed["PAY:INV-1"], required=("cloud_erp/invoice.posted", "bank/paid"), version=9
    )
    late = judged(story.write(both).tells("INV-1").paid().ends())["I20"]
    assert (late.verdict, late.violations) == ("fail", 1)


def test_the_latest_truth_counts() -> None:
    """An older version of an obligation that is written late changes nothing."""
    story = Story().delivered().bills().tells("INV-1").truth_changes("INV-1", 101_000).paid()
    story.owes("PAY:INV-1", "payable", "cloud_erp/invoice.posted", 100_000, version=1).ends()
    assert judged(story)["I03"].verdict == "pass"


@pytest.mark.parametrize(
    ("story", "red"),
    [
        (Story().delivered().bills().tells("INV-1").paid().truth_changes("INV-1", 90_000), {"I03", "I07"}),
        (Story().delivered().bills().tells("INV-1").paid().truth_changes("INV-1", on="2026-10-09"), {"I06"}),
        (Story().orders().posts_order(amount_minor=100_000, version=2).revises("PO-1", 120_000), {"I03"}),
    ],
    ids=["what is due", "the date", "the paper"],
)
def test_what_was_right_when_it_was_posted_is_judged_by_what_is_true_in_the_end(story: Story, red: set[str]) -> None:
    """Postings are compared when they are made; another version of the truth has them compared again."""
    results = judged(story.ends())
    assert red <= {result.id for result in results.values() if result.verdict == "fail"}, described(results)


def test_what_was_wrong_when_it_was_posted_may_be_right_in_the_end() -> None:
    """The other way round: people accept what a bill says after it was posted."""
    story = Story().delivered().bills().tells("INV-1").posts(amount=90_000)
    assert judged(story.truth_changes("INV-1", 90_000).ends())["I03"].verdict == "pass"
