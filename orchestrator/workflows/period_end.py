"""Period end: what was received for direct use and is not invoiced is accrued once, and taken back once in the next period.

One process for each hospital and period. It is told what stands open once payables have closed the period, and told again
until the ledger is locked: whatever is new by then is accrued as well. The first day of the next period lets the
reversals go; an accrual that is still on its way then is reversed as soon as it is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, cast

import msgspec
from msgspec.structs import replace

from contracts.cases import Category, NewCase
from orchestrator.workflows import messages as m
from orchestrator.workflows.asking import again, asked_again
from orchestrator.workflows.state import ProcureToPay

TURN: Final = "turn"
"""The timer that rings when the next period begins."""


class OpenLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One line of an order, received for direct use and not invoiced in the period: how many, and what they cost."""

    order: str
    line: int
    quantity: int
    amount_minor: int
    currency: str

    @property
    def name(self) -> str:
        """`PO-7/1`."""
        return f"{self.order}/{self.line}"


class Accrual(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An open line and its two postings; each stage: "" → posting → posted, or refused. `attempts` counts new tries."""

    open: OpenLine
    stage: str = "posting"
    journal: str = ""
    reversal: str = ""
    attempts: int = 0


class PeriodEnd(msgspec.Struct, frozen=True, array_like=True, tag="period-end"):
    """The whole process. Dates are the hospital's; the next period begins at `turns_ms`."""

    entity: str
    period: str
    last_day: str = ""
    next_day: str = ""
    turns_ms: int = 0
    accruals: dict[str, Accrual] = {}


class PayablesClosed(msgspec.Struct, frozen=True, gc=False):
    """Payables have closed the period, and this is what stands open."""

    now_ms: int
    last_day: str
    next_day: str
    turns_ms: int
    lines: tuple[OpenLine, ...]


class PostAccrual(msgspec.Struct, frozen=True, gc=False):
    """Accrue a line in the ERP."""

    key: str
    entity: str
    ref: str
    on: str
    open: OpenLine


class PostReversal(msgspec.Struct, frozen=True, gc=False):
    """Take an accrual back in the ERP."""

    key: str
    ref: str
    journal: str
    on: str


Event = PayablesClosed | m.EffectDone | m.EffectRejected | m.EffectDead | m.CaseDecided | m.TimerDue
Commands = list[m.Command | PostAccrual | PostReversal]


def received_not_invoiced(state: ProcureToPay, last_day: str) -> tuple[list[OpenLine], bool]:
    """What of an order for direct use stands open at the end of a day, and whether that is settled.

    It is not while the order or an invoice that belongs before that end is still on its way into the ERP.
    """
    order = state.order
    used = [line for line in order.lines if line.kind == "expense"] if order else []
    if order is None or not used:
        return [], True
    open_of = {line.line: 0 for line in used}
    for receipt in state.receipts.values():
        if receipt.receipt.received_on <= last_day:
            _add(open_of, ((line.line, line.quantity) for line in receipt.receipt.lines))
    settled = state.order_stage == "posted" or not any(open_of.values())
    for entry in state.invoices.values():
        if entry.on <= last_day and entry.stage in {"posting", "posted"}:
            settled = settled and entry.stage == "posted"
            sign = 1 if entry.invoice.credit else -1
            _add(open_of, ((line.line, sign * line.quantity) for line in entry.invoice.lines))
    lines = [
        OpenLine(state.number, line.line, left, left * line.unit_price_minor, order.currency)
        for line in used
        if (left := open_of[line.line]) > 0 and line.unit_price_minor
    ]
    return lines, settled


def decide(state: PeriodEnd, event: Event) -> tuple[PeriodEnd, Commands]:
    """The next state and what to do now. The same state object comes back when nothing changed."""
    commands: Commands = []
    return _HANDLERS[type(event)](state, event, commands), commands


def _closed(state: PeriodEnd, event: PayablesClosed, commands: Commands) -> PeriodEnd:
    """Accrue what is not accrued yet, and see to it that all is taken back when the next period begins."""
    if not state.turns_ms:
        state = replace(state, last_day=event.last_day, next_day=event.next_day, turns_ms=event.turns_ms)
        if event.turns_ms > event.now_ms:
            commands.append(m.StartTimer(TURN, event.turns_ms))
    for line in event.lines:
        if line.name not in state.accruals:
            state = _accrue(state, Accrual(line), commands)
    return state


def _done(state: PeriodEnd, event: m.EffectDone, commands: Commands) -> PeriodEnd:
    step, name = _parts(event.key)
    if step == "acc":
        state = _with(state, name, stage="posted", journal=event.remote_id)
        return _reverse(state, name, commands) if event.now_ms >= state.turns_ms else state
    return _with(state, name, reversal="posted") if step == "rev" else state


def _rejected(state: PeriodEnd, event: m.EffectRejected, commands: Commands) -> PeriodEnd:
    step, name = _parts(event.key)
    if step not in {"acc", "rev"}:
        return state
    category = "period-closed" if event.code == "GL-PERIOD-CLOSED" else "rejected-by-target"
    evidence = {"code": event.code, "detail": event.detail[:200]}
    attempts = state.accruals[name].attempts
    _ask(state, category, asked_again(f"{step}/{name}", attempts), name, evidence, commands)
    return _with(state, name, **{"stage" if step == "acc" else "reversal": "refused"})


def _dead(state: PeriodEnd, event: m.EffectDead, commands: Commands) -> PeriodEnd:
    _, name = _parts(event.key)
    _ask(state, "undeliverable", event.key, name, {"detail": event.detail[:200]}, commands)
    return state


def _decided(state: PeriodEnd, event: m.CaseDecided, commands: Commands) -> PeriodEnd:
    """People let a refused step go again, or leave it."""
    category, _, about = event.decision.external_key.partition("/")
    if event.decision.decision in {"reject", "merge", "wait"}:
        return state
    if category == "undeliverable":
        commands.append(m.Revive(about, event.decision.case))
        return state
    step, _, rest = about.partition("/")
    name = rest.partition("/again")[0]
    accrual = state.accruals[name]
    tried = replace(accrual, attempts=accrual.attempts + 1)
    if step == "acc" and accrual.stage == "refused":
        return _accrue(state, replace(tried, stage="posting"), commands)
    if step == "rev" and accrual.reversal == "refused":
        return _reverse(_with(state, name, reversal="", attempts=tried.attempts), name, commands)
    return state


def _turned(state: PeriodEnd, event: m.TimerDue, commands: Commands) -> PeriodEnd:
    """The next period has begun: take back what is accrued by now."""
    del event
    for name, accrual in state.accruals.items():
        if accrual.stage == "posted" and not accrual.reversal:
            state = _reverse(state, name, commands)
    return state


def _accrue(state: PeriodEnd, accrual: Accrual, commands: Commands) -> PeriodEnd:
    name = accrual.open.name
    key = again(f"acc:{state.entity}:{state.period}:{name}", accrual.attempts)
    commands.append(PostAccrual(key, state.entity, _ref(state, name), state.last_day, accrual.open))
    return replace(state, accruals={**state.accruals, name: accrual})


def _reverse(state: PeriodEnd, name: str, commands: Commands) -> PeriodEnd:
    accrual = state.accruals[name]
    key = again(f"rev:acc:{state.entity}:{state.period}:{name}", accrual.attempts)
    commands.append(PostReversal(key, f"{_ref(state, name)}/reversal", accrual.journal, state.next_day))
    return _with(state, name, reversal="posting")


def _ref(state: PeriodEnd, name: str) -> str:
    """How the ERP is told where an accrual comes from."""
    return f"period-end:{state.period}/{name}"


def _parts(key: str) -> tuple[str, str]:
    """Step and line of an effect key that this workflow made."""
    pieces = key.split(":")
    if pieces[0] not in {"acc", "rev"}:
        return pieces[0], ""
    return pieces[0], pieces[3] if pieces[0] == "acc" else pieces[4]


def _ask(  # noqa: PLR0913 - a question is all of this
    state: PeriodEnd, category: str, about: str, name: str, evidence: dict[str, str], commands: Commands
) -> None:
    key = f"{category}/{about}"
    line = state.accruals[name].open
    known = cast("Category", category)  # the reducer names categories of the contract only
    wanted = NewCase(key, known, state.entity, (_ref(state, name),), line.amount_minor, line.currency, evidence)
    commands.append(m.OpenCase(f"case:{key}", wanted))


def _with(state: PeriodEnd, name: str, **changes: Any) -> PeriodEnd:  # noqa: ANN401 - struct fields
    return replace(state, accruals={**state.accruals, name: replace(state.accruals[name], **changes)})


def _add(totals: dict[int, int], quantities: Iterator[tuple[int, int]]) -> None:
    for line, quantity in quantities:
        if line in totals:
            totals[line] += quantity


_HANDLERS: Final[dict[type, Callable[[PeriodEnd, Any, Commands], PeriodEnd]]] = {
    PayablesClosed: _closed,
    m.EffectDone: _done,
    m.EffectRejected: _rejected,
    m.EffectDead: _dead,
    m.CaseDecided: _decided,
    m.TimerDue: _turned,
}
