"""`closeproof demo`: a short month with a story in it. Nothing to choose: it plays, tells, and says what to try next."""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from rich.text import Text

from contracts import journal
from contracts.journal import Call, Document, Effect, Entry, FaultTook
from contracts.scenario import Scenario
from contracts.verdict import Summary
from reports.terminal import put, show_briefly
from reports.words import counted, money
from sim import rundir
from sim.cli_ask import Asked, prepare
from sim.cli_run import EXIT_CODES, people, watched

SCENARIO: Final = "demo"
SEED: Final = 7
PAGE: Final = "report.html"
POSTS: Final = "cloud_erp.create_invoice"
NEXT: Final = (
    (
        f"closeproof compare {SCENARIO} --designs point-to-point,point-to-point-billed,workflow --seeds 5",
        "what each way of tying systems together costs, and why",
    ),
    (f"closeproof run month-end --seed {SEED}", "four hospitals, a whole month, and its close"),
)


@dataclass
class LostReply:
    """One invoice that the ERP booked while its reply was lost, and all that the design did about it."""

    key: str
    paper: Document | None = None
    calls: list[Call] = field(default_factory=list)
    postings: list[Effect] = field(default_factory=list)
    told: Effect | None = None


def command(*, out: str = "", quiet: bool = False) -> int:
    """Play the demo; the exit code is the verdict's."""
    prepared = prepare(Asked(SCENARIO, seed=SEED))
    scenario, console = prepared.scenario, people()
    if not quiet:
        put(console, *_opening(scenario))
    with rundir.Workshop(out, f"{SCENARIO}-{prepared.design_name}-{SEED}") as workshop:
        summary = watched(prepared, workshop.path, quiet=quiet)
        rundir.write(workshop.path, prepared, summary)
        left_in = workshop.publish()
    story = lost_reply(journal.read(Path(left_in) / "events.jsonl"))
    if not quiet:
        put(console, *_week(summary), *(_tale(story, scenario) if story else ()), Text(""))
    show_briefly(summary, console)
    put(console, *_ending(Path(left_in), story))
    return EXIT_CODES[summary.verdict]


def lost_reply(entries: Iterable[Entry]) -> LostReply | None:
    """The dearest invoice whose posting was booked without a reply; None if every reply came."""
    found: dict[str, LostReply] = {}
    papers: dict[str, Document] = {}
    booked: dict[str, Effect] = {}
    for entry in entries:
        match entry:
            case Document():
                papers[entry.ref] = entry
            case FaultTook(kind="timeout-after-commit", target=target) if target == POSTS and not entry.harmless:
                key = str(entry.trigger.get("key", ""))
                first = [booked[key]] if key in booked else []
                found.setdefault(key, LostReply(key, papers.get(key), postings=first))
            case Effect(what="invoice.posted"):
                booked.setdefault(entry.source_ref, entry)
                if entry.source_ref in found:
                    found[entry.source_ref].postings.append(entry)
            case Effect(what="invoice.status") if f"{entry.system}:{entry.ref}" in found:
                found[f"{entry.system}:{entry.ref}"].told = entry
            case Call() if entry.key in found:
                found[entry.key].calls.append(entry)
            case _:
                pass
    whole = [story for story in found.values() if story.paper and story.postings and story.calls]
    return max(whole, key=lambda story: story.postings[0].amount_minor, default=None)


# -- what is told -----------------------------------------------------------------------------------------------------


def _opening(scenario: Scenario) -> Iterator[Text]:
    hospitals = " and ".join(hospital.name for hospital in scenario.hospital)
    start, close = scenario.calendar.start, scenario.calendar.close
    yield Text(scenario.title, style="bold")
    yield Text(f"{hospitals}: {start:%A} to {close:%A}, {close:%H:%M}, when the books close.")
    yield Text("On the last day the ERP books what it is sent, and one time in five the reply never comes.")


def _week(summary: Summary) -> Iterator[Text]:
    truth, took = summary.truth, sum(fault.took_effect for fault in summary.faults)
    lost = sum(fault.took_effect for fault in summary.faults if fault.kind == "timeout-after-commit")
    orders, invoices = truth.get("purchase-orders", 0), truth.get("invoices", 0)
    yield Text(
        f"{counted(orders, 'order')}, {counted(invoices, 'invoice')}, {counted(took, 'fault')}; "
        f"{counted(lost, 'posting')} booked without a reply. One of them:"
    )


def _tale(story: LostReply, scenario: Scenario) -> Iterator[Text]:
    """What happened to one invoice, in its hospital's own time."""
    paper, posted = story.paper, story.postings[0]
    if paper is None:
        return
    zone = next((h.time_zone for h in scenario.hospital if h.id == paper.entity), "UTC")
    amount = money(posted.amount_minor, posted.currency)
    who = f"{paper.ref.partition(':')[2]}, supplier {paper.party}, no. {paper.number}, {amount}"
    yield _line(paper.at, zone, f"captured: {who}")
    yield _line(posted.at, zone, f"the ERP books it as {posted.ref}, and the reply is lost on its way")
    for call in story.calls:
        yield _line(call.at, zone, _said(call))
    again = len(story.postings) - 1
    if story.told is not None:
        yield _line(story.told.at, zone, f"the supplier's clerk reads: {story.told.state}, {story.told.number}")
    yield Text(
        f"  Booked {counted(again + 1, 'time')}. "
        + (
            f"That is {counted(again, 'payment')} too many."
            if again
            else "To send it again blindly risks paying twice, to give it up risks losing it: ask first."
        ),
        style="bold",
    )


def _said(call: Call) -> str:
    if call.operation == "create_invoice":
        if call.outcome == "replied":
            return f"sent again, attempt {call.attempt}: status {call.status}"
        return f"after {(call.at - call.began) / 1000:.0f} s the design stops waiting: booked or not? It cannot know"
    if call.operation.startswith("find"):
        return "the ERP has had time to finish; the design asks it what it has from this source, before it sends again"
    return f"{call.system}.{call.operation}: {call.outcome}"


def _line(at_ms: int, zone: str, says: str) -> Text:
    moment = dt.datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone))
    return Text.assemble((f"  {moment:%a %H:%M:%S}  ", "dim"), says)


def _ending(left_in: Path, story: LostReply | None) -> Iterator[Text]:
    page = left_in / PAGE
    there = page if page.is_file() else left_in
    yield Text.assemble(("Page     " if there is page else "Left in  ", "bold"), there.as_posix())
    yield Text("Try next", style="bold")
    if story:
        words = shlex.join(["closeproof", "story", left_in.as_posix(), story.key.partition(":")[2]])
        yield _try(words, "all that happened to that invoice")
    for words, why in NEXT:
        yield _try(words, why)


def _try(words: str, why: str) -> Text:
    return Text.assemble("  ", words, (f"   # {why}", "dim"))
