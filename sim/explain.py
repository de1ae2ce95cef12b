"""`closeproof explain CODE`: what an invariant, a fault, an exit code, a threshold or a category means, in words.

Invariants, faults, systems and designs speak for themselves, in their docstrings; the rest is here.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from contracts.invariants import INVARIANTS
from mocks import SYSTEMS
from sim.designs import PACKAGE, design_names
from sim.errors import UserError
from sim.faults import FAULTS
from sim.faults.kind import Kind
from sim.scenario_file import list_scenarios, load_scenario
from sim.scenario_rules import suggestion

EXIT_CODES: Final = {
    "0": "Pass: every invariant and every threshold that was checked holds.",
    "1": "Failed: an invariant or a threshold does not hold. The summary names it, with the lines of the journal.",
    "2": "Usage or configuration: a file, a name or an option is wrong. One line says where; nothing was run.",
    "3": "Harness error: Closeproof itself failed, or a replay differed. It says nothing about the design.",
    "4": "Inconclusive: nothing failed, but something could not be judged, or nothing was exercised. It is not a pass.",
    "130": "Interrupted: by Ctrl-C or a signal. No run directory was left.",
}
THRESHOLDS: Final = {
    "anomalies_missed_max": "At most so many true anomalies (a wrong price, a duplicate in disguise, an invoice before its "
    "receipt) may go without a case of a fitting category, opened while it could still help.",
    "false_alarms_max": "At most so many cases may be about nothing. People answer every case, so flagging everything loses.",
    "post_hours_p95_max": "Of the invoices that were posted, 95 in 100 must be so within these hours of being captured.",
    "post_business_hours_p95_max": "The same in business time: only the hours count in which people of the hospital work.",
    "missed_close_max": "So many papers may be asked about because their period was closed when they should have been booked.",
    "open_obligations_max": "At most so many things truly owed may still stand without their required effects at the end.",
}
LIMITS: Final = {
    "p95_ms_max": "95 in 100 arrivals must end within so many milliseconds of the instant at which they were due.",
    "p99_ms_max": "99 in 100 arrivals must end within so many milliseconds of the instant at which they were due.",
    "error_share_max": "At most this share of the arrivals may fail or stay unplayed.",
    "achieved_share_min": "Arrivals must end well at no less than this share of the rate at which they were due.",
    "behind_ms_p99_max": "Where the generator itself takes arrivals up later than this, nothing is failed but unknown.",
}
ANOMALIES: Final = {
    "price_variance": "An invoice bills more than the order's price, beyond what is tolerated. A person must decide.",
    "duplicate_renumbered": "A bill comes again under another number: a suffix, a letter for a digit, a lost zero.",
    "duplicate_second_channel": "The same bill comes by e-mail and by portal.",
    "invoice_before_receipt": "A bill comes for goods that have not arrived at the dock.",
    "price_within_tolerance": "A lookalike: the price is off by so little that nobody must be bothered.",
    "quantity_variance": "A bill is for more than was ordered and delivered. It is refused and billed again.",
    "stale_order_price": "The order was written at an outdated price, and the bill has the contract's. It is accepted.",
    "unit_variance": "Packs are billed and called pieces. A person says that packs were meant.",
    "billed_in_pieces": "A lookalike: counted and billed by the piece, rightly, for goods ordered by the pack.",
    "misread": "The capture takes one figure of a bill for another. A person looks at the paper and corrects it.",
    "tax_variance": "A bill charges more tax than its order's rate of the day. What is due is paid, and the supplier told.",
    "blanket_receipt": "A dock enters a delivery for all that was ordered, less came, and all is billed. A later count shows it.",
    "tuned": "Bills that come again in one of the disguises that a design may be tuned on.",
    "held_out": "Bills that come again in a disguise that nobody looked at while tuning; scored apart.",
}
MASTERS: Final = {
    "duplicate_share": "Of proposals: a company that is there already, under other words. A person must merge the two.",
    "tax_id_missing_share": "Of proposals: no tax id is given. A person must find it.",
    "same_name_share": "A lookalike, of proposals: another company of the same name, with a tax id and an address of its own.",
    "parent_account_share": "A lookalike, of proposals: a company that is paid through its parent's account.",
    "merger_share": "Of identity changes: a company was bought, and its record carries the buyer's tax id from now on.",
    "fraud_share": "Of changes of account: somebody else asks for them, shortly before a pay run. A person calls back.",
    "rewritten_share": "A lookalike, of changes of account: the same account, written with blanks.",
}
CATEGORIES: Final = {
    "price-variance": "The invoice's price is not the order's.",
    "quantity-variance": "More is billed than was received.",
    "unit-variance": "Pieces are billed, and the amount is that of packs, or the other way round.",
    "duplicate-invoice": "The same delivery is billed again.",
    "misread-invoice": "What was read of an invoice contradicts itself, or its order where the reading was unsure.",
    "tax-variance": "More tax is billed than the order's rate of that day makes.",
    "duplicate-credit": "A credit memo comes again, or gives back what was given back already.",
    "credit-without-invoice": "A credit memo names no bill that can be found.",
    "invoice-without-receipt": "Something is billed that has not been received.",
    "unknown-order": "The invoice names an order that does not exist.",
    "period-closed": "The books of the month in which it belongs are closed.",
    "rejected-by-target": "The target system refused it, for a reason that only a person can cure.",
    "undeliverable": "A dead letter: attempts ran out and nobody knows why.",
    "duplicate-supplier": "A supplier's record looks like another's: by tax id, by name and address, or by bank account.",
    "tax-id-missing": "A supplier is proposed without a tax id, so that nobody can tell whether it is there already.",
    "bank-change": "A supplier is to be paid to another account. People call back before it takes effect.",
}


class Explanation(NamedTuple):
    """One thing that has a name: what sort of thing, its names, and what it means."""

    sort: str
    names: tuple[str, ...]
    title: str
    text: str


def command(code: str) -> int:
    """Print every thing of this name."""
    found = explanations(code)
    sys.stdout.write("\n".join(f"{each.title}\n\n{each.text}\n" for each in found))
    return 0


def explanations(code: str) -> list[Explanation]:
    """All that goes by a name: `4` is a fault and an exit code. Raises `UserError` for a name that nothing has."""
    everything = list(_everything())
    asked = code.strip().lower().replace("_", "-")
    found = [each for each in everything if asked in {name.lower().replace("_", "-") for name in each.names}]
    if not found:
        names = sorted({name for each in everything for name in each.names})
        holding = [name for name in names if asked and asked in name.lower()]
        near = f"; did you mean {' or '.join(holding)}?" if holding else suggestion(code, names)
        raise UserError(code, 0, "", f"nothing goes by this name{near} (see: closeproof list)")
    return found


def _everything() -> Iterator[Explanation]:
    for invariant in INVARIANTS:
        text = f"{_sense(_doc(type(invariant).__module__))}\n\nHolds for: {', '.join(invariant.workflows)}."
        yield Explanation(
            "invariant", (invariant.id, invariant.name), f"Invariant {invariant.id} {invariant.name}", text
        )
    for kind in FAULTS:
        yield Explanation("fault", (kind.number, kind.name), f"Fault {kind.number} {kind.name}", _fault(kind))
    for code, text in EXIT_CODES.items():
        yield Explanation("exit code", (code, f"exit-{code}"), f"Exit code {code}", text)
    tables = (
        ("threshold", THRESHOLDS, "A threshold of a scenario, under [thresholds]."),
        ("limit", LIMITS, "A limit of a load test, under [load]."),
        ("anomaly", ANOMALIES, "A share of invoices in a scenario, under [anomalies] or [disguises]."),
        ("supplier anomaly", MASTERS, "A share of proposals or edits in a scenario, under [masters]."),
        (
            "case category",
            CATEGORIES,
            "A category of cases at the service desk; a case of the wrong one is a false alarm.",
        ),
    )
    for sort, table, where in tables:
        for name, text in table.items():
            yield Explanation(sort, (name,), f"{sort.capitalize()} {name}", f"{text}\n\n{where}")
    for system in SYSTEMS:
        yield Explanation("system", (system,), f"System {system}", _doc(f"mocks.{system}"))
    for design in design_names():
        module = f"{PACKAGE}.{design.replace('-', '_')}"
        yield Explanation("design", (design,), f"Design {design}", _doc(module))
    for name, title, path in list_scenarios():
        story = load_scenario(path)[0].story.strip()
        yield Explanation("scenario", (name,), f"Scenario {name}", f"{title}\n\n{story}".strip())


def _doc(module: str) -> str:
    """A module's docstring, read from its file: nothing is run for it."""
    found = importlib.util.find_spec(module)
    file = Path(found.origin) if found and found.origin else None
    return ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "" if file else ""


def first_line(module: str) -> str:
    """The first line of a module's docstring."""
    return _doc(module).partition("\n")[0]


def first_sense(line: str) -> str:
    """`Kind 5: the system …` without the name in front of the colon."""
    before, colon, after = line.partition(": ")
    return after if colon and len(before) < 30 else line


def _sense(text: str) -> str:
    said = first_sense(text)
    return said[:1].upper() + said[1:]


def _fault(kind: Kind) -> str:
    own = inspect.cleandoc(type(kind).__doc__ or "")
    strikes = f"Strikes: {', '.join(kind.on)}" + (", where something can be committed." if kind.needs_commit else ".")
    drawn = inspect.getdoc(type(kind).draw) or ""
    params = ", ".join(f"{name} = {value}" for name, value in kind.defaults().items())
    lines = [_sense(_doc(type(kind).__module__)), "", own, "", strikes]
    if kind.params:
        lines.append(
            f"Parameters, if a plan leaves them out: {params}. Drawn by weather: {drawn[:1].lower()}{drawn[1:]}"
        )
    lines.append(
        "A sound design recovers from it." if kind.recoverable else "It cannot be recovered from: it must be flagged."
    )
    return "\n".join(lines)
