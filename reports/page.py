"""The report page of a run: one self-contained file made of its directory, without a script or anything from elsewhere.

It reads the journal once, keeps counts and what concerns the findings, and writes no wall-clock figure: the same run
gives the same page, byte for byte. Whatever stands in papers is data from outside and is escaped by the template.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from contracts import journal
from contracts.anomalies import AnomalyReport, AnomalyWatch
from contracts.provenance import Known
from contracts.verdict import Summary
from reports import charts, summary_json
from reports.bodies import read_bodies
from reports.charts import Table
from reports.course import Course
from reports.findings import JOURNEYS_MAX, Group, grouped
from reports.follow import Follower
from reports.index import Index, read_index
from reports.journey import Finding, Journey, Told, tell
from reports.moments import clocks_of, read_scenario
from reports.words import MARKS, counted, currency_of, ended_in_words, figure, gist, money, plain_name, printable

TEMPLATES: Final = Path(__file__).with_name("templates")
_CONTROLS: Final = re.compile("[^\n\t\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ANOMALIES_MAX: Final = 20
OTHERS_MAX: Final = 60
BODIES_PER_JOURNEY: Final = 4


@dataclass(frozen=True)
class Shown:
    """One journey as the page shows it."""

    told: Journey
    ids: list[str]
    amount_minor: int
    clock: str
    stored: dict[str, str]

    def bodies(self, step: Told) -> Iterator[tuple[str, str]]:
        """What was sent and answered in a step, where it was kept."""
        for title, digest in (("sent", step.request), ("answered", step.response)):
            if digest in self.stored:
                yield title, self.stored[digest]


class Reading:
    """One reading of a run directory: all that the page needs of it."""

    def __init__(self, directory: Path) -> None:
        """Read the summary, then the journal in one pass."""
        self.summary = summary_json.decode((directory / "summary.json").read_bytes())
        self.scenario = read_scenario(directory)
        self.clocks = clocks_of(self.scenario)
        self.planned = (directory / "plan.toml").is_file()
        events = directory / "events.jsonl"
        self.index = read_index(events) if any(i.evidence for i in self.summary.invariants) else Index()
        self.groups, self.loose = grouped(self.summary, self.index)
        self.known = Known()
        self.course = Course(self.clocks, self.known)
        self.anomalies = self._read(events)
        self._let_go()
        shown = self.groups[:JOURNEYS_MAX]
        self.journeys = [self._journey(group) for group in shown]
        self.stored = read_bodies(directory / "bodies.jsonl", {d for each in self.journeys for d in _digests(each)})

    def _read(self, events: Path) -> AnomalyReport | None:
        score = self.summary.anomalies
        watch = AnomalyWatch(self.known) if score.missed or score.false_alarms else None
        follower = Follower(self.known, [group.follow() for group in self.groups[:JOURNEYS_MAX]])
        for entry in journal.read(events):
            self.known.learn(entry)
            self.course.see(entry)
            if self.groups:
                follower.see(entry)
            if watch is not None:
                watch.feed(entry)
        self.course.close()
        return watch.close() if watch is not None else None

    def _let_go(self) -> None:
        """A group of which the journal knows nothing is only what was said of it."""
        for group in [each for each in self.groups if each.subject is not None and not each.subject.steps]:
            self.groups.remove(group)
            self.loose.extend(group.findings)

    def _journey(self, group: Group) -> Journey:
        subject = group.subject or group.follow()
        order = self.index.orders.get(self.index.order_of(group.obligations[0]), ()) if group.obligations else ()
        return tell(subject, self.known, self.clocks, group.findings, order)


def write(directory: Path) -> None:
    """Leave `report.html` in a run directory."""
    (directory / "report.html").write_text(render(directory), "utf-8")


def render(directory: Path) -> str:
    """The page of what a run directory holds."""
    return page(Reading(directory))


def page(reading: Reading) -> str:
    """The page of a reading."""
    summary = reading.summary
    currency = currency_of(summary)
    return _template().render(
        summary=summary,
        css=(TEMPLATES / "page.css").read_text("utf-8"),
        title=reading.scenario.title if reading.scenario else summary.scenario,
        gist=_capital(gist(summary)) + ".",
        at_risk=money(summary.money_at_risk_minor, currency),
        lost=_lost(summary),
        facts=_facts(summary, reading),
        sections=_sections(reading),
        marks=MARKS,
        money=partial(money, currency=currency),
        number=figure,
        plain=plain_name,
        findings_lead=_lead(summary, reading),
        loose=_loose(reading.loose),
        because=printable(reading.course.last_words) if summary.ended == "design-failed" else "",
        journeys=[_shown(reading, *pair) for pair in zip(reading.groups, reading.journeys, strict=False)],
        others=_others(reading.groups[JOURNEYS_MAX:], currency),
        risk_chart=charts.money_at_risk(summary),
        run_name="RUN",
        clock_name=reading.clocks.name,
        peaks=bool(reading.scenario and reading.scenario.peak),
        over_time=list(charts.over_time(reading.course, reading.scenario)),
        post_chart=charts.time_to_post(reading.course, summary),
        anomalies=_anomalies(reading),
        faults=_faults(summary, reading.course),
        books=_books(summary),
        totals=_totals(summary),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_without_controls,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")


def _without_controls(value: object) -> object:
    """What a page cannot hold is replaced; our own markup is left alone."""
    return _CONTROLS.sub("\ufffd", value) if type(value) is str else value


def _capital(said: str) -> str:
    return said[:1].upper() + said[1:]


def _lost(summary: Summary) -> str:
    still = [
        counted(number, what)
        for number, what in ((summary.open_obligations, "obligation"), (summary.open_cases, "case"))
        if number
    ]
    return f"still open: {' and '.join(still)}" if still else ""


def _facts(summary: Summary, reading: Reading) -> list[tuple[str, str]]:
    weather = "exactly those of plan.toml" if reading.planned else "the scenario's weather"
    took = sum(fault.took_effect for fault in summary.faults)
    door = {"virtual": "in virtual time"}.get(summary.door, f"the {summary.door} door")
    return [
        ("Scenario", summary.scenario),
        ("Design", summary.design),
        ("Drawn", f"seed {summary.seed}, scale {summary.scale:g}"),
        ("Faults", f"{weather}; {took:,} took effect"),
        ("Time", f"{summary.virtual_s / 86_400:,.1f} days, {door}"),
        ("Crossings", f"{summary.crossings:,}, and {summary.idle_crossings:,} idle"),
        ("Ended", ended_in_words(summary)),
        ("Journal", f"{summary.digest[:12]}…"),
    ]


def _sections(reading: Reading) -> list[tuple[str, str]]:
    found = reading.groups or reading.loose
    return [
        ("checks", "Invariants and thresholds"),
        *([("findings", "Findings")] if found else []),
        ("course", "How it went"),
        *([("post", "Time to post")] if reading.course.post_hours else []),
        *([("anomalies", "Anomalies")] if reading.anomalies else []),
        ("faults-table", "Faults and books"),
    ]


def _lead(summary: Summary, reading: Reading) -> str:
    all_of_them = sum(each.violations for each in summary.invariants)
    if not all_of_them:
        return "Nothing failed; this could not be judged."
    said = f"{counted(all_of_them, 'violation')} in all"
    hidden = all_of_them - sum(found.verdict == "fail" for found in _every_finding(reading))
    if not reading.groups:
        return f"{said}, about no document."
    things = counted(len(reading.groups), "document")
    return f"{said}, about {things}." if not hidden > 0 else f"{said}; the evidence kept is about {things}."


def _loose(findings: Sequence[Finding]) -> list[tuple[str, str, Finding]]:
    """Findings that say the same, once: the invariants, what they say, and the first of them."""
    alike: dict[tuple[str, str, tuple[int, ...]], list[Finding]] = {}
    for found in findings:
        alike.setdefault((found.verdict, found.says, found.lines), []).append(found)
    return [
        (", ".join(each.invariant for each in several), says, several[0]) for (_, says, _), several in alike.items()
    ]


def _every_finding(reading: Reading) -> Iterator[Finding]:
    for group in reading.groups:
        yield from group.findings
    yield from reading.loose


def _shown(reading: Reading, group: Group, told: Journey) -> Shown:
    zone = next((step.local.rsplit(" ", 1)[-1] for step in told.steps), "")
    stored = {digest: reading.stored[digest] for digest in _digests(told) if digest in reading.stored}
    return Shown(told, group.ids, group.amount_minor, f"local time of the hospital, {zone}" if zone else "", stored)


def _digests(told: Journey) -> list[str]:
    """The bodies worth showing: of what went wrong, of evidence, and of the last crossings that changed something."""
    calls = [step for step in told.steps if step.lane == "wire" and (step.request or step.response)]
    best = sorted(
        calls, key=lambda step: (not step.evidence, step.tone != "bad", " calls " not in step.says, step.line)
    )
    digests = (digest for step in best for digest in (step.request, step.response) if digest)
    return list(dict.fromkeys(digests))[:BODIES_PER_JOURNEY]


# -- tables -----------------------------------------------------------------------------------------------------------


def _others(groups: Sequence[Group], currency: str) -> Table | None:
    rows = tuple(
        (group.about, ", ".join(group.ids), group.findings[0].says, money(group.amount_minor, currency))
        for group in groups[:OTHERS_MAX]
    )
    return Table(("about", "invariants", "what", "at risk"), rows) if rows else None


def _anomalies(reading: Reading) -> Table | None:
    report = reading.anomalies
    if report is None:
        return None
    known, clocks = reading.known, reading.clocks
    rows = [
        (each.what.replace("-", " "), "missed", ", ".join(each.about), f"to be flagged by {clocks.at(each.flag_by_ms)}")
        for each in (known.anomalies[name] for name in report.missed[:ANOMALIES_MAX])
    ]
    rows += [
        (each.category.replace("-", " "), "false alarm", ", ".join(each.about), f"{each.case}, line {each.line}")
        for each in report.false_alarms[:ANOMALIES_MAX]
    ]
    return Table(("anomaly or case", "", "about", ""), tuple(rows)) if rows else None


def _faults(summary: Summary, course: Course) -> Table:
    rows = [
        (each.kind, f"{each.armed:,}", f"{each.took_effect:,}", f"{course.harmless[each.kind]:,}")
        for each in summary.faults
    ]
    if len(rows) > 1:
        armed, took = (sum(getattr(each, name) for each in summary.faults) for name in ("armed", "took_effect"))
        rows.append(("all", f"{armed:,}", f"{took:,}", f"{sum(course.harmless.values()):,}"))
    return Table(("kind", "armed", "took effect", "harmless"), tuple(rows))


def _books(summary: Summary) -> Table:
    rows = []
    for ledger in summary.ledgers:
        off_minor = ledger.debit_minor - ledger.credit_minor
        debit, credit = (money(amount, ledger.currency) for amount in (ledger.debit_minor, ledger.credit_minor))
        balance = f"off by {money(off_minor, ledger.currency)}" if off_minor else "balanced"
        rows.append((ledger.entity, debit, credit, balance))
    return Table(("entity", "debit", "credit", ""), tuple(rows))


def _totals(summary: Summary) -> Table:
    rows: list[tuple[Any, ...]] = [(what.replace("-", " "), f"{count:,}") for what, count in summary.truth.items()]
    rows += [(what.replace("/", ": ").replace("_", " "), f"{count:,}") for what, count in summary.effects.items()]
    return Table(("truth, then what systems committed", ""), tuple(rows))
