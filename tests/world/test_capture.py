"""Bills that come by mail are read: mostly rightly and surely, some unsurely, a few wrongly; the truth knows which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from contracts.journal import Effect
from contracts.scenario import Anomalies, Trade
from mocks.ap_automation.models import ConfidenceShown
from mocks.ap_automation.state import CapturedInvoice
from sim.world.capture import taken_for
from tests.world.stage import QUIET_WEEK, Stage

READING = replace(QUIET_WEEK, anomalies=Anomalies(misread=0.4), trade=Trade(unsure_share=0.3))
UNSURE = 80
MINUTE_MS = 60_000


@pytest.fixture(scope="module")
def stage() -> Stage:
    """A week in which much is misread; a design asks the desk about all that is."""
    stage = Stage(READING, 5)
    asked: set[str] = set()

    def ask() -> None:
        for anomaly in stage.anomalies:
            if anomaly.id not in asked:
                asked.add(anomaly.id)
                stage.open_case("misread-invoice", "H1", *anomaly.about)

    def react(effect: Effect) -> None:
        if effect.what == "invoice.captured":
            stage.later(MINUTE_MS, ask)

    stage.react = react
    return stage.play()


def captured(stage: Stage, ref: str) -> CapturedInvoice:
    """What the capture holds."""
    return stage.estate.ap_automation.state.invoices[ref.partition(":")[2]].paper


def corrections(stage: Stage) -> Iterator[tuple[str, dict[str, str]]]:
    """What the desk said about each: the invoice, and fields with what stands on the paper."""
    for case in stage.estate.service_desk.state.cases.values():
        assert case.decision is not None
        assert case.decision.decision == "correct"
        pairs = (each.strip().split("=") for each in case.decision.value.split(";"))
        yield case.subjects[0], dict(pairs)


def figures(paper: CapturedInvoice) -> tuple[int, int, int]:
    """How sure the capture was, in per cent: of number, lines and total."""
    sure = paper.confidence
    assert isinstance(sure, ConfidenceShown)
    return sure.number, sure.lines, sure.total


def kind_of(fields: dict[str, str]) -> str:
    """What was misread."""
    return "worked-out" if len(fields) > 1 else next(iter(fields)).rpartition("/")[2]


def shown(paper: CapturedInvoice, field: str) -> str:
    """A field of a captured invoice, as text."""
    if field == "total":
        return f"{paper.total_minor / 100:.2f}"
    _, place, name = field.split("/")
    line = next(line for line in paper.lines if line.line == int(place))
    if name == "quantity":
        return str(line.quantity)
    return f"{(line.unit_price_minor if name == 'unit_price' else line.amount_minor) / 100:.2f}"


def test_every_kind_of_misreading_occurs_and_the_desk_corrects_each(stage: Stage) -> None:
    kinds = Counter(kind_of(fields) for _, fields in corrections(stage))
    assert set(kinds) == {"total", "amount", "quantity", "unit_price", "worked-out"}
    assert sum(kinds.values()) == len(stage.anomalies) > 25
    assert {anomaly.what for anomaly in stage.anomalies} == {"misread"}
    assert {anomaly.outcomes for anomaly in stage.anomalies} == {("correct",)}


def test_what_is_corrected_was_read_otherwise_by_one_digit_and_is_then_what_is_owed(stage: Stage) -> None:
    owed = {paper.ref: paper.obligation for paper in stage.documents}
    due = {obligation.id: obligation.amount_minor for obligation in stage.obligations}
    for ref, fields in corrections(stage):
        paper = captured(stage, ref)
        field, right = next(iter(fields.items()))
        seen = shown(paper, field)
        assert len(seen) == len(right)
        assert sum(a != b for a, b in zip(seen, right, strict=True)) == 1
        total = fields.get("total", shown(paper, "total"))
        assert round(100 * float(total)) == due[owed[ref]]


def test_after_a_correction_there_is_time_to_book_it(stage: Stage) -> None:
    decided = {effect.about[0]: effect.at for effect in stage.effects("case.decided")}
    owed = {paper.obligation: paper.ref for paper in stage.documents}
    later = [o for o in stage.obligations if o.version == 2]
    assert len(later) == len(decided)
    assert all(o.due_ms > decided[owed[o.id]] for o in later)


def test_most_that_is_unsure_was_read_rightly_and_some_that_is_sure_was_not(stage: Stage) -> None:
    wrong = {anomaly.about[0] for anomaly in stage.anomalies}
    read = [(f"ap_automation:{i.id}", i.paper) for i in stage.estate.ap_automation.state.invoices.values()]
    mail = [(ref, paper) for ref, paper in read if paper.channel == "email"]
    unsure = {ref for ref, paper in mail if min(figures(paper)) < UNSURE}
    assert len(wrong - unsure) > 2
    assert len(wrong & unsure) > len(wrong - unsure)
    assert len(unsure - wrong) > 10
    lines = {ref: figures(paper)[1] for ref, paper in mail}
    assert max(lines[ref] for ref, fields in corrections(stage) if len(fields) > 1) < UNSURE


def test_what_comes_by_portal_was_never_read(stage: Stage) -> None:
    papers = [invoice.paper for invoice in stage.estate.ap_automation.state.invoices.values()]
    assert {paper.channel for paper in papers if not paper.confidence} == {"portal"}
    assert all(paper.confidence for paper in papers if paper.channel == "email")


def test_a_scenario_that_does_not_ask_hears_nothing_of_confidence() -> None:
    stage = Stage(QUIET_WEEK, 5, 0.2).play()
    assert not any(invoice.paper.confidence for invoice in stage.estate.ap_automation.state.invoices.values())


@pytest.mark.parametrize(("figure", "place", "seen"), [(8_110_230, 0.9, 8_110_238), (1234, 0.0, 7234), (30, 0.0, 80)])
def test_a_digit_is_taken_for_another(figure: int, place: float, seen: int) -> None:
    assert taken_for(figure, place) == seen
