"""When faults strike: draws that disturb no other, fronts that bring them together, plans that mean what they say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.plan import Fault, Plan, Weather
from contracts.ports import Ports
from contracts.wire import WireError
from sim.fault_rules import PlanProblem, check_plan, check_weather
from sim.faults.kind import Armed
from sim.forecast import Drawn, Forecast, Planned, Spell
from sim.seed import Seed
from tests.sim.small import START, Bench, ledger, post

NOW_MS = int(START.timestamp() * 1000)
TARGETS = {**{f"ledger.{operation.name}": operation for operation in ledger().operations}, "ledger>entry.created": None}


def drawn(*weather: Weather, fronts: tuple[Spell, ...] = (), until_ms: int = 2 * NOW_MS) -> Drawn:
    """A forecast over the small ledger."""
    return Drawn(weather, fronts, until_ms, TARGETS, Seed(1), lambda _armed, _harmless: None)


def strikes(
    forecast: Forecast, target: str = "ledger.create", crossings: int = 2000, seed: int = 1, now_ms: int = NOW_MS
) -> dict[str, set[int]]:
    """Which of many crossings each kind lies in wait on."""
    found: dict[str, set[int]] = {}
    for number in range(crossings):
        slots = Seed(seed).slots(target, f"K{number}", "1")
        for armed in forecast.at_crossing(target, "H1", (f"K{number}", 1), slots, now_ms):
            found.setdefault(armed.kind.name, set()).add(number)
    return found


def test_rates_are_met() -> None:
    """Five in a hundred is about a hundred in two thousand."""
    struck = strikes(drawn(Weather("busy", "ledger.*", 0.05)))
    assert 60 < len(struck["busy"]) < 140


def test_taking_a_kind_away_disturbs_no_other_draw() -> None:
    """Each kind has a place of its own among the draws of a crossing."""
    both = strikes(drawn(Weather("busy", "ledger.create", 0.1), Weather("timeout-after-commit", "ledger.create", 0.1)))
    alone = strikes(drawn(Weather("timeout-after-commit", "ledger.create", 0.1)))
    assert both["timeout-after-commit"] == alone["timeout-after-commit"]
    assert both["busy"] != both["timeout-after-commit"]


def test_raising_a_rate_only_adds() -> None:
    """What struck at a low rate strikes at a higher one, too."""
    low = strikes(drawn(Weather("busy", "ledger.create", 0.02)))["busy"]
    high = strikes(drawn(Weather("busy", "ledger.create", 0.2)))["busy"]
    assert low < high


def test_fronts_bring_faults_together() -> None:
    """Outside a front nothing; inside it nearly everything."""
    rough = Weather("busy", "ledger.create", 0.0, in_front=0.9)
    front = Spell(("ledger",), NOW_MS - 1, NOW_MS + 1)
    elsewhere = Spell(("bank",), NOW_MS - 1, NOW_MS + 1)
    assert strikes(drawn(rough)) == {}
    assert strikes(drawn(rough, fronts=(elsewhere,))) == {}
    assert len(strikes(drawn(rough, fronts=(front,)))["busy"]) > 1700


def test_one_forecast_follows_the_weather_until_it_is_healed() -> None:
    """Calm, a front, calm again, and nothing from the healing on: what was known of a target does not outlast the front."""
    rough = Weather("busy", "ledger.create", 0.02, in_front=0.9)
    forecast = drawn(rough, fronts=(Spell(("ledger",), NOW_MS + 10, NOW_MS + 20),), until_ms=NOW_MS + 40)
    struck = [len(strikes(forecast, now_ms=NOW_MS + at).get("busy", ())) for at in (0, 9, 10, 19, 20, 39, 40)]
    calm, front = struck[0], struck[2]
    assert 0 < calm < 100
    assert front > 1700
    assert struck == [calm, calm, front, front, calm, calm, 0]


def test_after_healing_nothing_strikes() -> None:
    """Chaos ends; then the books must come right."""
    assert strikes(drawn(Weather("busy", "ledger.create", 1.0), until_ms=NOW_MS)) == {}


def test_kinds_that_need_a_commit_pass_reads_over() -> None:
    """A lost reply after the commit makes no sense where nothing commits."""
    assert strikes(drawn(Weather("timeout-after-commit", "ledger.*", 1.0)), "ledger.find") == {}


@pytest.mark.parametrize(
    ("trigger", "struck"),
    [
        ({"key": "B", "attempt": 1}, ["B1"]),
        ({"key": "B", "attempt": 2}, ["B2"]),
        ({"nth": 1}, ["A1"]),
        ({"nth": 3}, ["B2"]),
        ({"nth": 1, "entity": "H1"}, ["A1"]),
        ({"nth": 1, "entity": "H2"}, []),
    ],
)
def test_plans_mean_what_they_say(trigger: dict[str, str | int], struck: list[str]) -> None:
    """Three posts: A, B, and B again."""
    sent: list[str] = []

    async def design(ports: Ports, _durable: Path) -> None:
        for name in ("A1", "B1", "B2"):
            try:
                await ports.http.send("ledger", post(name[0]), 5)
            except WireError:
                sent.append(name)

    Bench(design, Fault("timeout-before-commit", "ledger.create", trigger)).run()
    assert sent == struck


def test_what_took_effect_replays_as_a_plan() -> None:
    """Weather, written down as it took effect, brings about the same journal line by line."""

    async def design(ports: Ports, _durable: Path) -> None:
        for number in range(200):
            try:
                await ports.http.send("ledger", post(f"K{number}"), 5)
            except WireError:
                await ports.clock.sleep(1)
        while True:
            (await ports.inbound.receive()).ack()

    weather = [
        Weather(kind, target, 0.08)
        for kind, target in (
            ("timeout-before-commit", "ledger.create"),
            ("timeout-executed-later", "ledger.create"),
            ("timeout-after-commit", "ledger.create"),
            ("error-after-commit", "ledger.create"),
            ("busy", "ledger.create"),
            ("webhook-duplicate", "ledger>entry.created"),
            ("webhook-reordered", "ledger>entry.created"),
            ("webhook-lost", "ledger>entry.created"),
        )
    ]

    def by_weather(report: Callable[[Armed, bool], None]) -> Forecast:
        return Drawn(weather, (), 2 * NOW_MS, TARGETS, Seed(3), report)

    first = Bench(design, forecast=by_weather, seed=3).run()
    plan = [Fault(fault.kind, fault.target, fault.trigger, fault.params) for fault in first.faults]
    assert {fault.kind for fault in plan} == {line.kind for line in weather}
    second = Bench(design, *plan, seed=3).run()
    assert second.journal == first.journal


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        (Fault("gremlin", "ledger.create", {"nth": 1}), "fault[0].kind"),
        (Fault("busy", "ledger.destroy", {"nth": 1}), "fault[0].target"),
        (Fault("busy", "ledger>entry.created", {"nth": 1}), "fault[0].target"),
        (Fault("webhook-lost", "ledger.create", {"nth": 1}), "fault[0].target"),
        (Fault("busy", "ledger.create", {"when": 1}), "fault[0].trigger"),
        (Fault("busy", "ledger.create", {"nth": 0}), "fault[0].trigger.nth"),
        (Fault("busy", "ledger.create", {"nth": 1}, {"colour": 1}), "fault[0].params.colour"),
        (Fault("busy", "ledger.create", {"nth": 1}, {"status": "red"}), "fault[0].params.status"),
        (Fault("busy", "worker", {"worker": "w1", "await_point": 1}), "fault[0].target"),
    ],
)
def test_a_bad_plan_names_its_place(fault: Fault, key: str) -> None:
    """One place, one reason."""
    with pytest.raises(PlanProblem) as problem:
        check_plan(Plan((fault,)), TARGETS)
    assert problem.value.key == key


def test_good_plans_and_weather_pass() -> None:
    """Exact keys, counts, crashes at await points, stars."""
    check_plan(
        Plan(
            (
                Fault("busy", "ledger.create", {"nth": 2, "entity": "H1"}, {"status": 429}),
                Fault("crash", "worker", {"worker": "w1", "await_point": 100}),
                Fault("webhook-lost", "ledger>entry.created", {"key": "A", "attempt": 1}),
            )
        ),
        TARGETS,
    )
    check_weather([Weather("busy", "ledger.*", 0.1), Weather("crash", "*>*", 0.1)], TARGETS)
    with pytest.raises(PlanProblem, match="no fault kind"):
        check_weather([Weather("snow", "ledger.*", 0.1)], TARGETS)


def test_a_plan_is_a_forecast_like_any_other() -> None:
    """Nothing planned, nothing armed."""
    forecast = Planned(Plan(), lambda _armed, _harmless: None)
    assert strikes(forecast, crossings=10) == {}
