"""Deliveries: check the signature, make it durable, then acknowledge.

A thin event is read at once, within the sender's patience, so that inbox, process and commands share one transaction.
If the read is not answered quickly, the notice alone is stored, with its read as an effect, and the sender is let go.
"""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from contracts.ports import Delivery
from orchestrator.connectors import OPERATIONS
from orchestrator.connectors.base import Ok, Prepared
from orchestrator.connectors.signature import Signature
from orchestrator.engine.caller import Caller
from orchestrator.engine.effects import Effects
from orchestrator.engine.habits import Habits
from orchestrator.engine.news import TOPICS, Answer, Document, Hint, News, Notice, Paper, unread
from orchestrator.engine.office import Office
from orchestrator.engine.replay import Wish, replay
from orchestrator.engine.steps import Steps
from orchestrator.store.rows import Effect
from orchestrator.workflows.messages import CaseDecided

PATIENCE_S: Final = 4.0
"""How long a delivery may wait for its read: well within what senders grant an acknowledgement."""


class Intake:
    """The worker's post room. Everything that comes in by any way passes `enter`."""

    def __init__(  # noqa: PLR0913 - the parts it works with
        self,
        office: Office,
        caller: Caller,
        steps: Steps,
        effects: Effects,
        zones: dict[str, ZoneInfo],
        habits: Habits,
    ) -> None:
        """Know the secret that genuine deliveries are signed with."""
        self._office = office
        self._store = office.store
        self._caller = caller
        self._steps = steps
        self._effects = effects
        self._zones = zones
        self._identify = habits.identify
        self._signature = Signature(office.ports.settings.get("webhook_secret", "").encode())

    async def receive(self) -> None:
        """Take deliveries for ever."""
        inbound, spawn = self._office.ports.inbound, self._office.spawn
        while True:
            delivery = await inbound.receive()
            news = self.open(delivery)
            if news is not None:
                spawn(self.accept, delivery, news, self._identify(news, delivery))

    def open(self, delivery: Delivery) -> News | None:
        """What a delivery brings; None when it has been answered already: forged, unreadable, or none of our business."""
        if not self._signature.fits(delivery.body, delivery.headers.get("signature", "")):
            delivery.refuse(401)
            return None
        reader = TOPICS.get((delivery.source, delivery.headers.get("topic", "")))
        if reader is None:
            delivery.ack()
            return None
        try:
            return reader(delivery.body)
        except ValueError as error:
            self._refuse(delivery, error)
            return None

    async def accept(self, delivery: Delivery, news: News, event_id: str) -> None:
        """Make it durable, then acknowledge."""
        document: Document | None = None
        if type(news) is Notice:
            document = await self.read(news)
        try:
            effects = await self._office.transact(self.enter, news, event_id, document, delivery.headers["signature"])
        except OverflowError as error:  # a number that no store can hold: nothing of the delivery was kept
            self._refuse(delivery, error)
            return
        delivery.ack()
        if effects:
            await self._effects.carry(effects)

    def _refuse(self, delivery: Delivery, error: Exception) -> None:
        """It can be read by nobody, however often it comes."""
        self._office.ports.telemetry.note("unreadable delivery", source=delivery.source, why=str(error))
        delivery.refuse(422)

    async def read(self, notice: Notice) -> Document | None:
        """The document that a notice speaks of, if it can be had quickly."""
        operation = OPERATIONS[notice.operation]
        caller = self._caller
        if caller.slow(operation.system, PATIENCE_S):
            return None
        pressing = caller.knows_closes and caller.close_is_near(notice.entity)
        outcome = await caller.call(operation, notice.path, timeout_s=PATIENCE_S, pressing=pressing)
        return outcome.value if isinstance(outcome, Ok) else None

    # -- inside a transaction ---------------------------------------------------------------------------------------------

    def enter(self, news: News, event_id: str, document: Document | None = None, digest: str = "") -> list[Effect]:
        """Inbox row, process change, commands and timers, or nothing at all when it is known already."""
        now_ms = self._office.now_ms()
        if not self._store.note_event(news.source, event_id, news.version, digest[7:23], now_ms):
            return []
        if isinstance(news, Answer):
            return self._answered(news, now_ms)
        if isinstance(news, Hint):
            return self._steps.for_import(news.document, news.id, now_ms)
        if isinstance(news, Paper):
            document = news.document
        known = document and self._steps.in_our_codes(document, self._zones)
        if known is None:
            return [self._to_read(unread(news) if isinstance(news, Paper) else news, event_id, now_ms)]
        return self._steps.hear(known, event_id, self._zones, now_ms)

    def _to_read(self, notice: Notice, event_id: str, now_ms: int) -> Effect:
        """The read as an effect of its own."""
        key = f"read:{notice.source}:{event_id}:{notice.version}"
        prepared = Prepared(notice.operation, notice.path, b"", event_id)
        effect = self._steps.new_effect(prepared, key, 0, notice.entity, now_ms)
        return self._store.add_effect(effect)

    def _answered(self, answer: Answer, now_ms: int) -> list[Effect]:
        """An answer goes to whoever asked; what the engine asked itself, it does itself. One that people took back is void."""
        decision = answer.decision
        if self._store.newest(answer.source, answer.id) > answer.version:
            return []
        process = self._store.decide_case(decision.external_key, decision.decision, now_ms)
        if process is None:
            self._office.ports.telemetry.note("answer to nobody", key=decision.external_key)
            return []
        if process:
            effects = self._steps.for_process(process, CaseDecided(now_ms, decision))
        else:
            effects = []
            key = decision.external_key.partition("/")[2]
            if decision.decision != "reject":
                replay(self._store, Wish(key, "service_desk", decision.case), now_ms)
        self._office.alarm.set(now_ms)
        return effects
