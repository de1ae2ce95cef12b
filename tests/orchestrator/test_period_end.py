"""The end of a period as tables: what stands open is accrued once, and taken back once in the next period."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from orchestrator.workflows import messages as m
from orchestrator.workflows.period_end import (
    OpenLine,
    PayablesClosed,
    PeriodEnd,
    PostAccrual,
    PostReversal,
    decide,
    received_not_invoiced,
)
from orchestrator.workflows.state import ProcureToPay
from tests.orchestrator.papers import DAY, NOW, NUMBER, Story, approved, captured, decided, invoice, order, received
from tests.orchestrator.papers import short as said

LINE = OpenLine(NUMBER, 2, 4, 16_000, "USD")
ACC = f"acc:H1:2026-10:{NUMBER}/2"
REV = f"rev:{ACC}"


def closed(*lines: OpenLine, turned: bool = True) -> PayablesClosed:
    """Payables have closed October, before or after November has begun."""
    turns_ms = NOW - DAY if turned else NOW + DAY
    return PayablesClosed(NOW, "2026-10-31", "2026-11-01", turns_ms, lines)


class Process:
    """A process that is told events; the commands that they brought about, in short."""

    def __init__(self) -> None:
        self.state = PeriodEnd("H1", "2026-10")
        self.last: list[Any] = []

    def tell(self, *events: Any) -> list[str]:
        """What comes of the events, in short."""
        self.last = []
        for event in events:
            self.state, commands = decide(self.state, event)
            self.last += commands
        return said(self.last)


def test_what_stands_open_is_accrued_on_the_last_day_and_taken_back_on_the_first() -> None:
    process = Process()
    assert process.tell(closed(LINE)) == [ACC]
    (accrual,) = process.last
    assert isinstance(accrual, PostAccrual)
    assert (accrual.ref, accrual.on, accrual.open) == (f"period-end:2026-10/{NUMBER}/2", "2026-10-31", LINE)
    assert process.tell(m.EffectDone(NOW, ACC, "JE-1")) == [REV]
    (reversal,) = process.last
    assert isinstance(reversal, PostReversal)
    assert (reversal.ref, reversal.journal, reversal.on) == (f"{accrual.ref}/reversal", "JE-1", "2026-11-01")
    assert process.tell(m.EffectDone(NOW, REV, "JE-2")) == []
    assert process.state.accruals[LINE.name].reversal == "posted"


def test_looking_again_accrues_what_is_new_and_nothing_twice() -> None:
    process = Process()
    process.tell(closed(LINE), m.EffectDone(NOW, ACC, "JE-1"))
    other = replace(LINE, order="PO-2")
    assert process.tell(closed(LINE, other)) == ["acc:H1:2026-10:PO-2/2"]
    before = process.state
    assert process.tell(closed(LINE, other)) == []
    assert process.state is before


def test_reversals_wait_until_the_next_period_begins() -> None:
    process = Process()
    assert process.tell(closed(LINE, turned=False)) == ["start turn", ACC]
    assert process.tell(m.EffectDone(NOW, ACC, "JE-1")) == []
    assert process.tell(m.TimerDue(NOW + DAY, "turn")) == [REV]
    assert process.tell(m.TimerDue(NOW + DAY, "turn")) == []


def test_an_accrual_that_is_still_on_its_way_when_the_period_turns_is_reversed_when_it_is_known() -> None:
    process = Process()
    process.tell(closed(LINE, turned=False))
    assert process.tell(m.TimerDue(NOW + DAY, "turn")) == []
    assert process.tell(m.EffectDone(NOW + DAY, ACC, "JE-1")) == [REV]


@pytest.mark.parametrize(
    ("code", "category"), [("GL-PERIOD-CLOSED", "period-closed"), ("PO-UNKNOWN", "rejected-by-target")]
)
def test_what_the_ledger_refuses_is_asked_about_and_goes_again_under_a_new_key(code: str, category: str) -> None:
    process = Process()
    process.tell(closed(LINE))
    case = f"{category}/acc/{NUMBER}/2"
    assert process.tell(m.EffectRejected(NOW, ACC, code, "no")) == [f"case {case}"]
    assert process.last[0].case.subjects == (f"period-end:2026-10/{NUMBER}/2",)
    assert process.tell(decided(case, "wait")) == []
    assert process.tell(decided(case, "accept")) == [f"{ACC}:again1"]
    assert process.tell(m.EffectRejected(NOW, f"{ACC}:again1", code, "no")) == [f"case {case}/again1"]
    assert process.tell(decided(f"{case}/again1", "accept")) == [f"{ACC}:again2"]
    assert process.tell(m.EffectDone(NOW, f"{ACC}:again2", "JE-1")) == [f"{REV}:again2"]


def test_a_refused_reversal_goes_again_and_the_accrual_does_not() -> None:
    process = Process()
    process.tell(closed(LINE), m.EffectDone(NOW, ACC, "JE-1"))
    case = f"rejected-by-target/rev/{NUMBER}/2"
    assert process.tell(m.EffectRejected(NOW, REV, "X", "no")) == [f"case {case}"]
    assert process.tell(decided(case, "accept")) == [f"{REV}:again1"]
    assert process.last[0].journal == "JE-1"


def test_a_dead_letter_is_revived_as_it_was() -> None:
    process = Process()
    process.tell(closed(LINE))
    assert process.tell(m.EffectDead(NOW, ACC, "gone")) == [f"case undeliverable/{ACC}"]
    assert process.tell(decided(f"undeliverable/{ACC}", "accept")) == [f"revive {ACC}"]


# -- what stands open in an order ---------------------------------------------------------------------------------------


def standing(*events: Any, answer: bool = True) -> ProcureToPay:
    """An order after these events: line 1 is for stock, line 2, four at 40.00, for direct use."""
    story = Story(answer=answer)
    story.tell(*events)
    return story.state


def test_only_what_came_for_direct_use_and_is_not_invoiced_stands_open() -> None:
    assert received_not_invoiced(standing(approved(), received()), "2026-10-31") == ([LINE], True)
    part = standing(approved(), received(), captured(invoice("INV-1", 5, 1)))
    assert received_not_invoiced(part, "2026-10-31") == ([replace(LINE, quantity=3, amount_minor=12_000)], True)
    whole = standing(approved(), received(), captured(invoice()))
    assert received_not_invoiced(whole, "2026-10-31") == ([], True)
    assert received_not_invoiced(standing(approved()), "2026-10-31") == ([], True)


def test_what_came_or_was_billed_after_the_cut_off_does_not_count() -> None:
    state = standing(approved(), received())
    assert received_not_invoiced(state, "2026-10-04") == ([], True)
    billed = standing(approved(), received(), captured(replace(invoice(), captured_on="2026-11-02")))
    assert received_not_invoiced(billed, "2026-10-31") == ([LINE], True)


def test_an_invoice_that_people_hold_does_not_count_and_one_on_its_way_leaves_it_open() -> None:
    held = standing(approved(), received(), captured(invoice(price=9999)))
    assert held.invoices["INV-1"].stage == "asking"
    assert received_not_invoiced(held, "2026-10-31") == ([LINE], True)
    story = Story()
    story.tell(approved(), received())
    story._answer = False
    story.tell(captured(invoice()))
    assert received_not_invoiced(story.state, "2026-10-31") == ([], False)


def test_an_order_on_its_way_leaves_it_open() -> None:
    assert received_not_invoiced(standing(approved(), received(), answer=False), "2026-10-31") == ([LINE], False)
    assert order().lines[1].kind == "expense"
