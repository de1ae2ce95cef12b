"""How much of a plain application's throughput the served estate reaches: `make bench-served`.

wrk posts invoices and finds them again, with token and idempotency key: at a plain ASGI + msgspec application on uvicorn
(`sim.bench_plain`), at the same one on the estate's own kind of connections, and at `closeproof serve --capacity`, by turns.
Each round gives a ratio, of throughput and of processor time; their medians count, so what else the machine does falls on
all alike.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final, NamedTuple

import httpx

from sim import bench_plain

ROUNDS: Final = 9
ROUND_S: Final = 1
CONNECTIONS: Final = 16
LOOKED_UP: Final = 20
ENTITY: Final = "H1"
ORDER: Final = "BENCH-1"
WITHOUT_WRK: Final = "not measured: it takes wrk (Debian: apt-get install wrk)"
_SCRIPT: Final = Path(__file__).with_suffix(".lua")
_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")


class BenchError(Exception):
    """What was measured is not what it claims to be."""


class Server(NamedTuple):
    """A process that answers."""

    url: str
    token: str
    pid: int


class Sample(NamedTuple):
    """One server under load, for one turn."""

    per_s: float
    cpu_us: float
    """Processor time of the server for each request, in user and system mode."""


class Round(NamedTuple):
    """All of them, one right after the other."""

    plain: Sample
    whole: Sample
    served: Sample


class Share(NamedTuple):
    """What the served estate reaches of another server, in the middle of all rounds."""

    throughput: float
    economy: float
    """The same by processor time: which part of a served request's time the other needs."""


def measure(rounds: int = ROUNDS) -> list[Round]:
    """Load them by turns, each round beginning with another."""
    with (
        tempfile.TemporaryDirectory(prefix="closeproof-") as scratch,
        _plain() as plain,
        _plain("whole") as whole,
        _estate(Path(scratch)) as served,
    ):
        servers = (plain, whole, served)
        for server in servers:
            _load(server, 0)  # warm up
        measured = []
        for number in range(1, rounds + 1):
            turns = [(number + turn) % len(servers) for turn in range(len(servers))]
            samples = {turn: _load(servers[turn], number) for turn in turns}
            measured.append(Round(samples[0], samples[1], samples[2]))
        return measured


def share(measured: list[Round], of: Callable[[Round], Sample]) -> Share:
    """The medians."""
    return Share(
        statistics.median(one.served.per_s / of(one).per_s for one in measured),
        statistics.median(of(one).cpu_us / one.served.cpu_us for one in measured),
    )


OTHERS: Final[tuple[tuple[str, Callable[[Round], Sample]], ...]] = (
    ("plain ASGI + msgspec on uvicorn", lambda one: one.plain),
    ("the same with replies in one piece", lambda one: one.whole),
)


def can_measure() -> bool:
    """Whether the load generator is there."""
    return shutil.which("wrk") is not None


def _load(server: Server, number: int) -> Sample:
    wrk = ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{ROUND_S}s", "-s", str(_SCRIPT), server.url]
    before_s = _cpu_s(server.pid)
    ran = subprocess.run(  # noqa: S603 - arguments of our own
        [*wrk, "--", server.token, str(number), ENTITY, ORDER], capture_output=True, text=True, check=True
    )
    cpu_s = _cpu_s(server.pid) - before_s
    found = json.loads(ran.stdout.splitlines()[-1])
    if found["failed"]:
        raise BenchError(f"{found['failed']} of {found['requests']} requests failed")
    _look_up(server, number, found["requests"] // 2)
    return Sample(found["requests"] / found["took_us"] * 1e6, cpu_s / found["requests"] * 1e6)


def _look_up(server: Server, number: int, posts: int) -> None:
    """What was posted is really there, once."""
    with httpx.Client(
        base_url=server.url, headers={"authorization": f"Bearer {server.token}"}, trust_env=False
    ) as client:
        for post in range(2, posts - CONNECTIONS, posts // LOOKED_UP):
            found = client.get("/cloud_erp/invoices", params={"SourceRef": f"bench:{number}-{post}"}).json()["items"]
            if [item["InvoiceAmount"] for item in found] != ["125.50"]:
                raise BenchError(f"the invoice from bench:{number}-{post} is there {len(found)} times")


def _cpu_s(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) * _TICK_S


@contextlib.contextmanager
def _plain(*words: str) -> Iterator[Server]:
    with _process("sim.bench_plain", *words) as (process, said):
        yield Server(_wait_for(said, r"plain at (\S+)")[1], bench_plain.TOKEN, process.pid)


@contextlib.contextmanager
def _estate(scratch: Path) -> Iterator[Server]:
    """A fault-free estate without limits, one token, and the order that the invoices bill."""
    plan = scratch / "no-faults.toml"
    plan.touch()
    words = (
        "sim.cli",
        "serve",
        "quiet-week",
        "--capacity",
        "--plan",
        str(plan),
        "--port",
        "0",
        "--out",
        str(scratch / "run"),
    )
    with _process(*words) as (process, said):
        client_id, secret = _wait_for(said, r"client +(\S+) (\S+) +\(token").groups()
        url = _wait_for(said, r"control plane +(\S+)/_estate")[1]
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        token = httpx.post(f"{url}/identity/oauth2/token", data=form).raise_for_status().json()["access_token"]
        order = {
            "SourceRef": "bench:order",
            "OrderNumber": ORDER,
            "BusinessUnit": ENTITY,
            "Supplier": "S-1",
            "SupplierName": "Bench Supply",
            "Currency": "USD",
            "CostCenter": "",
            "Lines": [
                {"Line": 1, "Item": "I-1", "Kind": "stock", "Quantity": 100_000, "UnitPrice": "10.00"},
                {"Line": 2, "Item": "I-2", "Kind": "stock", "Quantity": 100_000, "UnitPrice": "8.50"},
            ],
        }
        headers = {"authorization": f"Bearer {token}"}
        httpx.post(f"{url}/cloud_erp/purchaseOrders", json=order, headers=headers).raise_for_status()
        yield Server(url, token, process.pid)


@contextlib.contextmanager
def _process(*module: str) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """A server of ours, and what it says; it ends with the block."""
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    process = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", *module], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment
    )
    try:
        if process.stderr is None:
            raise BenchError("a server that cannot be heard")
        yield process, process.stderr
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _wait_for(said: IO[str], pattern: str) -> re.Match[str]:
    for line in said:
        if found := re.search(pattern, line):
            return found
    raise BenchError(f"a server ended without saying {pattern!r}")


def main() -> None:
    """Print the rounds, and what they come to."""
    if not can_measure():
        sys.exit(f"closeproof: {WITHOUT_WRK}")
    measured = measure()
    print("round      plain            whole            served        (requests/s, processor time of each)")
    for number, one in enumerate(measured, 1):
        print(f"{number:>5}", *(f"{sample.per_s:>8,.0f} {sample.cpu_us:>4.0f} µs" for sample in one))
    for other, sample in OTHERS:
        throughput, economy = share(measured, sample)
        print(f"served reaches {throughput:.0%} of {other}; {economy:.0%} by processor time")


if __name__ == "__main__":
    main()
