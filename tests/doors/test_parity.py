"""One scenario through both doors, step by step behind the real one: same verdict, same effects, same journals and balances."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.verdict import Summary
from tests.doors.parity import FAULT_FREE, Doors, differences, through_both, virtually

SCALE = 0.12
SEED = 3

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


def took(summary: Summary) -> dict[str, int]:
    """How often each kind took effect."""
    return {count.kind: count.took_effect for count in summary.faults}


@pytest.mark.slow
@pytest.mark.parametrize(("text", "kinds"), [(FAULT_FREE, 0), (FAULTED, 18)])
def test_both_doors_lead_into_the_same_books(text: str, kinds: int, tmp_path: Path) -> None:
    doors = through_both("quiet-week", SCALE, SEED, tmp_path, text)
    assert (doors.virtual.door, doors.real.door) == ("virtual", "real")
    assert (doors.virtual.verdict, list(differences(doors))) == ("pass", [])
    assert took(doors.virtual) == took(doors.real)
    assert sum(took(doors.virtual).values()) == kinds


@pytest.mark.slow
def test_the_books_pay_by_themselves_behind_both_doors(tmp_path: Path) -> None:
    """Credit memos, and pay runs between them: the system's own work keeps the same clock."""
    doors = through_both(str(Path(__file__).parents[1] / "scenarios" / "credits.toml"), 0.4, SEED, tmp_path)
    assert (doors.virtual.verdict, list(differences(doors))) == ("pass", [])
    assert {"payment.issued", "invoice.credited"} <= {name.partition("/")[2] for name in doors.virtual.effects}


@pytest.mark.slow
def test_both_doors_have_the_same_weather(tmp_path: Path) -> None:
    """Drawn, not planned. Polls are drawn by ten-minute windows, and the doors poll at other moments: those may differ."""
    doors = through_both("quiet-week", 0.5, 1, tmp_path, None)
    assert (doors.virtual.verdict, list(differences(doors))) == ("pass", [])
    webhooks = [
        {kind: count for kind, count in took(summary).items() if kind.startswith("webhook")}
        for summary in (doors.virtual, doors.real)
    ]
    assert webhooks[0] == webhooks[1] != {}


@pytest.mark.slow
@pytest.mark.parametrize(("scenario", "scale"), [("month-end", 0.1), ("quarter-end", 0.05)])
def test_a_month_without_faults_leads_into_the_same_books(scenario: str, scale: float, tmp_path: Path) -> None:
    """A whole month with its peak and its close; and a quarter with accruals, true limits and a night of maintenance."""
    doors = through_both(scenario, scale, SEED, tmp_path)
    assert (doors.virtual.verdict, list(differences(doors))) == ("pass", [])
    assert (doors.virtual.faults, doors.real.faults) == ((), ())
    assert all(ledger.debit_minor == ledger.credit_minor > 0 for ledger in doors.real.ledgers)


def test_what_differs_is_told(tmp_path: Path) -> None:
    """The comparison itself: one run beside another of a different seed."""
    one, other = tmp_path / "one", tmp_path / "other"
    first, second = (virtually("quiet-week-invoices", seed, directory) for seed, directory in ((1, one), (2, other)))
    assert list(differences(Doors(first, first, one, one))) == []
    told = [line.partition(":")[0] for line in differences(Doors(first, second, one, other))]
    assert told == ["trial balances", "effects", "effects", "journals of H1", "journals of H1"]
