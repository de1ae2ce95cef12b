"""The page's pictures of a run: which numbers, which scale, which words. Each comes wide, narrow and as a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.scenario import Scenario
from contracts.verdict import Summary
from reports import svg
from reports.course import HOUR_MS, Course, percentile
from reports.moments import span
from reports.svg import Frame, Scene, Series
from reports.words import counted, currency_of, money

WIDE, NARROW = 1000, 360
MINUTE_H: Final = 1 / 60
EDGES_H: Final = (0, MINUTE_H, 5 * MINUTE_H, 0.25, 1, 4, 12, 24, 48, 72, 96, 120, 168)
"""Where the bars of the time to post begin, in hours: a minute early on says as much as a day later."""
TONES: Final = ("s1", "s2", "s3", "s4")


@dataclass(frozen=True)
class Table:
    """The same numbers for those who read them."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Chart:
    """One picture: its title, what it says in a sentence, drawn for a screen and for a telephone, and its numbers."""

    name: str
    title: str
    says: str
    wide: str
    narrow: str
    table: Table


def over_time(course: Course, scenario: Scenario | None) -> Iterator[Chart]:
    """Volume, crossings, faults and backlog, over the same days."""
    dates = course.days.dates
    scene = _scene(course, scenario, dates)
    papers = _series(course, ("orders", "receipts", "invoices"))
    if papers:
        yield _papers(scene, papers, dates)
    crossings = _series(course, ("went well", "went wrong", "idle"), ("s1", "bad", "quiet"))
    if crossings:
        yield _crossings(scene, crossings, dates)
    if course.faults:
        yield _faults(scene, course, dates)
    if any(course.backlog):
        yield _backlog(scene, course, dates)


def _scene(course: Course, scenario: Scenario | None, dates: Sequence[dt.date]) -> Scene:
    short = len(dates) < 12
    ticks = tuple((n + 0.5, f"{day.day} {day:%b}") for n, day in enumerate(dates) if short or day.weekday() == 0)
    spans = [(float(n), n + 1.0, "") for n, day in enumerate(dates) if day.weekday() >= 5]
    for peak in scenario.peak if scenario else ():
        inside = [n for n, day in enumerate(dates) if peak.start <= day <= peak.end]
        if inside:
            spans.append((float(inside[0]), inside[-1] + 1.0, f"peak: {peak.factor:g} times the volume"))
    marks = tuple((course.days.along(at), said) for at, said in course.moments)
    return Scene(len(dates), ticks, marks, tuple(spans))


def _series(course: Course, names: Sequence[str], tones: Sequence[str] = TONES) -> tuple[Series, ...]:
    each = (Series(name, tone, course.series(name)) for name, tone in zip(names, tones, strict=False))
    return tuple(series for series in each if any(series.values))


Draw = Callable[[Frame, bool], Iterator[str]]


def _chart(  # noqa: PLR0913 - the parts of a chart
    name: str, title: str, says: str, draw: Draw, sizes: tuple[Frame, Frame], table: Table
) -> Chart:
    """Draw both sizes."""
    wide, narrow = (
        svg.picture(frame, f"{name}-{form}", title, says, draw(frame, form == "narrow"))
        for frame, form in zip(sizes, ("wide", "narrow"), strict=True)
    )
    return Chart(name, title, says, wide, narrow, table)


def _sizes(height: int, left: int = 172, narrow_left: int = 34, narrow_top: int = 40) -> tuple[Frame, Frame]:
    return Frame(WIDE, height, left), Frame(NARROW, height, narrow_left, 4, narrow_top)


def _with_legend(draw: Callable[[Frame], Iterator[str]], series: Sequence[Series]) -> Draw:
    """The legend in the left margin where there is one, else above the plot."""

    def drawn(frame: Frame, narrow: bool) -> Iterator[str]:  # noqa: FBT001 - the signature of a drawing
        yield from svg.legend(series, frame.left if narrow else 0, 12 if narrow else frame.top + 10, across=narrow)
        yield from draw(frame)

    return drawn


def _day_table(dates: Sequence[dt.date], series: Sequence[Series]) -> Table:
    rows = tuple(
        (f"{day:%a} {day.day} {day:%b}", *(f"{each.values[n]:,.0f}" for each in series)) for n, day in enumerate(dates)
    )
    return Table(("day", *(each.name for each in series)), rows)


def _busiest(dates: Sequence[dt.date], series: Sequence[Series]) -> str:
    totals = [sum(each.values[n] for each in series) for n in range(len(dates))]
    n = totals.index(max(totals))
    return f"the most on {dates[n]:%a} {dates[n].day} {dates[n]:%b}: {totals[n]:,.0f}"


def _papers(scene: Scene, series: tuple[Series, ...], dates: Sequence[dt.date]) -> Chart:
    sums = ", ".join(counted(int(sum(each.values)), each.name.removesuffix("s")) for each in series)
    draw = _with_legend(lambda frame: svg.bars(frame, scene, series), series)
    says = f"{sums}; {_busiest(dates, series)}."
    return _chart("papers", "Papers per day", says, draw, _sizes(170), _day_table(dates, series))


def _crossings(scene: Scene, series: tuple[Series, ...], dates: Sequence[dt.date]) -> Chart:
    sums = ", ".join(f"{sum(each.values):,.0f} {each.name}" for each in series)
    draw = _with_legend(lambda frame: svg.bars(frame, scene, series), series)
    says = (
        f"Calls and deliveries: {sums}; {_busiest(dates, series)}. Idle are token calls and polls that brought nothing."
    )
    return _chart("crossings", "Crossings per day", says, draw, _sizes(150), _day_table(dates, series))


def _faults(scene: Scene, course: Course, dates: Sequence[dt.date]) -> Chart:
    rows = tuple(
        Series(kind, "heat", tuple(float(by_day[n]) for n in range(len(dates))))
        for kind, by_day in sorted(course.faults.items())
    )
    height = 20
    wide, narrow = _sizes(18 + 24 + height * len(rows), narrow_left=132, narrow_top=18)
    total = sum(sum(row.values) for row in rows)
    says = f"{counted(int(total), 'fault')} took effect, of {counted(len(rows), 'kind')}; {_busiest(dates, rows)}."

    def draw(frame: Frame, narrow: bool) -> Iterator[str]:  # noqa: FBT001 - the signature of a drawing
        del narrow
        yield from svg.heatmap(frame, scene, rows, height)

    return _chart("faults", "Faults that took effect, per day", says, draw, (wide, narrow), _day_table(dates, rows))


def _backlog(scene: Scene, course: Course, dates: Sequence[dt.date]) -> Chart:
    every = len(course.backlog) // max(1, len(dates)) or 1
    series = (
        Series("open", "s1", tuple(map(float, course.backlog))),
        Series("past their time", "bad", tuple(map(float, course.overdue))),
    )
    shown = series if any(course.overdue) else series[:1]
    daily = [Series(each.name, each.tone, _highest(each.values, every)) for each in shown]
    draw = _with_legend(lambda frame: svg.areas(frame, scene, shown), shown)
    most, late = max(course.backlog), max(course.overdue)
    says = (
        f"Things owed and not yet in the books: at most {most:,} at once, {f'at most {late:,}' if late else 'none'} past its time, "
        f"{len(course.open):,} at the end."
    )
    return _chart("backlog", "Backlog", says, draw, _sizes(170), _day_table(dates, daily))


def _highest(values: Sequence[float], every: int) -> tuple[float, ...]:
    return tuple(max(values[n : n + every]) for n in range(0, len(values), every))


# -- time to post, and money ------------------------------------------------------------------------------------------


def time_to_post(course: Course, summary: Summary) -> Chart | None:
    """How long invoices took from their capture into the books."""
    hours = sorted(course.post_hours)
    if not hours:
        return None
    limit = next((each for each in summary.thresholds if each.name == "post_hours_p95_max"), None)
    last = next((n for n, edge in enumerate(EDGES_H) if edge > hours[-1]), len(EDGES_H))
    edges = EDGES_H[: max(2, last)]
    counts = [0.0] * len(edges)
    for value in hours:
        counts[max(n for n, edge in enumerate(edges) if edge <= max(value, 0))] += 1
    ticks = tuple((float(n), _hours(edge)) for n, edge in enumerate(edges))
    marked: list[tuple[float, str]] = [(percentile(hours, 0.5), "half"), (percentile(hours, 0.95), "95 %")]
    if limit is not None:
        marked.append((limit.limit, "limit"))
    marks = tuple((_along(value, edges), said) for value, said in marked if value <= _end(edges))
    scene = Scene(len(edges), ticks, marks)
    series = (Series("invoices", "s1", tuple(counts)),)
    draw = _with_legend(lambda frame: svg.bars(frame, scene, series, counted=True), series)
    known = [
        (name, percentile(hours, share))
        for name, share in (("half", 0.5), ("90 %", 0.9), ("95 %", 0.95), ("99 %", 0.99), ("all", 1.0))
    ]
    says = (
        f"{counted(len(hours), 'invoice')} posted; " + ", ".join(f"{name} within {_took(v)}" for name, v in known) + "."
    )
    ends = [*(_hours(edge) for edge in edges[1:]), "more"]
    rows = tuple((f"{_hours(a)} to {b}", f"{n:,.0f}") for a, b, n in zip(edges, ends, counts, strict=True))
    return _chart("post", "Time to post", says, draw, _sizes(180), Table(("from capture to books", "invoices"), rows))


def _hours(value: float) -> str:
    if value < 1:
        return f"{value * 60:.0f} min"
    return f"{value:g} h" if value < 24 else f"{value / 24:g} d"


def _took(value: float) -> str:
    return span(round(value * HOUR_MS))


def _end(edges: Sequence[float]) -> float:
    return edges[-1] * 2


def _along(value: float, edges: Sequence[float]) -> float:
    """Where a value lies on an axis whose steps are not of one length."""
    n = max(n for n, edge in enumerate(edges) if edge <= max(value, 0))
    end = edges[n + 1] if n + 1 < len(edges) else _end(edges)
    return n + (value - edges[n]) / (end - edges[n])


def money_at_risk(summary: Summary) -> Chart | None:
    """What each invariant's violations put at stake."""
    currency = currency_of(summary)
    found = sorted((i for i in summary.invariants if i.at_risk_minor), key=lambda i: (-i.at_risk_minor, i.id))
    if not summary.money_at_risk_minor:
        return None
    rows = [(f"{i.id} {i.name}", "bad", float(i.at_risk_minor), money(i.at_risk_minor, currency)) for i in found]
    height = 24
    total = money(summary.money_at_risk_minor, currency)
    says = f"{total} in all. A thing owed counts once there, and under each invariant that it breaks here."

    def draw(frame: Frame, narrow: bool) -> Iterator[str]:  # noqa: FBT001 - the signature of a drawing
        del narrow
        yield from svg.ranked(frame, rows, height)

    tall = 14 + height * len(rows)
    sizes = (Frame(WIDE, tall, 172, top=6, bottom=8), Frame(NARROW, tall, 112, 4, top=6, bottom=8))
    cells = tuple((i.id, i.name, f"{i.violations:,}", money(i.at_risk_minor, currency)) for i in found)
    table = Table(("", "invariant", "violations", "at risk"), cells)
    return _chart("money", "Money at risk, by invariant", says, draw, sizes, table)
