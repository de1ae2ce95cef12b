"""Desk staff err at the scenario's rate; a second look finds it within the time it may take, and nothing stays so."""

from __future__ import annotations

import datetime as dt

from msgspec.structs import replace

from contracts.business_time import BusinessTime
from contracts.journal import Effect, Hours
from contracts.scenario import Anomalies, Desk, Scenario
from sim.world.calendar import local_ms
from tests.world.stage import MONTH_END, QUIET_WEEK, Stage

MINUTE_MS = 60_000
LOOK_HOURS = 9.0
ERRING = Desk(staff=2, errs_share=0.5, second_look_hours=LOOK_HOURS)
OLD_PRICES = Anomalies(stale_order_price=0.5)
"""Bills that are always accepted, if nobody errs."""


def asking(scenario: Scenario, seed: int = 5, after_minutes: int = 10) -> Stage:
    """A design that asks about every bill that must be asked about, some minutes after it was captured."""
    stage = Stage(scenario, seed)

    def ask(effect: Effect) -> None:
        paper = next(paper for paper in stage.documents if paper.ref == f"ap_automation:{effect.ref}")
        if paper.expect == "case":
            stage.open_case("price-variance", effect.entity, paper.ref)

    def react(effect: Effect) -> None:
        if effect.what == "invoice.captured":
            stage.later(after_minutes * MINUTE_MS, lambda: ask(effect))

    stage.react = react
    return stage.play()


def decisions(stage: Stage) -> dict[str, list[Effect]]:
    """What was decided about each bill, in order, by the delivery that it is for."""
    papers = {paper.ref: paper for paper in stage.documents}
    found: dict[str, list[Effect]] = {}
    for effect in stage.effects("case.decided"):
        found.setdefault(papers[effect.about[0]].obligation, []).append(effect)
    return found


def said(stage: Stage) -> dict[str, tuple[str, ...]]:
    """The same in words."""
    return {owed: tuple(effect.state for effect in each) for owed, each in decisions(stage).items()}


def test_what_is_refused_by_mistake_is_accepted_by_somebody_else_in_time() -> None:
    stage = asking(replace(QUIET_WEEK, anomalies=OLD_PRICES, desk=ERRING))
    hours = {
        entry.entity: BusinessTime(entry.opens, entry.closes) for entry in stage.journal if isinstance(entry, Hours)
    }
    found = decisions(stage)
    assert set(said(stage).values()) == {("accept",), ("reject", "accept")}
    over_ms = local_ms("America/New_York", dt.datetime.combine(QUIET_WEEK.calendar.end, dt.time(23)))
    in_time = [each for each in found.values() if each[0].at < over_ms]
    erred = [each for each in found.values() if len(each) > 1]
    assert max(first.at for first, _ in erred) < over_ms
    assert 0.3 < len(erred) / len(in_time) < 0.7
    for first, second in erred:
        assert first.actor != second.actor == "desk-supervisor"
        assert 0 < hours["H1"].hours_between(first.at, second.at) <= LOOK_HOURS + 0.01
        assert second.version == 2


def test_the_truth_follows_the_second_thought_and_leaves_time_to_book_it() -> None:
    stage = asking(replace(QUIET_WEEK, anomalies=OLD_PRICES, desk=ERRING))
    papers = {paper.ref: paper for paper in stage.documents}
    for owed, each in decisions(stage).items():
        newest = [obligation for obligation in stage.obligations if obligation.id == owed][-1]
        assert newest.at == each[-1].at
        assert newest.amount_minor == papers[each[-1].about[0]].amount_minor
        assert newest.due_ms > each[-1].at
    assert not [
        paper for paper in stage.invoices() if paper.expect == "effect" and paper.obligation in decisions(stage)
    ]
    assert stage.world.open_intents == 0


def test_who_errs_depends_on_the_bill_and_not_on_the_moment() -> None:
    scenario = replace(QUIET_WEEK, anomalies=OLD_PRICES, desk=ERRING)
    assert said(asking(scenario)) == said(asking(scenario, after_minutes=45))


def test_at_a_rate_of_nought_nobody_errs() -> None:
    stage = asking(replace(QUIET_WEEK, anomalies=OLD_PRICES, desk=replace(ERRING, errs_share=0.0)))
    assert set(said(stage).values()) == {("accept",)}


def test_before_a_close_two_look_at_everything() -> None:
    """What is booked wrongly must be out again before the books close: in the last three days nobody errs, nor after the end."""
    scenario = replace(MONTH_END, anomalies=OLD_PRICES, desk=replace(ERRING, errs_share=1.0))
    shorter = replace(
        scenario, calendar=replace(scenario.calendar, start=scenario.calendar.start.replace(day=19)), peak=()
    )
    stage = asking(replace(shorter, hospital=shorter.hospital[:1], trade=replace(shorter.trade, standing_orders=0)))
    (close,) = (effect.at for effect in stage.effects("period.closed"))
    firsts = [each[0] for each in decisions(stage).values()]
    erred = [effect.at for effect in firsts if effect.state == "reject"]
    right = [effect.at for effect in firsts if effect.state == "accept"]
    assert len(erred) > 10 < len(right)
    assert max(erred) < min(right) < close < max(right)
    assert close - max(erred) > 3 * 86_400_000
