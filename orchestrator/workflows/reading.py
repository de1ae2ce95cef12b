"""Whether what the capture read from paper can be what the paper says, and what people put right in it. Pure arithmetic.

A bill contradicts itself where its lines do not multiply or do not add up; that is certain, however sure the capture was.
A small difference to the order's price is a misreading only where the capture was not sure of the lines: most of what it
is not sure of is right, and agrees with the order.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from orchestrator.canonical import Charge, Invoice, InvoiceLine, minor
from orchestrator.workflows.matching import Ask

SURE_PERCENT: Final = 85
"""From here on the capture is believed where nothing contradicts it."""
MISREAD: Final = "misread-invoice"


def contradiction(invoice: Invoice) -> Ask | None:
    """What cannot be so on a bill that was read from paper: a line that does not multiply, a total that does not add up."""
    billed = sum(charge.amount_minor for charge in invoice.charges)
    for line in invoice.lines:
        billed += line.amount_minor
        off = abs(line.amount_minor - line.quantity * line.unit_price_minor)
        if 2 * off > line.quantity:  # a price is rounded to the cent, so each unit may be half a cent off
            return _ask(invoice, off, {"line": str(line.line)})
    off = abs(billed - invoice.total_minor)
    return _ask(invoice, off, {"adds_up_to_minor": str(billed)}) if off else None


def doubtful(invoice: Invoice, off_minor: int) -> Ask | None:
    """A difference to the order that would be let pass, were the capture sure of the lines."""
    sure = invoice.confidence
    if sure is None or not off_minor or sure.lines >= SURE_PERCENT:
        return None
    return _ask(invoice, off_minor, {"off_minor": str(off_minor)})


def _ask(invoice: Invoice, off_minor: int, shown: dict[str, str]) -> Ask:
    sure = invoice.confidence
    figures = {} if sure is None else {"sure_of_lines": f"{sure.lines} %", "sure_of_total": f"{sure.total} %"}
    return Ask(MISREAD, off_minor, (), {"total_minor": str(invoice.total_minor), **shown, **figures})


# -- what people put right --------------------------------------------------------------------------------------------


def corrected(invoice: Invoice, value: str) -> Invoice | None:
    """The invoice with the fields that an answer names: `lines/2/quantity=30; total=360.00`. A charge of nothing goes. None where it names none."""
    for each in value.split(";"):
        field, equals, text = each.strip().partition("=")
        changed = _with(invoice, field, text) if equals else None
        if changed is None:
            return None
        invoice = changed
    return invoice


def _with(invoice: Invoice, field: str, text: str) -> Invoice | None:
    kind, _, rest = field.partition("/")
    try:
        if field in {"number", "credits"} and text:
            return replace(invoice, **{field: text})
        if field == "total":
            return replace(invoice, total_minor=minor(text))
        if kind == "charges" and rest:
            others = tuple(charge for charge in invoice.charges if charge.kind != rest)
            charged = Charge(rest, minor(text))
            return replace(invoice, charges=(*others, charged) if charged.amount_minor else others)
        if kind == "lines":
            place, _, name = rest.partition("/")
            lines = [_line(line, name, text) if line.line == int(place) else line for line in invoice.lines]
            return None if None in lines else replace(invoice, lines=tuple(filter(None, lines)))
    except ValueError:
        return None
    return None


def _line(line: InvoiceLine, name: str, text: str) -> InvoiceLine | None:
    if name == "quantity":
        return replace(line, quantity=int(text))
    if name == "unit_price":
        return replace(line, unit_price_minor=minor(text))
    return replace(line, amount_minor=minor(text)) if name == "amount" else None
