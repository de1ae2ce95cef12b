"""A hospital that joins with codes of its own: what it writes, and what that means on which day."""

from __future__ import annotations

import pytest

from contracts.journal import Document
from mocks.procurement.lookups import LookupValue
from sim.scenario_file import load_scenario
from sim.world.calendar import local_date
from sim.world.codes import SITES
from tests.world.stage import Stage

JOINING = load_scenario("acquisition-onboarding")[0]
ZONE = "America/Chicago"
RECODES = "2026-10-22"


@pytest.fixture(scope="module")
def month() -> Stage:
    """The month under seed 3, undisturbed by any design."""
    return Stage(JOINING, 3).play()


def meanings(stage: Stage, kind: str) -> list[LookupValue]:
    """What was published of a kind."""
    return [value for value in stage.estate.procurement.state.lookups.values.values() if value.lookup == kind]


def means(stage: Stage, kind: str, code: str, on: str) -> str:
    """What a code means on a day; a name that is nobody's code means itself."""
    known = [value for value in meanings(stage, kind) if value.code == code]
    found = [value.value for value in known if value.valid_from <= on and (not value.valid_to or on < value.valid_to)]
    assert len(found) <= 1
    return found[0] if found else code


def papers(stage: Stage, what: str, entity: str = "H5") -> list[Document]:
    """The papers of a hospital."""
    return [paper for paper in stage.documents if paper.what == what and paper.entity == entity]


def test_every_paper_of_the_newcomer_names_its_supplier_by_the_number_of_its_day(month: Stage) -> None:
    orders, bills = month.estate.procurement.state.orders, month.estate.ap_automation.state.invoices
    ordered, billed = papers(month, "purchase-order"), papers(month, "invoice")
    for paper in ordered:
        wanted = orders[paper.order].wanted
        assert wanted.supplier_id.startswith("H5-")
        assert means(month, "supplier", wanted.supplier_id, wanted.written_on) == paper.party
        assert means(month, "dock", wanted.ship_to, wanted.written_on) in SITES
    for paper in billed:
        bill = bills[paper.ref.partition(":")[2]].paper
        assert bill.supplier_id.startswith("H5-")
        assert means(month, "supplier", bill.supplier_id, local_date(ZONE, paper.at)) == paper.party
    assert {local_date(ZONE, paper.at) < RECODES for paper in (*ordered, *billed)} == {True, False}


def test_numbers_are_used_again_from_a_day_on(month: Stage) -> None:
    known = meanings(month, "supplier")
    before = {value.code: value.value for value in known if value.valid_to}
    after = {value.code: value.value for value in known if not value.valid_to}
    assert len(before) == JOINING.hospital[-1].brings_suppliers
    assert before.keys() == after.keys()
    assert set(before.values()) == set(after.values())
    assert all(before[code] != after[code] for code in before)
    assert {value.valid_to for value in known} == {RECODES, ""}


def test_what_is_asked_for_on_the_eve_is_ordered_on_the_day_in_the_old_numbers(month: Stage) -> None:
    """A design that reads them by the day of the order buys from somebody else."""
    orders = month.estate.procurement.state.orders
    moments = {local_date(ZONE, paper.at): orders[paper.order].wanted for paper in papers(month, "purchase-order")}
    assert "2026-10-21" not in moments
    late = [
        (paper, orders[paper.order].wanted)
        for paper in papers(month, "purchase-order")
        if local_date(ZONE, paper.at) >= RECODES and orders[paper.order].wanted.written_on < RECODES
    ]
    assert len(late) >= 5
    assert all(means(month, "supplier", wanted.supplier_id, RECODES) != paper.party for paper, wanted in late)


def test_stock_lies_where_its_dock_was_when_it_was_ordered(month: Stage) -> None:
    """Also what comes after the dock has moved; goods for direct use lie nowhere."""
    orders = month.estate.procurement.state.orders
    receipts = [owed for owed in month.obligations if owed.what == "goods-receipt"]
    moved = 0
    for owed in receipts:
        wanted = orders[owed.order].wanted
        site = means(month, "dock", wanted.ship_to, wanted.written_on)
        assert owed.account == (f"1400-{site}" if owed.stock and owed.entity == "H5" else "")
        moved += bool(owed.account) and means(month, "dock", wanted.ship_to, owed.on) != site
    assert moved >= 5


def test_who_was_always_there_writes_the_groups_own(month: Stage) -> None:
    for order in month.estate.procurement.state.orders.values():
        wanted = order.wanted
        if wanted.entity != "H5":
            assert (wanted.supplier_id[:1], wanted.ship_to, wanted.written_on) == ("S", "", "")


def test_meanings_are_published_before_they_hold(month: Stage) -> None:
    told = {effect.ref: effect for effect in month.effects("lookup.published") if effect.version == 1}
    assert all(local_date(ZONE, effect.at) < effect.on for effect in told.values())
