"""How a workflow asks people and tells systems: cases, statuses, effect keys, and small changes of state.

Effect keys are made here and nowhere else: the source's own id, the step, and a revision when people let a step go again.
"""

from __future__ import annotations

import re
from typing import Any, Final, cast

from msgspec.structs import replace

from contracts.cases import Category, NewCase
from orchestrator.canonical import BOOKS_CURRENCY
from orchestrator.workflows import messages as m
from orchestrator.workflows.matching import Ask
from orchestrator.workflows.state import InvoiceEntry, ProcureToPay

DAY_MS: Final = 86_400_000
PATIENCE_MS: Final = 10 * DAY_MS
"""How long a paper waits for its order or its receipt before people are asked."""
FINISHED: Final = frozenset({"posted", "rejected", "moved"})

Commands = list[m.Command]

_AGAIN: Final = re.compile(r":again[0-9]+\Z")
_STEP: Final = re.compile(r"ap_automation:(.*):(post|credit|status)(?::[^:]*)?", re.DOTALL)


def ask(state: ProcureToPay, paper: str, finding: Ask, commands: Commands, *, waits: bool = False) -> ProcureToPay:
    """Open a case about an invoice. One that `waits` goes on by itself when what it waits for arrives."""
    entry = state.invoices[paper]
    if entry.timed:
        commands.append(m.StopTimer(f"invoice:{paper}"))
    ref = f"ap_automation:{entry.invoice.id}"
    about = asked_again(f"ap_automation:{paper}", entry.asked)
    commands.append(case(state, about, (ref, *finding.others), finding))
    stage = "waiting" if waits else "asking"
    return with_invoice(state, paper, stage=stage, open_case=finding.category, asked=entry.asked + 1, timed=False)


def ask_about_order(state: ProcureToPay, finding: Ask, commands: Commands) -> ProcureToPay:
    """Open a case about the order itself."""
    ref = f"procurement:{state.number}"
    commands.append(case(state, asked_again(ref, state.order_attempt), (ref,), finding))
    return state


def ask_about_receipt(state: ProcureToPay, paper: str, finding: Ask, commands: Commands) -> ProcureToPay:
    """Open a case about a receipt."""
    entry = state.receipts[paper]
    about = asked_again(f"inventory:{paper}", entry.attempt)
    commands.append(case(state, about, (f"inventory:{entry.receipt.id}",), finding))
    return state


def case(state: ProcureToPay, about: str, subjects: tuple[str, ...], finding: Ask) -> m.OpenCase:
    """The command that opens a case; `about` makes its key, the paper in question is the first of its subjects."""
    key = f"{finding.category}/{about}"
    known = cast("Category", finding.category)  # the reducer names categories of the contract only
    evidence = {"order": state.number, **finding.evidence}
    currency = state.order.currency if state.order else BOOKS_CURRENCY
    wanted = NewCase(key, known, state.entity, subjects, finding.amount_minor, currency, evidence)
    return m.OpenCase(f"case:{key}", wanted)


def tell(entry: InvoiceEntry, paper: str, status: str, reason: str, commands: Commands) -> InvoiceEntry:
    """Send a status, or keep it until the one on its way has arrived, so that statuses never overtake each other."""
    if entry.telling:
        return replace(entry, tell=status, tell_reason=reason)
    key = again(f"inv:ap_automation:{paper}:status:{status}", entry.reopened)
    last = status in FINISHED
    commands.append(m.TellInvoice(key, entry.invoice.id, status, entry.voucher, reason, last))
    return replace(entry, told=status, telling=not last)


def told(state: ProcureToPay, paper: str, commands: Commands) -> ProcureToPay:
    """A status has arrived, or never will; send the next one, if another was due meanwhile."""
    entry = state.invoices[paper]
    arrived = replace(entry, telling=False, tell="", tell_reason="")
    return put(state, paper, tell(arrived, paper, entry.tell, entry.tell_reason, commands) if entry.tell else arrived)


def again(key: str, attempt: int) -> str:
    """The key of a step that people let go again: a new revision, because its bytes may differ."""
    return f"{key}:again{attempt}" if attempt else key


def asked_again(about: str, times: int) -> str:
    """What a case is about, when people are asked about the same paper another time."""
    return f"{about}/again{times}" if times else about


def parts(state: ProcureToPay, key: str) -> tuple[str, str, str]:
    """Kind, paper and step of an effect key that this workflow made, whatever signs stand in a paper's id."""
    kind, _, rest = key.partition(":")
    if kind == "po":
        return kind, state.number, "status" if rest.startswith(f"{state.entity}:{state.number}:status:") else "post"
    if kind == "gr":
        paper = rest.removeprefix(f"{state.entity}:")
        return kind, paper if paper in state.receipts else _AGAIN.sub("", paper), "post"
    step = _STEP.fullmatch(rest)
    return (kind, step[1], step[2]) if kind == "inv" and step else (kind, "", "")


def with_receipt(state: ProcureToPay, paper: str, **changes: Any) -> ProcureToPay:  # noqa: ANN401 - struct fields
    """The state with a receipt's entry changed."""
    entry = replace(state.receipts[paper], **changes)
    return replace(state, receipts={**state.receipts, paper: entry})


def with_invoice(state: ProcureToPay, paper: str, **changes: Any) -> ProcureToPay:  # noqa: ANN401 - struct fields
    """The state with an invoice's entry changed."""
    return put(state, paper, replace(state.invoices[paper], **changes))


def put(state: ProcureToPay, paper: str, entry: InvoiceEntry) -> ProcureToPay:
    """The state with an invoice's entry as it is now."""
    return replace(state, invoices={**state.invoices, paper: entry})
