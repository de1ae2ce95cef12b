"""Money, counts, figures, and one line for each kind of entry."""

from __future__ import annotations

import msgspec
import pytest

from contracts.journal import AnyEntry, Call, Delivered, Document, Effect, Obligation, RunEnded, WorkerLife
from reports.entries import in_words, moment, tag
from reports.moments import Clocks
from reports.sentences import sentence
from reports.words import counted, currency_of, figure, money, plain_name, printable
from tests.reports.samples import LINES, PASSED


@pytest.mark.parametrize(
    ("minor", "currency", "says"),
    [
        (0, "USD", "0.00 USD"),
        (5, "USD", "0.05 USD"),
        (123_456, "USD", "1,234.56 USD"),
        (-123_456, "USD", "-1,234.56 USD"),
        (-5, "EUR", "-0.05 EUR"),
        (123_456_789_00, "", "123,456,789.00"),
    ],
)
def test_money(minor: int, currency: str, says: str) -> None:
    assert money(minor, currency) == says


def test_sums_over_several_currencies_name_none() -> None:
    euro = msgspec.structs.replace(PASSED.ledgers[0], currency="EUR")
    assert currency_of(PASSED) == "USD"
    assert currency_of(msgspec.structs.replace(PASSED, ledgers=(*PASSED.ledgers, euro))) == ""


def test_small_words() -> None:
    assert counted(1, "violation") == "1 violation"
    assert counted(2000, "violation") == "2,000 violations"
    assert [figure(value) for value in (None, 0, 24.0, 3.5584, 1500)] == ["not measured", "0", "24", "3.558", "1,500"]
    assert plain_name("post_hours_p95_max") == "post hours p95"
    assert printable("a\x1b[31m\nb") == "a�[31m�b"


ENTRIES: list[tuple[AnyEntry, str]] = [
    (LINES[40_988], "timeout-after-commit on cloud_erp.create_invoice (key ap_automation:77, attempt 1)"),
    (LINES[41_207], "NORTH cloud_erp/invoice.posted AP-931 INV-204417 4,812.50 USD from ap_automation:77"),
    (Effect(0, "service_desk", "case.opened", "C-1", 3, state="price-variance", about=("a:1", "b:2")),
     "service_desk/case.opened C-1 [price-variance] about a:1, b:2"),
    (Obligation(0, "o1", "payable", "H1", "S-1", "USD", 100, 100, stock=True, on="2026-10-01", order="PO-1", due_ms=0, required=()),
     "H1 payable o1 1.00 USD order PO-1"),
    (Document(0, "ap:1", "invoice", "o1", "H1", "S-1", "INV-1", 100, "USD", "PO-1", copy=True),
     "H1 invoice INV-1 ap:1 1.00 USD a copy for o1"),
    (Call(0, "w1", "cloud_erp", "create_invoice", "H1", "INV-1", 2, "timed-out"),
     "w1 cloud_erp.create_invoice INV-1 attempt 2 → timed-out"),
    (Delivered(0, "ap", "invoice.captured", "H1", "INV-1", 1, "e", "e.1", 1, "acknowledged", "w2"),
     "ap>invoice.captured INV-1 attempt 1 → w2 acknowledged"),
    (WorkerLife(0, "w1", "crashed", 3, "crash at P2"), "w1 crashed (life 3) crash at P2"),
    (RunEnded(0, "quiescent"), "quiescent"),
]  # fmt: skip


@pytest.mark.parametrize(("entry", "says"), ENTRIES, ids=lambda each: tag(each) if hasattr(each, "at") else "")
def test_an_entry_in_one_line(entry: AnyEntry, says: str) -> None:
    assert in_words(entry) == says


@pytest.mark.parametrize(
    ("what", "ordered", "alone"),
    [
        ("payable", "once, for goods on order PO-1", "once, without an order"),
        ("credit-memo", "once, that it had billed on order PO-1", "once, that it had billed without an order"),
    ],
)
def test_what_is_owed_without_an_order_names_none(what: str, ordered: str, alone: str) -> None:
    owed = Obligation(0, "o1", what, "H1", "S-1", "USD", 100, 0, False, "2026-10-01", "PO-1", 0, ())  # noqa: FBT003
    clocks = Clocks({"H1": "America/New_York"})
    assert sentence(owed, clocks).says.endswith(ordered)
    assert sentence(msgspec.structs.replace(owed, order=""), clocks).says.endswith(alone)


def test_a_moment_is_utc() -> None:
    assert moment(1_793_217_600_000) == "2026-10-28 20:00:00"
