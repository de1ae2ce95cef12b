"""A document's journey, told: what was true, what the books say, which fault did it, and each step on the way.

The same for the page and for `closeproof story`. It judges nothing: findings come from the summary, and a fault is named
as the last one that struck the document before the breach, which is what somebody would look at first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from contracts.journal import Call, Delivered, Document, Effect, FaultTook, Obligation
from contracts.provenance import Case, Known, Posted
from reports.entries import moment
from reports.follow import Step, Subject
from reports.moments import Clocks
from reports.sentences import fault_name, fault_words, paper, sentence
from reports.words import money

SCHEMA: Final = "closeproof.story/1"
ON_ORDER_MAX: Final = 6
CAUSES_MAX: Final = 6


class Finding(msgspec.Struct, frozen=True):
    """What an invariant says about it."""

    invariant: str
    name: str
    verdict: str
    says: str
    amount_minor: int
    lines: tuple[int, ...]


class Told(msgspec.Struct, frozen=True):
    """One step: its line in events.jsonl, when it was, and what happened. `request` and `response` name stored bodies."""

    line: int
    at_ms: int
    utc: str
    local: str
    lane: str
    says: str
    more: str = ""
    tone: str = ""
    evidence: bool = False
    request: str = ""
    response: str = ""


class Journey(msgspec.Struct, frozen=True):
    """All that is told of one document."""

    name: str
    paper: str
    title: str
    currency: str
    findings: tuple[Finding, ...]
    truth: tuple[str, ...]
    books: tuple[str, ...]
    causes: tuple[str, ...]
    steps: tuple[Told, ...]
    left_out: int


def tell(
    subject: Subject, known: Known, clocks: Clocks, findings: Sequence[Finding] = (), order: Sequence[str] = ()
) -> Journey:
    """The journey of what was followed; `order` names the obligations on the same order."""
    owed = [known.obligations[each] for each in subject.obligations if each in known.obligations]
    return Journey(
        name=subject.name,
        paper=next((each.ref for obligation in owed for each in known.papers(obligation.id)), subject.name),
        title=_title(subject, owed, known),
        currency=owed[0].currency if owed else "",
        findings=tuple(findings),
        truth=(*_truth(owed, known, clocks), *_on_order(subject, order, known)),
        books=tuple(_books(owed, known, clocks)),
        causes=tuple(_causes(subject, clocks)),
        steps=tuple(_told(step, clocks, subject) for step in subject.steps),
        left_out=subject.left_out,
    )


def _title(subject: Subject, owed: Sequence[Obligation], known: Known) -> str:
    named = known.documents.get(subject.name)
    papers = [named] if named else [each for obligation in owed for each in known.papers(obligation.id)]
    if papers:
        return f"{paper(papers[0])} ({papers[0].ref})"
    if owed:
        return f"{owed[0].what.replace('-', ' ').capitalize()} {owed[0].id}"
    return subject.name


def _told(step: Step, clocks: Clocks, subject: Subject) -> Told:
    entry = step.entry
    said = sentence(entry, clocks)
    request = entry.request if isinstance(entry, Call) else entry.body if isinstance(entry, Delivered) else ""
    return Told(
        line=step.line,
        at_ms=entry.at,
        utc=moment(entry.at),
        local=clocks.at(entry.at, getattr(entry, "entity", "") or _entity(subject)),
        lane=said.lane,
        says=said.says,
        more="" if said.lane == "wire" and len(subject.obligations) == 1 else said.more,
        tone=said.tone,
        evidence=step.line in subject.evidence,
        request=request,
        response=entry.response if isinstance(entry, Call) else "",
    )


def _entity(subject: Subject) -> str:
    """The entity whose clock the whole journey is told by."""
    return next((s.entry.entity for s in subject.steps if isinstance(s.entry, Obligation | Document)), "")


# -- what was true ----------------------------------------------------------------------------------------------------


def _truth(owed: Iterable[Obligation], known: Known, clocks: Clocks) -> Iterator[str]:
    for obligation in owed:
        said = sentence(msgspec.structs.replace(obligation, version=1), clocks)
        yield f"{said.says}; {said.more}" if said.more else said.says
        if obligation.version > 1:
            yield "The amount due changed on the way; this is the latest."
        for each in known.papers(obligation.id):
            said = sentence(msgspec.structs.replace(each, version=1), clocks)
            yield f"{said.says}; {said.more}" if said.more else said.says


def _on_order(subject: Subject, order: Sequence[str], known: Known) -> Iterator[str]:
    others = [
        f"{paper(each)} ({each.ref})"
        for obligation in order
        if obligation not in subject.obligations
        for each in known.papers(obligation)
    ]
    if others:
        more = f" and {len(others) - ON_ORDER_MAX:,} more" if len(others) > ON_ORDER_MAX else ""
        yield f"On the same order: {'; '.join(others[:ON_ORDER_MAX])}{more}"


# -- what the books say -----------------------------------------------------------------------------------------------


def _books(owed: Iterable[Obligation], known: Known, clocks: Clocks) -> Iterator[str]:
    for obligation in owed:
        for required in obligation.required:
            yield _standing(obligation, required, known)
        for case in known.cases_of(obligation.id):
            yield _case(case, clocks)


def _standing(obligation: Obligation, required: str, known: Known) -> str:
    system, _, what = required.partition("/")
    all_of_it = known.postings.get((obligation.id, required), ())
    live = known.live(obligation.id, required)
    undone = [posted.effect.ref for posted in all_of_it if posted.reversed_line]
    also = f"; taken back: {', '.join(undone)}" if undone else ""
    named = ", ".join(_amount(posted) for posted in live)
    if not live:
        return f"{system}: no {what} stands for {obligation.id}{also}"
    if len(live) > 1:
        total = sum(posted.effect.amount_minor for posted in live)
        sums = f", {money(total, obligation.currency)} in all" if obligation.what == "payable" else ""
        return f"{system}: {what} stands {len(live)} times: {named}{sums}{also}"
    off = live[0].effect.amount_minor - obligation.amount_minor
    if obligation.what == "payable" and off:
        return f"{system}: {what} stands once as {named}, {money(off, obligation.currency)} off what is due{also}"
    return f"{system}: {what} stands once, as {named}{also}"


def _amount(posted: Posted) -> str:
    effect = posted.effect
    return f"{effect.ref} ({money(effect.amount_minor, effect.currency)})" if effect.amount_minor else effect.ref


def _case(case: Case, clocks: Clocks) -> str:
    answer = (
        f"answered {case.decision}, {clocks.at(case.decided_ms, case.entity)}" if case.decision else "not answered yet"
    )
    return (
        f"Case {case.ref.partition(':')[2]}, {case.category}, opened {clocks.at(case.opened_ms, case.entity)}: {answer}"
    )


# -- which fault did it -----------------------------------------------------------------------------------------------


def _causes(subject: Subject, clocks: Clocks) -> Iterator[str]:
    struck = [(s.line, s.entry) for s in subject.steps if isinstance(s.entry, FaultTook) and not s.entry.harmless]
    entity = _entity(subject)
    # A fault is written when it took effect, which may be just after the effect that it brought about.
    # What is missing has no moment of its own; only what was done has something just before it.
    breach_ms = next((s.entry.at for s in subject.steps if s.line == subject.breach and isinstance(s.entry, Effect)), 0)
    before = [each for each in struck if not breach_ms or each[1].at <= breach_ms] or struck
    for line, fault in reversed(before[-CAUSES_MAX:]):
        last = "The last before the breach: " if breach_ms and len(before) > 1 and line == before[-1][0] else ""
        yield f"{last}{_struck(fault, clocks, entity)}"
    if not struck:
        yield "No fault struck this document."
    for fault in subject.kin_faults:
        yield f"On another paper of its order: {_struck(fault, clocks, entity)}"
    if not struck and not subject.kin_faults and breach_ms and not subject.nearby:
        yield "None struck anything else in the hour before it: the design did this in fair weather."
    if subject.nearby and breach_ms:
        listed = ", ".join(f"{what} ({n:,})" for what, n in sorted(subject.nearby.items()))
        yield f"Others were struck in the hour before it: {listed}"


def _struck(fault: FaultTook, clocks: Clocks, entity: str) -> str:
    words = fault_words(fault)
    return f"{fault_name(fault)}, {clocks.at(fault.at, entity)}" + (f": {words}" if words else "")
