"""A comparison of designs for people: a table at the terminal, and one page that needs nothing but itself.

The page has no script, follows light and dark, prints, and carries every bar's figure as text beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from contracts.comparison import HARMS, Comparison, DesignResult, Difference, Reason, RunResult
from reports.terminal import put
from reports.words import counted, figure, money, printable

HARM_WORDS: Final = {
    "lost": "due, not posted, and in nobody's hands",
    "doubled": "posted again while the first posting stood",
    "misposted": "wrong amount, account or paper, before its goods came, or against a person's word",
    "late": "posted, or handed to people, after its time",
    "untold": "right in the books, and the source system was told nothing or something else",
}
HOW_WORDS: Final = {
    "struck": "on the paper itself",
    "order": "on another paper of its order",
    "nearby": "a system had just closed its door",
    "world": "in the papers; no fault was needed",
    "none": "the design's own rules",
}
MEASURE_WORDS: Final = {
    "cases": "cases opened",
    "anomalies_missed": "anomalies missed",
    "false_alarms": "false alarms",
    "calls_per_invoice": "calls per invoice",
    "post_hours_p50": "hours to post, median",
    "post_hours_p95": "hours to post, p95",
}
REASONS_SHOWN: Final = 3
FINDINGS_SHOWN: Final = 8


def gist(design: DesignResult, currency: str) -> str:
    """What a design cost, in one sentence."""
    wrong = [f"{design.harms[harm].count:,} {harm}" for harm in HARMS if design.harms[harm].count]
    if not wrong:
        return "nothing lost, doubled, misposted, late or untold"
    wrong_minor = _wrong_minor(design)
    at_stake = f"; {money(wrong_minor, currency)} wrong in the books or missing from them" if wrong_minor else ""
    return f"{', '.join(wrong)}{at_stake}"


def _wrong_minor(result: DesignResult | RunResult) -> int:
    return sum(result.harms[harm].amount_minor for harm in HARMS if harm != "untold")


def _passed(design: DesignResult) -> str:
    return f"{design.verdicts.get('pass', 0)} of {sum(design.verdicts.values())}"


def _plain(design: DesignResult) -> Iterator[tuple[str, str]]:
    """The measures beside the harms."""
    yield "seeds passed", _passed(design)
    yield "cases opened", f"{design.cases:,}"
    yield "anomalies missed", f"{design.anomalies.missed:,} of {design.anomalies.true:,}"
    yield "false alarms", f"{design.anomalies.false_alarms:,}"
    yield "calls per invoice", figure(design.calls_per_invoice)
    yield "of them polls that brought nothing", figure(round(design.idle_calls / (design.invoices or 1), 3))
    yield "time to post, median", _time(design.post_hours_p50)
    yield "time to post, 95th percentile", _time(design.post_hours_p95)


def _time(hours: float | None) -> str:
    if hours is None:
        return "nothing was posted"
    return "under a minute" if hours < 1 / 60 else f"{hours * 60:.0f} min" if hours < 2 else f"{hours:.1f} h"


def _signed(value: float) -> str:
    return f"+{figure(value)}" if value > 0 else figure(value)


def _differences(comparison: Comparison, place: int) -> Iterator[tuple[str, Difference, bool]]:
    """The paired measures that differ anywhere: name in words, difference, and whether it is money."""
    for name, apart in comparison.pairs[place].differences.items():
        if apart.better or apart.worse:
            harm, _, part = name.partition("_")
            if harm in HARM_WORDS:
                yield f"{harm}, {'money' if part == 'minor' else 'count'}", apart, part == "minor"
            else:
                yield MEASURE_WORDS.get(name, name), apart, False


def _amount(value: float, comparison: Comparison, *, is_money: bool) -> str:
    if not is_money:
        return _signed(value)
    return ("+" if value > 0 else "") + money(round(value), comparison.currency)


# -- at the terminal --------------------------------------------------------------------------------------------------


def show(comparison: Comparison, console: Console, page_at: str) -> None:
    """The table, the reasons, the pairs, and how to see the worst of it again."""
    put(console, *_parts(comparison, page_at))


def _parts(comparison: Comparison, page_at: str) -> Iterator[Text | Padding]:
    yield Text("")
    head = f"{comparison.scenario} · {counted(len(comparison.seeds), 'seed')} · scale {comparison.scale:g}"
    yield Text(head, style="bold")
    yield Padding(_table(comparison), (0, 0, 1, 2))
    for design in comparison.designs:
        yield Text.assemble((design.design, "bold"), f": {gist(design, comparison.currency)}")
        yield from (Text(f"  {line}", style="dim") for line in _reasons(design, comparison.currency))
    for place, pair in enumerate(comparison.pairs):
        yield Text("")
        yield Text(f"{pair.design} minus {pair.against}, seed by seed (less is better)", style="bold")
        yield Padding(_pair_table(comparison, place), (0, 0, 0, 2))
    for result in comparison.runs:
        if result.error:
            yield Text(f"? {result.design} seed {result.seed}: {printable(result.error)}", style="yellow")
    yield Text("")
    yield from (
        Text.assemble(("Worst    ", "bold"), design.worst_replay)
        for design in comparison.designs
        if any(f.count for f in design.harms.values())
    )
    yield Text.assemble(("Page     ", "bold"), page_at)


def _grid(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left", overflow="fold")
    return table


def _table(comparison: Comparison) -> Table:
    table = _grid("", *(design.design for design in comparison.designs))
    for harm in HARMS:
        cells = []
        for design in comparison.designs:
            found = design.harms[harm]
            said = f"{found.count:,} · {money(found.amount_minor, comparison.currency)}" if found.count else "0"
            cells.append(Text(said, style="bold red" if found.count else "green"))
        table.add_row(harm, *cells)
    for rows in zip(*(list(_plain(design)) for design in comparison.designs), strict=True):
        table.add_row(rows[0][0], *(value for _, value in rows))
    return table


def _reasons(design: DesignResult, currency: str) -> Iterator[str]:
    for harm in HARMS:
        of_harm = [reason for reason in design.reasons if reason.harm == harm]
        for reason in of_harm[:REASONS_SHOWN]:
            amount = money(reason.amount_minor, currency)
            yield f"{reason.count:,} {harm}, {amount}: {reason.reason} ({HOW_WORDS[reason.how]})"
        if len(of_harm) > REASONS_SHOWN:
            yield f"{harm}: {counted(len(of_harm) - REASONS_SHOWN, 'more reason')}"


def _pair_table(comparison: Comparison, place: int) -> Table:
    table = _grid("", "mean", "least", "most", "better", "worse", "same")
    for name, apart, is_money in _differences(comparison, place):
        spread = (_amount(value, comparison, is_money=is_money) for value in (apart.mean, apart.min, apart.max))
        table.add_row(name, *spread, str(apart.better), str(apart.worse), str(apart.same))
    return table


# -- the page ---------------------------------------------------------------------------------------------------------

STYLE: Final = """
:root{color-scheme:light dark;--ink:#1c2330;--soft:#5b6575;--rule:#d9dee6;--paper:#fff;--card:#f6f8fa;--bad:#b42318;
--bar:#d9695f;--good:#1a7f4b;--even:#7a8699}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#9aa5b5;--rule:#323b49;--paper:#12161d;--card:#1a202a;
--bad:#ff8f85;--bar:#c2564c;--good:#5bc98c;--even:#7f8ba0}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:64rem;margin:0 auto;padding:2rem 1.25rem 3rem}h1{font-size:1.6rem;line-height:1.25;margin:0 0 .25rem}
h2{font-size:1.1rem;margin:2.2rem 0 .6rem}p{margin:.3rem 0}.soft,caption{color:var(--soft)}
.gists{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:.8rem;margin:1.2rem 0}
.gist{background:var(--card);border:1px solid var(--rule);border-left:5px solid var(--good);border-radius:6px;
padding:.7rem .9rem}.gist.bad{border-left-color:var(--bad)}.gist b{display:block;font-size:1.05rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;padding-bottom:.4rem;font-size:.9rem}
th,td{padding:.35rem .7rem .35rem 0;border-bottom:1px solid var(--rule);text-align:left;vertical-align:top}
thead th{color:var(--soft);font-weight:600;font-size:.87rem}td.n,th.n{text-align:right;white-space:nowrap}
tbody th{font-weight:600}thead th:first-child:empty{width:30%}tbody th small{display:block;font-weight:400;color:var(--soft);max-width:22rem}
.bad{color:var(--bad)}.gist.bad{color:inherit}.good{color:var(--good)}
svg.bar{display:block;width:100%;min-width:6rem;height:.55rem;margin-top:.25rem}svg.bar rect{fill:var(--bar)}
svg.bar rect.track{fill:var(--rule)}code{font:.86em/1.4 ui-monospace,monospace;overflow-wrap:anywhere;
background:var(--card);border:1px solid var(--rule);border-radius:4px;padding:.1rem .35rem}
li{margin:.25rem 0}@media print{main{max-width:none;padding:0}h2{break-after:avoid}tr,.gist{break-inside:avoid}
.scroll{overflow:visible}}
"""


def page(comparison: Comparison) -> str:
    """The whole page."""
    title = f"{len(comparison.designs)} designs, the same {counted(len(comparison.seeds), 'month')}"
    seeds = counted(len(comparison.seeds), "seed")
    under = f"{comparison.scenario}: {comparison.title} · {seeds} · scale {comparison.scale:g}"
    parts = (
        f"<h1>{escape(title)}</h1>",
        f'<p class="soft">{escape(under)}. Under one seed every design meets the same papers and the same faults.</p>',
        '<div class="gists">',
        *(_gist_card(design, comparison) for design in comparison.designs),
        "</div>",
        _harms_section(comparison),
        _measures_section(comparison),
        _seeds_section(comparison),
        *(_why_section(design, comparison) for design in comparison.designs if design.reasons),
        *(_pair_section(comparison, place) for place in range(len(comparison.pairs))),
        *(_worst_section(design, comparison) for design in comparison.designs if design.reasons),
    )
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)} · Closeproof</title><style>{STYLE}</style></head>\n<body><main>\n{body}\n</main></body></html>\n"
    )


def _gist_card(design: DesignResult, comparison: Comparison) -> str:
    bad = " bad" if any(found.count for found in design.harms.values()) else ""
    said = gist(design, comparison.currency)
    passed = f"passed {_passed(design)} seeds"
    return f'<div class="gist{bad}"><b>{escape(design.design)}</b>{escape(said)}<br><span class="soft">{passed}</span></div>'


def _section(title: str, caption: str, heads: Sequence[str], rows: Sequence[str], numbers_from: int = 1) -> str:
    head = "".join(
        f'<th scope="col"{_n(place >= numbers_from)}>{escape(text)}</th>' for place, text in enumerate(heads)
    )
    return (
        f'<h2>{escape(title)}</h2><div class="scroll"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _n(number: bool) -> str:  # noqa: FBT001 - an attribute or none
    return ' class="n"' if number else ""


def _row(first: str, cells: Sequence[str], small: str = "") -> str:
    under = f"<small>{escape(small)}</small>" if small else ""
    return f'<tr><th scope="row">{escape(first)}{under}</th>{"".join(cells)}</tr>'


def _cell(text: str, tone: str = "") -> str:
    return f'<td class="n {tone}">{escape(text)}</td>' if tone else f'<td class="n">{escape(text)}</td>'


def _bar(value: int, most: int) -> str:
    """How much of the most; the figure stands beside it as text."""
    wide = round(100 * value / most, 1) if most else 0.0
    return (
        '<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="track" y="1.6" width="100" height=".8"/><rect width="{wide:g}" height="4"/></svg>'
    )


def _harm_cell(count: int, amount_minor: int, most: int, currency: str) -> str:
    if not count:
        return f'<td class="n good">0{_bar(0, most)}</td>'
    return f'<td class="n"><b class="bad">{count:,}</b> · {escape(money(amount_minor, currency))}{_bar(amount_minor, most)}</td>'


def _harms_section(comparison: Comparison) -> str:
    most = max((f.amount_minor for design in comparison.designs for f in design.harms.values()), default=0)
    rows = [
        _row(
            harm,
            [
                _harm_cell(d.harms[harm].count, d.harms[harm].amount_minor, most, comparison.currency)
                for d in comparison.designs
            ],
            HARM_WORDS[harm],
        )
        for harm in HARMS
    ]
    heads = ("", *(design.design for design in comparison.designs))
    return _section("What it cost", "Obligations and money, all seeds together; bars show money.", heads, rows)


def _measures_section(comparison: Comparison) -> str:
    columns = [list(_plain(design)) for design in comparison.designs]
    rows = [_row(each[0][0], [_cell(value) for _, value in each]) for each in zip(*columns, strict=True)]
    heads = ("", *(design.design for design in comparison.designs))
    return _section("How it worked", "Time to post runs from an invoice's capture to its first posting.", heads, rows)


def _seeds_section(comparison: Comparison) -> str:
    most = max((_wrong_minor(result) for result in comparison.runs), default=0)
    by = {(result.design, result.seed): result for result in comparison.runs}
    rows = []
    for seed in comparison.seeds:
        cells = []
        for design in comparison.designs:
            result = by[design.design, seed]
            count = sum(result.harms[harm].count for harm in HARMS if harm != "untold")
            cells.append(
                _cell("could not be run")
                if result.error
                else _harm_cell(count, _wrong_minor(result), most, comparison.currency)
            )
        rows.append(_row(f"seed {seed}", cells))
    heads = ("", *(design.design for design in comparison.designs))
    caption = "Lost, doubled, misposted and late together. One row is one month: the same world, the same weather."
    return _section("Seed by seed", caption, heads, rows)


def _why_section(design: DesignResult, comparison: Comparison) -> str:
    most = max((reason.amount_minor for reason in design.reasons), default=0)
    rows = [_reason_row(reason, most, comparison.currency) for reason in design.reasons]
    caption = "What had struck the papers concerned. A reason is what the journal shows on them, not a proof of cause."
    return _section(f"Why: {design.design}", caption, ("", "reason", "where", "times · money"), rows, 3)


def _reason_row(reason: Reason, most: int, currency: str) -> str:
    cells = (
        f"<td>{escape(reason.reason)}</td><td>{escape(HOW_WORDS[reason.how])}</td>",
        _harm_cell(reason.count, reason.amount_minor, most, currency),
    )
    return _row(reason.harm, cells)


def _pair_section(comparison: Comparison, place: int) -> str:
    pair = comparison.pairs[place]
    rows = []
    for name, apart, is_money in _differences(comparison, place):
        tone = "good" if apart.mean < 0 else "bad" if apart.mean > 0 else ""
        spread = [_amount(value, comparison, is_money=is_money) for value in (apart.mean, apart.min, apart.max)]
        counts = (apart.better, apart.worse, apart.same)
        rows.append(
            _row(name, [_cell(spread[0], tone), *map(_cell, spread[1:]), *(_cell(str(count)) for count in counts)])
        )
    caption = "The difference in each seed: its mean, least and most, and in how many seeds it was better or worse."
    heads = ("", "mean", "least", "most", "better", "worse", "same")
    return _section(f"{pair.design} minus {pair.against}", f"{caption} Less is better.", heads, rows)


def _worst_section(design: DesignResult, comparison: Comparison) -> str:
    worst = next(r for r in comparison.runs if (r.design, r.seed) == (design.design, design.worst_seed))
    shown = [
        f"<li><b>{found.harm}</b> {escape(printable(found.says))}</li>" for found in worst.findings[:FINDINGS_SHOWN]
    ]
    more = len(worst.findings) - len(shown)
    rest = f'<p class="soft">and {more:,} more in the document beside this page</p>' if more > 0 else ""
    return (
        f"<h2>The worst month of {escape(design.design)}: seed {worst.seed}</h2><ul>{''.join(shown)}</ul>{rest}"
        f"<p>See it again: <code>{escape(worst.replay)}</code></p>"
    )
