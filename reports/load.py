"""A load test for people and for CI servers: a table at the terminal, one page that needs nothing but itself, JUnit.

Latencies are from the instant at which something was due. What the generator itself was late by stands beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Final

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from contracts.load import LoadResult, Spread
from contracts.verdict import Judgement, ThresholdResult
from reports import svg
from reports.terminal import COLOURS, put
from reports.words import MARKS, counted, figure, gist, printable

CSS: Final = Path(__file__).with_name("templates") / "page.css"
WORDS: Final = {
    "p95_ms_max": "95 in 100 within",
    "p99_ms_max": "99 in 100 within",
    "error_share_max": "share that failed",
    "achieved_share_min": "achieved of the planned rate",
    "behind_ms_p99_max": "generator late, 99 in 100 within",
}
HEADS: Final = ("", "number", "failed", "p50", "p90", "p95", "p99", "max")
REASONS_SHOWN: Final = 5


def limit_in_words(limit: ThresholdResult) -> str:
    """What was found and what was allowed."""
    unit = " ms" if "_ms_" in limit.name else ""
    bound = "at least" if limit.name.endswith("_min") else "at most"
    found = "not measured" if limit.value is None else f"{figure(limit.value)}{unit}"
    return f"{found}, {bound} {figure(limit.limit)}{unit}"


def sentence(result: LoadResult) -> str:
    """The verdict's reason in one sentence."""
    failed = [WORDS[limit.name] for limit in result.thresholds if limit.verdict == "fail"]
    unsure = [WORDS[limit.name] for limit in result.thresholds if limit.verdict == "unknown"]
    books = gist(result.books) if result.books else "the estate did not settle, so its books were not judged"
    parts = [f"missed: {', '.join(failed)}"] if failed else []
    parts += [f"could not be judged: {', '.join(unsure)}"] if unsure else []
    limits = "; ".join(parts) or f"{counted(len(result.thresholds), 'limit')} kept"
    return f"{limits}; books: {books}"


def facts(result: LoadResult) -> list[tuple[str, str]]:
    """How it was played, and how well the generator kept to it."""
    found = result.measured
    window = f"{result.begins[:16].replace('T', ' ')} to {result.ends[11:16]} UTC in {found.seconds:g} s"
    rates = (
        f"{found.rate_achieved:,.1f} of {found.rate_planned:,.1f} arrivals/s ({found.achieved_share:.1%}), "
        f"at the peak {found.rate_planned_peak:,.1f} due a second"
    )
    late = f"p50 {_ms(found.behind.p50_ms)} · p99 {_ms(found.behind.p99_ms)} · at most {_ms(found.behind.max_ms)}"
    rows = [
        ("window", f"{window}, {result.speed:,.0f} times the pace of life"),
        ("rate", rates),
        ("arrivals", f"{found.planned:,} due · {found.done:,} done · {found.failed:,} failed"),
        ("generator late by", f"{late} (part of every latency)"),
    ]
    if found.unmeasured:
        failed = f", {found.unmeasured_failed:,} of them in vain" if found.unmeasured_failed else ""
        rows.append(("before and after", f"{found.unmeasured:,} arrivals, not measured{failed}"))
    if result.against == "end-to-end":
        rows.append(("estate's clock", f"fell behind its pace by {result.fell_back_s:.1f} s"))
    return rows


def _ms(value: float) -> str:
    return f"{value / 1000:,.1f} s" if value >= 10_000 else f"{value:,.0f} ms" if value >= 100 else f"{value:.1f} ms"


def _rows(result: LoadResult) -> Iterator[tuple[str, int, int, Spread, bool]]:
    """Arrivals by kind, then all, then calls: name, number, failed, durations, and whether it is an arrival."""
    found = result.measured
    for kind in found.kinds:
        yield kind.name, kind.planned, kind.failed, kind.latency, True
    yield "all arrivals", found.planned, found.failed, found.latency, True
    for calls in found.calls:
        yield calls.operation, calls.took.count, calls.failed, calls.took, False


def _figures(spread: Spread) -> list[str]:
    values = (spread.p50_ms, spread.p90_ms, spread.p95_ms, spread.p99_ms, spread.max_ms)
    return [_ms(value) if spread.count else "-" for value in values]


# -- at the terminal --------------------------------------------------------------------------------------------------


def show(result: LoadResult, console: Console, left_in: str) -> None:
    """Print it all."""
    put(console, *_parts(result, left_in))


def _parts(result: LoadResult, left_in: str) -> Iterator[RenderableType]:
    colour = COLOURS[result.verdict]
    head = f"load · {result.scenario} · {result.against} · seed {result.seed} · scale {result.scale:g}"
    yield Text("")
    yield Text.assemble((f"━━  {result.verdict.upper()}  ━━ ", f"bold {colour}"), head)
    yield Text(f"   {sentence(result)}")
    yield Text("")
    for name, said in facts(result):
        yield Text.assemble((f"  {name:<18}", "dim"), said)
    yield Text("")
    yield Padding(_table(result, arrivals=True), (0, 0, 1, 2))
    yield Padding(_table(result, arrivals=False), (0, 0, 1, 2))
    for limit in result.thresholds:
        mark = (f"  {MARKS[limit.verdict]}  ", COLOURS[limit.verdict])
        yield Text.assemble(mark, f"{WORDS[limit.name]}: {limit_in_words(limit)}")
    yield _books(result)
    for reason, times in _reasons(result):
        yield Text.assemble(("  ✗  ", "red"), f"{times:,} failed at {printable(reason)}")
    yield Text("")
    yield Text.assemble(("Left in  ", "bold"), left_in)
    yield Text.assemble(("Page     ", "bold"), f"{left_in}/load.html")
    if result.books:
        yield Text.assemble(("Books    ", "bold"), f"{left_in}/estate/report.html")
    yield Text.assemble(("Again    ", "bold"), result.command)


def _books(result: LoadResult) -> Text:
    verdict: Judgement = result.books.verdict if result.books else "unknown"
    said = gist(result.books) if result.books else "not judged: the estate did not settle"
    return Text.assemble((f"  {MARKS[verdict]}  ", COLOURS[verdict]), f"the books: {said}")


def _reasons(result: LoadResult) -> list[tuple[str, int]]:
    return sorted(result.measured.reasons.items(), key=lambda pair: (-pair[1], pair[0]))[:REASONS_SHOWN]


def _table(result: LoadResult, *, arrivals: bool) -> Table:
    """In milliseconds and without the p90, so that it fits into 80 columns."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    first = "from due to done, ms" if arrivals else "from sent to answered, ms"
    for place, column in enumerate((first, "number", "failed", "p50", "p95", "p99", "max")):
        table.add_column(column, justify="right" if place else "left", overflow="fold")
    for name, number, failed, spread, is_arrival in _rows(result):
        if is_arrival == arrivals:
            style = "red" if failed else ""
            values = (spread.p50_ms, spread.p95_ms, spread.p99_ms, spread.max_ms)
            said = (f"{value:,.1f}" if value < 100 else f"{value:,.0f}" for value in values)
            table.add_row(name, f"{number:,}", Text(f"{failed:,}", style=style), *said)
    return table


# -- the page ---------------------------------------------------------------------------------------------------------


def page(result: LoadResult) -> str:
    """The whole page: no script, light and dark, and every figure of a picture is in a table, too."""
    title = f"Load: {result.scenario}, {result.against}"
    tone = result.verdict.replace(" ", "-")
    under = (
        f"seed {result.seed} · scale {result.scale:g} · limits {result.limits} · {counted(result.workers, 'generator')}"
    )
    listed = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(said)}</dd></div>" for name, said in facts(result))
    body = "\n".join(
        (
            f'<p class="brand">Closeproof <span>load test</span></p><h1>{escape(title)}</h1>',
            _hero(result, tone),
            f'<p class="lead">{escape(under)}</p><dl class="facts">{listed}</dl>',
            f'<p class="command"><span>again</span> <code>{escape(result.command)}</code></p>',
            _limits(result),
            *_pictures(result),
            _page_table(result, "From due to done", arrivals=True),
            _page_table(result, "Each call, from sent to answered", arrivals=False),
            _course_table(result),
        )
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{CSS.read_text('utf-8')}</style></head>\n<body><main>\n{body}\n</main></body></html>\n"
    )


def _hero(result: LoadResult, tone: str) -> str:
    return (
        f'<section class="hero {tone}"><div><p class="word">{result.verdict.upper()}</p>'
        f'<p class="gist">{escape(sentence(result))}</p></div></section>'
    )


def _limits(result: LoadResult) -> str:
    judged = [(WORDS[limit.name], limit_in_words(limit), limit.verdict) for limit in result.thresholds]
    verdict: Judgement = result.books.verdict if result.books else "unknown"
    said = gist(result.books) if result.books else "not judged: the estate did not settle"
    where = ' (<a href="estate/report.html">the oracle\'s report</a>)' if result.books else ""
    rows = [f"<tr>{_marked(name, mark)}<td>{escape(text)}</td></tr>" for name, text, mark in judged]
    rows.append(f"<tr>{_marked('the books', verdict)}<td>{escape(said)}{where}</td></tr>")
    rows += [
        f"<tr>{_marked(reason, 'fail')}<td>{counted(times, 'arrival')} failed at it</td></tr>"
        for reason, times in _reasons(result)
    ]
    return f"<h2>What had to hold</h2><table><tbody>{''.join(rows)}</tbody></table>"


def _marked(name: str, verdict: Judgement) -> str:
    tone = verdict.replace(" ", "-")
    return f'<th scope="row"><span class="mark {tone}">{MARKS[verdict]}</span>{escape(name)}</th>'


def _pictures(result: LoadResult) -> Iterator[str]:
    course = result.measured.course
    places = len(course)
    every = max(1, places // 10)
    scene = svg.Scene(places, tuple((n, f"{course[n].from_s:g} s") for n in range(0, places, every)))
    frame = svg.Frame(1000, 240, 60)
    latency = [
        svg.Series(name, tone, tuple((getattr(piece, field) or 0.0) for piece in course))
        for name, tone, field in (("slowest", "quiet", "max_ms"), ("p95", "s3", "p95_ms"), ("p50", "s1", "p50_ms"))
    ]
    found = result.measured.latency
    said = f"Half of all arrivals ended within {_ms(found.p50_ms)}, 95 in 100 within {_ms(found.p95_ms)}."
    note = "Milliseconds from the instant at which something was due to its end, by that instant."
    parts = (*svg.legend(latency, 70, 12, across=True), *svg.areas(frame, scene, latency))
    yield _figure("Latency", note, svg.picture(frame, "latency", "Latency over the window", said, parts))
    width_s = result.measured.seconds / max(1, places)
    rates = [
        svg.Series("due", "quiet", tuple(piece.due / width_s for piece in course)),
        svg.Series("done", "s2", tuple(piece.done / width_s for piece in course)),
    ]
    said = f"{result.measured.done:,} of {result.measured.planned:,} arrivals ended well."
    note = "Arrivals a second: what was due, and in front of it what ended well. Grey that stays grey was kept waiting."
    parts = (*svg.legend(rates, 70, 12, across=True), *svg.areas(frame, scene, rates))
    yield _figure("Arrivals", note, svg.picture(frame, "arrivals", "Arrivals a second", said, parts))


def _figure(title: str, note: str, picture: str) -> str:
    return f"<h2>{title}</h2><figure><figcaption><p>{escape(note)}</p></figcaption>{picture}</figure>"


def _page_table(result: LoadResult, title: str, *, arrivals: bool) -> str:
    rows = [
        (name, f"{number:,}", f"{failed:,}", *_figures(spread))
        for name, number, failed, spread, is_arrival in _rows(result)
        if is_arrival == arrivals
    ]
    return f"<h2>{title}</h2>{_numbers(HEADS, rows)}"


def _course_table(result: LoadResult) -> str:
    heads = ("from", "due", "done", "p50", "p95", "slowest")
    rows = [
        (
            f"{piece.from_s:g} s",
            f"{piece.due:,}",
            f"{piece.done:,}",
            *map(_or_none, (piece.p50_ms, piece.p95_ms, piece.max_ms)),
        )
        for piece in result.measured.course
    ]
    return f'<details class="numbers"><summary>The pictures in figures</summary>{_numbers(heads, rows)}</details>'


def _or_none(value: float | None) -> str:
    return "-" if value is None else _ms(value)


def _numbers(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    return (
        f'<div class="scroll"><table class="numbers"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )
