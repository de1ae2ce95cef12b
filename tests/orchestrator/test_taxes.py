"""Tax beyond what the order's rate of the bill's day makes is asked about; what only looks odd is posted."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from orchestrator.canonical import Charge, Invoice, TaxRate
from orchestrator.connectors.procurement import read_order
from orchestrator.workflows import messages as m
from tests.orchestrator.papers import NOW, NUMBER, Story, captured, decided, invoice, order, received, short

RATES = (TaxRate("2026-01-01", 80_000), TaxRate("2026-10-05", 90_000))
"""Eight per cent, and nine from the day of the bill on: 25.65 on 285.00."""
CASE = "tax-variance/ap_automation:INV-1"
POSTED = ["inv:ap_automation:INV-1:post", "tell INV-1 posted"]


def delivered(rates: tuple[TaxRate, ...] = RATES) -> Story:
    """Ordered at rates that the order says, and received."""
    story = Story()
    story.tell(m.OrderApproved(NOW, NUMBER, replace(order(), taxes=rates)), received())
    return story


def taxed(tax: int, freight: int = 900, on: str = "2026-10-05") -> Invoice:
    """A bill of 285.00 with freight and tax."""
    charges = (Charge("freight", freight), Charge("tax", tax))
    return replace(invoice(), charges=charges, total_minor=28_500 + freight + tax, invoice_date=on)


@pytest.mark.parametrize(
    ("paper", "rates"),
    [
        (taxed(2565 + 101), RATES),
        (taxed(2565, on="2026-10-04"), RATES),
        (taxed(2280), (TaxRate("2026-01-01", 0),)),
        (taxed(2280), (TaxRate("2026-10-06", 80_000),)),
    ],
    ids=["too high", "before the rate changed", "exempt", "before there was any"],
)
def test_a_tax_that_is_not_due_is_asked_about(paper: Invoice, rates: tuple[TaxRate, ...]) -> None:
    assert short(delivered(rates).tell(captured(paper))) == [f"case {CASE}"]


@pytest.mark.parametrize(
    ("paper", "rates"),
    [
        (taxed(2565), RATES),
        (taxed(2566), RATES),
        (taxed(2280, on="2026-10-04"), RATES),
        (taxed(1000), RATES),
        (taxed(2565, freight=20_000), RATES),
        (replace(taxed(0), charges=(Charge("freight", 900),)), (TaxRate("2026-01-01", 0),)),
        (taxed(9000), ()),
    ],
    ids=[
        "due",
        "rounded by line",
        "old rate on its day",
        "too low",
        "dear freight",
        "exempt",
        "the order says nothing",
    ],
)
def test_what_only_looks_odd_is_posted(paper: Invoice, rates: tuple[TaxRate, ...]) -> None:
    assert short(delivered(rates).tell(captured(paper))) == POSTED


@pytest.mark.parametrize(("due", "left"), [("0.00", ("freight",)), ("25.65", ("freight", "tax"))])
def test_what_people_say_is_due_is_posted(due: str, left: tuple[str, ...]) -> None:
    exempt = due == "0.00"
    story = delivered((TaxRate("2026-01-01", 0),) if exempt else RATES)
    story.tell(captured(taxed(3000)))
    total = "294.00" if exempt else "319.65"
    commands = story.tell(decided(CASE, "correct", f"charges/tax={due}; total={total}"))
    assert short(commands) == POSTED
    assert isinstance(commands[0], m.PostInvoice)
    paper = commands[0].invoice
    assert tuple(charge.kind for charge in paper.charges) == left
    assert paper.total_minor == 28_500 + sum(charge.amount_minor for charge in paper.charges)


def test_people_may_accept_it() -> None:
    story = delivered()
    story.tell(captured(taxed(3000)))
    assert short(story.tell(decided(CASE, "accept"))) == POSTED


def order_with(*rates: tuple[str, str]) -> bytes:
    """An order as procurement shows it."""
    return json.dumps(
        {
            "number": NUMBER,
            "revision": 1,
            "business_unit": "H1",
            "supplier": {"id": "S001"},
            "lines": [],
            "taxes": [{"valid_from": since, "rate": rate} for since, rate in rates],
        }
    ).encode()


def test_rates_are_read_oldest_first() -> None:
    read = read_order(order_with(("2026-10-05", "8.875"), ("2026-01-01", "8"))).taxes
    assert read == (TaxRate("2026-01-01", 80_000), TaxRate("2026-10-05", 88_750))


@pytest.mark.parametrize("rate", ["", "-1", "8,875", "8.87501", "high"])
def test_what_is_no_rate_is_not_read_as_one(rate: str) -> None:
    with pytest.raises(ValueError, match="rate"):
        read_order(order_with(("2026-01-01", rate)))
