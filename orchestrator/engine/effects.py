"""Carrying effects out: send, understand the outcome, write it down with all that follows from it, go on with that.

The worker that stored an effect carries it out at once; the dispatcher hands over only what rested or was left behind.
An external call cannot be fenced: a worker that lost its lease repeats the same key, and its write is refused.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from contracts.cases import NewCase
from orchestrator.connectors import OPERATIONS
from orchestrator.connectors.base import Lookup, Lost, NotSent, Ok, Operation, Outcome, Rejected, Throttled, Unknown
from orchestrator.engine.caller import Caller
from orchestrator.engine.habits import Habits
from orchestrator.engine.office import Office
from orchestrator.engine.retry import LEASE_MS, RENEW_MS, Bury, Refuse, Rest
from orchestrator.engine.steps import Steps
from orchestrator.store.rows import DONE, DOUBT, LOST, REJECTED, Effect
from orchestrator.store.sqlite import LeaseLostError
from orchestrator.workflows import messages as m

BOOKS = "cloud_erp"
NO_QUERY: dict[str, str] = {}


class Effects:
    """One worker's hands."""

    def __init__(
        self, office: Office, caller: Caller, steps: Steps, zones: dict[str, ZoneInfo], habits: Habits
    ) -> None:
        """Know how to call, how to write down, and by which habits."""
        self._office = office
        self._store = office.store
        self._caller = caller
        self._steps = steps
        self._zones = zones
        self._habits = habits

    async def carry(self, effects: list[Effect]) -> None:
        """Carry effects out, and whatever follows from them, until all are ended or at rest."""
        while effects:
            for other in effects[1:]:
                self._office.spawn(self.carry, [other])
            effect = effects[0]
            operation = OPERATIONS[effect.operation]
            outcome = await self._attempt(effect, operation)
            if effect.quiet and isinstance(outcome, Ok):
                self._office.ended.append((outcome.value, effect.id, effect.fence))
                return
            effects = await self._office.transact(self._settle, effect, operation, outcome)

    async def _attempt(self, effect: Effect, operation: Operation) -> Outcome:
        """Send it; what is in doubt is looked up first, where the target can be searched, or not sent again at all."""
        if effect.status == DOUBT and operation.once:
            return Lost()
        pressing = self._is_pressing(effect, operation)
        entered = self._caller.crowded(operation.system, pressing=pressing)
        if entered:
            rest_s = self._caller.rest_s(operation.system, pressing=pressing)
            if rest_s:
                return Throttled(rest_s, 0)
            await self._take_turn(effect, operation.system, pressing=pressing)
        if effect.status == DOUBT and operation.lookup is not None:
            found = await self._find(effect, operation, operation.lookup, entered=entered, pressing=pressing)
            if found is not None:
                return found
            entered = False
        key = self._habits.wire_key(effect)
        tag = effect.ref if operation.guarded else ""
        query = {operation.asks_by: effect.ref} if operation.asks_by else NO_QUERY
        return await self._caller.call(
            operation, effect.path, query, body=effect.body, key=key, tag=tag, entered=entered, pressing=pressing
        )

    async def _take_turn(self, effect: Effect, system: str, *, pressing: bool) -> None:
        """Wait in line, and renew the lease if much of it was spent there: it must outlast the target's settling."""
        await self._caller.enter(system, pressing=pressing)
        now_ms = self._office.now_ms()
        if effect.due_at - now_ms >= RENEW_MS:
            return
        try:
            await self._office.transact(self._store.renew_lease, effect, now_ms + LEASE_MS)
        except LeaseLostError:
            self._caller.leave(system)
            raise

    def _is_pressing(self, effect: Effect, operation: Operation) -> bool:
        """Near a close of its hospital: what goes into the books, and the papers that must be read for that."""
        if not self._caller.knows_closes:
            return False
        books = not effect.process if operation.is_read else operation.system == BOOKS
        return books and self._caller.close_is_near(effect.entity)

    async def _find(
        self, effect: Effect, operation: Operation, lookup: Lookup, *, entered: bool, pressing: bool
    ) -> Outcome | None:
        """What the target has under our natural key; None when it certainly has nothing."""
        searching = Operation(
            operation.system,
            f"find:{operation.name}",
            "GET",
            lambda body: lookup.read(body, effect.ref),
            operation.error,
            repeatable=True,
            is_read=True,
        )
        query = {lookup.parameter: effect.ref}
        outcome = await self._caller.call(searching, lookup.path, query, entered=entered, pressing=pressing)
        if isinstance(outcome, Ok) and outcome.value is None:
            return None
        if isinstance(outcome, Rejected):  # the search was refused, not the effect: that says nothing about the effect
            return Unknown(f"the search was refused: {outcome.status} {outcome.code}")
        return outcome

    # -- what follows, in one transaction ---------------------------------------------------------------------------------

    def _settle(self, effect: Effect, operation: Operation, outcome: Outcome) -> list[Effect]:
        now_ms = self._office.now_ms()
        if isinstance(outcome, Ok) and operation.is_read and not effect.process:
            outcome = self._understood(outcome)
        if isinstance(outcome, Ok):
            return self._done(effect, operation, outcome.value, now_ms)
        if isinstance(outcome, Lost):
            self._store.finish_effect(effect, LOST)
            return self._steps.for_process(effect.process, m.EffectLost(now_ms, effect.key))
        verdict = self._habits.after_failure(outcome, effect, operation, now_ms)
        if isinstance(verdict, Rest):
            self._store.rest_effect(effect, verdict.status, verdict.due_at, verdict.attempts, verdict.detail)
            self._office.alarm.set(verdict.due_at)
            return []
        if isinstance(verdict, Refuse):
            self._store.finish_effect(effect, REJECTED, detail=f"{verdict.code} {verdict.detail}"[:500])
            if not effect.process:
                return []
            event = m.EffectRejected(now_ms, effect.key, verdict.code, verdict.detail)
            return self._steps.for_process(effect.process, event)
        return self._bury(effect, verdict, now_ms)

    def _understood(self, read: Ok) -> Outcome:
        """A document that intake could not take in at once; until its codes have a meaning it is read again, later."""
        document = self._steps.in_our_codes(read.value, self._zones)
        return NotSent("nobody has said yet what a code in it means") if document is None else Ok(document)

    def _done(self, effect: Effect, operation: Operation, value: Any, now_ms: int) -> list[Effect]:  # noqa: ANN401
        if operation.is_read:
            self._store.finish_effect(effect, DONE)
            if effect.process:
                return self._steps.for_process(effect.process, m.EffectRead(now_ms, effect.key, value), effect.known)
            # a document, in our codes
            return self._steps.hear(value, effect.ref, self._zones, now_ms)
        self._store.finish_effect(effect, DONE, value)
        if effect.quiet:
            return []
        return self._steps.for_process(effect.process, m.EffectDone(now_ms, effect.key, value), effect.known)

    def _bury(self, effect: Effect, verdict: Bury, now_ms: int) -> list[Effect]:
        """A dead letter counts only through its case; one without a process is the engine's own to ask about."""
        self._store.bury(effect, verdict.detail, now_ms)
        if effect.process:
            return self._steps.for_process(effect.process, m.EffectDead(now_ms, effect.key, verdict.detail))
        system = OPERATIONS[effect.operation].system
        case = NewCase(
            f"undeliverable/{effect.key}",
            "undeliverable",
            effect.entity,
            (f"{system}:{effect.ref}",),
            0,
            "USD",
            {"effect": effect.key, "detail": verdict.detail[:200]},
        )
        return [self._steps.open_case(0, m.OpenCase(f"case:{case.external_key}", case), now_ms)]
