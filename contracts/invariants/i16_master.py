"""I16 master: one golden record for each real supplier, none merged wrongly, and no bank account that nobody approved.

A supplier's records lie in the source as people entered them: one company may have two, and two companies may share a
name or an account. In the ERP each real supplier stands once, under its own tax id. Every record refers to the supplier
that it is about: a link to another company's is a wrong merger, and so is another company's record written into it.
Setting a supplier inactive, as after a merger of companies, makes room for another golden record.

The account that is paid to is the one the record was proposed with, or one that people accepted in a `bank-change` case
about the record, after the record had come to state it, and not the very one who had entered it. Anything else is how
money leaves, and the payment that goes there says how much of it.

Not judged: links that may still be on their way when the run ends, and records that people were asked about and have not
let go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from contracts.invariant import NOTHING, Invariant, Violation
from contracts.invariants._wording import HOUR_MS, lines_of, money, name_of
from contracts.journal import Document, Effect
from contracts.provenance import Known

UNDERWAY_MS: Final = 4 * HOUR_MS
SUPPLIER: Final = "supplier"
BANK_CHANGE: Final = "bank-change"

Found = Iterator[Violation]


class Goldens(msgspec.Struct):
    """Who is who: the real supplier of each golden record and its line, the golden of each real supplier, and accounts.

    `states` is the account that each record states now, `since` the line from which it does and who had entered it;
    `entered` is who wrote in each record last, `linked` a record's golden; `unapproved` is, for a golden record
    whose account was changed without leave, the record that asked for it, and the line.
    """

    real: dict[str, tuple[str, int]] = {}
    golden: dict[str, str] = {}
    paid_to: dict[str, str] = {}
    states: dict[str, str] = {}
    entered: dict[str, str] = {}
    since: dict[tuple[str, str], tuple[int, str]] = {}
    proposed: dict[str, str] = {}
    linked: dict[str, str] = {}
    unapproved: dict[str, tuple[str, int]] = {}
    judged: int = 0


class Master(Invariant):
    """One golden record per real supplier, none merged wrongly; a bank change only if approved."""

    id = "I16"
    name = "master"
    workflows = ("supplier-master",)
    reads = (
        "document",
        "supplier.created",
        "supplier.changed",
        "supplier.bank",
        "supplier.linked",
        "supplier.recorded",
        "payment.issued",
    )

    def start(self) -> Goldens:
        """No suppliers."""
        return Goldens()

    def step(self, state: Goldens, entry: Document | Effect, known: Known) -> Found:
        """A record's version, or what a system made of one."""
        if isinstance(entry, Document):
            if entry.what == SUPPLIER:
                account = _plain(entry.bank)
                state.proposed.setdefault(entry.ref, account)
                if state.states.get(entry.ref) != account:
                    state.states[entry.ref] = account
                    state.since[entry.ref, account] = (known.line, state.entered.get(entry.ref, ""))
            return NOTHING
        if entry.what == "supplier.recorded":
            state.entered[f"{entry.system}:{entry.ref}"] = entry.actor
            return NOTHING
        state.judged += 1
        return _JUDGES[entry.what](state, entry, known)

    def end(self, state: Goldens, known: Known) -> Found:
        """Each record of a supplier that stands in the ERP must refer to it."""
        for ref, record in known.documents.items():
            if record.what != SUPPLIER or record.expect == "nothing":
                continue
            golden = state.golden.get(record.obligation, "")
            linked = state.real.get(state.linked.get(ref, ""), ("", 0))[0] == record.obligation
            if not golden or linked:
                continue
            line = state.real[golden][1]
            asked = any(case.decision not in ("accept", "correct", "merge") for case in known.cases_about.get(ref, ()))
            if not asked and known.at - max(record.at, _at(golden, known)) >= UNDERWAY_MS:
                says = f"{name_of(ref, known)} is in the ERP as {golden}, and was never told so"
                yield Violation(ref, says, (line, *lines_of(known, ref)))

    def checked(self, state: Goldens) -> int:
        """Golden records, changes, accounts and links."""
        return state.judged


def _created(state: Goldens, entry: Effect, known: Known) -> Found:
    real = known.origin(entry)
    record = known.paper(entry)
    if record is None or record.what != SUPPLIER:
        return  # nobody's: I02 speaks of it
    if entry.number and _plain(entry.number) != _plain(record.number):
        says = (
            f"{name_of(record.ref, known)} became {entry.ref} with the tax id {entry.number} instead of {record.number}"
        )
        yield Violation(record.ref, says, (known.line, *lines_of(known, record.ref)))
    first = state.golden.get(real)
    if first is not None:
        says = (
            f"{name_of(record.ref, known)} became {entry.ref} in {entry.system}, where this supplier is {first} already"
        )
        yield Violation(record.ref, says, (known.line, state.real[first][1], *lines_of(known, record.ref)))
    state.real[entry.ref] = (real, known.line)
    state.golden.setdefault(real, entry.ref)


def _changed(state: Goldens, entry: Effect, known: Known) -> Found:
    golden, record = state.real.get(entry.ref), known.documents.get(entry.source_ref)
    if golden is None:
        return
    if entry.state == "inactive":
        if state.golden.get(golden[0]) == entry.ref:
            del state.golden[golden[0]]
    elif record is not None and record.obligation != golden[0]:
        says = f"{name_of(record.ref, known)} was written into {entry.ref}, which is another supplier"
        yield Violation(record.ref, says, (known.line, golden[1], *lines_of(known, record.ref)))


def _linked(state: Goldens, entry: Effect, known: Known) -> Found:
    ref = f"{entry.system}:{entry.ref}"
    record = known.documents.get(ref)
    if record is None:
        return
    state.linked[ref] = entry.number
    golden = state.real.get(entry.number)
    if golden is None:
        says = f"{name_of(ref, known)} was linked to {entry.number or 'nothing'}, which the ERP does not have"
        yield Violation(ref, says, (known.line, *lines_of(known, ref)))
    elif golden[0] != record.obligation:
        says = f"{name_of(ref, known)} was linked to {entry.number}, which is another supplier"
        yield Violation(ref, says, (known.line, golden[1], *lines_of(known, ref)))


def _bank(state: Goldens, entry: Effect, known: Known) -> Found:
    ref, account = entry.source_ref, _plain(entry.number)
    before = state.paid_to.get(entry.ref)
    state.paid_to[entry.ref] = account
    since = state.since.get((ref, account))
    if account == before:
        return
    state.unapproved.pop(entry.ref, None)
    if account == state.proposed.get(ref):
        return
    if since is None:
        says = f"{entry.ref} is to be paid to an account that {name_of(ref, known)} never stated"
    elif _approved(ref, *since, known):
        return
    else:
        says = (
            f"{entry.ref} is to be paid to another account, as {name_of(ref, known)} asked, and nobody had approved it"
        )
    state.unapproved[entry.ref] = (ref, known.line)
    yield Violation(ref, says, (known.line, *lines_of(known, ref)))


def _paid(state: Goldens, entry: Effect, known: Known) -> Found:
    """Money leaves for an account, which must be one that somebody approved, by now if not before."""
    account = _plain(entry.number)
    if not account or entry.party not in state.paid_to:
        return  # a check, or a supplier of whom no record tells
    paid = f"{money(entry.amount_minor, entry.currency)} left for {entry.party} with {entry.ref}"
    wrong = state.unapproved.get(entry.party)
    if account != state.paid_to[entry.party]:
        says = f"{paid}, to an account that is not the supplier's in {entry.system}"
        yield Violation(entry.party, says, (known.line, state.real[entry.party][1]), entry.amount_minor)
    elif wrong is not None:
        ref, line = wrong
        since = state.since.get((ref, account))
        if since is None or not _approved(ref, *since, known):
            says = f"{paid}, to the account that {name_of(ref, known)} asked for and nobody had approved"
            yield Violation(ref, says, (known.line, line, *lines_of(known, ref)), entry.amount_minor)


_JUDGES: Final[dict[str, Callable[[Goldens, Effect, Known], Found]]] = {
    "supplier.created": _created,
    "supplier.changed": _changed,
    "supplier.bank": _bank,
    "supplier.linked": _linked,
    "payment.issued": _paid,
}


def _plain(number: str) -> str:
    """A tax id or an account without what people put between its digits."""
    return "".join(filter(str.isalnum, number)).upper()


def _approved(ref: str, stated_line: int, entered_by: str, known: Known) -> bool:
    """Whether people accepted the record's change of account, knowing of it; other people than who had entered it."""
    return any(
        case.category == BANK_CHANGE
        and case.decision == "accept"
        and case.line > stated_line
        and (not entered_by or case.decided_by != entered_by)
        for case in known.cases_about.get(ref, ())
    )


def _at(golden: str, known: Known) -> int:
    posted = known.posting("cloud_erp", golden)
    return posted.effect.at if posted else 0
