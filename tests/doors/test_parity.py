"""One scenario through both doors, step by step behind the real one: same verdict, same effects, same trial balances."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.plan import Plan
from contracts.verdict import Summary
from sim.designs import load_design
from sim.run import RunOptions, run
from sim.scenario_file import load_plan, load_scenario
from tests.doors.stand import effects, orchestrating, serving

SCALE = 0.12
SEED = 3

FAULT_FREE = "# no fault at all\n"
FAULTED = """
[[fault]]
kind = "timeout-before-commit"
target = "cloud_erp.create_purchase_order"
trigger = { nth = 2 }

[[fault]]
kind = "timeout-after-commit"
target = "cloud_erp.create_invoice"
trigger = { nth = 2 }

[[fault]]
kind = "timeout-executed-later"
target = "cloud_erp.create_invoice"
trigger = { nth = 5 }

[[fault]]
kind = "error-after-commit"
target = "cloud_erp.create_receipt"
trigger = { nth = 3 }

[[fault]]
kind = "busy"
target = "procurement.set_order_status"
trigger = { nth = 1 }

[[fault]]
kind = "webhook-duplicate"
target = "inventory>receipt.recorded"
trigger = { nth = 2 }

[[fault]]
kind = "webhook-reordered"
target = "ap_automation>invoice.captured"
trigger = { nth = 3 }
params = { hold_s = 86400 }

[[fault]]
kind = "webhook-lost"
target = "procurement>purchase_order.approved"
trigger = { nth = 4 }

[[fault]]
kind = "reset-mid-body"
target = "cloud_erp.create_invoice"
trigger = { nth = 7 }

[[fault]]
kind = "slow-drip"
target = "cloud_erp.create_receipt"
trigger = { nth = 5 }

[[fault]]
kind = "unreadable-reply"
target = "cloud_erp.create_purchase_order"
trigger = { nth = 4 }
params = { form = "page" }

[[fault]]
kind = "error-in-200"
target = "procurement.set_order_status"
trigger = { nth = 4 }

[[fault]]
kind = "token-expired"
target = "cloud_erp.create_invoice"
trigger = { nth = 9 }

[[fault]]
kind = "schema-drift"
target = "inventory>receipt.recorded"
trigger = { nth = 5 }

[[fault]]
kind = "key-ignored"
target = "cloud_erp.create_receipt"
trigger = { nth = 6 }

[[fault]]
kind = "webhook-late"
target = "ap_automation>invoice.captured"
trigger = { nth = 5 }

[[fault]]
kind = "bad-signature"
target = "ap_automation>invoice.captured"
trigger = { nth = 6 }

[[fault]]
kind = "webhook-before-object"
target = "procurement>purchase_order.approved"
trigger = { nth = 6 }
"""


def virtually(
    plan: Plan | None, directory: Path, seed: int = SEED, scale: float = SCALE, name_or_file: str | Path = "quiet-week"
) -> Summary:
    """The virtual door."""
    directory.mkdir()
    scenario, _ = load_scenario(name_or_file)
    name, design = load_design("workflow")
    return run(RunOptions(scenario, name, design, seed, scale, plan, directory))


@pytest.mark.slow
@pytest.mark.parametrize(("text", "kinds"), [(FAULT_FREE, 0), (FAULTED, 18)])
def test_both_doors_lead_into_the_same_books(text: str, kinds: int, tmp_path: Path) -> None:
    plan_file = tmp_path / "plan.toml"
    plan_file.write_text(text, "utf-8")
    virtual = virtually(load_plan(plan_file), tmp_path / "virtual")
    words = ("quiet-week", "--scale", str(SCALE), "--seed", str(SEED), "--plan", plan_file)
    with serving(tmp_path, *words) as served, orchestrating(served, tmp_path / "db"):
        assert served.advance()["reached"]
        real = served.summary()
    assert (virtual.door, real.door) == ("virtual", "real")
    assert (virtual.verdict, real.verdict) == ("pass", "pass")
    assert effects(tmp_path / "virtual") == effects(tmp_path / "served")
    assert virtual.ledgers == real.ledgers
    assert virtual.truth == real.truth
    took = {count.kind: count.took_effect for count in virtual.faults}
    assert took == {count.kind: count.took_effect for count in real.faults}
    assert sum(took.values()) == kinds


@pytest.mark.slow
def test_the_books_pay_by_themselves_behind_both_doors(tmp_path: Path) -> None:
    """Credit memos, and pay runs between them: the system's own work keeps the same clock."""
    plan_file, file = tmp_path / "plan.toml", Path(__file__).parents[1] / "scenarios" / "credits.toml"
    plan_file.write_text(FAULT_FREE, "utf-8")
    virtual = virtually(load_plan(plan_file), tmp_path / "virtual", scale=0.4, name_or_file=file)
    with (
        serving(tmp_path, file, "--scale", "0.4", "--seed", str(SEED), "--plan", plan_file) as served,
        orchestrating(served, tmp_path / "db"),
    ):
        assert served.advance()["reached"]
        real = served.summary()
    assert (virtual.verdict, real.verdict) == ("pass", "pass")
    both = effects(tmp_path / "virtual")
    assert both == effects(tmp_path / "served")
    assert {"payment.issued", "invoice.credited"} <= {what for _, what, *_ in both}
    assert virtual.ledgers == real.ledgers


@pytest.mark.slow
def test_both_doors_have_the_same_weather(tmp_path: Path) -> None:
    """Drawn, not planned. Polls are drawn by ten-minute windows, and the doors poll at other moments: those may differ."""
    virtual = virtually(None, tmp_path / "virtual", seed=1, scale=0.5)
    words = ("quiet-week", "--scale", "0.5", "--seed", "1")
    with serving(tmp_path, *words) as served, orchestrating(served, tmp_path / "db"):
        served.advance()
        real = served.summary()
    assert (virtual.verdict, real.verdict) == ("pass", "pass")
    assert effects(tmp_path / "virtual") == effects(tmp_path / "served")
    assert virtual.ledgers == real.ledgers
    took = [
        {count.kind: count.took_effect for count in summary.faults if count.kind.startswith("webhook")}
        for summary in (virtual, real)
    ]
    assert took[0] == took[1] != {}
