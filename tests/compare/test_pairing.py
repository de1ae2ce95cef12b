"""Pairing by seed, putting together, and what a user may say of designs and seeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.comparison import HARMS, Figure, Finding, RunResult
from contracts.verdict import AnomalyScore, Judgement
from sim.cli_ask import Asked, prepare
from sim.cli_compare import designs_of, leave, seeds_of
from sim.compare import Played, compared, difference, pair
from sim.errors import UserError


def result(design: str, seed: int, lost: int = 0, error: str = "", p95: float | None = 1.0) -> RunResult:
    """A run that lost so many obligations of 10.00 each, through one kind of fault."""
    finding = Finding("lost", "PAY:1", "is lost", 1_000, "webhook-lost", "struck")
    harms: dict[str, Figure] = {**{harm: Figure(0, 0) for harm in HARMS}, "lost": Figure(lost, lost * 1_000)}
    score = AnomalyScore(2, 2, 0, 0)
    verdict: Judgement = "fail" if lost else "pass"
    return RunResult(
        design, seed, verdict, "quiescent", "d", harms, (finding,) * lost, 3, score, 10, 80, 5, 1, 8.0, 0.1, p95, 4,
        f"closeproof run x --design {design} --seed {seed}", 1.0, error,
    )  # fmt: skip


def test_a_difference_says_how_many_seeds_were_better_and_worse() -> None:
    apart = difference((-2, 0, 1, -1))
    assert apart.mean == pytest.approx(-0.5)
    assert [apart.min, apart.max] == [-2, 1]
    assert [apart.better, apart.worse, apart.same] == [2, 1, 1]


def test_pairs_are_by_seed_whatever_the_order_of_the_runs() -> None:
    runs = [result("b", 2, 0), result("a", 1, 5), result("b", 1, 3), result("a", 2, 1)]
    paired = pair("a", "b", runs)
    assert paired.seeds == (1, 2)
    assert list(paired.differences["lost_count"].by_seed) == [-2, -1]
    assert list(paired.differences["lost_minor"].by_seed) == [-2_000, -1_000]


def test_a_seed_that_broke_under_one_design_is_compared_for_neither() -> None:
    runs = [result("a", 1), result("b", 1, 1), result("a", 2, error="boom"), result("b", 2, 9)]
    assert pair("a", "b", runs).seeds == (1,)


def test_what_was_not_measured_is_left_out() -> None:
    paired = pair("a", "b", [result("a", 1, p95=None), result("b", 1)])
    assert "post_hours_p95" not in paired.differences


def test_put_together_sums_names_reasons_and_the_worst_seed() -> None:
    played = [Played(result("a", 2, 3), (4.0,), "USD"), Played(result("a", 1, 1), (2.0,)), Played(result("b", 1))]
    made = compared(prepare(Asked("demo")), ("a", "b"), [*played, Played(result("b", 2))], wall_s=1)
    first, second = made.designs
    assert first.harms["lost"] == Figure(4, 4_000)
    assert first.verdicts == {"fail": 2}
    assert [(r.reason, r.how, r.count, r.amount_minor) for r in first.reasons] == [("webhook-lost", "struck", 4, 4_000)]
    assert (first.worst_seed, first.worst_replay) == (2, "closeproof run x --design a --seed 2")
    assert first.post_hours_p50 == 2.0
    assert second.reasons == ()
    assert [(run.design, run.seed) for run in made.runs] == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]


@pytest.mark.parametrize(("text", "seeds"), [("3", (1, 2, 3)), ("7-8", (7, 8)), ("5,1,1-2", (1, 2, 5)), ("7-7", (7,))])
def test_seeds_are_how_many_or_which(text: str, seeds: tuple[int, ...]) -> None:
    assert seeds_of(text) == seeds


@pytest.mark.parametrize("text", ["0", "", "x", "-1", "3-", "5-2", "1.5", "1-99999999"])
def test_what_is_no_seed_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="--seeds"):
        seeds_of(text)


@pytest.mark.parametrize("text", ["", "workflow", "workflow,workflow", "a,b,a"])
def test_two_designs_each_once(text: str) -> None:
    with pytest.raises(UserError, match="--designs"):
        designs_of(text)


def test_nothing_is_written_beside_what_is_no_comparison(tmp_path: Path) -> None:
    made = compared(prepare(Asked("demo")), ("a", "b"), [Played(result("a", 1)), Played(result("b", 1))], wall_s=1)
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match=r"thesis\.txt"):
        leave(made, str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_comparison_may_be_written_over_itself(tmp_path: Path) -> None:
    made = compared(prepare(Asked("demo")), ("a", "b"), [Played(result("a", 1)), Played(result("b", 1))], wall_s=1)
    out = str(tmp_path / "new" / "place")
    assert leave(made, out) == leave(made, out) == out
    assert sorted(path.name for path in Path(out).iterdir()) == ["comparison.html", "comparison.json"]
