"""Period end: what was received for direct use and is not invoiced is accrued once, and taken back once in the next period.

One process for each hospital and period. It is told what stands open once payables have closed the period, and told again
until the ledger is locked: whatever is new by then is accrued as well. The first day of the next period lets the
reversals go; an accrual that is still on its way then is reversed as soon as it is known.

Both go in as bulk imports. A job is followed to its end, which the ERP may announce but only an answer proves, and then each
row is asked for: taken, rejected, or not known. What is not known is looked for by its reference before it goes into
another job, because an import keeps no key: the ERP rejects a reference that came by an earlier job, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, cast

from msgspec.structs import replace

from contracts.cases import Category, NewCase
from orchestrator.canonical import AccrualRow, ImportedRow, ReversalRow
from orchestrator.workflows import messages as m
from orchestrator.workflows.asking import asked_again
from orchestrator.workflows.period_state import (
    Accrual,
    AskImport,
    FindJournal,
    HandIn,
    ImportTold,
    Job,
    Leg,
    PayablesClosed,
    PeriodEnd,
    ReadRows,
    Step,
    document_of,
)

TURN: Final = "turn"
"""The timer that rings when the next period begins; the others are jobs' numbers."""
ROWS_MAX: Final = 100
"""In one job: what is lost with it must be looked for row by row."""
FOLLOW_MS: Final = 120_000
"""How long a job is left alone before it is asked."""
RUNNING_MAX: Final = 30
"""How often a job may say that it is running before people hear of it: an hour. From then on it is asked once an hour."""
STUCK_FOLLOW_MS: Final = 3_600_000
TRIES_MAX: Final = 5
"""Jobs that may turn a row away, or lose it, before people are asked."""
RUNNING: Final = "RUNNING"
DUPLICATE: Final = "DUPLICATE-REFERENCE"
TECHNICAL: Final = "INTERFACE-ERROR"
"""Says nothing against the row itself."""

Event = (
    PayablesClosed
    | ImportTold
    | m.EffectDone
    | m.EffectRead
    | m.EffectLost
    | m.EffectRejected
    | m.EffectDead
    | m.CaseDecided
    | m.TimerDue
)
Commands = list[m.Command | HandIn | AskImport | ReadRows | FindJournal]


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
    new = {line.name: Accrual(line) for line in event.lines if line.name not in state.accruals}
    if not new:
        return state
    return _hand_in(replace(state, accruals={**state.accruals, **new}), "acc", tuple(new), commands)


def _turned(state: PeriodEnd, event: m.TimerDue, commands: Commands) -> PeriodEnd:
    """The next period has begun: take back what is accrued by now. Or it is time to ask after a job."""
    if event.name == TURN:
        return _take_back(state, tuple(state.accruals), event.now_ms, commands)
    job = state.jobs[event.name]
    if not job.over:
        commands.append(AskImport(_key("job", state, event.name), job.id))
    return state


# -- jobs ----------------------------------------------------------------------------------------------------------------


def _hand_in(state: PeriodEnd, step: Step, names: tuple[str, ...], commands: Commands) -> PeriodEnd:
    """Batches of rows, each in a job of its own."""
    for first in range(0, len(names), ROWS_MAX):
        rows = names[first : first + ROWS_MAX]
        seq = str(len(state.jobs) + 1)
        state = replace(state, jobs={**state.jobs, seq: Job(step, rows)})
        for name in rows:
            state = _with(state, step, name, stage="sent", tries=_leg(state, step, name).tries + 1)
        commands.append(
            HandIn(
                _key("imp", state, seq),
                state.entity,
                document_of(state, seq),
                tuple(_accrual_row(state, name) for name in rows if step == "acc"),
                tuple(_reversal_row(state, name) for name in rows if step == "rev"),
            )
        )
    return state


def _done(state: PeriodEnd, event: m.EffectDone, commands: Commands) -> PeriodEnd:
    """A job was taken; the ERP may have told us so before it answered."""
    kind, seq = _parts(event.key)
    if kind != "imp" or state.jobs[seq].id:
        return state
    commands.append(m.StartTimer(seq, event.now_ms + FOLLOW_MS))
    return _with_job(state, seq, id=event.remote_id)


def _told(state: PeriodEnd, event: ImportTold, commands: Commands) -> PeriodEnd:
    """A job is said to be through: ask it. Where the answer to handing it in was lost, this is how we learn its number."""
    job = state.jobs.get(event.seq)
    if job is None or job.over or job.id not in {"", event.job}:
        return state
    commands += [m.StopTimer(event.seq), AskImport(_key("job", state, event.seq), event.job)]
    return _with_job(state, event.seq, id=event.job)


def _lost(state: PeriodEnd, event: m.EffectLost, commands: Commands) -> PeriodEnd:
    """A job was taken or not, and we have no number to ask by: look for each of its rows."""
    seq = _parts(event.key)[1]
    job = state.jobs[seq]
    return state if job.id else _seek(_with_job(state, seq, over=True), job.step, job.names, commands)


def _read(state: PeriodEnd, event: m.EffectRead, commands: Commands) -> PeriodEnd:
    kind, name = _parts(event.key)
    if kind == "find":
        return _found(state, *_step_and_name(name), event, commands)
    job = state.jobs[name]
    if job.over:
        return state
    if kind == "rows":
        return _rows(_with_job(state, name, over=True), job, event, commands)
    if event.value == RUNNING:
        return _still_running(state, name, event, commands)
    commands.append(ReadRows(_key("rows", state, name), job.id))
    return state


def _still_running(state: PeriodEnd, name: str, event: m.EffectRead, commands: Commands) -> PeriodEnd:
    """Ask again later. A job that hangs is for the ERP's people to free; whatever becomes of it, its rows are asked for then."""
    job = state.jobs[name]
    running = job.running + 1
    if running == RUNNING_MAX:
        evidence = {"detail": f"import {job.id} has been running for an hour"}
        _ask(state, "undeliverable", event.key, job.step, job.names, evidence, commands)
    pace_ms = FOLLOW_MS if running < RUNNING_MAX else STUCK_FOLLOW_MS
    commands.append(m.StartTimer(name, event.now_ms + pace_ms))
    return _with_job(state, name, running=running)


def _rows(state: PeriodEnd, job: Job, event: m.EffectRead, commands: Commands) -> PeriodEnd:
    """What the ERP says of each row. It is taken, it is rejected, or it must be looked for."""
    said: dict[str, ImportedRow] = {row.ref: row for row in event.value}
    taken: list[str] = []
    unknown: list[str] = []
    for name in job.names:
        row = said.get(_ref(state, job.step, name))
        if row is not None and row.journal:
            state = _with(state, job.step, name, stage="posted", journal=row.journal)
            taken.append(name)
        elif row is None or row.code in {DUPLICATE, TECHNICAL}:
            unknown.append(name)
        else:
            state = _refuse(state, job.step, name, row.code, "", commands)
    if job.step == "acc" and event.now_ms >= state.turns_ms:
        state = _take_back(state, tuple(taken), event.now_ms, commands)
    return _seek(state, job.step, tuple(unknown), commands)


def _take_back(state: PeriodEnd, names: tuple[str, ...], now_ms: int, commands: Commands) -> PeriodEnd:
    """Reverse what is accrued, once the next period has begun."""
    ready = tuple(
        name for name in names if state.accruals[name].acc.stage == "posted" and not state.accruals[name].rev.stage
    )
    return _hand_in(state, "rev", ready, commands) if now_ms >= state.turns_ms else state


# -- rows that nobody knows of -------------------------------------------------------------------------------------------


def _seek(state: PeriodEnd, step: Step, names: tuple[str, ...], commands: Commands) -> PeriodEnd:
    for name in names:
        commands.append(FindJournal(_key("find", state, f"{step}:{name}"), _ref(state, step, name)))
        state = _with(state, step, name, stage="sought")
    return state


def _found(state: PeriodEnd, step: Step, name: str, event: m.EffectRead, commands: Commands) -> PeriodEnd:
    """A row stands in the books, or it goes into another job, together with the others that were looked for."""
    if _leg(state, step, name).stage not in {"sought", "refused"}:
        return state
    ref = _ref(state, step, name)
    journal = next((found for source, found in event.value if source in {"", ref}), "")
    if journal:
        state = _with(state, step, name, stage="posted", journal=journal)
        if step == "acc":
            state = _take_back(state, (name,), event.now_ms, commands)
    elif _leg(state, step, name).tries < TRIES_MAX:
        state = _with(state, step, name, stage="missing")
    else:
        state = _refuse(state, step, name, TECHNICAL, f"not taken by {TRIES_MAX} imports", commands)
    return _send_missing(state, step, commands)


def _send_missing(state: PeriodEnd, step: Step, commands: Commands) -> PeriodEnd:
    """What is certainly not there, once nothing is looked for any more: together, so that it is one job."""
    stages = {name: _leg(state, step, name).stage for name in state.accruals}
    missing = tuple(name for name, stage in stages.items() if stage == "missing")
    return state if "sought" in stages.values() else _hand_in(state, step, missing, commands)


# -- people --------------------------------------------------------------------------------------------------------------


def _rejected(state: PeriodEnd, event: m.EffectRejected, commands: Commands) -> PeriodEnd:
    """The ERP would not take the job at all, which says of each of its rows that it is not there."""
    kind, seq = _parts(event.key)
    if kind != "imp":
        return state
    job = state.jobs[seq]
    for name in job.names:
        state = _refuse(state, job.step, name, event.code, event.detail, commands)
    return _with_job(state, seq, over=True)


def _refuse(state: PeriodEnd, step: Step, name: str, code: str, detail: str, commands: Commands) -> PeriodEnd:  # noqa: PLR0913 - why not
    category = "period-closed" if code == "GL-PERIOD-CLOSED" else "rejected-by-target"
    about = asked_again(f"{step}/{name}", _leg(state, step, name).asked)
    _ask(state, category, about, step, (name,), {"code": code, "detail": detail[:200]}, commands)
    return _with(state, step, name, stage="refused")


def _dead(state: PeriodEnd, event: m.EffectDead, commands: Commands) -> PeriodEnd:
    """Nobody answers. What was asked about one row holds the others up no longer."""
    kind, name = _parts(event.key)
    evidence = {"detail": event.detail[:200]}
    if kind == "find":
        step, line = _step_and_name(name)
        _ask(state, "undeliverable", event.key, step, (line,), evidence, commands)
        return _send_missing(_with(state, step, line, stage="refused"), step, commands)
    if kind in {"imp", "job", "rows"}:
        job = state.jobs[name]
        _ask(state, "undeliverable", event.key, job.step, job.names, evidence, commands)
    return state


def _decided(state: PeriodEnd, event: m.CaseDecided, commands: Commands) -> PeriodEnd:
    """People let a refused row go again, or leave it."""
    category, _, about = event.decision.external_key.partition("/")
    if event.decision.decision in {"reject", "merge", "wait"}:
        return state
    if category == "undeliverable":
        commands.append(m.Revive(about, event.decision.case))
        return state
    step, _, rest = about.partition("/")
    name, known = rest.partition("/again")[0], cast("Step", step)
    leg = _leg(state, known, name)
    if leg.stage != "refused":
        return state
    return _seek(_with(state, known, name, tries=0, asked=leg.asked + 1), known, (name,), commands)


def _ask(  # noqa: PLR0913 - a question is all of this
    state: PeriodEnd,
    category: str,
    about: str,
    step: Step,
    names: Iterable[str],
    evidence: dict[str, str],
    commands: Commands,
) -> None:
    key = f"{category}/{about}"
    known = cast("Category", category)  # the reducer names categories of the contract only
    lines = {_ref(state, step, name): state.accruals[name].open for name in names}
    at_stake, currency = sum(line.amount_minor for line in lines.values()), next(iter(lines.values())).currency
    wanted = NewCase(key, known, state.entity, tuple(lines), at_stake, currency, evidence)
    commands.append(m.OpenCase(f"case:{key}", wanted))


# -- names and changes ---------------------------------------------------------------------------------------------------


def _accrual_row(state: PeriodEnd, name: str) -> AccrualRow:
    return AccrualRow(_ref(state, "acc", name), state.last_day, state.accruals[name].open)


def _reversal_row(state: PeriodEnd, name: str) -> ReversalRow:
    return ReversalRow(_ref(state, "rev", name), state.accruals[name].acc.journal, state.next_day)


def _ref(state: PeriodEnd, step: Step, name: str) -> str:
    """How the ERP is told where a posting comes from."""
    return f"period-end:{state.period}/{name}" + ("/reversal" if step == "rev" else "")


def _key(kind: str, state: PeriodEnd, name: str) -> str:
    return f"{kind}:{state.entity}:{state.period}:{name}"


def _parts(key: str) -> tuple[str, str]:
    """Kind and name of an effect key: `imp`, `job` and `rows` of a job's number, `find` of a step and a line."""
    kind, _, rest = key.partition(":")
    return kind, rest.split(":", 2)[2] if kind in {"imp", "job", "rows", "find"} else ""


def _step_and_name(found: str) -> tuple[Step, str]:
    step, _, name = found.partition(":")
    return cast("Step", step), name


def _leg(state: PeriodEnd, step: Step, name: str) -> Leg:
    accrual = state.accruals[name]
    return accrual.acc if step == "acc" else accrual.rev


def _with(state: PeriodEnd, step: Step, name: str, **changes: Any) -> PeriodEnd:  # noqa: ANN401 - struct fields
    leg = replace(_leg(state, step, name), **changes)
    return replace(state, accruals={**state.accruals, name: replace(state.accruals[name], **{step: leg})})


def _with_job(state: PeriodEnd, seq: str, **changes: Any) -> PeriodEnd:  # noqa: ANN401 - struct fields
    return replace(state, jobs={**state.jobs, seq: replace(state.jobs[seq], **changes)})


_HANDLERS: Final[dict[type, Callable[[PeriodEnd, Any, Commands], PeriodEnd]]] = {
    PayablesClosed: _closed,
    ImportTold: _told,
    m.EffectDone: _done,
    m.EffectRead: _read,
    m.EffectLost: _lost,
    m.EffectRejected: _rejected,
    m.EffectDead: _dead,
    m.CaseDecided: _decided,
    m.TimerDue: _turned,
}
