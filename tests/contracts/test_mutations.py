"""A good journal, spoilt in one place: whatever happens to a posting, some invariant notices.

Dropping, doubling or altering an entry is what a broken system or design does. A mutation that all invariants let pass
would be a hole in the contract.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import pytest

from contracts.journal import Effect, Entry
from contracts.oracle import judge
from contracts.scenario import WORKFLOWS
from tests.contracts.books_stories import accrued_then_billed, billed_abroad, freight_and_tax, saga_compensated_in_full
from tests.contracts.credit_stories import billed_again_at_another_price, credited_and_billed_again, expense_given_back
from tests.contracts.good_stories import (
    credit_and_rebill,
    direct_use,
    plain_delivery,
    split_delivery,
    variance_accepted,
)
from tests.contracts.journals import Story
from tests.contracts.payment_stories import given_back_after_it_was_paid, paid_once

POSTINGS = (
    "order.created",
    "receipt.posted",
    "invoice.posted",
    "invoice.cancelled",
    "invoice.credited",
    "payment.issued",
    "accrual.posted",
    "accrual.reversed",
    "accrual.cancelled",
)
PUT_RIGHT = ("order", "currency", "amount", "date", "line of the order")
"""What may have been wrong in a posting that was cancelled: cancelling is how it is put right."""
STORIES = (
    plain_delivery,
    direct_use,
    credit_and_rebill,
    split_delivery,
    variance_accepted,
    accrued_then_billed,
    saga_compensated_in_full,
    freight_and_tax,
    billed_abroad,
    credited_and_billed_again,
    billed_again_at_another_price,
    expense_given_back,
    paid_once,
    given_back_after_it_was_paid,
)


def altered(effect: Effect) -> Iterator[tuple[str, Effect]]:
    """The same posting, each time with one thing wrong that it says."""
    replace = msgspec.structs.replace
    yield "entity", replace(effect, entity="H2")
    yield "system", replace(effect, system="legacy_erp")
    if effect.reverses:
        yield "reverses", replace(effect, reverses="AP-77")
    else:
        yield "source", replace(effect, source_ref="", party="", number="", order="")
        yield "order", replace(effect, order="PO-9")
    if effect.on and effect.lines:
        yield "date", replace(effect, on="2026-12-24")
    if effect.goods and effect.goods[0].value_minor:
        yield "line of the order", replace(effect, goods=(replace(effect.goods[0], line=7), *effect.goods[1:]))
        yield "goods", replace(effect, goods=(replace(effect.goods[0], value_minor=1), *effect.goods[1:]))
    if effect.what == "invoice.credited":
        yield "number", replace(effect, number="0815")
        yield "supplier", replace(effect, party="S666")
        yield "amount", replace(effect, amount_minor=effect.amount_minor + 1)
    if effect.what == "invoice.posted":
        yield "reference", replace(effect, ref="AP-77")
        yield "number", replace(effect, number="0815")
        yield "supplier", replace(effect, party="S666")
        yield "currency", replace(effect, currency="EUR")
        yield "amount", replace(effect, amount_minor=effect.amount_minor + 1)
    if effect.lines:
        first, *others = effect.lines
        yield "no lines", replace(effect, lines=())
        yield "half the lines", replace(effect, lines=(first,))
        yield (
            "sign",
            replace(effect, lines=tuple(replace(each, amount_minor=-each.amount_minor) for each in effect.lines)),
        )
        yield "role", replace(effect, lines=(replace(first, role="suspense"), *others))
        yield "cents", replace(effect, lines=(replace(first, amount_minor=first.amount_minor + 1), *others))


def mutations(story: Callable[[], Story]) -> Iterator[tuple[str, list[Entry]]]:
    """Every way to spoil one posting of a story."""
    entries = story().entries
    cancelled = {entry.reverses for entry in entries if isinstance(entry, Effect) and entry.reverses}
    for place, entry in enumerate(entries):
        if not isinstance(entry, Effect) or entry.what not in POSTINGS:
            continue
        name = f"{entry.what} {entry.ref}"
        before, after = entries[:place], entries[place + 1 :]
        if entry.what != "payment.issued":  # nobody is late with it: when to pay is the hospital's own affair
            yield f"{name} dropped", [*before, *after]
        yield f"{name} doubled", [*before, entry, entry, *after]
        doubled = msgspec.structs.replace(entry, ref=f"{entry.ref}-again", commit=entry.commit + 1000)
        yield f"{name} doubled under a reference of its own", [*before, entry, doubled, *after]
        for what, spoilt in altered(entry):
            if entry.ref in cancelled and what in PUT_RIGHT:
                continue
            yield f"{name} with wrong {what}", [*before, spoilt, *after]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_no_spoilt_posting_passes(story: Callable[[], Story]) -> None:
    """Some invariant turns red, for each way in which each posting can be wrong."""
    survivors = [
        name
        for name, entries in mutations(story)
        if not any(result.verdict == "fail" for result in judge(entries, WORKFLOWS))
    ]
    assert survivors == []


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_no_lost_truth_makes_a_journal_greener(story: Callable[[], Story]) -> None:
    """Without the truth about it, a posting is red or unknown, never simply green."""
    entries = story().entries
    for place, entry in enumerate(entries):
        if type(entry).__name__ == "Document":
            results = judge([*entries[:place], *entries[place + 1 :]], WORKFLOWS)
            assert {result.verdict for result in results} & {"fail", "unknown"}, entry
