"""How fast this is, here: `make bench`. Wall times mean little on another machine, so each stands beside a ratio.

The reference is the bare SimPy environment on the same core, stepping through 1,000,000 timeouts of one process, measured
before, in between and after; its median is the unit. A month is played in three rounds, and the middle one counts. The served door is loaded by turns with a plain application that does the same for
its callers (`make bench-served` prints each turn). Nothing passes or fails. `--write` puts the table into docs/benchmarks.md.
"""

from __future__ import annotations

import asyncio
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import simpy

from contracts.ports import Ports
from contracts.verdict import Summary
from contracts.wire import Request
from sim import bench_served
from sim.cli_ask import Asked, prepare
from sim.clock import Kernel
from sim.judges import has_room
from sim.run import run

PAGE: Final = Path(__file__).parents[1] / "docs" / "benchmarks.md"
REFERENCE_STEPS: Final = 1_000_000
AWAITS: Final = 300_000
SLEEPERS: Final = 1_000
MONTH_SEED: Final = 7
MONTH_ROUNDS: Final = 3
MONTHS: Final = ("plain-month", "month-end")
"""The close with orders, receipts and bills alone, and with everything that purchasing can be."""
GOALS: Final = {"plain-month": "≤ 6, better 3", "month-end": "≤ 8, better 4"}
"""In references."""
SMALL: Final = ("quiet-week", 0.13)
SMALL_RUNS: Final = 20
SMALL_CROSSINGS_MIN: Final = 300
SMALL_KINDS_MIN: Final = 2
GETS: Final = 20_000
CALLERS: Final = 8


class Row(NamedTuple):
    """One figure: what, how much, and how often the reference fits into it, where that means something."""

    what: str
    measured: str
    in_references: str = ""
    goal: str = ""


def took_s(work: Callable[[], object]) -> float:
    """Wall seconds of some work."""
    began_s = time.perf_counter()
    work()
    return time.perf_counter() - began_s


def reference_s() -> float:
    """The unit."""

    def ticking(env: simpy.Environment) -> Generator[simpy.Event, Any, None]:
        for _ in range(REFERENCE_STEPS):
            yield env.timeout(1)

    def once() -> None:
        env = simpy.Environment()
        env.process(ticking(env))
        env.run()

    return statistics.median(took_s(once) for _ in range(3))


def timed_awaits_per_s() -> float:
    """Tasks that sleep, at moments of their own, on the virtual loop."""

    async def sleeper(number: int) -> None:
        for step in range(AWAITS // SLEEPERS):
            await asyncio.sleep((1 + (number + step) % 97) / 1000)

    async def everybody() -> None:
        await asyncio.gather(*(sleeper(number) for number in range(SLEEPERS)))

    with Kernel(datetime(2026, 10, 1, tzinfo=UTC)) as kernel:
        return AWAITS / took_s(lambda: kernel.run_until_complete(everybody()))


class Month(NamedTuple):
    """A month in a process of its own."""

    wall_s: float
    crossings: int
    idle_crossings: int
    peak_rss_mb: float
    verdict: str


def month(scenario: str, scale: float) -> Month:
    """Run a month lean in a fresh process, so that its memory is its own."""
    asked = [sys.executable, "-m", "sim.bench", "--one", scenario, str(scale)]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout  # noqa: S603 - ourselves
    return Month(*json.loads(said))


def one(scenario: str, scale: float) -> str:
    """What `month` reads; judged where `closeproof run` judges it."""
    options = prepare(Asked(scenario, seed=MONTH_SEED, scale=scale)).options(judge_apart=has_room())
    summary = run(options)
    return json.dumps([summary.wall_s, summary.crossings, summary.idle_crossings, summary.peak_rss_mb, summary.verdict])


def small_runs() -> Row:
    """Small runs in one process, one after the other, as a sweep's worker does them."""
    scenario, scale = SMALL
    prepared = prepare(Asked(scenario, scale=scale))
    summaries: list[Summary] = []

    def play() -> None:
        for seed in range(1, SMALL_RUNS + 1):
            asked = replace(prepared.asked, seed=seed)
            summaries.append(run(replace(prepared, asked=asked).options()))

    play()  # warm up
    summaries.clear()
    wall_s = took_s(play)
    rich = [summary for summary in summaries if _is_rich(summary)]
    crossings = statistics.mean(summary.crossings for summary in summaries)
    what = f"small runs: {scenario} × {scale:g}, {crossings:,.0f} crossings, {len(rich)} of {SMALL_RUNS} with ≥ 2 fault kinds"  # noqa: RUF001 - a multiplication sign
    return Row(what, f"{SMALL_RUNS / wall_s:.1f} runs/s on one core", "", "40 runs/s")


def _is_rich(summary: Summary) -> bool:
    kinds = sum(fault.took_effect > 0 for fault in summary.faults)
    return summary.crossings >= SMALL_CROSSINGS_MIN and kinds >= SMALL_KINDS_MIN


def gets_per_s() -> float:
    """Reads over the wire, journaled and judged, by a design that does nothing else."""

    def design(gets: int) -> Callable[[Ports, Path], Any]:
        async def reading(ports: Ports, _: Path) -> None:
            if ports.worker == "w1" and gets:
                await _read(ports, gets)
            await ports.clock.sleep(10**7)

        return reading

    base = prepare(Asked(SMALL[0], scale=SMALL[1]))
    quiet = replace(base, scenario=msgspec.structs.replace(base.scenario, weather=(), front=()))
    idle_s = took_s(lambda: run(replace(quiet, design=design(0)).options()))
    return GETS / (took_s(lambda: run(replace(quiet, design=design(GETS)).options())) - idle_s)


async def _read(ports: Ports, gets: int) -> None:
    form = f"grant_type=client_credentials&client_id={ports.settings['client_id']}&client_secret={ports.settings['client_secret']}"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    token = await ports.http.send("identity", Request("POST", "/oauth2/token", {}, headers, form.encode()), 30)
    bearer = {"authorization": f"Bearer {json.loads(token.body)['access_token']}"}

    async def caller(number: int) -> None:
        for n in range(gets // CALLERS):
            path = f"/purchase_orders/PO-{number}-{n}"
            await ports.http.send("procurement", Request("GET", path, {}, bearer), 30)

    await asyncio.gather(*(caller(number) for number in range(CALLERS)))


def rows() -> list[Row]:
    """Measure it all."""
    references_s = [reference_s()]
    awaits = timed_awaits_per_s()
    gets = gets_per_s()
    small = small_runs()
    rounds: list[list[Month]] = []
    for _ in range(MONTH_ROUNDS):
        rounds.append([month("month-end", 0.5), *(month(scenario, 1.0) for scenario in MONTHS)])
        references_s.append(reference_s())
    half, *months = (sorted(same)[MONTH_ROUNDS // 2] for same in zip(*rounds, strict=True))
    whole, unit_s = months[-1], statistics.median(references_s)
    return [
        Row("reference: bare SimPy, 1,000,000 timeouts", f"{unit_s:.2f} s", "1.0"),
        Row("kernel: timed awaits", f"{awaits:,.0f} /s", f"{1_000_000 / awaits / unit_s:.1f} per 1,000,000"),
        *(row for each in zip(MONTHS, months, strict=True) for row in month_rows(*each, unit_s)),
        Row(
            "volume: month-end at scale 1.0 against 0.5",
            f"{whole.wall_s / half.wall_s:.2f} times the time",
            "",
            "≤ 2.2",
        ),
        small,
        Row(
            "wire and journal: reads by a trivial design",
            f"{gets:,.0f} /s",
            f"{1_000_000 / gets / unit_s:.0f} per 1,000,000",
        ),
        *served(),
    ]


def month_rows(scenario: str, took: Month, unit_s: float) -> list[Row]:
    """A month's time, crossings and memory."""
    what = f"{scenario}, seed {MONTH_SEED} ({took.verdict})"
    return [
        Row(what, f"{took.wall_s:.1f} s", f"{took.wall_s / unit_s:.1f}", GOALS[scenario]),
        Row("… crossings, without idle ones", f"{took.crossings / took.wall_s:,.0f} /s of {took.crossings:,}"),
        Row("… peak memory, the judge's process included", f"{took.peak_rss_mb:,.0f} MB"),
    ]


def served() -> list[Row]:
    """The served estate beside plain applications."""
    what = "served door without limits: invoice POST + GET"
    if not bench_served.can_measure():
        return [Row(what, bench_served.WITHOUT_WRK, "", "≥ 40 %")]
    measured = bench_served.measure()
    requests = statistics.median(one.served.per_s for one in measured)
    rows = [Row(what, f"{requests:,.0f} /s by wrk, in the middle of {len(measured)} rounds")]
    for other, sample in bench_served.OTHERS:
        throughput, economy = bench_served.share(measured, sample)
        shown = f"{throughput:.0%} of its throughput, {economy:.0%} by processor time"
        rows.append(Row(f"… against {other}", shown, "", "≥ 40 %"))
    return rows


def table(measured: list[Row]) -> str:
    """Markdown."""
    lines = ["| What | Measured | In references | Goal |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in measured]
    return "\n".join(lines)


def page(text: str) -> str:
    """The document."""
    machine = f"Python {platform.python_version()}, {platform.machine()}, one core for each figure, and another for the judge of a month"
    said = (__doc__ or "").partition("\n\n")[2].replace("\n", " ").strip()
    return f"# Benchmarks\n\n`make bench` prints this table; `python -m sim.bench --write` wrote it. {said}\n\n{machine}.\n\n{text}\n"


def main() -> None:
    """Print the table; with `--write`, also write the page."""
    if sys.argv[1:2] == ["--one"]:
        print(one(sys.argv[2], float(sys.argv[3])))
        return
    sys.stderr.write("measuring; this takes about three minutes\n")
    text = table(rows())
    print(text)
    if "--write" in sys.argv:
        PAGE.write_text(page(text), "utf-8")


if __name__ == "__main__":
    main()
