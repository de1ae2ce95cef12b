"""Supplier master data in the world: who is proposed and edited, and what the truth says about it."""

from __future__ import annotations

from collections import Counter

import pytest

from contracts.journal import Document, Effect, encode
from sim.scenario_file import load_scenario
from sim.seed import Seed
from sim.world import companies
from sim.world import supplier_plan as plan
from sim.world.supplier_disguises import DISGUISES, disguised, rewritten
from tests.world.stage import Stage

CAMPAIGN = load_scenario("supplier-campaign")[0]


def plain(number: str) -> str:
    """Without what stands between the digits."""
    return "".join(filter(str.isalnum, number))


@pytest.fixture(scope="module")
def campaign() -> Stage:
    """The campaign under seed 3, undisturbed by any design."""
    return Stage(CAMPAIGN, 3).play()


def records(stage: Stage) -> list[Document]:
    """Every version of every supplier record, in order."""
    return [paper for paper in stage.documents if paper.what == "supplier"]


def test_one_seed_one_truth() -> None:
    first, second = (Stage(CAMPAIGN, 5, 0.1).play() for _ in range(2))
    assert [encode(entry) for entry in first.journal] == [encode(entry) for entry in second.journal]


def test_what_was_there_stands_in_both_systems_under_one_number(campaign: Stage) -> None:
    source, erp = campaign.estate.procurement.state.suppliers, campaign.estate.cloud_erp.state.suppliers
    known = [record for record in source.records.values() if record.erp_number]
    assert len(known) == CAMPAIGN.trade.suppliers
    for record in known:
        assert erp.supplier(record.erp_number).source_ref == f"procurement:{record.id}"


def test_versions_count_up_and_are_those_of_the_source(campaign: Stage) -> None:
    newest: Counter[str] = Counter()
    for record in records(campaign):
        newest[record.ref] += 1
        assert record.version == newest[record.ref]
    source = campaign.estate.procurement.state.suppliers
    assert {ref: source.record(ref.partition(":")[2]).version for ref in newest} == dict(newest)


def test_every_turn_is_taken_within_ten_seeds() -> None:
    seen = {anomaly.what for seed in range(10) for anomaly in Stage(CAMPAIGN, seed, 0.5).play().anomalies}
    assert seen >= {plan.DUPLICATE, plan.TAX_ID_MISSING, plan.ACCOUNT, plan.FRAUD, plan.MERGED}


def test_a_copy_is_about_a_company_that_is_there_and_a_lookalike_about_one_that_was_not(campaign: Stage) -> None:
    seen: set[str] = set()
    for record in records(campaign):
        if record.version == 1:
            assert record.copy is (record.obligation in seen)
            assert record.copy <= (record.expect == "case")
        seen.add(record.obligation)


def test_a_change_of_account_is_flagged_before_the_pay_run(campaign: Stage) -> None:
    hours = campaign.world._hours["H1"]
    for anomaly in campaign.anomalies:
        if anomaly.what in (plan.ACCOUNT, plan.FRAUD):
            assert anomaly.at < anomaly.flag_by_ms <= plan.next_pay_run_ms(CAMPAIGN.masters, hours, anomaly.at)


def test_the_desk_tells_true_from_false_and_puts_the_record_right() -> None:
    stage = Stage(CAMPAIGN, 3)
    said: dict[str, str] = {}

    def react(effect: Effect) -> None:
        if effect.what == "case.decided":
            said[effect.about[0]] = effect.state
        elif effect.what == "supplier.recorded" and effect.version == 2:
            stage.later(3_600_000, lambda: stage.open_case("bank-change", "H1", f"procurement:{effect.ref}"))

    stage.react = react
    stage.play()
    false = {anomaly.about[0] for anomaly in stage.anomalies if anomaly.what == plan.FRAUD}
    true = {anomaly.about[0] for anomaly in stage.anomalies if anomaly.what == plan.ACCOUNT}
    asked = false & said.keys()
    assert asked
    assert {said[ref] for ref in asked} == {"reject"}
    assert {said[ref] for ref in true & said.keys()} <= {"accept"}
    for ref in asked:
        accounts = [plain(record.bank) for record in records(stage) if record.ref == ref]
        assert accounts[0] == accounts[-1] != accounts[1]


def test_the_desk_merges_what_is_one_and_lets_go_what_is_two(campaign: Stage) -> None:
    copy = next(anomaly for anomaly in campaign.anomalies if anomaly.what == plan.DUPLICATE)
    stage = Stage(CAMPAIGN, 3)
    stage.play(until_ms=copy.at + 1000)
    stage.open_case("duplicate-supplier", "H1", *copy.about)
    stage.open_case("duplicate-supplier", "H1", copy.about[0], "procurement:SUP-000002")
    stage.open_case("duplicate-supplier", "H1", "procurement:SUP-000001", "procurement:SUP-000002")
    stage.env.run()
    decided = [case.decision for case in stage.estate.service_desk.state.cases.values()]
    assert [each.decision for each in decided if each] == ["merge", "accept", "accept"]
    assert decided[0] is not None
    assert decided[0].value == copy.about[1]


@pytest.mark.parametrize("disguise", DISGUISES, ids=lambda disguise: disguise.__name__)
def test_each_disguise_hides_much_and_leaves_one_thing(disguise: object) -> None:
    """A careful reader can still tell: by the tax id, by name and address, or by the account."""
    assert callable(disguise)
    for number in range(200):
        truly = companies.drawn(Seed(number).stream("company"))
        said = disguise(truly, Seed(number).stream("said"))
        same_tax = plain(said.tax_id) == plain(truly.tax_id)
        same_account = plain(said.account) == plain(truly.account)
        same_start = said.address[:4] == truly.address[:4] and truly.name.startswith(said.name)
        assert [same_tax, same_account, same_start].count(True) == 1
        assert said != truly


def test_an_account_written_differently_is_the_same_account() -> None:
    truly = companies.drawn(Seed(1).stream("company"))
    once = rewritten(truly.account)
    assert once != truly.account
    assert plain(once) == plain(rewritten(once)) == plain(truly.account)
    assert disguised(truly, Seed(1).stream("said")) != truly
