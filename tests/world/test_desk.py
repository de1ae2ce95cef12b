"""The desk decides by the truth, in business hours, and the world follows."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from contracts.cases import Category
from contracts.journal import Document, Effect
from contracts.scenario import Anomalies, Desk
from tests.world.stage import MONTH_END, QUIET_WEEK, Stage

MINUTE_MS = 60_000


def asking(
    category: Category, when: Callable[[Stage, Effect], tuple[str, ...]], *, anomalies: Anomalies, rejects: float = 0.5
) -> Stage:
    """A quiet week in which a design asks the desk about invoices, ten minutes after each was captured."""
    scenario = replace(
        QUIET_WEEK, anomalies=anomalies, desk=Desk(staff=2, minutes_per_case=12.0, rejects_share=rejects)
    )
    stage = Stage(scenario, 5)

    def ask(effect: Effect) -> None:
        subjects = when(stage, effect)
        if subjects:
            stage.open_case(category, effect.entity, *subjects)

    def react(effect: Effect) -> None:
        if effect.what == "invoice.captured":
            stage.later(10 * MINUTE_MS, lambda: ask(effect))

    stage.react = react
    return stage.play()


def paper_of(stage: Stage, effect: Effect) -> Document:
    """The truth's paper for a captured invoice."""
    return next(paper for paper in stage.documents if paper.ref == f"ap_automation:{effect.ref}")


def overpriced(stage: Stage, effect: Effect) -> tuple[str, ...]:
    """Ask about what must be asked about."""
    paper = paper_of(stage, effect)
    return (paper.ref,) if paper.expect == "case" else ()


def test_refused_prices_are_billed_again_under_the_same_number() -> None:
    stage = asking("price-variance", overpriced, anomalies=Anomalies(price_variance=0.5))
    decided = stage.effects("case.decided")
    assert {effect.state for effect in decided} == {"accept", "reject"}
    papers = {paper.ref: paper for paper in stage.documents}
    for effect in decided:
        refused = papers[effect.about[0]]
        versions = [o for o in stage.obligations if o.id == refused.obligation]
        again = [p for p in stage.documents if p.obligation == refused.obligation and p.ref != refused.ref]
        assert [v.version for v in versions] == [1, 2]
        if effect.state == "accept":
            assert versions[1].amount_minor == refused.amount_minor
            assert again == []
        else:
            (bill,) = again
            assert (bill.number, bill.amount_minor) == (refused.number, versions[0].amount_minor)
            assert (bill.expect, bill.copy) == ("effect", False)
            assert effect.at < bill.at < versions[1].due_ms
            assert versions[1].amount_minor == versions[0].amount_minor
            assert versions[1].on == _local(bill.at, "America/New_York").date().isoformat()
    assert stage.world.open_intents == 0


def test_what_is_decided_depends_on_the_purchase_and_not_on_the_moment() -> None:
    def late(stage: Stage, effect: Effect) -> tuple[str, ...]:
        return overpriced(stage, effect) if stage.env.now % 2 else ()

    one = asking("price-variance", overpriced, anomalies=Anomalies(price_variance=0.5))
    other = asking("price-variance", late, anomalies=Anomalies(price_variance=0.5))
    assert 0 < len(_decisions(other)) < len(_decisions(one))
    assert _decisions(other).items() <= _decisions(one).items()


@pytest.mark.parametrize("first", ["copy", "original"])
def test_of_two_papers_for_one_delivery_one_is_refused(first: str) -> None:
    def twins(stage: Stage, effect: Effect) -> tuple[str, ...]:
        paper = paper_of(stage, effect)
        if not paper.copy:
            return ()
        original = next(p.ref for p in stage.documents if p.obligation == paper.obligation)
        return (paper.ref, original) if first == "copy" else (original, paper.ref)

    shares = Anomalies(duplicate_renumbered=0.2, duplicate_second_channel=0.2)
    stage = asking("duplicate-invoice", twins, anomalies=shares)
    decided = stage.effects("case.decided")
    assert len(decided) > 10
    assert {effect.state for effect in decided} == {"reject"}
    assert all(o.version == 1 for o in stage.obligations)


def test_asked_about_both_twins_the_desk_refuses_only_one() -> None:
    def each(stage: Stage, effect: Effect) -> tuple[str, ...]:
        paper = paper_of(stage, effect)
        if paper.copy:
            original = next(p.ref for p in stage.documents if p.obligation == paper.obligation)
            stage.open_case("duplicate-invoice", effect.entity, original)
            return (paper.ref,)
        return ()

    stage = asking("duplicate-invoice", each, anomalies=Anomalies(duplicate_renumbered=0.3))
    papers = {paper.ref: paper for paper in stage.documents}
    by_obligation: dict[str, list[str]] = {}
    for effect in stage.effects("case.decided"):
        by_obligation.setdefault(papers[effect.about[0]].obligation, []).append(effect.state)
    assert by_obligation
    assert all(sorted(states) == ["accept", "reject"] for states in by_obligation.values())


@pytest.mark.parametrize("category", ["quantity-variance", "undeliverable", "invoice-without-receipt", "period-closed"])
def test_a_false_alarm_is_waved_through_and_costs_minutes(category: Category) -> None:
    stage = asking(category, lambda s, e: (paper_of(s, e).ref,), anomalies=Anomalies())
    decided = stage.effects("case.decided")
    assert len(decided) == len(stage.invoices()) > 50
    assert {effect.state for effect in decided} == {"accept"}
    assert all(o.version == 1 for o in stage.obligations)


def test_the_desk_keeps_hours_and_takes_its_time() -> None:
    stage = asking("quantity-variance", lambda s, e: (paper_of(s, e).ref,), anomalies=Anomalies())
    opened = {effect.ref: effect.at for effect in stage.effects("case.opened")}
    decided = stage.effects("case.decided")
    for effect in decided:
        local = _local(effect.at, "America/New_York")
        assert (8, 0) <= (local.hour, local.minute) <= (17, 0)
        assert local.weekday() < 5
        assert effect.at - opened[effect.ref] >= 12 * MINUTE_MS
    by_staff = [effect for effect in decided if effect.actor == "desk-1"]
    assert all(b.at - a.at >= 12 * MINUTE_MS for a, b in itertools.pairwise(by_staff))
    assert [effect.ref for effect in decided[:3]] == ["CASE-1", "CASE-2", "CASE-3"]


def test_after_the_close_a_paper_is_dated_into_the_open_month() -> None:
    """A paper of October that a design could not post: people give it the first of November, and the truth follows."""
    stage = Stage(MONTH_END, 7, scale=0.05)

    def react(effect: Effect) -> None:
        if effect.what == "period.closed" and effect.entity == "H3":
            last = [p for p in stage.invoices() if p.entity == "H3" and p.expect == "effect"][-1]
            stage.open_case("period-closed", "H3", last.ref)
            stage.open_case("period-closed", "H3", "ap_automation:INV-999999")

    stage.react = react
    stage.play()
    real, unknown = stage.effects("case.decided")
    assert (real.state, unknown.state) == ("re-date", "accept")
    case = stage.estate.service_desk.state.cases[real.ref]
    assert case.decision is not None
    assert case.decision.value == "2026-11-01"
    (second,) = [o for o in stage.obligations if o.version == 2]
    assert second.on == "2026-11-01"
    assert second.due_ms > real.at
    assert _local(real.at, "America/New_York").date() == dt.date(2026, 11, 2)


def test_open_cases_keep_the_world_open() -> None:
    stage = Stage(QUIET_WEEK, 5).play()
    assert stage.world.open_intents == 0
    stage.open_case("undeliverable", "H1", "procurement:PO-H1-000001")
    assert stage.world.open_intents == 1
    stage.env.run()
    assert stage.world.open_intents == 0
    assert stage.effects("case.decided")[-1].state == "accept"


def _decisions(stage: Stage) -> dict[str, str]:
    papers = {paper.ref: paper for paper in stage.documents}
    return {papers[effect.about[0]].obligation: effect.state for effect in stage.effects("case.decided")}


def _local(at_ms: int, zone: str) -> dt.datetime:
    return dt.datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone))
