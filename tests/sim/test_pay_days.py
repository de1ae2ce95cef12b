"""When the ERP pays: once a week by each hospital's clock, never on a holiday, and once more after the end."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from contracts.journal import AnyEntry, Effect, RunEnded, read
from contracts.scenario import Payments
from sim import estate as estates
from sim.designs import load_design
from sim.run import RunOptions, run
from sim.scenario_file import load_scenario
from sim.seed import Seed

CAMPAIGN = load_scenario("supplier-campaign")[0]


def paid(directory: Path) -> tuple[list[Effect], AnyEntry]:
    """The payments of a small campaign, and the last line of its journal."""
    run(RunOptions(CAMPAIGN, *load_design("workflow"), 3, 0.3, directory=directory))
    entries = list(read(directory / "events.jsonl"))
    return [each for each in entries if isinstance(each, Effect) and each.what == "payment.issued"], entries[-1]


def test_runs_are_on_thursday_mornings_and_the_last_comes_after_the_end(tmp_path: Path) -> None:
    """By each hospital's clock; nothing is at rest before."""
    payments, end = paid(tmp_path)
    zones = {hospital.id: ZoneInfo(hospital.time_zone) for hospital in CAMPAIGN.hospital}
    local = {dt.datetime.fromtimestamp(each.at / 1000, zones[each.entity]) for each in payments}
    assert {(moment.weekday(), moment.hour, moment.minute) for moment in local} == {(3, 10, 0)}
    assert {moment.date().isoformat() for moment in local} == {"2026-09-24", "2026-10-01"}
    assert all(
        each.on == f"{dt.datetime.fromtimestamp(each.at / 1000, zones[each.entity]):%Y-%m-%d}" for each in payments
    )
    assert isinstance(end, RunEnded)
    assert end.reason == "quiescent"
    assert end.at > max(each.at for each in payments)


def test_some_are_paid_to_accounts_and_each_bill_once(tmp_path: Path) -> None:
    payments, _ = paid(tmp_path)
    assert any(each.number for each in payments)
    assert len({each.about for each in payments}) == len(payments)


def test_a_holiday_has_no_run() -> None:
    """Veterans Day 2026 is a Wednesday."""
    month = replace(load_scenario("month-end")[0], payments=Payments(runs=True))
    calendar = replace(month.calendar, start=dt.date(2026, 11, 2), end=dt.date(2026, 11, 15), us_holidays=True)
    for weekday, runs in ((1, 3), (2, 2)):
        scenario = replace(month, calendar=calendar, masters=replace(month.masters, pay_run_weekday=weekday))
        assert len({day.on for day in estates._pay_days(scenario)}) == runs


def test_nobody_is_paid_where_the_scenario_does_not_say_so() -> None:
    built = estates.build(replace(CAMPAIGN, payments=Payments()), Seed(1))
    assert built.cloud_erp.processes == ()
    assert built.paid_ms == 0
