"""The summary for people at a terminal: the verdict, then the limits, then what was checked, what was found, and how to see it again.

It reads at 80 columns, without colour, and in a pipe.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from contracts.journal import AnyEntry, FaultTook
from contracts.verdict import Evidence, InvariantResult, Judgement, Summary, ThresholdResult
from reports.entries import in_words, keys_of, moment, tag
from reports.words import MARKS, counted, currency_of, ended_in_words, figure, gist, money, plain_name, printable

WIDTH_MAX: Final = 100
"""Wider lines are harder to read, however wide the window."""
SHOWN_PER_INVARIANT: Final = 3
SHOWN_MAX: Final = 8
LINES_SHOWN: Final = 4
LINES_LISTED: Final = 8
FAULTS_SHOWN: Final = 4

COLOURS: Final[dict[Judgement, str]] = {
    "pass": "green",
    "fail": "red",
    "unknown": "yellow",
    "not applicable": "bright_black",
}
Lines = Mapping[int, AnyEntry]
"""Entries of the journal by line number, the first being 1: what the shown evidence names, and faults that struck it."""


def evidence_lines(summary: Summary) -> set[int]:
    """The journal's lines that `show` would like to have."""
    shown = (found for _, several in _shown(summary) for found in several)
    return {line for found in shown for line in found.lines[:LINES_SHOWN]}


def show(
    summary: Summary, console: Console, lines: Lines | None = None, directory: str = "", last_words: str = ""
) -> None:
    """Print it all; the replay command comes last. `last_words` says why a run was cut short."""
    put(console, *_parts(summary, lines or {}), *_last(summary, directory, last_words))


def show_findings(
    summary: Summary, console: Console, lines: Lines | None = None, directory: str = "", last_words: str = ""
) -> None:
    """Print what did not hold, and how to see it again: as `show`, for whoever knows what was run."""
    parts: list[RenderableType] = [_Headline(summary), ""]
    if broken := [threshold for threshold in summary.thresholds if threshold.verdict in ("fail", "unknown")]:
        parts += _section("Thresholds", _thresholds(broken))
    put(console, *parts, *_violations(summary, lines or {}), *_last(summary, directory, last_words))


def show_briefly(summary: Summary, console: Console) -> None:
    """Only the verdict, and how to see it again."""
    put(console, _Headline(summary), _replay(summary))


def put(console: Console, *parts: RenderableType) -> None:
    """Print parts one below the other, in one go and without the blanks that tables end their lines with.

    Text is not folded: an address or a command must stay whole, to be copied. The parts of a table are.
    """
    with console.capture() as capture:
        for part in parts:
            console.print(part, soft_wrap=isinstance(part, Text))
    console.file.write(re.sub(r" +$", "", capture.get(), flags=re.MULTILINE))
    console.file.flush()


def _last(summary: Summary, directory: str, last_words: str) -> Iterator[Text]:
    """Why a run was cut short, what it left, and how to run it again."""
    if last_words:
        yield Text.assemble(("Because  ", "bold"), (printable(last_words), "red"))
    if directory:
        yield Text.assemble(("Left in  ", "bold"), directory)
        yield Text.assemble(("Page     ", "bold"), f"{directory}/report.html")
    yield _replay(summary)


def _replay(summary: Summary) -> Text:
    return Text.assemble(("Replay   ", "bold"), summary.replay)


def _parts(summary: Summary, lines: Lines) -> Iterator[RenderableType]:
    yield ""
    yield _Headline(summary)
    yield ""
    if summary.thresholds:
        yield from _section("Thresholds", _thresholds(summary.thresholds))
    if summary.invariants:
        yield from _section("Invariants", _invariants(summary))
    if summary.faults:
        yield from _section("Faults", _faults(summary))
    if summary.ledgers:
        yield from _section("Books", _books(summary))
    yield from _section("In all", _totals(summary))
    yield from _violations(summary, lines)


class _Headline:
    """The verdict across the whole width."""

    def __init__(self, summary: Summary) -> None:
        self.summary = summary

    def __rich_console__(self, console: Console, options: object) -> Iterator[RenderableType]:
        del options
        yield _headline(self.summary, console.width)
        yield Padding(Text(gist(self.summary), style="dim"), (0, 0, 0, 3))


def _headline(summary: Summary, width: int) -> Text:
    colour = COLOURS[summary.verdict]
    run = f" {summary.scenario} · {summary.design} · seed {summary.seed} · scale {summary.scale:g} "
    line = Text.assemble(
        ("━━ ", colour), (f" {summary.verdict.upper()} ", f"bold reverse {colour}"), (" ━━", colour), (run, "bold")
    )
    line.append("━" * max(0, width - line.cell_len), colour)
    return line


def _section(title: str, content: RenderableType) -> Iterator[RenderableType]:
    yield Text(title, style="bold")
    yield Padding(content, (0, 0, 1, 2))


def _grid(*columns: str) -> Table:
    """A table without lines; `>` before a heading sets its column to the right, `~` lets it give way."""
    headed = any(column.strip(">~") for column in columns)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", show_header=headed)
    for column in columns:
        right = column.startswith(">")
        gives = column.startswith("~")
        table.add_column(column.lstrip(">~"), justify="right" if right else "left", no_wrap=not gives, overflow="fold")
    return table


def _mark(verdict: Judgement) -> Text:
    return Text(MARKS[verdict], style=f"bold {COLOURS[verdict]}")


def _loud(number: int) -> Text:
    """A count that should be nought."""
    return Text(f"{number:,}", style="bold red" if number else "")


def _thresholds(thresholds: Sequence[ThresholdResult]) -> Table:
    table = _grid("", "~", ">measured", ">at most")
    for threshold in thresholds:
        measured = Text(figure(threshold.value), style=f"bold {COLOURS[threshold.verdict]}")
        table.add_row(_mark(threshold.verdict), plain_name(threshold.name), measured, figure(threshold.limit))
    return table


def _invariants(summary: Summary) -> Table:
    currency = currency_of(summary)
    table = _grid("", "", "", ">checked", ">violations", ">at risk", "")
    for found in summary.invariants:
        if found.verdict == "not applicable":
            table.add_row(_mark(found.verdict), found.id, found.name, "", "", "", "not in scope", style="bright_black")
            continue
        table.add_row(
            _mark(found.verdict),
            found.id,
            found.name,
            f"{found.checked:,}",
            _loud(found.violations),
            money(found.at_risk_minor, currency) if found.at_risk_minor else "-",
            "unknown" if found.verdict == "unknown" else "",
        )
    return table


def _faults(summary: Summary) -> Table:
    table = _grid("~", ">armed", ">took effect")
    for fault in summary.faults:
        table.add_row(fault.kind, f"{fault.armed:,}", f"{fault.took_effect:,}")
    if len(summary.faults) > 1:
        armed, took = (sum(getattr(fault, name) for fault in summary.faults) for name in ("armed", "took_effect"))
        table.add_row("all", f"{armed:,}", f"{took:,}", style="bold")
    return table


def _books(summary: Summary) -> Table:
    table = _grid("~", ">debit", ">credit", "")
    for ledger in summary.ledgers:
        off_minor = ledger.debit_minor - ledger.credit_minor
        balance = (
            Text("balanced", style="green")
            if not off_minor
            else Text(f"off by {money(off_minor, ledger.currency)}", style="bold red")
        )
        debit, credit = (money(amount, ledger.currency) for amount in (ledger.debit_minor, ledger.credit_minor))
        table.add_row(ledger.entity, debit, credit, balance)
    return table


def _totals(summary: Summary) -> Table:
    score, currency = summary.anomalies, currency_of(summary)
    table = _grid("", "~")
    at_risk = money(summary.money_at_risk_minor, currency)
    table.add_row("money at risk", Text(at_risk, style="bold red" if summary.money_at_risk_minor else ""))
    table.add_row(
        "anomalies",
        Text.assemble(
            f"{score.true:,} true · {score.flagged:,} flagged · ",
            (f"{score.missed:,} missed", "bold yellow" if score.missed else ""),
            " · ",
            (counted(score.false_alarms, "false alarm"), "bold yellow" if score.false_alarms else ""),
        ),
    )
    truth = summary.truth.items()
    still = (counted(summary.open_obligations, "obligation"), counted(summary.open_cases, "case"))
    table.add_row("still open", " · ".join(still))
    table.add_row("truth", " · ".join(f"{count:,} {what.replace('-', ' ')}" for what, count in truth) or "nothing")
    table.add_row("ended", ended_in_words(summary))
    rate = summary.crossings / summary.wall_s if summary.wall_s else 0.0
    table.add_row(
        "time",
        f"{summary.virtual_s / 86_400:,.1f} virtual days in {summary.wall_s:,.1f} s · {summary.peak_rss_mb:,.0f} MB",
    )
    table.add_row("crossings", f"{summary.crossings:,} · {summary.idle_crossings:,} idle · {rate:,.0f}/s")
    return table


def _shown(summary: Summary) -> Iterator[tuple[InvariantResult, tuple[Evidence, ...]]]:
    """The first few findings: failed invariants before unknown ones, so that the room goes to what is certain."""
    room = SHOWN_MAX
    for wanted in ("fail", "unknown"):
        for invariant in summary.invariants:
            if invariant.verdict == wanted and room:
                fitting = tuple(found for found in invariant.evidence if found.verdict == wanted)
                several = fitting[: min(SHOWN_PER_INVARIANT, room)]
                room -= len(several)
                yield invariant, several


def _violations(summary: Summary, lines: Lines) -> Iterator[RenderableType]:
    currency = currency_of(summary)
    titled = False
    for invariant, several in _shown(summary):
        if not titled:
            yield Text("Findings", style="bold")
            titled = True
        for found in several:
            yield Padding(_finding(invariant, found, currency), (0, 0, 0, 2))
            yield from _because(found, lines)
        more = (invariant.violations if invariant.verdict == "fail" else 0) - len(several)
        if more > 0:
            yield Padding(Text(f"… and {more:,} more of {invariant.id}", style="dim"), (0, 0, 0, 4))
    if titled:
        yield ""


def _finding(invariant: InvariantResult, found: Evidence, currency: str) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    says = Text(printable(found.says))
    if found.amount_minor:
        says.append(f"  [{money(found.amount_minor, currency)}]", style="bold")
    table.add_row(_mark(found.verdict), Text(invariant.id, style="bold"), says)
    return table


def _because(found: Evidence, lines: Lines) -> Iterator[RenderableType]:
    """The entries that show it, in the order in which they happened; the offending one is marked."""
    shown = {number for number in found.lines[:LINES_SHOWN] if number in lines}
    keys = {key for number in shown for key in keys_of(lines[number])}
    struck = [n for n, entry in lines.items() if isinstance(entry, FaultTook) and keys.intersection(keys_of(entry))]
    have = sorted(shown.union(struck[:FAULTS_SHOWN]))
    if have:
        table = Table.grid(padding=(0, 1))
        for width in (1, len(str(have[-1])), 14):
            table.add_column(justify="right", no_wrap=True, min_width=width, style="dim")
        table.add_column(overflow="fold")
        for number in have:
            entry = lines[number]
            mark = Text("▸", style=COLOURS[found.verdict]) if number == found.lines[0] else ""
            style = "yellow" if isinstance(entry, FaultTook) else ""
            says = Text(printable(f"{tag(entry)} {in_words(entry)}"), style=style)
            table.add_row(mark, str(number), moment(entry.at)[5:], says)
        yield Padding(table, (0, 0, 0, 4))
    rest = [str(number) for number in found.lines if number not in have]
    if rest:
        dots = " …" if len(rest) > LINES_LISTED else ""
        listed = f"{'also ' if have else ''}events.jsonl lines {', '.join(rest[:LINES_LISTED])}{dots}"
        yield Padding(Text(listed, style="dim"), (0, 0, 0, 6))
