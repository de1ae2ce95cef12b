"""What an integration sends for a scenario's papers: every call of a virtual run of the reference, with its reply.

The world does the same whoever is under test, so the papers of a served run have the same numbers and the same moments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from contracts import journal
from contracts.journal import Anomaly, Document, Effect
from contracts.ports import Clock, Design, Http, Inbound, Ports, Telemetry
from contracts.wire import Request, Response
from reports.words import counted
from sim.cli_ask import Prepared
from sim.errors import UserError
from sim.run import Progress, run

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True)
class Crossed:
    """One call and its reply; `at_ms` is when it was sent."""

    at_ms: int
    system: str
    request: Request
    response: Response


@dataclass
class Recorded:
    """A run: what crossed, the papers by reference, and when each stood in the ERP."""

    crossed: list[Crossed] = field(default_factory=list)
    papers: dict[str, Document] = field(default_factory=dict)
    booked_ms: dict[str, int] = field(default_factory=dict)


def record(prepared: Prepared, on_progress: Callable[[Progress], None] | None = None) -> Recorded:
    """Run it in virtual time and listen in; raises `UserError` where the reference itself does not pass."""
    found, anomalies = Recorded(), 0
    with TemporaryDirectory(prefix="closeproof-load-") as scratch:
        options = replace(prepared, design=_tapping(prepared.design, found.crossed)).options(Path(scratch))
        summary = run(options, on_progress)
        for entry in journal.read(Path(scratch) / "events.jsonl"):
            if isinstance(entry, Document):
                found.papers[entry.ref] = entry
            elif isinstance(entry, Effect) and entry.system == "cloud_erp" and entry.source_ref:
                found.booked_ms.setdefault(entry.source_ref, entry.at)
            elif isinstance(entry, Anomaly):
                anomalies += 1
    why = f"the reference itself comes to {summary.verdict} without faults" if summary.verdict != "pass" else ""
    why = (
        f"people must decide about {counted(anomalies, 'paper')}, and no generator can hurry them" if anomalies else why
    )
    if why:
        raise UserError(prepared.asked.scenario, 0, "", f"no load can be made of it: {why}")
    return found


def _tapping(design: Design, crossed: list[Crossed]) -> Design:
    async def tapped(ports: Ports, durable_dir: Path) -> None:
        await design(_TappedPorts(ports, crossed), durable_dir)

    return tapped


class _TappedHttp:
    """The wire, listened in on."""

    def __init__(self, http: Http, clock: Clock, crossed: list[Crossed]) -> None:
        self._http = http
        self._clock = clock
        self._crossed = crossed

    async def send(self, system: str, request: Request, timeout_s: float) -> Response:
        at_ms = round(self._clock.business_now().timestamp() * 1000)
        response = await self._http.send(system, request, timeout_s)
        self._crossed.append(Crossed(at_ms, system, request, response))
        return response


class _TappedPorts:
    """A worker's ports, but for the wire its own."""

    def __init__(self, ports: Ports, crossed: list[Crossed]) -> None:
        self._ports = ports
        self.worker: str = ports.worker
        self.http: Http = _TappedHttp(ports.http, ports.clock, crossed)
        self.inbound: Inbound = ports.inbound
        self.clock: Clock = ports.clock
        self.telemetry: Telemetry = ports.telemetry
        self.settings: Mapping[str, str] = ports.settings

    def transport(self) -> httpx.AsyncBaseTransport:
        return self._ports.transport()
