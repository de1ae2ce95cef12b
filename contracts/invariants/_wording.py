"""How violations name papers, money and moments, so that all of them read alike. No judgement belongs here."""

from __future__ import annotations

import datetime as dt
from typing import Final

from contracts.journal import Document, Obligation
from contracts.provenance import Known, Posted

HOUR_MS: Final = 3_600_000
PERIOD_END: Final = ("accrual", "accrual-reversal")
"""Papers that no system hands over: a design finds out by itself what is received and not invoiced."""


def money(amount_minor: int, currency: str) -> str:
    """`1,234.50 USD`."""
    sign = "-" if amount_minor < 0 else ""
    whole, cents = divmod(abs(amount_minor), 100)
    return f"{sign}{whole:,}.{cents:02d} {currency}".rstrip()


def converted(amount_minor: int, owed: Obligation) -> int:
    """An amount of an obligation in the ledger's currency, at the rate of its date, half a cent rounded away from zero."""
    if not owed.rate_ppm:
        return amount_minor
    whole = (abs(amount_minor) * owed.rate_ppm + 500_000) // 1_000_000
    return -whole if amount_minor < 0 else whole


def moment(at_ms: int) -> str:
    """`2026-10-05 14:00 UTC`."""
    return f"{dt.datetime.fromtimestamp(at_ms / 1000, dt.UTC):%Y-%m-%d %H:%M} UTC"


def paper_name(paper: Document) -> str:
    """`INV-H1-000123 (supplier S012 no. 4711, 1,234.50 USD)`."""
    own = paper.ref.partition(":")[2] or paper.ref
    amount, what = money(paper.amount_minor, paper.currency), paper.what.replace("-", " ")
    named = _NAMED.get(paper.what, "{what} to supplier {paper.party}, {amount}")
    return f"{own} ({named.format(paper=paper, what=what, amount=amount)})"


_NAMED: Final = {
    "invoice": "supplier {paper.party} no. {paper.number}, {amount}",
    "credit-memo": "credit memo of supplier {paper.party} no. {paper.number}, {amount}",
    "goods-return": "return for {paper.order}, {amount}",
    "goods-receipt": "receipt for {paper.order}, {amount}",
    "supplier": "supplier record, version {paper.version}",
    **dict.fromkeys(PERIOD_END, "{what} for {paper.order}, {amount}"),
}
"""What stands beside a paper's own id, by its kind; an order says to whom."""


def name_of(ref: str, known: Known) -> str:
    """A paper by its reference, with what is known of it."""
    paper = known.documents.get(ref)
    return paper_name(paper) if paper else ref


def obligation_name(obligation: Obligation, known: Known) -> str:
    """The first paper that speaks of an obligation, else the obligation itself."""
    papers = known.papers(obligation.id)
    if papers:
        return paper_name(papers[0])
    return (
        f"{obligation.id} ({obligation.what.replace('-', ' ')}, {money(obligation.amount_minor, obligation.currency)})"
    )


def posting_name(posted: Posted, known: Known) -> str:
    """A posting by its paper, its obligation or, where neither is known, by its own fields."""
    if posted.paper:
        return name_of(posted.paper, known)
    if posted.origin in known.obligations:
        return obligation_name(known.obligations[posted.origin], known)
    effect = posted.effect
    who = f"supplier {effect.party} no. {effect.number}, " if effect.number else ""
    return f"{effect.source_ref or effect.ref} ({who}{money(effect.amount_minor, effect.currency)})"


def lines_of(known: Known, *refs: str) -> tuple[int, ...]:
    """Where the truth about these papers and obligations stands in the journal."""
    return tuple(known.lines[ref] for ref in refs if ref in known.lines)
