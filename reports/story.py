"""One document's journey for a terminal, and for machines: what the page tells of a violation, of any document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from contracts import journal
from contracts.provenance import Known
from contracts.verdict import Judgement, Summary
from reports import summary_json
from reports.findings import grouped
from reports.follow import Follower, Subject
from reports.index import Index
from reports.journey import SCHEMA, Finding, Journey, Told, tell
from reports.moments import clocks_of, read_scenario
from reports.words import MARKS, printable

TONES: Final = {"bad": "red", "fault": "bold yellow", "good": "bold"}
COLOURS: Final[dict[Judgement, str]] = {"pass": "green", "fail": "red", "unknown": "yellow"}


class Story(msgspec.Struct, frozen=True):
    """The document `closeproof.story/1`: the journeys of what was asked for, several where a number was used twice."""

    schema: str
    asked: str
    scenario: str
    design: str
    seed: int
    journeys: tuple[Journey, ...]
    replay: str


def read_story(directory: Path, asked: str, index: Index) -> Story:
    """The story of a name that the index knows."""
    summary = summary_json.decode((directory / "summary.json").read_bytes())
    clocks = clocks_of(read_scenario(directory))
    known = Known()
    found = _findings(summary, index)
    together = _by_order(index, asked) or [()]
    findings = [_of(found, obligations or (asked,)) for obligations in together]
    subjects = [_subject(asked, owed, index, of_it) for owed, of_it in zip(together, findings, strict=True)]
    follower = Follower(known, subjects)
    for entry in journal.read(directory / "events.jsonl"):
        known.learn(entry)
        follower.see(entry)
    journeys = tuple(
        tell(subject, known, clocks, of_it, _order(index, subject))
        for subject, of_it in zip(subjects, findings, strict=True)
    )
    return Story(SCHEMA, asked, summary.scenario, summary.design, summary.seed, journeys, summary.replay)


def _by_order(index: Index, asked: str) -> list[tuple[str, ...]]:
    """The obligations that a name means, those of one order together."""
    together: dict[str, list[str]] = {}
    for obligation in index.obligations(asked):
        together.setdefault(index.order_of(obligation), []).append(obligation)
    return [tuple(each) for each in together.values()]


def _order(index: Index, subject: Subject) -> tuple[str, ...]:
    return index.orders.get(index.order_of(subject.obligations[0]), ()) if subject.obligations else ()


def _findings(summary: Summary, index: Index) -> list[tuple[tuple[str, ...], Finding]]:
    groups, _ = grouped(summary, index)
    return [(group.obligations or (group.about,), found) for group in groups for found in group.findings]


def _of(found: list[tuple[tuple[str, ...], Finding]], obligations: tuple[str, ...]) -> list[Finding]:
    return [finding for owed, finding in found if set(owed) & set(obligations)]


def _subject(asked: str, owed: tuple[str, ...], index: Index, findings: list[Finding]) -> Subject:
    evidence = (line for found in findings for line in found.lines)
    subject = Subject(asked, owed, index.papers_of(owed), index.kin_of(owed), evidence)
    subject.breach = next((found.lines[0] for found in findings if found.lines), 0)
    return subject


def encode(story: Story) -> bytes:
    """The document, indented, with a newline at its end."""
    return msgspec.json.format(msgspec.json.encode(story), indent=2) + b"\n"


# -- for people -------------------------------------------------------------------------------------------------------


def parts(story: Story) -> Iterator[RenderableType]:
    """What to print, in order; the replay command comes last."""
    for journey in story.journeys:
        yield Text(printable(journey.title), style="bold")
        yield ""
        for title, said in (
            ("True", journey.truth),
            ("Books", journey.books),
            ("Faults", journey.causes),
        ):
            yield _block(title, [Text(printable(each)) for each in said])
        if journey.findings:
            yield _block("Found", [_finding(each) for each in journey.findings])
        yield ""
        yield from _steps(journey)
        if journey.left_out:
            yield Text(f"  … {journey.left_out:,} steps in the middle are left out", style="dim")
        yield ""
    yield Text.assemble(("Replay   ", "bold"), story.replay)


def _block(title: str, said: list[Text]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold", min_width=7)
    table.add_column(overflow="fold")
    for n, each in enumerate(said or [Text("nothing", style="dim")]):
        table.add_row("" if n else title, each)
    return table


def _finding(found: Finding) -> Text:
    verdict: Judgement = "fail" if found.verdict == "fail" else "unknown"
    return Text.assemble(
        (MARKS[verdict], f"bold {COLOURS[verdict]}"), (f" {found.invariant} ", "bold"), printable(found.says)
    )


def _steps(journey: Journey) -> Iterator[RenderableType]:
    """The steps under their days; a mark in front of those that are evidence."""
    day, table = "", _grid()
    for step in journey.steps:
        *date, clock, _ = step.local.split(" ")
        if " ".join(date) != day:
            if table.row_count:
                yield Padding(table, (0, 0, 0, 2))
            day, table = " ".join(date), _grid()
            yield Text(f"{day} {step.local.rsplit(' ', 1)[-1]}", style="dim")
        table.add_row(Text("▸", style="red") if step.evidence else "", clock, step.lane, _says(step))
    if table.row_count:
        yield Padding(table, (0, 0, 0, 2))


def _grid() -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True, min_width=1)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(no_wrap=True, style="dim", min_width=6)
    table.add_column(overflow="fold")
    return table


def _says(step: Told) -> Text:
    text = Text(printable(step.says), style=TONES.get(step.tone, ""))
    if step.more:
        text.append(f"  {printable(step.more)}", style="dim not bold")
    return text
