"""Point to point: a handler for each webhook that reads, transforms and posts, with retries and a nightly catch-up run.

The common practice, done with care: signatures are checked, a token is shared, limits and `Retry-After` are kept, each
business document has one idempotency key, the matching rules are the reference's own, variances become cases, and a run
in the night brings in what the day has missed. It is compared because most estates are tied together like this.

Its shortcuts are common, and each looks reasonable:

- *Answer first, work afterwards.* Senders want their answer within seconds, and the ERP takes longer. So what was
  acknowledged lives in memory until it is posted, and a process that dies takes it along. The night brings papers back.
- *Three tries, then leave it.* Endless retries hammer a system that is down; whatever is left, the night tries again.
- *The key makes it safe.* A lost reply is answered by sending again under the same key. Nobody asks what became of it,
  and nothing tells a paper that was posted from one that was not until the row is written.
- *Order by hope.* An order mostly comes before its receipt, and a receipt before its bill. What came too early is
  refused or held, and the night sorts it out, after the books have closed.
- *Each handler sees the paper in its hand.* A bill is matched with its order and with what has arrived, and copies are
  known by their id and by supplier and number. That an earlier bill has taken these goods already would show only to
  somebody who keeps the papers of an order together; `point_to_point_billed` does, and is otherwise the same.
- *A bill is a bill.* Credit memos came up after the project, and are left to whoever notices.
- *Answers of people come by webhook.* The night lists papers; nobody thought of listing decisions.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Final, cast

from contracts.cases import CaseDecision, Category, NewCase
from contracts.ports import Delivery, Ports
from orchestrator.canonical import GoodsReceipt, Invoice, PurchaseOrder, milliseconds, stamp
from orchestrator.connectors import OPERATIONS, ap_automation, cloud_erp, inventory, procurement, service_desk
from orchestrator.connectors.base import NotSent, Ok, Outcome, Prepared, Rejected, Throttled
from orchestrator.connectors.signature import Signature
from orchestrator.engine.caller import Caller
from orchestrator.engine.news import Notice, zones
from orchestrator.engine.streams import SOURCES, Source
from orchestrator.workflows.matching import Ask, beyond_tolerance, exceeds, quantities, variance

BACKOFF_S: Final = (0.0, 5.0, 25.0)
"""Three tries: at once, and twice again."""
RETRY_AFTER_S_MAX: Final = 120.0
NIGHT: Final = timedelta(hours=6)
"""When the catch-up runs, UTC: two in the morning at the head office."""
DAY_MS: Final = 86_400_000
LOOK_BACK_MS: Final = 3 * DAY_MS
"""What the catch-up looks at again: a weekend and a day."""
PATIENCE_MS: Final = 2 * DAY_MS
"""How long a bill is held for its goods before people are asked."""
PAGES_MAX: Final = 500
EARLY: Final = "PO-UNKNOWN"
"""The ERP's word for a paper that came before its order."""
POSTED, ASKED, REFUSED = "posted", "asked", "refused"


async def run(ports: Ports, durable_dir: Path) -> None:
    """One worker."""
    await PointToPoint(ports, durable_dir).run()


class Table:
    """What has been processed, by the papers' own ids, and what the match needs to know of it. Every line commits."""

    def __init__(self, durable_dir: Path) -> None:
        """Open the file that all workers share."""
        self._db = sqlite3.connect(durable_dir / "processed.db", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS processed (ref TEXT PRIMARY KEY, outcome TEXT, bill TEXT)")
        for moved in ("received", "billed"):
            columns = "(ref TEXT, po TEXT, line INT, quantity INT, PRIMARY KEY (ref, line))"
            self._db.execute(f"CREATE TABLE IF NOT EXISTS {moved} {columns}")

    def outcome(self, ref: str) -> str:
        """What became of a paper; empty while nothing has."""
        row = self._db.execute("SELECT outcome FROM processed WHERE ref=?", (ref,)).fetchone()
        return str(row[0]) if row else ""

    def note(self, ref: str, outcome: str, bill: str = "") -> None:
        """What has become of it. `bill` is what a bill is known by on paper: supplier and number."""
        self._db.execute("INSERT OR REPLACE INTO processed VALUES (?,?,?)", (ref, outcome, bill))

    def forget(self, ref: str) -> None:
        """Let the night look at it again."""
        self._db.execute("DELETE FROM processed WHERE ref=?", (ref,))

    def posted_as(self, bill: str) -> str:
        """The paper that was posted under this supplier and number, if one was."""
        row = self._db.execute("SELECT ref FROM processed WHERE bill=? AND outcome=?", (bill, POSTED)).fetchone()
        return str(row[0]) if row else ""

    def move(self, moved: str, ref: str, order: str, quantity_of: dict[int, int]) -> None:
        """So much of an order is `received`, or `billed`, by a paper that is in the books."""
        rows = [(ref, order, line, quantity) for line, quantity in quantity_of.items()]
        self._db.executemany(f"INSERT OR REPLACE INTO {moved} VALUES (?,?,?,?)", rows)  # noqa: S608 - our own word

    def quantities(self, moved: str, order: str) -> dict[int, int]:
        """How much of an order is `received`, or `billed`, by line."""
        sql = f"SELECT line, sum(quantity) FROM {moved} WHERE po=? GROUP BY line"  # noqa: S608 - our own word
        return dict(self._db.execute(sql, (order,)).fetchall())


class PointToPoint:
    """The handlers, and the job that runs at night."""

    remembers_bills: ClassVar[bool] = False
    """Whether what earlier bills have taken of an order counts against the next one."""

    def __init__(self, ports: Ports, durable_dir: Path) -> None:
        """Nothing under way."""
        self._ports = ports
        self._caller = Caller(ports)
        self._table = Table(durable_dir)
        self._zones = zones(ports.settings.get("entities", ""))
        self._signature = Signature(ports.settings.get("webhook_secret", "").encode())
        self._tasks: list[asyncio.Task[None]] = []
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._handlers: dict[tuple[str, str], Callable[[bytes], Coroutine[Any, Any, None]]] = {
            ("procurement", "purchase_order.approved"): lambda body: self.order(procurement.read_notice(body).number),
            ("inventory", "receipt.recorded"): lambda body: self.receipt(inventory.read_receipt(body)),
            ("ap_automation", "invoice.captured"): lambda body: self.invoice(ap_automation.read_invoice(body).id),
            ("service_desk", "case.decided"): lambda body: self.decision(service_desk.read_decision(body)),
        }

    async def run(self) -> None:
        """Serve webhooks; the first worker has the scheduled job as well."""
        self._start(self._serve())
        if self._ports.worker.endswith("1"):
            self._start(self._every_night())
        await self._failed

    async def _serve(self) -> None:
        while True:
            self._take(await self._ports.inbound.receive())

    def _take(self, delivery: Delivery) -> None:
        """Check the signature, answer, and only then begin to work."""
        if not self._signature.fits(delivery.body, delivery.headers.get("signature", "")):
            delivery.refuse(401)
            return
        handler = self._handlers.get((delivery.source, delivery.headers.get("topic", "")))
        if handler is not None:
            try:
                work = handler(delivery.body)
            except ValueError:
                delivery.refuse(422)
                return
            self._start(work)
        delivery.ack()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        async def guarded() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001 - a bug of ours must end this worker loudly
                if not self._failed.done():
                    self._failed.set_exception(error)

        self._tasks = [task for task in self._tasks if not task.done()]
        self._tasks.append(asyncio.get_running_loop().create_task(guarded()))

    # -- one handler for each kind of paper -------------------------------------------------------------------------------

    async def order(self, number: str) -> None:
        """An order goes into the ERP, and procurement hears of it."""
        ref = f"procurement:{number}"
        if self._table.outcome(ref):
            return
        order = await self._get("procurement.get_purchase_order", procurement.order_path(number))
        if order is None:
            return
        posted = await self._send(cloud_erp.post_order(order))
        if isinstance(posted, Ok):
            self._table.note(ref, POSTED)
            await self._send(procurement.tell_interfaced(number, posted.value))
        elif isinstance(posted, Rejected):
            value = sum(line.quantity * line.unit_price_minor for line in order.lines)
            await self._ask(order.entity, ref, _refusal(posted, value))

    async def receipt(self, receipt: GoodsReceipt) -> None:
        """A receipt goes into the ERP; a count that found all of it there need not."""
        ref = f"inventory:{receipt.id}"
        if self._table.outcome(ref):
            return
        if not receipt.lines:
            self._table.note(ref, POSTED)
            return
        posted = await self._send(cloud_erp.post_receipt(receipt))
        if isinstance(posted, Ok):
            self._table.note(ref, POSTED)
            sign = -1 if receipt.corrects else 1
            self._table.move("received", ref, receipt.order, {x.line: sign * x.quantity for x in receipt.lines})
        elif isinstance(posted, Rejected) and posted.code != EARLY:
            await self._ask(receipt.entity, ref, _refusal(posted, 0))

    async def invoice(self, name: str, *, approved: bool = False, on: str = "") -> None:
        """A bill is matched, goes into the ERP, and invoice capture hears of it."""
        ref = f"ap_automation:{name}"
        known = self._table.outcome(ref)
        if known and not (approved and known == ASKED):
            return
        invoice = await self._get("ap_automation.get_invoice", ap_automation.invoice_path(name))
        order = invoice and await self._get("procurement.get_purchase_order", procurement.order_path(invoice.order))
        if not invoice or not order or invoice.credit:
            return
        invoice = ap_automation.localised(invoice, self._zones)
        if not approved:
            finding = self._match(invoice, order)
            if isinstance(finding, Ask):
                await self._ask(invoice.entity, ref, finding)
            if finding is not None:
                return
        posted = await self._send(cloud_erp.post_invoice(invoice, on or invoice.captured_on))
        if isinstance(posted, Ok):
            self._table.note(ref, POSTED, _bill(invoice))
            if self.remembers_bills:
                self._table.move("billed", ref, invoice.order, quantities(invoice.lines))
            await self._send(ap_automation.tell_status(name, "posted", posted.value, ""))
        elif isinstance(posted, Rejected) and posted.code != EARLY:
            await self._ask(invoice.entity, ref, _refusal(posted, invoice.total_minor))

    async def decision(self, answer: CaseDecision) -> None:
        """People have decided: carry it out."""
        category, _, ref = answer.external_key.partition("/")
        system, _, name = ref.partition(":")
        if answer.decision in {"reject", "merge"}:
            if system == "ap_automation":
                self._table.note(ref, REFUSED)
                await self._send(ap_automation.tell_status(name, "rejected", "", answer.note or category))
        elif answer.decision == "wait":
            self._table.forget(ref)
        elif system == "ap_automation":
            await self.invoice(name, approved=True, on=answer.value if answer.decision == "re-date" else "")
        else:
            self._table.forget(ref)
            await (self.order(name) if system == "procurement" else self._receipt_of(name))

    async def _receipt_of(self, grn: str) -> None:
        receipt = await self._get("inventory.get_receipt", inventory.receipt_path(grn))
        if receipt is not None:
            await self.receipt(receipt)

    def _match(self, invoice: Invoice, order: PurchaseOrder) -> Ask | str | None:
        """Three-way match: None posts it, a word holds it until the night, else people decide."""
        earlier = self._table.posted_as(_bill(invoice))
        if earlier:
            return Ask("duplicate-invoice", invoice.total_minor, (earlier,), {"number": invoice.number})
        wanted, billed = quantities(invoice.lines), self._table.quantities("billed", order.number)
        if exceeds(wanted, billed, {line.line: line.quantity for line in order.lines}):
            return Ask("quantity-variance", invoice.total_minor, (), {"order": order.number})
        off, value = variance(order, invoice)
        if beyond_tolerance(off, value):
            return Ask("price-variance", off, (), {"ordered_minor": str(value)})
        if not exceeds(wanted, billed, self._table.quantities("received", order.number)):
            return None
        if self._now_ms() - invoice.captured_ms < PATIENCE_MS:
            return "held"
        return Ask("invoice-without-receipt", invoice.total_minor, (), {"order": order.number})

    # -- the night --------------------------------------------------------------------------------------------------------

    async def _every_night(self) -> None:
        while True:
            now = self._ports.clock.business_now()
            midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
            next_run = midnight + NIGHT if now < midnight + NIGHT else midnight + timedelta(days=1) + NIGHT
            await self._ports.clock.sleep((next_run - now).total_seconds())
            await self._catch_up()

    async def _catch_up(self) -> None:
        """Every paper of the last days that has not been processed, in the order in which they depend on each other."""
        since_ms = self._now_ms() - LOOK_BACK_MS
        sources = {source.stream: source for source in SOURCES}
        for stream, handle in (
            ("procurement", self.order),
            ("inventory", self._receipt_of),
            ("ap_automation", self.invoice),
        ):
            for name in await self._listed(sources[stream], since_ms):
                if not self._table.outcome(f"{stream}:{name}"):
                    await handle(name)

    async def _listed(self, source: Source, since_ms: int) -> list[str]:
        """The ids that a list shows since a moment; as far as it could be read."""
        names: list[str] = []
        for _ in range(PAGES_MAX):
            page = await self._get(source.operation, source.path, source.query(since_ms, len(names)))
            if page is None:
                break
            entries, more = source.read(page, len(names))
            names += [entry.id for entry in entries if isinstance(entry, Notice)]
            if not more or not entries:
                break
        return names

    # -- calls --------------------------------------------------------------------------------------------------------------

    async def _get(self, operation: str, path: str, query: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - what its reader makes
        outcome = await self._try(operation, path, query or {})
        return outcome.value if isinstance(outcome, Ok) else None

    async def _send(self, prepared: Prepared) -> Outcome:
        """One idempotency key for each business document."""
        return await self._try(prepared.operation, prepared.path, {}, prepared.body, prepared.ref)

    async def _try(self, name: str, path: str, query: dict[str, str], body: bytes = b"", key: str = "") -> Outcome:
        """Three tries. What a system definitely refused is not tried again."""
        outcome: Outcome = NotSent("not tried")
        for backoff_s in BACKOFF_S:
            asked_s = outcome.after_s if isinstance(outcome, Throttled) else 0.0
            await self._ports.clock.sleep(max(backoff_s, min(asked_s, RETRY_AFTER_S_MAX)))
            outcome = await self._caller.call(OPERATIONS[name], path, query, body, key)
            if isinstance(outcome, Ok | Rejected):
                return outcome
        self._ports.telemetry.note("gave up", operation=name, path=path, why=type(outcome).__name__)
        return outcome

    async def _ask(self, entity: str, ref: str, ask: Ask) -> None:
        """Hand a paper to people; until they answer it is nobody else's."""
        category = cast("Category", ask.category)
        due_at = stamp(self._now_ms() + PATIENCE_MS)
        subjects = (ref, *ask.others)
        key = f"{category}/{ref}"
        case = NewCase(key, category, entity, subjects, ask.amount_minor, "USD", ask.evidence, due_at)
        if isinstance(await self._send(service_desk.open_case(case)), Ok):
            self._table.note(ref, ASKED)

    def _now_ms(self) -> int:
        return milliseconds(self._ports.clock.business_now())


def _bill(invoice: Invoice) -> str:
    return f"{invoice.entity}/{invoice.supplier_id}/{invoice.number}"


def _refusal(refused: Rejected, amount_minor: int) -> Ask:
    category = "period-closed" if refused.code == "AP-PERIOD-CLOSED" else "rejected-by-target"
    return Ask(category, amount_minor, (), {"code": refused.code, "detail": refused.detail[:200]})
