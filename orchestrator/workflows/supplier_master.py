"""Supplier master: from a proposed record to one golden record in the ERP, its sites, and the number back at the source.

proposed → compared → golden, or in people's hands: another company's record (merge or let go), no tax id, or another bank
account. Like procure-to-pay, `decide` notes what the event says and then starts whatever may start now, so it does not
matter in which order versions, answers and outcomes come. At most one call to the ERP is on its way for a record.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from contracts.cases import CaseDecision, Category, NewCase
from orchestrator.canonical import SupplierRecord
from orchestrator.workflows import messages as m
from orchestrator.workflows import supplier_messages as s
from orchestrator.workflows.supplier_likeness import account, keys, may_be, tax_id
from orchestrator.workflows.supplier_state import SupplierMaster

Commands = list[s.Command]

DAY_MS: Final = 86_400_000
PATIENCE_MS: Final = 2 * DAY_MS
"""When people want to wait, they are asked again after this."""
NUMBER_AGAIN_MS: Final = 10 * 60_000
"""How often a merged record asks whether its golden record has a number by now."""
TRIES_MAX: Final = 20
STALE: Final = "ETAG-STALE"
"""The ERP's word for a change that named an old state."""


def decide(state: SupplierMaster, event: s.Event) -> tuple[SupplierMaster, Commands]:
    """The next state and what to do now. The same state object comes back when nothing changed."""
    commands: Commands = []
    changed = _HANDLERS[type(event)](state, event, commands)
    if changed is not state:
        changed = _progress(changed, commands)
    return changed, commands


# -- what may start now -------------------------------------------------------------------------------------------------


def _progress(state: SupplierMaster, commands: Commands) -> SupplierMaster:
    record = state.record
    if record is None or state.open_case or state.step or state.stage == "rejected":
        return state
    if state.stage == "merged":
        return _follow(state, record, commands)
    if state.checked < record.version:
        commands.append(s.Compare(state.id, keys(record, state.tax_id)))
        return state
    return _keep_up(state, record, commands)


def _keep_up(state: SupplierMaster, record: SupplierRecord, commands: Commands) -> SupplierMaster:
    """Bring the newest version to the ERP, and its number to the source."""
    if state.told != state.number:
        state = _tell(state, state.number, commands)
    wanted = account(record.bank_account)
    if state.synced >= record.version or wanted == state.refused_account:
        return state  # what people said no to will be put right at the source
    if wanted != state.account:
        evidence = {"supplier": record.name, "version": str(record.version), "account": record.bank_account}
        return _ask(replace(state, asked_account=wanted), "bank-change", (), evidence, commands)
    if state.number:
        return _look(state, record, commands)
    key = _again(f"sup:{state.golden}:{record.version}:cloud_erp", state.tries)
    commands.append(s.CreateSupplier(key, record, tax_id(state.tax_id or record.tax_id)))
    return replace(state, step="create", under_way=key, sent=record.version)


def _follow(state: SupplierMaster, record: SupplierRecord, commands: Commands) -> SupplierMaster:
    """A record that is another's: end what it had in the ERP, then refer to the golden record."""
    if state.number:
        return _look(state, record, commands)
    if state.site == "" or state.told != state.site:
        commands.append(s.AskNumber(state.id))
    return state


def _look(state: SupplierMaster, record: SupplierRecord, commands: Commands) -> SupplierMaster:
    key = _again(f"sup:{state.golden}:{record.version}:cloud_erp:look", state.tries)
    if state.stage == "merged":
        key = _again(f"sup:{state.id}:{record.version}:cloud_erp:look-end", state.tries)
    commands.append(s.LookAtSupplier(key, state.number))
    return replace(state, step="look", under_way=key)


def _tell(state: SupplierMaster, number: str, commands: Commands) -> SupplierMaster:
    version = state.record.version if state.record else 0
    key = f"sup:{state.golden}:{version}:procurement:{state.id}:{number}"
    commands.append(s.TellNumber(key, state.id, number))
    return replace(state, told=number)


# -- what an event says -------------------------------------------------------------------------------------------------


def _read(state: SupplierMaster, event: s.SupplierRead, commands: Commands) -> SupplierMaster:
    record = event.record
    if state.record is not None and record.version <= state.record.version:
        return state
    if state.record is None and record.number:  # it stood in the ERP before we came
        commands.append(s.Remember(record.id, record.id, record.number, settled=True, keys=keys(record)))
        return replace(
            state,
            record=record,
            stage="golden",
            golden=record.id,
            number=record.number,
            told=record.number,
            synced=record.version,
            checked=record.version,
            account=account(record.bank_account),
        )
    if state.record is None:
        state = replace(state, account=account(record.bank_account))
    return replace(state, record=record)


def _compared(state: SupplierMaster, event: s.Compared, commands: Commands) -> SupplierMaster:
    record = state.record
    if record is None:
        return state
    own = keys(record, state.tax_id)
    state = replace(state, checked=record.version)
    found = may_be(own, (other for other in event.alike if _is_other(state, other)))
    settled = state.stage == "golden"
    if found is not None:
        commands.append(s.Remember(state.id, state.golden or state.id, state.number, settled=settled, keys=own))
        other, why = found
        evidence = {"why": why, "other": other.record, "golden": other.golden}
        return _ask(state, "duplicate-supplier", (_ref(other.record),), evidence, commands)
    if not own.tax_id and not state.untaxed:
        commands.append(s.Remember(state.id, state.golden or state.id, state.number, settled=settled, keys=own))
        return _ask(state, "tax-id-missing", (), {"name": record.name}, commands)
    golden = state.golden or state.id
    commands.append(s.Remember(state.id, golden, state.number, settled=True, keys=own))
    if settled:
        return state
    return replace(state, stage="golden", golden=golden)


def _is_other(state: SupplierMaster, other: s.Alike) -> bool:
    return state.id not in (other.record, other.golden) and other.record not in state.distinct


def _number_known(state: SupplierMaster, event: s.NumberKnown, commands: Commands) -> SupplierMaster:
    record = state.record
    if record is None or state.stage != "merged" or state.step:
        return state
    if not event.number:
        commands.append(m.StartTimer("number", event.now_ms + NUMBER_AGAIN_MS))
        return state
    if state.site == event.number:
        return _tell(state, event.number, commands)
    key = _again(f"sup:{state.golden}:{record.version}:cloud_erp:site:{state.id}", state.tries)
    commands.append(s.OpenSite(key, event.number, record))
    return replace(state, step=f"site {event.number}", under_way=key)


def _done(state: SupplierMaster, event: m.EffectDone, commands: Commands) -> SupplierMaster:
    record, step = state.record, state.step
    if event.key != state.under_way or record is None:
        return state
    state = replace(state, step="", under_way="", tries=0)
    if step == "create":
        number = event.remote_id
        commands.append(s.Remember(state.id, state.golden, number, settled=True, keys=keys(record, state.tax_id)))
        return replace(state, number=number, synced=state.sent)
    if step == "change":
        return replace(state, synced=state.sent)
    if step == "end":
        own = keys(record, state.tax_id)
        commands.append(s.Remember(state.id, state.golden, "", settled=True, keys=own))
        return replace(state, number="")
    return replace(state, site=step.removeprefix("site "))


def _looked(state: SupplierMaster, event: m.EffectRead, commands: Commands) -> SupplierMaster:
    """The golden record's tag is known: write what is to be written, if nothing has come between."""
    record, number, tag = state.record, state.number, event.value
    if event.key != state.under_way or record is None:
        return state
    state = replace(state, step="", under_way="")
    if state.stage == "merged":
        key = event.key.replace(":look-end", ":end")
        commands.append(s.EndSupplier(key, number, tag, record))
        return replace(state, step="end", under_way=key)
    if state.checked < record.version or account(record.bank_account) != state.account:
        return state  # a newer version has come meanwhile, and is looked at first
    tries = event.key.partition(":look")[2]
    key = f"sup:{state.golden}:{record.version}:cloud_erp{tries}"
    commands.append(s.ChangeSupplier(key, number, tag, record, tax_id(state.tax_id or record.tax_id)))
    return replace(state, step="change", under_way=key, sent=record.version)


def _rejected(state: SupplierMaster, event: m.EffectRejected, commands: Commands) -> SupplierMaster:
    evidence = {"code": event.code, "detail": event.detail[:200]}
    if event.key != state.under_way:
        return _ask_aside(state, f"{_ref(state.id)}/number", evidence, commands)
    state = replace(state, step="", under_way="", tries=state.tries + 1)
    if event.code == STALE and state.tries < TRIES_MAX:
        return state
    return _ask(state, "rejected-by-target", (), evidence, commands)


def _dead(state: SupplierMaster, event: m.EffectDead, commands: Commands) -> SupplierMaster:
    evidence = {"effect": event.key, "detail": event.detail[:200]}
    case = _case(state, "undeliverable", f"undeliverable/{event.key}", (), evidence)
    commands.append(m.OpenCase(f"case:{case.external_key}", case))
    return state


def _decided(state: SupplierMaster, event: m.CaseDecided, commands: Commands) -> SupplierMaster:
    answer = event.decision
    category, _, about = answer.external_key.partition("/")
    if category == "undeliverable":
        if answer.decision != "reject":
            commands.append(m.Revive(about, answer.case))
        return state
    if category != state.open_case or answer.external_key != _case_key(state, category, state.asked):
        return state
    if answer.decision == "wait":
        commands.append(m.StartTimer("wait", event.now_ms + PATIENCE_MS))
        return state
    state = replace(state, open_case="")
    settle = _SETTLED.get(category)
    return settle(state, answer, commands) if settle else state


def _account_decided(state: SupplierMaster, answer: CaseDecision, _: Commands) -> SupplierMaster:
    if answer.decision in {"reject", "merge"}:
        return replace(state, refused_account=state.asked_account)
    return replace(state, account=state.asked_account)


def _likeness_decided(state: SupplierMaster, answer: CaseDecision, commands: Commands) -> SupplierMaster:
    others = tuple(subject.partition(":")[2] for subject in answer.subjects[1:])
    if answer.decision == "merge":
        return _merged(state, answer.value.rpartition(":")[2] or others[0], commands)
    if answer.decision == "reject" and not state.stage:
        return replace(state, stage="rejected")
    return replace(state, distinct=(*state.distinct, *others), checked=0)


def _tax_id_decided(state: SupplierMaster, answer: CaseDecision, _: Commands) -> SupplierMaster:
    if answer.decision == "reject" and not state.stage:
        return replace(state, stage="rejected")
    return replace(state, tax_id=answer.value, untaxed=not answer.value, checked=0)


def _merged(state: SupplierMaster, golden: str, commands: Commands) -> SupplierMaster:
    if state.record is not None:
        own = keys(state.record, state.tax_id)
        commands.append(s.Remember(state.id, golden, state.number, settled=True, keys=own))
    return replace(state, stage="merged", golden=golden)


def _timer_due(state: SupplierMaster, event: m.TimerDue, commands: Commands) -> SupplierMaster:
    if event.name == "number":
        commands.append(s.AskNumber(state.id))
        return state
    return replace(state, open_case="", checked=0) if state.open_case else state


# -- asking people ------------------------------------------------------------------------------------------------------


def _ask(
    state: SupplierMaster,
    category: Category,
    others: tuple[str, ...],
    evidence: dict[str, str],
    commands: Commands,
) -> SupplierMaster:
    state = replace(state, open_case=category, asked=state.asked + 1)
    case = _case(state, category, _case_key(state, category, state.asked), others, evidence)
    commands.append(m.OpenCase(f"case:{case.external_key}", case))
    return state


def _ask_aside(state: SupplierMaster, about: str, evidence: dict[str, str], commands: Commands) -> SupplierMaster:
    """Ask about something that holds nothing up."""
    case = _case(state, "rejected-by-target", f"rejected-by-target/{about}", (), evidence)
    commands.append(m.OpenCase(f"case:{case.external_key}", case))
    return state


def _case(
    state: SupplierMaster, category: Category, key: str, others: tuple[str, ...], evidence: dict[str, str]
) -> NewCase:
    return NewCase(key, category, state.entity, (_ref(state.id), *others), 0, "USD", evidence)


def _case_key(state: SupplierMaster, category: str, asked: int) -> str:
    return f"{category}/{_ref(state.id)}/{asked}"


def _ref(record: str) -> str:
    return f"procurement:{record}"


def _again(key: str, tries: int) -> str:
    """The key of a step that goes once more: a new try, because its bytes may differ."""
    return f"{key}:again{tries}" if tries else key


_SETTLED: Final[dict[str, Callable[[SupplierMaster, CaseDecision, Commands], SupplierMaster]]] = {
    "bank-change": _account_decided,
    "duplicate-supplier": _likeness_decided,
    "tax-id-missing": _tax_id_decided,
}
"""What an answer means, by what was asked; one about a refusal just lets the step go again."""
_HANDLERS: Final[dict[type, Callable[[SupplierMaster, Any, Commands], SupplierMaster]]] = {
    s.SupplierRead: _read,
    s.Compared: _compared,
    s.NumberKnown: _number_known,
    m.EffectDone: _done,
    m.EffectRead: _looked,
    m.EffectRejected: _rejected,
    m.EffectDead: _dead,
    m.CaseDecided: _decided,
    m.TimerDue: _timer_due,
}
