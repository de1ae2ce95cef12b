"""Whatever is wrong with a file is told in one line: file, line, key, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.scenario import Hospital, Scenario, Trade
from mocks import SYSTEMS
from sim.cli_ask import read_scenario, sound_plan
from sim.errors import UserError
from sim.scenario_file import SCHEMA_NAME, list_scenarios, load_plan, load_scenario, schema_text
from sim.toml_places import lines_of

ROOT = Path(__file__).parents[2]

GOOD = """\
name = "small"
title = "Small"
scope = ["procure-to-pay"]

[calendar]
start = 2026-10-05
end = 2026-10-09
close = 2026-10-09T22:00:00
holidays = [
    2026-10-12,
    2026-11-11,
]

[[hospital]]
id = "H1"
name = "One"
time_zone = "America/New_York"
orders_per_day = 3

[[hospital]]
id = "H2"
name = "Two"
time_zone = "America/Chicago"
orders_per_day = 3

[trade]
suppliers = 5

[anomalies]
price_variance = 0.1

[[weather]]
kind = "busy"
target = "cloud_erp.*"
rate = 0.1

[[front]]
systems = ["cloud_erp"]
hours = 2.0
count = 1
"""


def refusal(tmp_path: Path, old: str, new: str) -> str:
    """The error for the good file with one thing changed, without the folder."""
    assert old in GOOD
    path = tmp_path / "x.toml"
    path.write_text(GOOD.replace(old, new), "utf-8")
    with pytest.raises(UserError) as told:
        load_scenario(path)
    line = str(told.value)
    assert "\n" not in line
    return line.removeprefix(f"{tmp_path.as_posix()}/")


def test_the_good_file_is_good(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(GOOD, "utf-8")
    scenario, found = load_scenario(path)
    assert (scenario.name, found) == ("small", path)
    assert load_scenario(str(path))[0] == scenario


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("suppliers = 5", "suppliers = 0", "x.toml:27: trade.suppliers: expected int >= 1, got 0"),
        ("suppliers = 5", 'suppliers = "5"', 'x.toml:27: trade.suppliers: expected int, got "5"'),
        ("suppliers = 5", "suppliers = true", "x.toml:27: trade.suppliers: expected int, got true"),
        (
            "suppliers = 5",
            "supliers = 5",
            ("x.toml:27: trade.supliers: unknown key; did you mean suppliers? "
             f"(known: {', '.join(Trade.__struct_fields__)})"),
        ),
        ("orders_per_day = 3\n\n[trade]", "orders_per_day = -1\n\n[trade]",
         "x.toml:24: hospital[1].orders_per_day: expected number > 0.0, got -1"),
        ("[trade]", "[trad]", (
            "x.toml:26: trad: unknown key; did you mean trade? "
            f"(known: {', '.join(Scenario.__struct_fields__)})"),
        ),
        ("start = 2026-10-05", "start = 2026-02-30", "x.toml:6: calendar.start: invalid date or datetime"),
        ("start = 2026-10-05", 'start = "2026-02-30"', 'x.toml:6: calendar.start: invalid RFC3339 encoded date, got "2026-02-30"'),
        ("    2026-11-11", "    11", "x.toml:11: calendar.holidays[1]: expected date, got 11"),
        ("end = 2026-10-09", "end = 2026-10-04", "x.toml:7: calendar.end: 2026-10-04 is before the start, 2026-10-05"),
        ("end = 2026-10-09", "end = 2062-10-09",
         "x.toml:7: calendar.end: 2062-10-09 is more than 400 days after the start, 2026-10-05"),
        ("close = 2026-10-09T22:00:00", "close = 2026-10-08T22:00:00",
         "x.toml:8: calendar.close: 2026-10-08 22:00:00 is before the end, 2026-10-09"),
        ("close = 2026-10-09T22:00:00", "close = 2026-12-09T22:00:00",
         "x.toml:8: calendar.close: 2026-12-09 22:00:00 is after the run-off, 10 days from 2026-10-09"),
        ("close = 2026-10-09T22:00:00", "close = 2026-10-09T22:00:00Z",
         "x.toml:8: calendar.close: the books close by each hospital's own clock: give a local time, without an offset"),
        ('["procure-to-pay"]', '["procure-to-pay", "period-end"]',
         "x.toml:5: calendar: with period-end in its scope, a scenario says when the ledger locks: give a lock"),
        ("close = 2026-10-09T22:00:00", "close = 2026-10-09T22:00:00\nlock = 2026-10-09T21:00:00",
         "x.toml:9: calendar.lock: 2026-10-09 21:00:00 is not after the close, 2026-10-09 22:00:00"),
        ("close = 2026-10-09T22:00:00", "close = 2026-10-09T22:00:00\nlock = 2026-12-09T21:00:00",
         "x.toml:9: calendar.lock: 2026-12-09 21:00:00 is after the run-off, 10 days from 2026-10-09"),
        ("close = 2026-10-09T22:00:00\n", "", "x.toml:5: calendar.close: is missing"),
        ("close = 2026-10-09T22:00:00", "close = 22:00:00", "x.toml:8: calendar.close: expected datetime, got 22:00:00"),
        ('name = "small"\n', "", "x.toml:1: name: is missing"),
        ("[trade]", "sales_tax = 0.5\n[trade]", "x.toml:26: hospital[1].sales_tax: expected number <= 0.25, got 0.5"),
        ("[trade]", "new_sales_tax = 0.1\nnew_sales_tax_from = 2026-10-07\n[trade]",
         "x.toml:20: hospital[1]: a tax that changes has a sales_tax, a new_sales_tax, and new_sales_tax_from, its first day"),
        ("[trade]", "sales_tax = 0.1\nnew_sales_tax = 0.1\nnew_sales_tax_from = 2026-10-12\n[trade]",
         "x.toml:28: hospital[1].new_sales_tax_from: 2026-10-12 is outside the calendar, 2026-10-05 to 2026-10-09"),
        ("[trade]", "recodes = 2026-10-07\n[trade]",
         "x.toml:26: hospital[1].recodes: only a hospital that joins, on a day, has suppliers and codes of its own"),
        ("[trade]", "brings_suppliers = 3\n[trade]",
         "x.toml:26: hospital[1].brings_suppliers: only a hospital that joins, on a day, has suppliers and codes of its own"),
        ("price_variance = 0.1", "tax_variance = 0.1",
         "x.toml:30: anomalies.tax_variance: somebody must have a sales_tax for a tax to be wrong"),
        ("[trade]", "[others_use]\nprocurement = 0.9\n\n[trade]",
         "x.toml:27: others_use.procurement: without true_limits there is nothing to use up"),
        ("[trade]", "[others_use]\nprocurment = 0.9\n\n[trade]",
         'x.toml:27: others_use.procurment: no system is called "procurment"; did you mean procurement? (known: '
         + ", ".join(SYSTEMS) + ")"),
        ("[trade]", '[identity]\ngranted = ["H9"]\n\n[trade]',
         'x.toml:27: identity.granted[0]: no hospital is called "H9"'),
        ('id = "H2"', 'id = "H1"', 'x.toml:21: hospital[1].id: "H1" is the id of hospital[0] already'),
        ('id = "H2"', 'id = "H 2"',
         'x.toml:21: hospital[1].id: "H 2" is not a capital letter and up to seven more capitals or digits'),
        ("America/Chicago", "America/Chicgo",
         'x.toml:23: hospital[1].time_zone: no time zone is called "America/Chicgo"; did you mean America/Chicago?'),
        ("America/Chicago", "../etc/passwd", 'x.toml:23: hospital[1].time_zone: no time zone is called "../etc/passwd"'),
        ('"procure-to-pay"', '"procure-to-play"',
         'x.toml:3: scope[0]: no workflow is called "procure-to-play"; did you mean procure-to-pay? (known: procure-to-pay, supplier-master, period-end)'),
        ('["procure-to-pay"]', "[]", "x.toml:3: scope: expected an array of length >= 1, got an empty array"),
        ("price_variance = 0.1", "price_variance = 1.1", "x.toml:30: anomalies.price_variance: expected number <= 1.0, got 1.1"),
        ("price_variance = 0.1", "price_variance = 0.6\nprice_within_tolerance = 0.6",
         "x.toml:29: anomalies: the shares add up to 1.32 per order; at most one thing befalls an order"),
        ("rate = 0.1", "rate = 1.5", "x.toml:35: weather[0].rate: 1.5 is not a share from 0 to 1"),
        ("count = 1", 'begins = "2026-10-09T18:00"',
         'x.toml:40: front[0].begins: "2026-10-09T18:00" is not a moment with an offset, as "2026-10-31T18:00:00-04:00"'),
        ("count = 1", 'count = 1\nbegins = "2026-10-09T18:00Z"', "x.toml:37: front[0]: give either begins or count"),
        ('systems = ["cloud_erp"]', "systems = []", "x.toml:38: front[0].systems: a front covers at least one system"),
        ("hours = 2.0", "hours = 0.0", "x.toml:39: front[0].hours: 0.0 is no time at all"),
        ("[anomalies]", "[[peak]]\nstart = 2026-10-09\nend = 2026-10-08\nfactor = 2\n[anomalies]",
         "x.toml:31: peak[0].end: 2026-10-08 is before the start, 2026-10-09"),
        ("[anomalies]", "[[peak]]\nstart = 2026-10-09\nend = 2026-10-30\nfactor = 2\n[anomalies]",
         "x.toml:31: peak[0].end: 2026-10-30 is outside the calendar, 2026-10-05 to 2026-10-09"),
        ("[trade]", "[trade", "x.toml:26: expected ']' at the end of a table declaration"),
        ("suppliers = 5", "suppliers = 5\nsuppliers = 6", "x.toml:28: trade.suppliers: cannot overwrite a value"),
        ("suppliers = 5", "suppliers =", "x.toml:27: trade.suppliers: invalid value"),
        ('title = "Small"', 'title = "Small', "x.toml:2: title: illegal character '\\n'"),
        ("[trade]\nsuppliers = 5", "trade = 5", ("x.toml:26: hospital[1].trade: unknown key "
         f"(known: {', '.join(Hospital.__struct_fields__)})")),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_one_line(tmp_path: Path, old: str, new: str, line: str) -> None:
    assert refusal(tmp_path, old, new) == line


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(UserError, match=r"^nowhere/x\.toml: no such file$"):
        load_scenario("nowhere/x.toml")
    with pytest.raises(
        UserError, match=r"^month-ent: no scenario has this name; did you mean month-end\? \(there are: "
    ):
        load_scenario("month-ent")


def test_a_folder_and_a_file_that_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        load_scenario(tmp_path)
    path = tmp_path / "x.toml"
    path.write_bytes(b'name = "a"\ntitle = "\xff"\n')
    with pytest.raises(UserError, match=r"x\.toml:2: this is not UTF-8 text$"):
        load_scenario(path)


def test_what_a_hook_finds_gets_its_line(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(GOOD.replace("cloud_erp.*", "cloud_erp.make_coffee"), "utf-8")
    with pytest.raises(UserError, match=r"x\.toml:34: weather\[0\]\.target: 'cloud_erp.make_coffee' is no operation"):
        read_scenario(str(path))


def test_a_hook_that_breaks_is_not_the_users_mistake(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(GOOD, "utf-8")

    def broken(_: object) -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        load_scenario(path, check=broken)


PLAN = """\
[[fault]]
kind = "busy"
target = "cloud_erp.create_invoice"
trigger = { key = "ap_automation:INV-000001", attempt = 1 }

[[fault]]
kind = "webhook-lost"
target = "ap_automation>invoice.captured"
trigger = { nth = 2 }
"""


def test_plans_are_read_the_same_way(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(PLAN, "utf-8")
    assert [fault.kind for fault in load_plan(path).fault] == ["busy", "webhook-lost"]
    for old, new, line in (
        ("nth = 2", "nth = 2.5", "plan.toml:9: fault[1].trigger: expected int | str, got number"),
        ('kind = "webhook-lost"\n', "", "plan.toml:6: fault[1].kind: is missing"),
        ('kind = "busy"', 'knd = "busy"', ("plan.toml:2: fault[0].knd: unknown key; did you mean kind? "
         "(known: kind, target, trigger, params)")),
    ):  # fmt: skip
        path.write_text(PLAN.replace(old, new), "utf-8")
        with pytest.raises(UserError) as told:
            load_plan(path)
        assert str(told.value).endswith(line)
    path.write_text(PLAN.replace("nth = 2", "nth = 0"), "utf-8")
    with pytest.raises(UserError, match=r"plan\.toml:9: fault\[1\]\.trigger\.nth: 0 is not a count from 1$"):
        load_plan(path, check=sound_plan(load_scenario("quiet-week")[0]))


def test_places_are_found_in_every_form() -> None:
    text = """\
# a comment with [brackets] and = signs
"quoted key" = "a # no comment"
a.b = [1, # one
  2, { c = '''
]''', d = 3 }]

[x.y]  # a header
s = \"\"\"
[not a table]
t = 1
\"\"\"
[[x.z]]
k = 1
[[x.z]]
[x.z.sub]
k = 2
"""
    found = lines_of(text)
    assert found[("quoted key",)] == 2
    assert (found["a", "b"], found["a", "b", 1], found["a", "b", 2, "c"], found["a", "b", 2, "d"]) == (3, 4, 4, 5)
    assert (found["x", "y", "s"], found["x", "z", 0, "k"], found["x", "z", 1], found["x", "z", 1, "sub", "k"]) == (
        8,
        13,
        14,
        16,
    )
    assert ("t",) not in found


def test_the_schema_beside_the_scenarios_is_current() -> None:
    committed = (ROOT / "scenarios" / SCHEMA_NAME).read_text("utf-8")
    assert committed == schema_text(), "run: python -m sim.scenario_file"


@pytest.mark.parametrize("name", [name for name, _, _ in list_scenarios()])
def test_packaged_scenarios_fit_the_estate(name: str) -> None:
    scenario, path = read_scenario(name)
    assert scenario.name == name == path.stem
    text = path.read_text("utf-8")
    assert text.startswith("#:schema ./scenario.schema.json\n")
    assert (name, scenario.title, path) in list_scenarios()
    assert all(set(front.systems) <= set(SYSTEMS) for front in scenario.front)


def test_the_month_has_every_kind_of_weather() -> None:
    """The spine's kinds in the plain month, and in the one in full those of the batches that it has."""
    kinds, full = ({line.kind for line in load_scenario(name)[0].weather} for name in ("plain-month", "month-end"))
    assert full == {*kinds, "batch-in-part"}
    assert kinds == {
        "timeout-before-commit",
        "timeout-executed-later",
        "timeout-after-commit",
        "error-after-commit",
        "busy",
        "webhook-duplicate",
        "webhook-reordered",
        "webhook-lost",
        "crash",
    }
