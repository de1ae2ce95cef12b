"""The exception case: how a design hands to people what it cannot decide, and what people answer.

A case of the wrong category is a false alarm, so the categories are few and mean one thing each.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Category = Literal[
    "price-variance",
    "quantity-variance",
    "unit-variance",
    "duplicate-invoice",
    "misread-invoice",
    "tax-variance",
    "invoice-without-receipt",
    "unknown-order",
    "period-closed",
    "rejected-by-target",
    "undeliverable",
    "duplicate-supplier",
    "tax-id-missing",
    "bank-change",
    "duplicate-credit",
    "credit-without-invoice",
]
"""`undeliverable` is a dead letter's case: attempts ran out and nobody knows why. `credit-without-invoice` is about a credit
memo that names no bill in the books which it could give back; *correct* names the bill: `credits=4711`."""

CATEGORIES: Final[tuple[Category, ...]] = (
    "price-variance",
    "quantity-variance",
    "unit-variance",
    "duplicate-invoice",
    "misread-invoice",
    "tax-variance",
    "invoice-without-receipt",
    "unknown-order",
    "period-closed",
    "rejected-by-target",
    "undeliverable",
    "duplicate-supplier",
    "tax-id-missing",
    "bank-change",
    "duplicate-credit",
    "credit-without-invoice",
)

Decision = Literal["accept", "reject", "correct", "re-date", "merge", "wait"]
"""accept: go on as it stands · reject: never do it · correct: with the field given · re-date: on the date given · merge: it is
another's, which the value names.

What corrects an invoice names each field and what it should be, `lines/2/quantity=30; total=360.00`: fields as invoice
capture shows them (`number`, `total`, `lines/<line>/quantity`, `unit_price` or `amount`, `charges/<kind>`), money as decimal text. Whatever
is not named stays as it was captured."""


class NewCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a design sends. `external_key` makes a repeated send harmless; `subjects` are papers as `system:id`."""

    external_key: str
    category: Category
    entity: str
    subjects: tuple[str, ...]
    amount_minor: int
    currency: str
    evidence: dict[str, str] = {}
    due_at: str = ""


class CaseDecision(msgspec.Struct, frozen=True):
    """What people answer, by webhook and by poll alike. `value` goes with `correct` and `re-date`.

    Whoever decides may err, and then decides again: `revision` counts from 2, a first decision says nothing of it. The highest holds.
    """

    case: str
    external_key: str
    category: Category
    entity: str
    subjects: tuple[str, ...]
    decision: Decision
    value: str = ""
    note: str = ""
    decided_at: str = ""
    revision: int | msgspec.UnsetType = msgspec.UNSET
