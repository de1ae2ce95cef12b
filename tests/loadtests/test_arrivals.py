"""Arrivals made from a scenario: the same each time, whole in what they build on, and bounded by the window asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import msgspec
import pytest

from contracts.load import Arrival, Schedule
from contracts.scenario import Anomalies, Scenario
from loadtests.schedule import read
from sim.cli_ask import Asked, Prepared, prepare
from sim.errors import UserError
from sim.load.calm import as_toml, calmed
from sim.load.recorded import Recorded, record
from sim.load.schedule import Window, arrivals_of, write
from sim.scenario_file import list_scenarios, load_scenario

SECONDS = 5.0


@cache
def prepared() -> Prepared:
    found = prepare(Asked("demo", seed=3, scale=0.5))
    return replace(found, scenario=calmed(found.scenario))


@cache
def recorded() -> Recorded:
    return record(prepared())


@cache
def estate() -> tuple[Schedule, list[Arrival]]:
    return arrivals_of(prepared(), recorded(), "estate", Window(seconds=SECONDS))


def measured(schedule: Schedule, arrivals: list[Arrival]) -> list[Arrival]:
    return [arrival for arrival in arrivals if schedule.phases[arrival.phase].measured]


def test_the_same_seed_makes_the_same_file(tmp_path: Path) -> None:
    write(tmp_path / "a", *estate())
    write(tmp_path / "b", *arrivals_of(prepared(), record(prepared()), "estate", Window(seconds=SECONDS)))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_file_reads_back_as_it_was_written(tmp_path: Path) -> None:
    write(tmp_path / "a", *estate())
    assert read(tmp_path / "a") == estate()


def test_every_paper_is_carried_over_and_every_create_has_its_key() -> None:
    _, arrivals = estate()
    assert {arrival.ref for arrival in arrivals if arrival.name != "poll"} == set(recorded().papers)
    creates = [
        step for arrival in arrivals for step in arrival.steps if step.system == "cloud_erp" and step.method == "POST"
    ]
    assert creates
    assert all(step.key for step in creates)
    assert len({step.key for step in creates}) == len(creates)


def test_numbers_that_the_erp_gave_are_not_written_down_but_taken_from_its_reply() -> None:
    _, arrivals = estate()
    told = [step for arrival in arrivals for step in arrival.steps if step.operation == "set_invoice_status"]
    assert told
    assert all("voucher" in step.fill for step in told if step.body and step.body.get("status") == "posted")


def test_the_window_is_the_close_day_compressed_evenly() -> None:
    schedule, arrivals = estate()
    inside = measured(schedule, arrivals)
    assert schedule.begins[:10] == "2026-10-31"
    assert (inside[0].due_s, inside[-1].due_s) == (0.0, SECONDS)
    assert all(arrival.due_s == 0 for arrival in arrivals if arrival not in inside)
    assert {arrival.name for arrival in inside} >= {"purchase-order", "goods-receipt", "invoice", "poll"}


def test_a_rate_and_a_speed_say_how_long_it_takes() -> None:
    span_s = estate()[0].speed * SECONDS
    by_speed, _ = arrivals_of(prepared(), recorded(), "estate", Window(speed=span_s / 20))
    assert by_speed.phases[measured(*estate())[0].phase].seconds == pytest.approx(20, abs=0.01)
    count = len(measured(*estate()))
    by_rate, arrivals = arrivals_of(prepared(), recorded(), "estate", Window(rate=count / 8))
    assert measured(by_rate, arrivals)[-1].due_s == pytest.approx(8, abs=0.01)


def test_end_to_end_somebody_waits_for_each_paper_of_the_window_from_its_own_moment() -> None:
    schedule, arrivals = arrivals_of(prepared(), recorded(), "end-to-end", Window(seconds=SECONDS))
    assert len(schedule.phases) == 1
    assert schedule.phases[0].until == schedule.begins
    assert all(step.until for arrival in arrivals for step in arrival.steps)
    assert {arrival.ref for arrival in arrivals} <= set(recorded().papers)


@pytest.mark.parametrize(
    ("window", "said"),
    [
        (Window(seconds=5, day="2026-13-01"), "--day: '2026-13-01' is not a date such as 2026-10-31"),
        (Window(seconds=5, day="2026-09-01"), "--day: next to nothing arrives on 2026-09-01"),
        (Window(seconds=5, hours="8"), "--hours: '8' are not hours of a day such as 8-14"),
        (Window(seconds=5, hours="14-8"), "--hours: '14-8' are not hours"),
        (Window(rate=1e9), "--rate: "),
        (Window(speed=1e-3), "--speed: "),
        (Window(seconds=1e6), "--seconds: "),
    ],
)  # fmt: skip
def test_a_window_that_cannot_be_played_is_told_in_one_line(window: Window, said: str) -> None:
    with pytest.raises(UserError) as refused:
        arrivals_of(prepared(), recorded(), "estate", window)
    assert str(refused.value).startswith(said)


def test_a_scenario_that_needs_people_all_the_same_is_refused() -> None:
    anomalous = msgspec.structs.replace(prepared().scenario, anomalies=Anomalies(price_variance=0.5))
    with pytest.raises(UserError, match="no load can be made of it: people must decide about"):
        record(replace(prepared(), scenario=anomalous))


@pytest.mark.parametrize("name", [name for name, _, _ in list_scenarios()])
def test_every_scenario_can_be_calmed_read_back_and_played(tmp_path: Path, name: str) -> None:
    scenario: Scenario = calmed(load_scenario(name)[0])
    (tmp_path / "calm.toml").write_text(as_toml(scenario), "utf-8")
    assert load_scenario(tmp_path / "calm.toml")[0] == scenario
    found = prepare(Asked((tmp_path / "calm.toml").as_posix(), scale=0.3))
    assert record(found).papers
