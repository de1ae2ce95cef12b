"""What scenarios promise: every share of their form is accounted for, the world keeps to it, and ours promise all there is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from msgspec.structs import fields, replace

from contracts.scenario import Anomalies, Credits, Disguises, Hospital, Masters, Scenario
from sim import promised
from sim.fault_rules import BY_NAME
from sim.scenario_file import load_scenario
from tests.world.stage import Stage

SWEPT = (
    "month-end",
    "quarter-end",
    "quiet-week",
    "quiet-week-invoices",
    "bad-weather",
    "supplier-campaign",
    "acquisition-onboarding",
)
"""What CONTRIBUTING sweeps before a change goes in."""
HARD_TO_MATCH, CREDITS = (
    (Path(__file__).parents[1] / "scenarios" / f"{name}.toml").as_posix() for name in ("hard-to-match", "credits")
)
NO_SHARE_OF_ANOMALIES = {"before_pay_run_share"}


def scenario(name: str) -> Scenario:
    """One of ours."""
    return load_scenario(name)[0]


def all_classes() -> set[promised.Class]:
    """All that any share can bring about."""
    plain = (promised.BILLS, promised.CREDITED, promised.PROPOSED, promised.RENAMED, promised.PAID_ELSEWHERE)
    found = {(False, what) for table in plain for whats in table.values() for what in whats}
    found |= {(name == "held_out", what) for name, whats in promised.DISGUISED.items() for what in whats}
    return found | {(False, "bank-change")}


def test_every_share_of_the_form_says_what_it_brings_about() -> None:
    """A new key of the schema must be given its classes here, or none if it is a lookalike."""

    def shares(form: type) -> set[str]:
        return {field.name for field in fields(form)}

    assert shares(Anomalies) == set(promised.BILLS)
    assert shares(Disguises) == set(promised.DISGUISED)
    assert shares(Credits) == set(promised.CREDITED)
    masters = {name for name in shares(Masters) if name.endswith("_share")} - NO_SHARE_OF_ANOMALIES
    assert masters == {*promised.PROPOSED, *promised.RENAMED, *promised.PAID_ELSEWHERE}


def test_the_scenarios_that_are_swept_promise_everything() -> None:
    ours = [scenario(name) for name in SWEPT]
    assert set().union(*map(promised.classes, ours)) == all_classes()
    assert set().union(*map(promised.kinds, ours)) >= set(BY_NAME) - {"noop", "batch-in-part"}


@pytest.mark.parametrize(
    ("name", "scale", "seeds"),
    [
        (HARD_TO_MATCH, 1.0, (1, 2)),
        (CREDITS, 1.0, (1, 2)),
        ("supplier-campaign", 0.5, (1, 2)),
        ("acquisition-onboarding", 0.5, range(1, 7)),
    ],
)
def test_the_world_brings_about_what_is_promised_and_nothing_else(
    name: str, scale: float, seeds: Iterable[int]
) -> None:
    played = scenario(name)
    met = {(a.held_out, a.what) for seed in seeds for a in Stage(played, seed, scale).play().anomalies}
    assert met == promised.classes(played)


def test_what_is_out_of_scope_or_has_no_share_is_not_promised() -> None:
    campaign = scenario("supplier-campaign")
    assert promised.classes(replace(campaign, scope=("procure-to-pay",))) == {
        (False, what) for what in ("price-variance", "duplicate-renumbered", "duplicate-second-channel")
    }
    still = Masters(proposals_per_day=0.0, identity_changes_per_year=0.0, bank_changes_per_year=0.0, fraud_share=0.5)
    alone = replace(campaign, scope=("supplier-master",), masters=still)
    assert promised.classes(alone) == set()
    joining: Hospital = replace(campaign.hospital[0], brings_suppliers=3, overlap_share=0.5)
    assert promised.classes(replace(alone, hospital=(joining,))) == {(False, "duplicate-supplier")}


def test_weather_that_only_fronts_bring_is_promised_with_a_front() -> None:
    campaign = scenario("supplier-campaign")
    assert "shifting-pages" in promised.kinds(campaign)
    assert "shifting-pages" not in promised.kinds(replace(campaign, front=()))


def test_memos_go_wrong_only_where_bills_are_given_back() -> None:
    wrong = Credits(twice_share=0.5, misreferred_share=0.5)
    plain = replace(scenario("quiet-week"), credits=wrong)
    assert "duplicate-credit" not in {what for _, what in promised.classes(plain)}
    given_back = replace(plain, credits=replace(wrong, share=0.1))
    credited = promised.classes(given_back) - promised.classes(plain)
    assert credited == {(False, "duplicate-credit"), (False, "credit-without-invoice")}
