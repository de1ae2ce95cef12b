"""Designs that keep suppliers badly, each in one way: the campaign finds every one of them out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from contracts.verdict import Summary
from orchestrator.engine.masters import Masters
from orchestrator.store.sqlite import SqliteStore
from orchestrator.workflows import supplier_master
from orchestrator.workflows import supplier_messages as s
from orchestrator.workflows.supplier_state import SupplierMaster
from sim.designs import load_design
from sim.run import RunOptions, run
from sim.scenario_file import load_scenario

Patch = pytest.MonkeyPatch


def campaign(seed: int) -> Summary:
    """The campaign at half its size, in calm weather: what goes wrong is the design's own doing."""
    scenario = replace(load_scenario("supplier-campaign")[0], weather=(), front=())
    name, design = load_design("workflow")
    return run(RunOptions(scenario, name, design, seed, 0.5))


def trusts_every_account(patch: Patch) -> None:
    """An account is whatever the record says."""
    patch.setattr(supplier_master, "account", lambda _text: "any")


def compares_nothing(patch: Patch) -> None:
    """Every record is a company of its own."""
    patch.setattr(SqliteStore, "suppliers_alike", lambda *_: [])


def takes_names_for_companies(patch: Patch) -> None:
    """Who has the same name is merged without a word."""

    def answered(masters: Masters, question: s.Question, now_ms: int) -> tuple[s.Event, ...]:
        if isinstance(question, s.Compare):
            rows = masters._store.suppliers_alike(question.record, question.keys.name, "", "")
            if rows:
                masters._store.remember_supplier(question.record, rows[0][1], "", 1, tuple(rows[0][2:]))
                merged.add(question.record)
            return (s.Compared(now_ms, ()),)
        return whole(masters, question, now_ms)

    def compared(state: SupplierMaster, event: s.Compared, commands: supplier_master.Commands) -> SupplierMaster:
        state = taken(state, event, commands)
        return replace(state, stage="merged") if state.id in merged else state

    whole, taken, merged = Masters._answer, supplier_master._HANDLERS[s.Compared], set[str]()
    patch.setattr(Masters, "_answer", answered)
    patch.setitem(supplier_master._HANDLERS, s.Compared, compared)


def never_tells_the_number(patch: Patch) -> None:
    """The source never learns what the ERP calls its suppliers."""
    patch.setattr(supplier_master, "_tell", lambda state, number, _commands: replace(state, told=number))


def forgets_edits(patch: Patch) -> None:
    """A golden record is made once, and never looked at again."""

    def kept(state: SupplierMaster, event: s.SupplierRead, commands: supplier_master.Commands) -> SupplierMaster:
        return state if state.number else read(state, event, commands)

    read = supplier_master._HANDLERS[s.SupplierRead]
    patch.setitem(supplier_master._HANDLERS, s.SupplierRead, kept)


@pytest.mark.parametrize(
    ("spoil", "red"),
    [
        (trusts_every_account, {"I16", "I21"}),
        (compares_nothing, {"I01", "I16", "I21"}),
        (takes_names_for_companies, {"I16"}),
        (never_tells_the_number, {"I16"}),
        (forgets_edits, {"I09", "I21"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_who_keeps_suppliers_badly_is_found_out(
    monkeypatch: Patch, spoil: Callable[[Patch], None], red: set[str]
) -> None:
    spoil(monkeypatch)
    summary = campaign(4)
    found = {result.id for result in summary.invariants if result.verdict == "fail"}
    assert red <= found, found
    assert summary.verdict == "fail"


def test_who_keeps_them_well_passes() -> None:
    assert campaign(4).verdict == "pass"


def test_what_leaves_for_an_account_that_nobody_approved_is_told_in_money(monkeypatch: Patch) -> None:
    """The pay run of the week finds the impostor's account, and fills it."""
    trusts_every_account(monkeypatch)
    found = next(result for result in campaign(1).invariants if result.id == "I16")
    gone = [each for each in found.evidence if " left for ESUP-" in each.says]
    assert gone
    assert all(each.amount_minor > 0 and "nobody had approved" in each.says for each in gone)
