"""A small estate for tests of the wire: one system that keeps entries and tells of them, and a bench to run designs on."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from contracts.journal import Call, Delivered, Effect, Entry, FaultTook, WorkerLife
from contracts.plan import Fault, Plan
from contracts.ports import Ports
from contracts.wire import Request, Subject
from mocks.kit.dialect import stamp
from mocks.kit.operation import Incoming, Operation, Refused, Reply, Work
from mocks.kit.quirks import Figure, Quirks
from mocks.kit.system import Setup, System
from sim.clock import Kernel
from sim.faults.kind import Armed
from sim.fence import fence
from sim.forecast import Forecast, Planned
from sim.journal import Journal
from sim.seed import Seed
from sim.wire import Postman, Wire
from sim.workers import Supervisor

START = datetime(2026, 10, 5, 8, tzinfo=UTC)
SETUP = Setup(token_key=b"k" * 16, webhook_secret=b"s" * 16, entities=("H1",))


class NewEntry(msgspec.Struct, frozen=True):
    """What a caller asks the ledger to keep."""

    ref: str
    amount: int


class Rows(msgspec.Struct, frozen=True):
    """What a caller asks the ledger to keep at once."""

    rows: list[NewEntry]


def loaded(incoming: Incoming) -> tuple[str, ...]:
    """The rows of a load, by reference."""
    return tuple(entry.ref for entry in incoming.body.rows)


class From(msgspec.Struct, frozen=True):
    """Which page of the entries a caller wants."""

    offset: int = 0


class Ledger:
    """Entries in order; it never dedupes by itself."""

    def __init__(self) -> None:
        self.entries: list[NewEntry] = []
        self.kept_at: list[str] = []

    def create(self, incoming: Incoming, work: Work) -> Reply:
        """Keep an entry and tell of it."""
        entry: NewEntry = incoming.body
        if entry.amount < 0:
            raise Refused(400, "negative", "amounts are positive")
        return Reply(201, {"id": self._keep(entry, work)})

    def load(self, incoming: Incoming, work: Work) -> Reply:
        """Keep each row that is taken; say which were not."""
        rows: list[NewEntry] = incoming.body.rows
        kept = [self._keep(entry, work) if work.takes(row) else "rejected" for row, entry in enumerate(rows, 1)]
        return Reply(200, {"rows": kept})

    def _keep(self, entry: NewEntry, work: Work) -> str:
        self.entries.append(entry)
        self.kept_at.append(stamp(work.now_ms))
        work.effect("entry.created", f"E-{len(self.entries)}", entity="H1", source_ref=entry.ref)
        work.event("entry.created", Subject("H1", entry.ref), 1, entry)
        return f"E-{len(self.entries)}"

    def find(self, incoming: Incoming, work: Work) -> Reply:
        """Entries of a reference."""
        wanted = incoming.params["ref"]
        seen = [entry for entry, at in zip(self.entries, self.kept_at, strict=True) if work.sees(at)]
        return Reply(200, [entry for entry in seen if entry.ref == wanted])

    def pages(self, incoming: Incoming, work: Work) -> Reply:
        """Two entries from an offset on."""
        del work
        offset: int = incoming.query.offset
        return Reply(200, self.entries[offset : offset + 2])

    def everything(self, incoming: Incoming, work: Work) -> Reply:
        """All entries: a poll."""
        del incoming, work
        return Reply(200, self.entries, idle=not self.entries)


def ledger() -> System[Ledger]:
    """A ledger with short latencies and a short patience for its webhooks."""
    state = Ledger()
    operations = (
        Operation(
            "create",
            "POST",
            "/entries",
            state.create,
            "keep",
            body=NewEntry,
            honours_key=True,
            commits=True,
            subject=lambda incoming: Subject("H1", incoming.body.ref),
        ),
        Operation(
            "find", "GET", "/entries/{ref}", state.find, "find", subject=lambda call: Subject("H1", call.params["ref"])
        ),
        Operation("everything", "GET", "/entries", state.everything, "list"),
        Operation("pages", "GET", "/pages", state.pages, "list by pages", query=From),
        Operation("load", "POST", "/loads", state.load, "keep rows", body=Rows, batch=loaded, commits=True),
        Operation("private", "GET", "/private", state.everything, "list for the entitled", scope="ledger.read"),
    )
    figures = {
        "latency": {"median_ms": Figure(100, assumption=True), "p95_ms": Figure(200, assumption=True)},
        "webhooks": {
            "ack_timeout_s": Figure(5, assumption=True),
            "retry_delays_s": Figure((10, 60), assumption=True),
        },
    }
    return System("ledger", state, operations, Quirks(figures), SETUP)


def post(ref: str, amount: int = 1, key: str | None = None) -> Request:
    """A request to keep an entry."""
    headers = {"idempotency-key": key} if key else {}
    return Request("POST", "/entries", {}, headers, msgspec.json.encode(NewEntry(ref, amount)))


class Bench:
    """A kernel, the ledger, a wire, and whatever design is put on it."""

    def __init__(
        self,
        design: Callable[[Ports, Path], Awaitable[None]],
        *faults: Fault,
        workers: int = 1,
        forecast: Callable[[Callable[..., None]], Forecast] | None = None,
        seed: int = 1,
    ) -> None:
        """Set it all up; `faults` is the plan."""
        self.journal: list[Entry] = []
        self.kernel = Kernel(START)
        self.recorder = Journal(lambda batch, _lines: self.journal.extend(batch))
        self.system = ledger()
        self.system.sink = self._commit
        self.forecast = forecast(self._struck) if forecast else Planned(Plan(faults), self._struck)
        self._durable = tempfile.TemporaryDirectory()
        self.supervisor = Supervisor(
            self.kernel,
            self.recorder,
            self.forecast,
            design,
            Path(self._durable.name),
            {},
            count=workers,
            restart_s=30.0,
        )
        estate = {"ledger": self.system}
        self.wire = Wire(self.kernel, self.recorder, estate, self.forecast, Seed(seed), self.supervisor)
        self.postman = Postman(self.kernel, self.wire, estate)

    def run(self, hours: float = 24.0) -> Bench:
        """Let the design run for some virtual hours."""
        try:
            with fence(self.kernel):
                self.supervisor.start(self.wire)
                self.kernel.run(self.kernel.now_ms + int(hours * 3_600_000))
        finally:
            self.kernel.close()
            self._durable.cleanup()
        self.recorder.close()
        return self

    def of(self, kind: type[Entry]) -> list[Entry]:
        """The journal's entries of one type."""
        return [entry for entry in self.journal if isinstance(entry, kind)]

    @property
    def effects(self) -> list[Effect]:
        """What the ledger committed."""
        return [entry for entry in self.journal if isinstance(entry, Effect)]

    @property
    def calls(self) -> list[Call]:
        """The design's calls."""
        return [entry for entry in self.journal if isinstance(entry, Call)]

    @property
    def deliveries(self) -> list[Delivered]:
        """The ledger's deliveries."""
        return [entry for entry in self.journal if isinstance(entry, Delivered)]

    @property
    def faults(self) -> list[FaultTook]:
        """The faults that changed the course."""
        return [entry for entry in self.journal if isinstance(entry, FaultTook)]

    @property
    def lives(self) -> list[str]:
        """What happened to the workers."""
        return [f"{entry.worker} {entry.what}" for entry in self.journal if isinstance(entry, WorkerLife)]

    def _commit(self, effects: list[Effect], events: list) -> None:
        for effect in effects:
            self.recorder.add(effect)
        self.postman.collect(events)

    def _struck(self, armed: Armed, harmless: bool) -> None:  # noqa: FBT001 - the signature of a report
        self.recorder.add(
            FaultTook(self.kernel.now_ms, armed.kind.name, armed.target, armed.trigger, armed.params, harmless)
        )
