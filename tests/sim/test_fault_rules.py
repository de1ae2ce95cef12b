"""What plans and weather must obey, and the page that says which kind exists behind which door."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.plan import Fault, Plan, Weather
from contracts.scenario import Scenario
from sim import estate as estates
from sim.calendar_edges import CLOCKS, MONTH, edges
from sim.cli_ask import read_scenario, sound_plan
from sim.errors import UserError
from sim.fault_rules import BY_NAME, PlanProblem, Targets, check_plan, check_weather
from sim.fault_table import PAGE, table, written
from sim.faults import FAULTS
from sim.faults.kind import CALENDAR, CALL, REAL, VIRTUAL, WORKER
from sim.scenario_file import load_plan, load_scenario
from sim.seed import Seed
from tests.sim.small import ledger

INVOICE = "cloud_erp.create_invoice"
SMALL: Targets = {
    **{f"ledger.{operation.name}": operation for operation in ledger().operations},
    "ledger>entry.created": None,
}


@pytest.fixture(scope="module")
def month_end() -> Scenario:
    """A scenario with a close, and a night on which the clocks change."""
    return load_scenario("month-end")[0]


@pytest.fixture(scope="module")
def targets(month_end: Scenario) -> Targets:
    """The estate's."""
    return estates.targets(estates.build(month_end, Seed(1)))


# -- the page -------------------------------------------------------------------------------------------------------------


def test_the_table_of_kinds_and_doors_is_current() -> None:
    assert PAGE.read_text("utf-8") == written(PAGE.read_text("utf-8")), "run: python -m sim.fault_table"
    assert len(table().splitlines()) == len(FAULTS) - 1 + 2


@pytest.mark.parametrize("kind", [kind for kind in FAULTS if REAL not in kind.doors], ids=lambda kind: kind.name)
def test_a_kind_that_a_door_cannot_do_is_an_error_with_its_place(kind: object, tmp_path: Path) -> None:
    """File, line, key."""
    name = getattr(kind, "name", "")
    path = tmp_path / "plan.toml"
    path.write_text(f'\n[[fault]]\ntarget = "{INVOICE}"\nkind = "{name}"\ntrigger = {{ nth = 1 }}\n', "utf-8")
    says = rf"plan\.toml:4: fault\[0\]\.kind: {name} cannot be brought about behind the real door$"
    with pytest.raises(UserError, match=says):
        load_plan(path, sound_plan(load_scenario("quiet-week")[0], REAL))
    assert load_plan(path, sound_plan(load_scenario("quiet-week")[0], VIRTUAL)).fault[0].kind == name


# -- what a kind can strike -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "target", "says"),
    [
        ("key-ignored", "ledger.find", "honours no idempotency key"),
        ("key-ignored", "ledger.load", "honours no idempotency key"),
        ("batch-in-part", "ledger.create", "is no batch"),
        ("shifting-pages", "ledger.everything", "no list that comes in pages"),
        ("stale-read", "ledger.create", "is no read"),
        ("token-expired", "ledger.create", "wants no token"),
        ("timeout-after-commit", "ledger.find", "commits nothing"),
        ("pause", "ledger.everything", "about no paper"),
        ("cut-off-race", "ledger.load", "no entity's books"),
        ("webhook-late", "ledger.create", "strikes delivery"),
        ("calendar-edge", "ledger.create", "has the target 'calendar'"),
    ],
)
def test_what_a_kind_cannot_strike_is_refused(kind: str, target: str, says: str) -> None:
    with pytest.raises(PlanProblem, match=says) as problem:
        check_plan(Plan((Fault(kind, target, {"nth": 1}),)), SMALL)
    assert problem.value.key == "fault[0].target"
    with pytest.raises(PlanProblem, match=says):
        check_weather([Weather(kind, target, 0.1)], SMALL)


@pytest.mark.parametrize("kind", [kind for kind in FAULTS if {CALL, "delivery"} & set(kind.on)], ids=lambda k: k.name)
def test_every_kind_strikes_something_small(kind: object) -> None:
    """Stars pass over what does not fit, and each kind fits somewhere."""
    name = getattr(kind, "name", "")
    pattern = "ledger.*" if CALL in BY_NAME[name].on else "ledger>*"
    check_weather([Weather(name, pattern, 0.1)], SMALL)


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"form": "torn"}, "'torn' is none of cut, page"),
        ({"form": 1}, "1 is none of"),
        ({"size": 1}, "no such parameter"),
    ],
)
def test_a_parameter_is_one_of_its_words(params: dict[str, str | int | float], says: str) -> None:
    with pytest.raises(PlanProblem, match=says):
        check_plan(Plan((Fault("unreadable-reply", "ledger.find", {"nth": 1}, params),)), SMALL)


# -- hope -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weather", "place", "says"),
    [
        ([("busy", INVOICE, 1.0)], 0, "lets no call of cloud_erp.create_invoice through"),
        (
            [("busy", INVOICE, 0.1), ("connection-refused", "identity.*", 1.0)],
            1,
            "lets no call of identity.issue_token",
        ),
        (
            [("webhook-lost", "inventory>*", 1.0), ("connect-timeout", "inventory.list_receipts", 1.0)],
            0,
            "every inventory>receipt.recorded is lost, and no poll of its source gets through",
        ),
        ([("crash", INVOICE, 1.0)], 0, "no worker comes to anything"),
        ([("pause", "*>*", 1.0)], 0, "no worker comes to anything"),
        (
            [("timeout-executed-later", INVOICE, 0.01), ("key-ignored", "cloud_erp.*", 0.01)],
            1,
            r"executed after it was looked up and sent again \(timeout-executed-later\)",
        ),
        ([("key-ignored", INVOICE, 0.01), ("pause", INVOICE, 0.01)], 0, r"sent again \(pause\)"),
        ([("key-ignored", INVOICE, 0.01), ("stale-read", "cloud_erp.*", 0.01)], 0, "neither the idempotency key"),
    ],
)
def test_hopeless_weather_is_refused_with_a_reason(
    weather: list[tuple[str, str, float]], place: int, says: str, targets: Targets
) -> None:
    with pytest.raises(PlanProblem, match=f"no design could recover: .*{says}") as problem:
        check_weather([Weather(*line) for line in weather], targets)
    assert problem.value.key == f"weather[{place}]"


def test_a_key_that_is_ignored_where_nothing_can_be_looked_up_is_hopeless() -> None:
    """The small ledger's entries are found under another path."""
    with pytest.raises(PlanProblem, match=r"ledger\.create cannot be looked up"):
        check_weather([Weather("key-ignored", "ledger.create", 0.1)], {"ledger.create": SMALL["ledger.create"]})


@pytest.mark.parametrize(
    "weather",
    [
        [("webhook-lost", "*>*", 1.0)],
        [("webhook-lost", "inventory>*", 1.0), ("connect-timeout", "inventory.list_receipts", 0.9)],
        [("busy", "inventory.list_receipts", 1.0)],
        [("timeout-after-commit", INVOICE, 1.0)],
        [("key-ignored", INVOICE, 1.0), ("timeout-after-commit", INVOICE, 0.1)],
        [("key-ignored", INVOICE, 0.1), ("pause", "cloud_erp.create_receipt", 0.1)],
        [("crash", INVOICE, 0.5)],
    ],
)
def test_rough_weather_is_not_hopeless(weather: list[tuple[str, str, float]], targets: Targets) -> None:
    """As long as there is a way left."""
    check_weather([Weather(*line) for line in weather], targets)


def test_a_hopeless_plan_is_refused_and_a_rough_one_is_not(targets: Targets) -> None:
    """Both stand only if both strike the same paper."""
    late = Fault("timeout-executed-later", INVOICE, {"key": "ap_automation:INV-1", "attempt": 1})
    for invoice, hopeless in (("INV-1", True), ("INV-2", False)):
        plan = Plan((late, Fault("key-ignored", INVOICE, {"key": f"ap_automation:{invoice}", "attempt": 2})))
        if hopeless:
            with pytest.raises(PlanProblem, match="no design could recover"):
                check_plan(plan, targets)
        else:
            check_plan(plan, targets)


def test_hopeless_weather_is_told_with_its_line(tmp_path: Path) -> None:
    text = Path(load_scenario("quiet-week")[1]).read_text("utf-8")
    path = tmp_path / "x.toml"
    path.write_text(
        text.replace('kind = "busy"\ntarget = "*.*"\nrate = 0.002', 'kind = "busy"\ntarget = "*.*"\nrate = 1')
    )
    with pytest.raises(UserError, match=r"x\.toml:\d+: weather\[2\]: no design could recover: busy lets no call of"):
        read_scenario(str(path))


# -- the calendar ---------------------------------------------------------------------------------------------------------


def test_the_edges_of_a_calendar(month_end: Scenario) -> None:
    """October 2026 ends at two midnights, and the clocks go back at two in the morning after each of them."""
    zones = ("America/Chicago", "America/New_York")
    assert sorted((edge.what, edge.on, edge.zone) for edge in edges(month_end)) == [
        (what, "2026-11-01", zone) for what in (CLOCKS, MONTH) for zone in zones
    ]
    assert edges(load_scenario("quiet-week")[0]) == []


def test_a_calendar_without_an_edge_cannot_promise_one(month_end: Scenario, targets: Targets) -> None:
    weather = [Weather("calendar-edge", CALENDAR, 1.0)]
    check_weather(weather, targets, edges(month_end))
    with pytest.raises(PlanProblem, match="no month ends and no clock changes"):
        check_weather(weather, targets, ())
    wrong = Fault("calendar-edge", CALENDAR, {"edge": MONTH, "on": "2026-12-01", "zone": "America/Chicago"})
    with pytest.raises(PlanProblem, match="month-end on 2026-11-01 in America/New_York"):
        check_plan(Plan((wrong,)), targets, VIRTUAL, edges(month_end))
    assert WORKER not in BY_NAME["calendar-edge"].on
