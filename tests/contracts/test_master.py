"""Supplier master, versions and tokens against hand-written journals: I09, I16 and I23 beside those that hold for all papers."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from contracts.journal import Posting
from contracts.oracle import judge
from contracts.verdict import InvariantResult
from tests.contracts.journals import Story
from tests.contracts.master_stories import BAD, GOOD, TOKENS_BROKEN, TOKENS_KEPT, Masters
from tests.contracts.payment_stories import BAD_ACCOUNTS, GOOD_ACCOUNTS, money_to_an_impostor

SCOPE = ("supplier-master",)


def judged(story: Story) -> dict[str, InvariantResult]:
    """What each invariant finds in a story about suppliers."""
    return {result.id: result for result in judge(story.entries, SCOPE)}


def red(results: dict[str, InvariantResult]) -> set[str]:
    """Which of them found something wrong."""
    return {result.id for result in results.values() if result.verdict == "fail"}


def described(results: dict[str, InvariantResult]) -> str:
    """All that was found, for people."""
    return "\n".join(f"{each.id} {found.says}" for each in results.values() for found in each.evidence)


@pytest.mark.parametrize("story", [*GOOD, *GOOD_ACCOUNTS], ids=lambda story: story.__name__)
def test_correct_masters_stay_green(story: Callable[[], Masters]) -> None:
    """Whatever they look like."""
    results = judged(story())
    assert red(results) == set(), described(results)
    assert {results[each].verdict for each in ("I01", "I09", "I16", "I20")} == {"pass"}


@pytest.mark.parametrize(
    ("story", "wrong"), [*BAD, *BAD_ACCOUNTS], ids=[story.__name__ for story, _ in (*BAD, *BAD_ACCOUNTS)]
)
def test_broken_masters_turn_the_right_invariants_red(story: Callable[[], Masters], wrong: str) -> None:
    """All that should speak do, and nothing else does; and what they say points into the journal."""
    told = story()
    results = judged(told)
    assert red(results) == set(wrong.split()), described(results)
    for result in results.values():
        for evidence in result.evidence:
            assert all(1 <= line <= len(told.entries) for line in evidence.lines)
            assert evidence.verdict == "unknown" or evidence.lines


@pytest.mark.parametrize("story", TOKENS_KEPT, ids=lambda story: story.__name__)
def test_tokens_asked_for_with_measure(story: Callable[[], Story]) -> None:
    """A token when one is needed, and no more calls at once than are granted."""
    assert judged(story())["I23"].verdict == "pass"


@pytest.mark.parametrize("story", TOKENS_BROKEN, ids=lambda story: story.__name__)
def test_tokens_and_calls_beyond_measure(story: Callable[[], Story]) -> None:
    """A token for nothing, or too many calls at once."""
    assert judged(story())["I23"].verdict == "fail"


def test_versions_hold_for_orders_too() -> None:
    """An order that its department changed must stand in the ERP as changed."""
    for version, verdict in ((2, "pass"), (1, "fail")):
        story = Story().orders().posts_order(version=1)
        story.papers["PO-1"] = story.papers["PO-1"].__class__(
            story.at, "procurement:PO-1", "purchase-order", "PO:PO-1", "H1", "S012", "PO-1", 90_000, "USD", "PO-1", 2
        )
        story.write(story.papers["PO-1"])
        if version == 2:
            story.effect("cloud_erp", "order.changed", "ERP-PO-1", source_ref="procurement:PO-1", version=2)
        assert judged(story.ends())["I09"].verdict == verdict


def test_an_order_is_not_invoiced_before_it_was_handed_over() -> None:
    """States follow one another as life allows."""
    story = Story().orders().posts_order()
    assert judged(story.says("PO-1", "invoiced").ends())["I09"].verdict == "fail"


@pytest.mark.parametrize(("account", "verdict"), [("6100-50412", "pass"), ("6100-00412", "fail")])
def test_an_expense_stands_where_its_code_meant_on_its_date(account: str, verdict: str) -> None:
    """A department's code means another cost centre from a day on, and the invoice is booked after that day."""
    story = Story().delivered(stock=False).bills(stock=False)
    owed = msgspec.structs.replace(story.owed["PAY:INV-1"], account="6100-50412", version=2)
    story.write(owed).tells("INV-1")
    lines = (Posting(account, "expense", 100_000, "USD"), Posting("2100", "ap", -100_000, "USD"))
    assert judged(story.paid(lines=lines).ends())["I09"].verdict == verdict


@pytest.mark.parametrize(("account", "verdict"), [("1400-710", "pass"), ("1400-720", "fail"), ("1400", "fail")])
def test_stock_lies_at_the_site_that_its_dock_was_when_it_was_ordered(account: str, verdict: str) -> None:
    """A dock moves to another site from a day on, and the goods come after that day."""
    story = Story().ordered().arrives()
    story.write(msgspec.structs.replace(story.owed["GR:GRN-1"], account="1400-710", version=2)).tells("GRN-1")
    lines = (Posting(account, "inventory", 100_000, "USD"), Posting("2150", "grni", -100_000, "USD"))
    found = judged(story.posts_receipt(lines=lines).ends())["I09"]
    assert found.verdict == verdict
    if found.evidence:
        assert f"stands on {account}, and its dock meant 1400-710 when it was ordered" in found.evidence[0].says


def test_what_went_to_an_impostor_is_told_in_money() -> None:
    """The change itself has no amount; the payment has."""
    found = judged(money_to_an_impostor())["I16"].evidence
    assert [each.amount_minor for each in found] == [0, 77_700]
    assert "777.00 USD left for ESUP-1 with PAY-1" in found[1].says
