"""The end of a period as tables: what stands open is accrued once, and taken back once in the next period."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from orchestrator.canonical import AccrualRow, ImportedRow, OpenLine, ReversalRow
from orchestrator.connectors.base import Ok
from orchestrator.engine.closes import Close, Closes
from orchestrator.engine.closing import Closing
from orchestrator.workflows import messages as m
from orchestrator.workflows.period_end import FOLLOW_MS, ROWS_MAX, RUNNING_MAX, STUCK_FOLLOW_MS, TRIES_MAX, decide
from orchestrator.workflows.period_state import (
    FindJournal,
    HandIn,
    ImportTold,
    PayablesClosed,
    PeriodEnd,
    place_of,
    received_not_invoiced,
)
from orchestrator.workflows.state import ProcureToPay
from tests.orchestrator.papers import DAY, NOW, NUMBER, Story, approved, captured, decided, invoice, order, received
from tests.orchestrator.papers import short as said

LINE = OpenLine(NUMBER, 2, 4, 16_000, "USD")
OTHER = replace(LINE, order="PO-2")
REF = f"period-end:2026-10/{NUMBER}/2"
OF_OTHER = "period-end:2026-10/PO-2/2"


def closed(*lines: OpenLine, turned: bool = True) -> PayablesClosed:
    """Payables have closed October, before or after November has begun."""
    turns_ms = NOW - DAY if turned else NOW + DAY
    return PayablesClosed(NOW, "2026-10-31", "2026-11-01", turns_ms, lines)


def key(kind: str, name: object) -> str:
    """An effect key of this process."""
    return f"{kind}:H1:2026-10:{name}"


def taken(seq: int) -> m.EffectDone:
    """The ERP took a job."""
    return m.EffectDone(NOW, key("imp", seq), f"ESS-{seq}")


def answered(kind: str, name: object, value: object, at: int = NOW) -> m.EffectRead:
    """The ERP answered a question."""
    return m.EffectRead(at, key(kind, name), value)


def rows(seq: int, *said_of: tuple[str, str, str], at: int = NOW) -> m.EffectRead:
    """What became of a job's rows: reference, journal, code."""
    return answered("rows", seq, tuple(ImportedRow(*row) for row in said_of), at)


def found(step: str, line: OpenLine, *journals: tuple[str, str]) -> m.EffectRead:
    """What a search came to."""
    return answered("find", f"{step}:{line.name}", journals)


class Process:
    """A process that is told events; the commands that they brought about, in short."""

    def __init__(self, *events: Any) -> None:
        self.state = PeriodEnd("H1", "2026-10")
        self.last: list[Any] = []
        self.tell(*events)

    def tell(self, *events: Any) -> list[str]:
        """What comes of the events, in short."""
        self.last = []
        for event in events:
            self.state, commands = decide(self.state, event)
            self.last += commands
        return said(self.last)

    @property
    def stages(self) -> dict[str, tuple[str, str]]:
        """How far each accrual and its reversal are."""
        return {name: (accrual.acc.stage, accrual.rev.stage) for name, accrual in self.state.accruals.items()}


def test_what_stands_open_is_accrued_on_the_last_day_and_taken_back_on_the_first() -> None:
    """By way of a job that is followed to its end, and whose rows are asked for."""
    process = Process()
    assert process.tell(closed(LINE, OTHER)) == [key("imp", 1)]
    rows_in = (AccrualRow(REF, "2026-10-31", LINE), AccrualRow(OF_OTHER, "2026-10-31", OTHER))
    assert process.last == [HandIn(key("imp", 1), "H1", "period-end:H1/2026-10/1", rows_in)]
    assert process.tell(taken(1)) == ["start 1"]
    assert process.last[0].due_ms == NOW + FOLLOW_MS
    assert process.tell(m.TimerDue(NOW, "1")) == [key("job", 1)]
    assert process.last[0].job == "ESS-1"
    assert process.tell(answered("job", 1, "RUNNING")) == ["start 1"]
    assert process.tell(m.TimerDue(NOW, "1"), answered("job", 1, "SUCCEEDED")) == [key("job", 1), key("rows", 1)]
    assert process.tell(rows(1, (REF, "JE-1", ""), (OF_OTHER, "JE-2", ""))) == [key("imp", 2)]
    back = (
        ReversalRow(f"{REF}/reversal", "JE-1", "2026-11-01"),
        ReversalRow(f"{OF_OTHER}/reversal", "JE-2", "2026-11-01"),
    )
    assert process.last == [HandIn(key("imp", 2), "H1", "period-end:H1/2026-10/2", (), back)]
    process.tell(taken(2), answered("job", 2, "SUCCEEDED"))
    done = ((f"{REF}/reversal", "JE-3", ""), (f"{OF_OTHER}/reversal", "JE-4", ""))
    assert process.tell(rows(2, *done)) == []
    assert set(process.stages.values()) == {("posted", "posted")}
    before = process.state
    assert process.tell(rows(1, (REF, "JE-9", "")), m.TimerDue(NOW, "1"), taken(1)) == []
    assert process.state is before


def test_a_job_that_hangs_is_shown_to_people_once_and_asked_less_often() -> None:
    """When it ends after all, its rows are asked for as ever."""
    process = Process(closed(LINE), taken(1))
    running = answered("job", 1, "RUNNING")
    assert process.tell(*[running] * (RUNNING_MAX - 1)) == ["start 1"] * (RUNNING_MAX - 1)
    assert process.last[-1].due_ms == NOW + FOLLOW_MS
    stuck = f"undeliverable/{key('job', 1)}"
    assert process.tell(running) == [f"case {stuck}", "start 1"]
    assert (process.last[0].case.subjects, process.last[0].case.amount_minor) == ((REF,), LINE.amount_minor)
    assert process.last[-1].due_ms == NOW + STUCK_FOLLOW_MS
    assert process.tell(running, running) == ["start 1"] * 2
    assert process.tell(answered("job", 1, "SUCCEEDED")) == [key("rows", 1)]


def test_jobs_are_bounded() -> None:
    lines = [replace(LINE, order=f"PO-{n}") for n in range(ROWS_MAX + 1)]
    process = Process()
    assert process.tell(closed(*lines)) == [key("imp", 1), key("imp", 2)]
    assert [len(command.accruals) for command in process.last] == [ROWS_MAX, 1]


def test_looking_again_accrues_what_is_new_and_nothing_twice() -> None:
    process = Process(closed(LINE), taken(1))
    assert process.tell(closed(LINE, OTHER)) == [key("imp", 2)]
    assert [row.ref for row in process.last[0].accruals] == [OF_OTHER]
    before = process.state
    assert process.tell(closed(LINE, OTHER)) == []
    assert process.state is before


def test_reversals_wait_until_the_next_period_begins() -> None:
    process = Process()
    assert process.tell(closed(LINE, turned=False)) == ["start turn", key("imp", 1)]
    assert process.tell(taken(1), rows(1, (REF, "JE-1", ""))) == ["start 1"]
    assert process.tell(m.TimerDue(NOW + DAY, "turn")) == [key("imp", 2)]
    assert process.tell(m.TimerDue(NOW + DAY, "turn")) == []


def test_an_accrual_that_is_still_on_its_way_when_the_period_turns_is_reversed_when_it_is_known() -> None:
    process = Process(closed(LINE, turned=False), taken(1))
    assert process.tell(m.TimerDue(NOW + DAY, "turn")) == []
    assert process.tell(rows(1, (REF, "JE-1", ""), at=NOW + DAY)) == [key("imp", 2)]


# -- what nobody knows --------------------------------------------------------------------------------------------------


def test_a_job_that_is_in_doubt_is_never_sent_again_its_rows_are_looked_for() -> None:
    """One stands, and is taken back; the other does not, and goes into another job."""
    process = Process(closed(LINE, OTHER))
    assert process.tell(m.EffectLost(NOW, key("imp", 1))) == [
        key("find", f"acc:{LINE.name}"),
        key("find", f"acc:{OTHER.name}"),
    ]
    assert process.last[1] == FindJournal(key("find", f"acc:{OTHER.name}"), OF_OTHER)
    assert process.tell(found("acc", LINE, (REF, "JE-1"))) == [key("imp", 2)]
    assert process.last[0].reversals[0].journal == "JE-1"
    assert process.tell(found("acc", OTHER)) == [key("imp", 3)]
    assert [row.ref for row in process.last[0].accruals] == [OF_OTHER]
    assert process.tell(ImportTold(NOW, "1", "ESS-1"), found("acc", OTHER)) == []


def test_rows_that_must_be_sent_again_wait_for_each_other() -> None:
    process = Process(closed(LINE, OTHER), m.EffectLost(NOW, key("imp", 1)))
    assert process.tell(found("acc", LINE)) == []
    assert process.tell(found("acc", OTHER)) == [key("imp", 2)]
    assert len(process.last[0].accruals) == 2


def test_what_was_found_under_another_reference_is_not_it() -> None:
    process = Process(closed(LINE), m.EffectLost(NOW, key("imp", 1)))
    assert process.tell(found("acc", LINE, (OF_OTHER, "JE-9"))) == [key("imp", 2)]


def test_the_erp_s_word_that_a_job_is_through_gives_its_number_and_proves_nothing() -> None:
    """The answer to handing it in was lost; the job is asked, and the doubt that comes up later is none any more."""
    process = Process(closed(LINE))
    assert process.tell(ImportTold(NOW, "1", "ESS-1")) == ["stop 1", key("job", 1)]
    assert process.last[1].job == "ESS-1"
    assert process.stages[LINE.name] == ("sent", "")
    assert process.tell(m.EffectLost(NOW, key("imp", 1)), taken(1)) == []
    assert process.tell(ImportTold(NOW, "1", "ESS-7"), ImportTold(NOW, "9", "ESS-1")) == []
    process.tell(answered("job", 1, "SUCCEEDED"), rows(1, (REF, "JE-1", "")))
    assert process.stages[LINE.name] == ("posted", "sent")


@pytest.mark.parametrize("code", ["INTERFACE-ERROR", "DUPLICATE-REFERENCE", None])
def test_a_row_that_was_turned_away_as_such_or_is_not_listed_is_looked_for_before_it_goes_again(
    code: str | None,
) -> None:
    process = Process(closed(LINE, OTHER), taken(1))
    listed = [(REF, "", code)] if code else []
    assert process.tell(rows(1, (OF_OTHER, "JE-2", ""), *listed)) == [key("imp", 2), key("find", f"acc:{LINE.name}")]
    assert process.tell(found("acc", LINE)) == [key("imp", 3)]


def test_what_no_job_takes_is_asked_about() -> None:
    """So many jobs, and no more until people say so; then it is looked for again, and may be there."""
    process = Process(closed(LINE))
    for seq in range(1, TRIES_MAX):
        assert process.tell(taken(seq), rows(seq, (REF, "", "INTERFACE-ERROR")), found("acc", LINE))[-1] == key(
            "imp", seq + 1
        )
    about = f"rejected-by-target/acc/{LINE.name}"
    assert process.tell(rows(TRIES_MAX, (REF, "", "INTERFACE-ERROR")), found("acc", LINE))[-1] == f"case {about}"
    assert process.tell(decided(about, "wait")) == []
    assert process.tell(decided(about, "accept")) == [key("find", f"acc:{LINE.name}")]
    assert process.tell(decided(about, "accept")) == []
    assert process.tell(found("acc", LINE, (REF, "JE-1"))) == [key("imp", TRIES_MAX + 1)]


# -- what the ledger says no to, and what nobody answers ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "category"), [("GL-PERIOD-CLOSED", "period-closed"), ("PO-UNKNOWN", "rejected-by-target")]
)
def test_what_the_ledger_refuses_is_asked_about_and_goes_again_in_another_job(code: str, category: str) -> None:
    process = Process(closed(LINE), taken(1))
    case = f"{category}/acc/{LINE.name}"
    assert process.tell(rows(1, (REF, "", code))) == [f"case {case}"]
    assert process.last[0].case.subjects == (REF,)
    process.tell(decided(case, "accept"), found("acc", LINE), taken(2))
    assert process.tell(rows(2, (REF, "", code))) == [f"case {case}/again1"]
    process.tell(decided(f"{case}/again1", "accept"), found("acc", LINE), taken(3))
    assert process.tell(rows(3, (REF, "JE-1", ""))) == [key("imp", 4)]


def test_a_refused_reversal_goes_again_and_the_accrual_does_not() -> None:
    process = Process(closed(LINE), taken(1), rows(1, (REF, "JE-1", "")), taken(2))
    case = f"rejected-by-target/rev/{LINE.name}"
    assert process.tell(rows(2, (f"{REF}/reversal", "", "X"))) == [f"case {case}"]
    assert process.last[0].case.subjects == (f"{REF}/reversal",)
    assert process.tell(decided(case, "accept")) == [key("find", f"rev:{LINE.name}")]
    assert process.tell(found("rev", LINE)) == [key("imp", 3)]
    assert process.last[0].reversals == (ReversalRow(f"{REF}/reversal", "JE-1", "2026-11-01"),)


def test_a_job_that_is_refused_as_a_whole_is_a_question_for_each_row() -> None:
    process = Process(closed(LINE, OTHER))
    cases = [f"case rejected-by-target/acc/{line.name}" for line in (LINE, OTHER)]
    assert process.tell(m.EffectRejected(NOW, key("imp", 1), "entity_not_granted", "no")) == cases
    assert process.tell(taken(1), m.TimerDue(NOW, "1")) == ["start 1"]


@pytest.mark.parametrize("kind", ["imp", "job", "rows"])
def test_a_dead_letter_about_a_job_is_revived_as_it_was(kind: str) -> None:
    """One question, about all of its rows."""
    process = Process(closed(LINE, OTHER))
    assert process.tell(m.EffectDead(NOW, key(kind, 1), "gone")) == [f"case undeliverable/{key(kind, 1)}"]
    assert process.last[0].case.subjects == (REF, OF_OTHER)
    assert process.tell(decided(f"undeliverable/{key(kind, 1)}", "accept")) == [f"revive {key(kind, 1)}"]


def test_a_search_that_dies_holds_no_other_row_up_and_can_be_revived() -> None:
    process = Process(closed(LINE, OTHER), m.EffectLost(NOW, key("imp", 1)), found("acc", OTHER))
    dead = key("find", f"acc:{LINE.name}")
    assert process.tell(m.EffectDead(NOW, dead, "gone")) == [f"case undeliverable/{dead}", key("imp", 2)]
    assert [row.ref for row in process.last[1].accruals] == [OF_OTHER]
    assert process.tell(decided(f"undeliverable/{dead}", "accept")) == [f"revive {dead}"]
    assert process.tell(found("acc", LINE)) == [key("imp", 3)]


@pytest.mark.parametrize("document", ["", "period-end:2026-10", "fbdi:H1/2026-10/1", "period-end:H1/2026-10/1/2"])
def test_news_of_a_job_that_is_not_ours(document: str) -> None:
    assert place_of(document) == ("", "", "")
    assert place_of("period-end:H1/2026-10/1") == ("H1", "2026-10", "1")


# -- what stands open in an order ---------------------------------------------------------------------------------------


def standing(*events: Any, answer: bool = True) -> ProcureToPay:
    """An order after these events: line 1 is for stock, line 2, four at 40.00, for direct use."""
    story = Story(answer=answer)
    story.tell(*events)
    return story.state


def test_only_what_came_for_direct_use_and_is_not_invoiced_stands_open() -> None:
    assert received_not_invoiced(standing(approved(), received()), "2026-10-31") == ([LINE], True)
    heard = m.TimerDue(NOW + DAY, "heard:INV-1")
    part = standing(approved(), received(), captured(invoice("INV-1", 5, 1)), heard)
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


class Orders:
    """The orders of a hospital as `Steps` shows them: process, version and state, and which were read."""

    def __init__(self) -> None:
        self.now: dict[int, tuple[int, ProcureToPay]] = {}
        self.read: list[int] = []

    def orders_of(self, entity: str) -> list[tuple[int, int]]:
        """Process and version."""
        del entity
        return [(process, version) for process, (version, _) in self.now.items()]

    def states_of(self, processes: list[int], word: str) -> list[tuple[int, ProcureToPay]]:
        """What is asked for."""
        assert all(word.encode() in msgspec.json.encode(self.now[process][1]) for process in processes)
        self.read += processes
        return [(process, self.now[process][1]) for process in processes]


def test_an_order_is_looked_through_again_when_it_has_changed_and_only_then() -> None:
    """A receipt that is found late must be accrued; what stands as it stood is not read twice."""
    orders: Any = Orders()
    nothing: Any = None
    closing = Closing(nothing, nothing, orders, nothing, Closes("", {}))
    close = Close("H1", "2026-10", NOW, "2026-10-31", "2026-11-01", NOW)
    orders.now = {1: (1, standing(approved())), 2: (1, standing(approved(), received()))}
    assert closing._look_through(close) == [([LINE], True)]
    orders.now[1] = (2, standing(approved(), received()))
    assert closing._look_through(close) == [([LINE], True), ([LINE], True)]
    assert orders.read == [1, 2, 1]
    orders.now[2] = (2, standing(approved(), received(), captured(invoice())))
    assert closing._look_through(close) == [([LINE], True)]
    del orders.now[1]
    assert closing._look_through(close) == []


class Told:
    """An ERP whose period stands so, and a desk whose transaction came to so much."""

    def __init__(self, status: str, *, settled: bool) -> None:
        self._status = status
        self._settled = settled

    async def call(self, *_asked: object) -> Ok:
        """The periods, as the ERP lists them."""
        return Ok({"2026-10": self._status})

    async def transact(self, *_work: object) -> tuple[list[Any], bool]:
        """What was told, and whether all is settled."""
        return [], self._settled


@pytest.mark.parametrize(
    ("status", "settled", "within_h"),
    [("Open", True, 1), ("Closed", False, 1), ("Closed", True, 6), ("Permanently Closed", True, 1)],
)
def test_a_close_is_looked_at_again_in_time(status: str, settled: bool, within_h: int) -> None:  # noqa: FBT001 - a row
    """Soon while finance is late or a bill is on its way; a few times a day once all that is known is accrued."""
    told: Any = Told(status, settled=settled)
    nothing: Any = None
    closing = Closing(told, told, nothing, nothing, Closes("", {}))
    close = Close("H1", "2026-10", NOW, "2026-10-31", "2026-11-01", NOW)
    again_ms = asyncio.run(closing._look(close))
    assert DAY / 96 < again_ms <= within_h * DAY / 24
    assert (close in closing._locked) == (status == "Permanently Closed")
