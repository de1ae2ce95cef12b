"""Tax on bills: at the rate that the order says for the day, rounded as each supplier does it, and sometimes too high."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from contracts.journal import Anomaly
from contracts.scenario import Anomalies, Calendar, Hospital, Trade
from mocks.ap_automation.state import CapturedInvoice
from sim.world.taxes import rate_on, rates_of, tax_on, too_much
from tests.world.stage import QUIET_WEEK, Stage

CHANGES = QUIET_WEEK.calendar.start + dt.timedelta(days=2)
EXEMPT, CITY = (
    replace(QUIET_WEEK.hospital[0], id=name, sales_tax=rate) for name, rate in (("H1", 0.0), ("H2", 0.08875))
)
MOVING = replace(CITY, id="H3", sales_tax=0.08, new_sales_tax=0.095, new_sales_tax_from=CHANGES)
SILENT = replace(CITY, id="H4", sales_tax=None)
TAXED = replace(
    QUIET_WEEK,
    hospital=(EXEMPT, CITY, MOVING, SILENT),
    anomalies=Anomalies(tax_variance=0.2),
    trade=Trade(charges_share=0.8),
)
RATES = {hospital.id: rates_of(hospital, TAXED.calendar) for hospital in TAXED.hospital}


@pytest.fixture(scope="module")
def stage() -> Stage:
    """A week of four hospitals, undisturbed by any design."""
    return Stage(TAXED, 5, 0.6).play()


def tax_of(paper: CapturedInvoice) -> int:
    """What a bill charges."""
    return sum(charge.amount_minor for charge in paper.charges if charge.kind == "tax")


def wrong(stage: Stage) -> dict[str, Anomaly]:
    """Taxes that people must see, by the capture's id."""
    return {each.about[0].partition(":")[2]: each for each in stage.anomalies}


def taxed_bills(stage: Stage) -> Iterator[tuple[str, CapturedInvoice]]:
    """Bills that charge any."""
    for name, invoice in stage.estate.ap_automation.state.invoices.items():
        if tax_of(invoice.paper):
            yield name, invoice.paper


def test_an_order_says_the_rates_of_its_hospital(stage: Stage) -> None:
    said = {order.wanted.entity: order.wanted.taxes for order in stage.estate.procurement.state.orders.values()}
    assert said == RATES
    assert said["H1"] == (("2026-01-01", 0),)
    assert said["H3"] == (("2026-01-01", 80_000), (CHANGES.isoformat(), 95_000))
    assert said["H4"] == ()


def test_right_taxes_are_those_of_the_day_rounded_one_way_or_the_other(stage: Stage) -> None:
    rates: set[int] = set()
    rounded_by_line: set[bool] = set()
    off = wrong(stage)
    for name, paper in taxed_bills(stage):
        if name in off or paper.entity == "H4":
            continue
        rate = rate_on(RATES[paper.entity], paper.invoice_date)
        amounts = tuple(line.amount_minor for line in paper.lines)
        whole, by_line = (tax_on(amounts, rate, by_line=each) for each in (False, True))
        assert tax_of(paper) in (whole, by_line)
        rates.add(rate)
        if whole != by_line:
            rounded_by_line.add(tax_of(paper) == by_line)
    assert rates == {80_000, 88_750, 95_000}
    assert rounded_by_line == {True, False}


def test_who_is_exempt_pays_none_but_by_mistake(stage: Stage) -> None:
    off = wrong(stage)
    charged = [name for name, paper in taxed_bills(stage) if paper.entity == "H1"]
    assert len(charged) > 5
    assert set(charged) <= set(off)
    freight = [i.paper for i in stage.estate.ap_automation.state.invoices.values() if i.paper.entity == "H1"]
    assert sum(bool(paper.charges) for paper in freight) > 2 * len(charged)


def test_what_is_too_high_is_surely_so_and_due_is_what_is_right(stage: Stage) -> None:
    invoices = stage.estate.ap_automation.state.invoices
    owed = {o.id: o for o in stage.obligations}
    papers = {paper.ref: paper for paper in stage.documents}
    off = wrong(stage)
    assert {paper.entity for paper in (invoices[name].paper for name in off)} == {"H1", "H2", "H3"}
    for name, anomaly in off.items():
        paper = invoices[name].paper
        truth = owed[papers[anomaly.about[0]].obligation]
        rate = rate_on(RATES[paper.entity], paper.invoice_date)
        due = tax_on(tuple(line.amount_minor for line in paper.lines), rate, by_line=False)
        freight = sum(charge.amount_minor for charge in paper.charges) - tax_of(paper)
        assert tax_of(paper) >= due + 300
        assert truth.charges_minor == pytest.approx(freight + due, abs=2)
        assert (
            paper.total_minor - truth.amount_minor
            == anomaly.at_stake_minor
            == pytest.approx(tax_of(paper) - due, abs=2)
        )
        assert (anomaly.what, anomaly.outcomes, anomaly.categories) == ("tax-variance", ("correct",), ("tax-variance",))


def test_the_desk_says_what_is_due() -> None:
    stage = Stage(TAXED, 5, 0.2)
    stage.react = lambda effect: (
        stage.open_case("tax-variance", effect.entity, f"ap_automation:{effect.ref}")
        if effect.what == "invoice.captured"
        else None
    )
    stage.play()
    invoices = stage.estate.ap_automation.state.invoices
    due = {o.id: o.amount_minor for o in stage.obligations}
    owed = {paper.ref: paper.obligation for paper in stage.documents}
    answers = [case.decision for case in stage.estate.service_desk.state.cases.values() if case.decision]
    right = [each for each in answers if each.decision == "correct"]
    assert len(right) == len(stage.anomalies) > 3
    for each in right:
        tax, total = (field.partition("=")[2] for field in each.value.split("; "))
        ref = each.subjects[0]
        paper = invoices[ref.partition(":")[2]].paper
        assert round(100 * float(total)) == due[owed[ref]]
        assert paper.total_minor - due[owed[ref]] == tax_of(paper) - round(100 * float(tax))


CALENDAR: Calendar = QUIET_WEEK.calendar


@pytest.mark.parametrize("size", [0.0, 0.3, 0.49, 0.5, 0.99])
@pytest.mark.parametrize("hospital", [EXEMPT, CITY, MOVING], ids=lambda hospital: hospital.id)
def test_too_much_is_too_much_however_small_the_bill(hospital: Hospital, size: float) -> None:
    rates = rates_of(hospital, CALENDAR)
    for date in (CALENDAR.start.isoformat(), CALENDAR.end.isoformat()):
        for amounts in ((450,), (33_333, 12_345, 99), (5_000_000,)):
            due = max(tax_on(amounts, rate_on(rates, date), by_line=each) for each in (False, True))
            assert too_much(amounts, rates, date, size) > due + 290
