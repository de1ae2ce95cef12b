"""A week of credit memos: what stands in the truth, and how designs cope with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.journal import Document, Obligation
from contracts.verdict import Summary
from orchestrator.workflows import crediting
from sim.designs import load_design
from sim.run import RunOptions, run
from sim.scenario_file import load_scenario
from tests.world.stage import Stage

FILE = Path(__file__).parents[1] / "scenarios" / "credits.toml"
SCENARIO = load_scenario(FILE)[0]


@pytest.fixture(scope="module")
def stage() -> Stage:
    """The week under seed 4, undisturbed by any design."""
    return Stage(SCENARIO, 4).play()


def memos(stage: Stage) -> list[Document]:
    """Credit memos, copies left out."""
    return [paper for paper in stage.documents if paper.what == "credit-memo" and not paper.copy]


def owed(stage: Stage) -> dict[str, Obligation]:
    """What is owed, as it stood at first."""
    return {each.id: each for each in stage.obligations if each.version == 1}


def test_a_memo_gives_back_all_of_a_bill_and_the_new_bill_follows(stage: Stage) -> None:
    """Three debts: the bill, its mirror, and the new bill for the same goods."""
    truth = owed(stage)
    assert len(memos(stage)) > 10
    for paper in memos(stage):
        memo = truth[paper.obligation]
        bill, again = (truth[memo.id.replace("/credit", suffix)] for suffix in ("", "/again"))
        assert memo.required == ("cloud_erp/invoice.credited",)
        assert (memo.amount_minor, memo.goods, memo.charges_minor) == (
            bill.amount_minor,
            bill.goods,
            bill.charges_minor,
        )
        assert (again.goods, again.order_value_minor) == (bill.goods, bill.order_value_minor)
        assert bill.at < memo.at < again.at
        assert again.required == bill.required == ("cloud_erp/invoice.posted",)


def test_a_bill_that_went_to_the_wrong_hospital_is_billed_to_another(stage: Stage) -> None:
    """Under any number, for the same amount; the memo stays where the bill was."""
    truth = owed(stage)
    astray = [
        (truth[name.removesuffix("/again")], truth[name.replace("/again", "/credit")], again)
        for name, again in truth.items()
        if name.endswith("/again") and "-bill-" in name
    ]
    assert len(astray) > 3
    for bill, memo, again in astray:
        assert bill.order == memo.order == again.order == ""
        assert bill.entity == memo.entity != again.entity
        assert bill.amount_minor == memo.amount_minor == again.amount_minor


def test_the_new_bill_looks_like_the_old_one_in_every_way(stage: Stage) -> None:
    """The same number or another, the same amount or another; all four occur."""
    bills = {paper.obligation: paper for paper in stage.invoices() if not paper.copy}
    looks: Counter[tuple[bool, bool]] = Counter()
    for name, again in bills.items():
        if name.endswith("/again"):
            old = bills[name.removesuffix("/again")]
            looks[again.number == old.number, again.amount_minor == old.amount_minor] += 1
    assert len(looks) == 4


def test_some_memos_are_for_people(stage: Stage) -> None:
    """A second one of a kind, and one that names what nobody has."""
    papers = {paper.ref: paper for paper in stage.documents}
    kinds = Counter(anomaly.what for anomaly in stage.anomalies)
    assert kinds["duplicate-credit"] > 1
    assert kinds["credit-without-invoice"] > 1
    bills = {paper.number for paper in stage.invoices()}
    for anomaly in stage.anomalies:
        about = [papers[ref] for ref in anomaly.about]
        if anomaly.what == "duplicate-credit":
            assert about[0].copy
            assert about[0].obligation == about[1].obligation
        if anomaly.what == "credit-without-invoice":
            captured = stage.estate.ap_automation.state.invoices[anomaly.about[0].partition(":")[2]].paper
            assert captured.credits not in bills


def test_people_say_which_bill_was_meant(stage: Stage) -> None:
    """*Correct*, with the field: the bill's number."""
    again = Stage(SCENARIO, 4)
    again.react = lambda effect: (
        again.later(3_600_000, lambda: again.open_case("credit-without-invoice", "H1", f"ap_automation:{effect.ref}"))
        if effect.what == "invoice.captured" and effect.amount_minor < 0
        else None
    )
    again.play()
    answers = [case.decision for case in again.estate.service_desk.state.cases.values()]
    bills = {paper.number for paper in again.invoices()}
    corrected = [answer for answer in answers if answer is not None and answer.decision == "correct"]
    assert len(corrected) == sum(anomaly.what == "credit-without-invoice" for anomaly in stage.anomalies)
    assert {answer.value.removeprefix("credits=") for answer in corrected} <= bills


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_reference_gives_back_what_is_given_back_and_asks_about_the_rest(seed: int) -> None:
    summary = played(seed)
    assert summary.verdict == "pass"
    assert summary.anomalies.missed == 0


def played(seed: int, design: str = "workflow") -> Summary:
    """A run of the week."""
    name, made = load_design(design)
    return run(RunOptions(SCENARIO, name, made, seed))


def credits_whatever_comes(patch: pytest.MonkeyPatch) -> None:
    """Every memo is posted against the first bill of its number."""
    patch.setattr(crediting, "copy_of", lambda *_: None)
    patch.setattr(crediting, "_fits", lambda *_: True)


def never_waits_for_a_memo(patch: pytest.MonkeyPatch) -> None:
    """What was given back counts as billed for ever."""
    patch.setattr(crediting, "given_back", lambda _state: {})
    patch.setattr("orchestrator.workflows.progress.given_back", lambda _state: {})


@pytest.mark.parametrize(
    ("spoil", "red"),
    [(credits_whatever_comes, {"I01", "I21"}), (never_waits_for_a_memo, {"I21"})],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_who_keeps_memos_badly_is_found_out(
    monkeypatch: pytest.MonkeyPatch, spoil: Callable[[pytest.MonkeyPatch], None], red: set[str]
) -> None:
    spoil(monkeypatch)
    found = {result.id for result in played(2).invariants if result.verdict == "fail"}
    assert red <= found, found


def test_who_knows_no_memos_is_found_out() -> None:
    """Point to point takes them and does nothing."""
    summary = played(2, "point-to-point-billed")
    found = {result.id for result in summary.invariants if result.verdict == "fail"}
    assert {"I01", "I11", "I20"} <= found
