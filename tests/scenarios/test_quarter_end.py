"""The quarter's end with the ERP away on its last business day: the backlog drains, and the books are right to the cent.

What is right is worked out here once more, from what the docks counted and what the ledger holds, without the oracle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from msgspec.structs import replace

from contracts.journal import AnyEntry, Call, Delivered, Document, Effect, Obligation, read
from contracts.plan import Weather
from contracts.verdict import Summary
from orchestrator.workflows import period_end
from orchestrator.workflows.period_state import PeriodEnd, Step
from sim.designs import load_design
from sim.run import RunOptions, run
from sim.scenario_file import load_scenario

SCENARIO = load_scenario("quarter-end")[0]
DOWN_MS, UP_MS = (
    int(datetime.fromisoformat(moment).timestamp() * 1000)
    for moment in ("2026-09-30T07:00:00-04:00", "2026-09-30T20:00:00-04:00")
)
LAST_DAY, NEXT_DAY = "2026-09-30", "2026-10-01"

Line = tuple[str, str, int]
"""Hospital, order, line."""


@cache
def played() -> tuple[Summary, tuple[AnyEntry, ...]]:
    """One run at a tenth of the volume, and its journal."""
    name, design = load_design("workflow")
    with TemporaryDirectory() as scratch:
        directory = Path(scratch)
        summary = run(RunOptions(SCENARIO, name, design, 5, 0.1, directory=directory))
        return summary, tuple(read(directory / "events.jsonl"))


def effects(what: str) -> list[Effect]:
    """What the ERP committed of a kind."""
    return [entry for entry in played()[1] if isinstance(entry, Effect) and entry.what == what]


def truth() -> dict[str, Obligation]:
    """Everything owed, as it stands at the end."""
    return {entry.id: entry for entry in played()[1] if isinstance(entry, Obligation)}


def received_less_invoiced() -> Counter[Line]:
    """What came for direct use until the last day less what September's invoices bill, at the order's prices."""
    owed = truth()
    papers = {entry.ref: entry.obligation for entry in played()[1] if isinstance(entry, Document)}
    left: Counter[Line] = Counter()
    for each in owed.values():
        if each.what == "goods-receipt" and not each.stock and each.on <= LAST_DAY:
            left.update({(each.entity, each.order, goods.line): goods.value_minor for goods in each.goods})
    for posted in effects("invoice.posted"):
        each = owed[papers[posted.source_ref]]
        if not each.stock and posted.on <= LAST_DAY:
            left.subtract({(each.entity, each.order, goods.line): goods.value_minor for goods in each.goods})
    return left


def test_the_run_passes_and_everything_that_was_owed_is_done() -> None:
    summary, _ = played()
    assert (summary.verdict, summary.open_obligations, summary.open_cases) == ("pass", 0, 0)
    judged = {result.id: result.checked for result in summary.invariants if result.verdict == "pass"}
    assert min(judged[name] for name in ("I05", "I06", "I07", "I08")) > 10


def test_nothing_reaches_the_erp_while_it_is_down_and_the_backlog_drains_before_payables_close() -> None:
    """From early shift to evening every call is turned away; that evening's hours bring in the day's papers."""
    committed = [entry.at for entry in played()[1] if isinstance(entry, Effect) and entry.system == "cloud_erp"]
    assert not [at for at in committed if DOWN_MS + 60_000 < at < UP_MS]
    turned_away = [
        entry
        for entry in played()[1]
        if isinstance(entry, Call) and entry.system == "cloud_erp" and DOWN_MS < entry.began < UP_MS
    ]
    assert len(turned_away) > 50
    assert not any(200 <= call.status < 300 for call in turned_away)
    closed = {effect.entity: effect.at for effect in effects("period.closed")}
    waited = [effect for effect in effects("invoice.posted") if effect.on == LAST_DAY]
    assert len(waited) > 10
    assert all(UP_MS <= effect.at < closed[effect.entity] for effect in waited)


def test_what_came_and_is_not_invoiced_is_accrued_to_the_cent() -> None:
    """Line by line: what the docks counted less what September's books have billed, at the order's price."""
    accrued: Counter[Line] = Counter()
    for effect in effects("accrual.posted"):
        assert effect.on == LAST_DAY
        accrued[effect.entity, effect.order, effect.goods[0].line] += effect.amount_minor
    assert accrued == +received_less_invoiced()
    assert len(accrued) > 5


def test_each_accrual_is_taken_back_once_on_the_first_day_and_nothing_stays_accrued() -> None:
    posted = {effect.ref: effect for effect in effects("accrual.posted")}
    taken = effects("accrual.reversed")
    assert sorted(effect.reverses for effect in taken) == sorted(posted)
    assert {effect.on for effect in taken} == {NEXT_DAY}
    assert all(effect.amount_minor == posted[effect.reverses].amount_minor for effect in taken)
    balance = Counter(
        {
            role: sum(
                line.amount_minor for effect in (*posted.values(), *taken) for line in effect.lines if line.role == role
            )
            for role in ("expense", "accrued")
        }
    )
    assert not any(balance.values())


def test_september_carries_what_came_in_september() -> None:
    """Its expense is what came for direct use until the last day, billed or accrued.

    Apart from prices and rates that differ, from freight and tax, and from bills of the last days whose goods came after
    them, but before payables closed.
    """
    owed = truth()
    papers = {entry.ref: entry.obligation for entry in played()[1] if isinstance(entry, Document)}
    booked = sum(
        line.amount_minor
        for what in ("invoice.posted", "accrual.posted")
        for effect in effects(what)
        for line in effect.lines
        if line.role == "expense" and effect.on <= LAST_DAY
    )
    came = sum(_worth(each) for each in owed.values() if _came(each))
    september = [owed[papers[each.source_ref]] for each in effects("invoice.posted") if each.on <= LAST_DAY]
    off = sum(_billed(each, each.charges_minor) if each.stock else _billed(each) - _worth(each) for each in september)
    ahead = sum((-received_less_invoiced()).values())
    assert booked == came + off + ahead


def test_what_people_decide_after_payables_have_closed_goes_into_october_and_was_accrued() -> None:
    """Each bill that they date anew stands on the date that they gave; for direct use, its goods are September's expense."""
    redated = {
        about: effect.on
        for effect in (entry for entry in played()[1] if isinstance(entry, Effect) and entry.what == "case.decided")
        for about in effect.about
        if effect.state == "re-date"
    }
    stands = {effect.source_ref: effect for effect in effects("invoice.posted") if effect.source_ref in redated}
    assert redated
    assert {ref: effect.on for ref, effect in stands.items()} == redated
    assert {on[:7] for on in redated.values()} == {"2026-10"}
    accrued = {effect.order for effect in effects("accrual.posted")}
    used = {effect.order for effect in stands.values() if any(line.role == "expense" for line in effect.lines)}
    assert {order for order in used if _received(order)} <= accrued


def _received(order: str) -> bool:
    """Whether goods of it came by the last day, and not for stock."""
    return any(_came(owed) for owed in truth().values() if owed.order == order)


def _worth(owed: Obligation) -> int:
    return sum(goods.value_minor for goods in owed.goods)


def _billed(owed: Obligation, amount_minor: int | None = None) -> int:
    """An amount in dollars: all of it, unless another is given."""
    amount = owed.amount_minor if amount_minor is None else amount_minor
    return round(amount * Fraction(owed.rate_ppm or 1_000_000, 1_000_000) + Fraction(1, 10**9))


def _came(owed: Obligation) -> bool:
    return owed.what == "goods-receipt" and not owed.stock and owed.on <= LAST_DAY


IMPORT = "cloud_erp.submit_import"
ASKED = tuple(f"cloud_erp.{name}" for name in ("get_import", "list_import_rows", "find_journals"))
KINDS = ("timeout-after-commit", "timeout-executed-later", "timeout-before-commit", "error-after-commit", "crash")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_befalls_accruals_and_reversals_each_stands_once(seed: int, tmp_path: Path) -> None:
    """Half the calls meet a timeout, a lying 500 or the death of a worker; finance's calendar is hard to read as well.

    A job that may have been taken is never handed in again.
    """
    weather = [Weather(kind, IMPORT, 0.12) for kind in KINDS]
    weather += [Weather(kind, target, 0.12) for kind in ("timeout-before-commit", "crash", "pause") for target in ASKED]
    weather += [Weather("batch-in-part", IMPORT, 0.4), Weather("pause", IMPORT, 0.1)]
    weather.append(Weather("webhook-lost", "cloud_erp>import.completed", 0.5))
    weather.append(Weather("timeout-before-commit", "cloud_erp.list_periods", 0.3))
    scenario = replace(SCENARIO, weather=tuple(weather), front=())
    name, design = load_design("workflow")
    summary = run(RunOptions(scenario, name, design, seed, 0.1, directory=tmp_path))
    assert summary.verdict == "pass", [result for result in summary.invariants if result.verdict != "pass"]
    assert sum(fault.took_effect for fault in summary.faults) > 10
    calls = [entry for entry in read(tmp_path / "events.jsonl") if isinstance(entry, Call)]
    handed_in = Counter(entry.key for entry in calls if entry.operation == "submit_import" and _may_be_done(entry))
    assert set(handed_in.values()) == {1}
    assert summary.effects["cloud_erp/accrual.posted"] == summary.effects["cloud_erp/accrual.reversed"] > 5


def _may_be_done(call: Call) -> bool:
    """Whether nobody can rule out that the ERP did it: who was turned away, or never got through, may come again."""
    return call.outcome != "not-sent" and call.status not in {401, 429, 503}


def test_accruals_go_in_by_batches_and_a_job_is_asked_for_its_rows() -> None:
    """The ERP says that a job is through when it is, and not as it takes it; every line was named in some batch."""
    taken = {effect.ref: effect.at for effect in effects("import.taken")}
    told = [entry for entry in played()[1] if isinstance(entry, Delivered) and entry.topic == "import.completed"]
    assert {entry.key for entry in told} <= set(taken)
    assert told
    assert all(entry.began >= taken[entry.key] + 90_000 for entry in told)
    calls = [entry for entry in played()[1] if isinstance(entry, Call) and entry.system == "cloud_erp"]
    named = {ref for entry in calls if entry.operation == "submit_import" for ref in entry.about}
    posted = effects("accrual.posted") + effects("accrual.reversed")
    assert {effect.source_ref for effect in posted} <= named
    assert len(taken) < len(posted)
    assert not [entry for entry in calls if entry.operation in ("create_accrual", "reverse_journal")]
    assert {entry.key for entry in calls if entry.operation == "list_import_rows"} <= set(taken)


def forgets_what_was_turned_away(patch: pytest.MonkeyPatch) -> None:
    """The job has succeeded, so its rows have."""
    patch.setattr(period_end, "_seek", lambda state, _step, _names, _commands: state)


def sends_whole_jobs_again(patch: pytest.MonkeyPatch) -> None:
    """What is in doubt is handed in again under other references, without a look."""

    def again(state: PeriodEnd, step: Step, names: tuple[str, ...], commands: period_end.Commands) -> PeriodEnd:
        return period_end._hand_in(state, step, names, commands)

    ref = period_end._ref

    def fresh(state: PeriodEnd, step: Step, name: str) -> str:
        return ref(state, step, name) + "#" * (period_end._leg(state, step, name).tries - 1)

    patch.setattr(period_end, "_seek", again)
    patch.setattr(period_end, "_ref", fresh)


@pytest.mark.parametrize(
    ("spoil", "red"), [(forgets_what_was_turned_away, {"I01", "I11"}), (sends_whole_jobs_again, {"I01"})]
)
def test_who_does_not_follow_each_row_is_found_out(
    monkeypatch: pytest.MonkeyPatch, spoil: Callable[[pytest.MonkeyPatch], None], red: set[str]
) -> None:
    """Rows turned away, replies and webhooks lost, and nothing else."""
    spoil(monkeypatch)
    lost = Weather("webhook-lost", "cloud_erp>import.completed", 0.9)
    weather = (Weather("batch-in-part", IMPORT, 0.5), Weather("timeout-after-commit", IMPORT, 0.5), lost)
    name, design = load_design("workflow")
    found: set[str] = set()
    for seed in (1, 2):
        summary = run(RunOptions(replace(SCENARIO, weather=weather, front=()), name, design, seed, 0.1))
        found |= {result.id for result in summary.invariants if result.verdict == "fail"}
    assert red <= found, found


def test_a_design_that_knows_no_period_end_fails() -> None:
    name, design = load_design("point-to-point")
    summary = run(RunOptions(SCENARIO, name, design, 3, 0.1))
    verdicts = {result.id: result.verdict for result in summary.invariants}
    assert (verdicts["I01"], verdicts["I08"]) == ("fail", "unknown")
