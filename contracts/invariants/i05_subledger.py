"""I05 subledger: a control account holds what its open items add up to.

Accounts payable, inventory and goods received not invoiced (GRNI) are control accounts: documents alone move them, and a
list of open items stands behind each. What a document's journal moves in a control account must be what the document
itself brings into the list or takes off it: an invoice, a credit memo or a payment its amount, a receipt or an invoice the goods, line by line at the
order's price. A journal by hand has no open item; in a control account it leaves a difference that nobody can clear.

Judged at the end, over everything: two differences that cancel out leave the control account right. Balances that were
there at the start bring their open items along. A document that says nothing of its items is *unknown*.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from contracts.invariant import NOTHING, Invariant, Violation, doubt
from contracts.invariants._wording import money
from contracts.journal import Effect
from contracts.provenance import Known

CONTROLS: Final = frozenset(("ap", "grni", "inventory"))
WITH_STOCK: Final = ("receipt.posted", "receipt.returned")
"""Effects whose goods move the list of stock against that of goods received not invoiced."""
PAYMENT: Final = "payment.issued"
TAKEN_OFF: Final = ("invoice.cancelled", "invoice.credited", PAYMENT)
"""Effects that take an amount off the list of what is owed."""

Account = tuple[str, str, str, str]
"""System, entity, control account's role, currency."""


class Off(msgspec.Struct, gc=False):
    """How far an account is off its items, and the lines of the journal that made it so."""

    minor: int = 0
    lines: tuple[int, ...] = ()


class Controls(msgspec.Struct):
    """Accounts that were ever off, effects that could not be judged, and how many were."""

    off: dict[Account, Off] = {}
    mute: list[tuple[str, str, int]] = []
    judged: int = 0


class Subledger(Invariant):
    """Control account = open items, per entity and currency."""

    id = "I05"
    name = "subledger"
    workflows = ("procure-to-pay",)
    reads = ("effect",)

    def start(self) -> Controls:
        """Nothing off."""
        return Controls()

    def step(self, state: Controls, entry: Effect, known: Known) -> Iterator[Violation]:
        """What a journal moves in the control accounts, less what its document says of its items. A payment always does."""
        if not entry.lines and entry.what != PAYMENT:
            return NOTHING
        moved: dict[tuple[str, str], int] = {}
        for line in entry.lines:
            if line.role in CONTROLS:
                key = (line.role, line.currency)
                moved[key] = moved.get(key, 0) + line.amount_minor
        if (not moved and entry.what != PAYMENT) or entry.state == "opening":
            return NOTHING
        state.judged += 1
        items = _items(entry, entry.lines[0].currency if entry.lines else entry.currency)
        if items is None:
            state.mute.append((entry.what, entry.ref, known.line))
        elif items != moved:
            for role, currency in sorted(moved.keys() | items.keys()):
                off = moved.get((role, currency), 0) - items.get((role, currency), 0)
                if off:
                    account = state.off.setdefault((entry.system, entry.entity, role, currency), Off())
                    account.minor += off
                    account.lines = (*account.lines[-7:], known.line)
        return NOTHING

    def end(self, state: Controls, known: Known) -> Iterator[Violation]:
        """Each control account must be what its items add up to."""
        del known
        for what, ref, line in state.mute:
            yield doubt(ref, f"{ref} ({what}) moves a control account and says nothing of its items", line)
        for (system, entity, role, currency), off in state.off.items():
            if off.minor:
                says = f"{role} of {entity} in {system} is off its open items by {money(off.minor, currency)}"
                yield Violation(f"{system}/{entity}/{role}", says, off.lines, abs(off.minor))

    def checked(self, state: Controls) -> int:
        """Journals that moved a control account."""
        return state.judged


def _items(entry: Effect, currency: str) -> dict[tuple[str, str], int] | None:
    """What a document brings into the lists and takes off them, by role and currency; None where it does not say."""
    if entry.what.startswith(("journal.", "accrual.")):
        return {}
    worth = sum(goods.value_minor for goods in entry.goods)
    accrues = any(line.role in ("grni", "inventory") for line in entry.lines)
    if accrues and not entry.goods:
        return None
    items = {("grni", currency): worth}
    if entry.what in WITH_STOCK:
        items["inventory", currency] = -worth
    else:
        amount = entry.amount_minor if entry.currency == currency else entry.ledger_minor
        if not amount:
            return None
        items["ap", currency] = abs(amount) if entry.what in TAKEN_OFF else -amount
    return {key: item for key, item in items.items() if item}
