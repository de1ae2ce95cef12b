"""One entry of the journal as one line for people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from contracts.journal import (
    Anomaly,
    AnyEntry,
    Call,
    Delivered,
    Document,
    Effect,
    Entry,
    FaultTook,
    Hours,
    Milestone,
    Obligation,
    RunEnded,
    RunStarted,
    WorkerLife,
)
from reports.words import money

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def moment(at_ms: int) -> str:
    """A time of the journal, UTC: `2026-10-31 23:59:02`."""
    return (_EPOCH + dt.timedelta(milliseconds=at_ms)).strftime("%Y-%m-%d %H:%M:%S")


def tag(entry: Entry) -> str:
    """The entry's kind, as the journal names it."""
    return str(entry.__struct_config__.tag)


def in_words(entry: AnyEntry) -> str:
    """What an entry says, without its time."""
    return " ".join(part for part in _parts(entry) if part)


def _parts(entry: AnyEntry) -> Iterator[str]:
    match entry:
        case Obligation():
            yield from (entry.entity, entry.what, entry.id, money(entry.amount_minor, entry.currency))
            yield from (f"order {entry.order}", f"version {entry.version}" if entry.version > 1 else "")
        case Document():
            yield from (entry.entity, entry.what, entry.number, entry.ref, money(entry.amount_minor, entry.currency))
            yield from ("a copy" if entry.copy else "", f"for {entry.obligation}")
        case Effect():
            yield from _effect(entry)
        case Call():
            yield from (entry.worker, f"{entry.system}.{entry.operation}", entry.key, f"attempt {entry.attempt}")
            yield from ("→", str(entry.status or entry.outcome))
        case Delivered():
            yield from (f"{entry.source}>{entry.topic}", entry.key, f"attempt {entry.attempt}")
            yield from ("→", entry.worker, entry.outcome)
        case FaultTook():
            trigger = ", ".join(f"{name} {value}" for name, value in entry.trigger.items())
            yield from (entry.kind, "on", entry.target, f"({trigger})", "harmless" if entry.harmless else "")
        case Anomaly():
            yield from (entry.id, entry.what, "about", ", ".join(entry.about), "flag by", moment(entry.flag_by_ms))
        case _:
            yield from _frame(entry)


def _effect(effect: Effect) -> Iterator[str]:
    yield from (effect.entity, f"{effect.system}/{effect.what}", effect.ref, effect.number)
    if effect.currency:
        yield money(effect.amount_minor, effect.currency)
    if effect.state:
        yield f"[{effect.state}]"
    if effect.source_ref:
        yield f"from {effect.source_ref}"
    if effect.reverses:
        yield f"reverses {effect.reverses}"
    if effect.about:
        yield f"about {', '.join(effect.about)}"


def _frame(entry: RunStarted | RunEnded | Milestone | Hours | WorkerLife) -> Iterator[str]:
    match entry:
        case RunStarted():
            yield from (entry.scenario, entry.design, f"seed {entry.seed}", f"scale {entry.scale:g}")
        case RunEnded():
            yield from (entry.reason, entry.detail)
        case Milestone():
            yield entry.what
        case Hours():
            yield from (entry.entity, "works on", f"{len(entry.opens)} days")
        case WorkerLife():
            yield from (entry.worker, entry.what, f"(life {entry.life})", entry.detail)


def keys_of(entry: Entry) -> set[str]:
    """The business keys by which a fault may have struck what an entry speaks of."""
    match entry:
        case FaultTook():
            named = [str(entry.trigger.get("key", "")).partition("#")[0]]
        case Effect():
            named = [entry.source_ref]
        case Document():
            named = [entry.ref]
        case _:
            named = []
    return {part for name in named if name for part in (name, name.rpartition(":")[2])}
