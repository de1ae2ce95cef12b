"""Cases and the decisions on them. A case is open until it is decided; the staff see open cases in order.

What was decided can be decided again by somebody else, who has looked at it a second time: the latest holds.
"""

from __future__ import annotations

import msgspec

from contracts.cases import CaseDecision, Category, Decision
from contracts.wire import Subject
from mocks.kit.dialect import stamp
from mocks.kit.operation import Refused, Work
from mocks.kit.paging import Changes
from mocks.service_desk.models import CaseOpened, CaseSent

_NEED_VALUE = ("correct", "re-date")


class Case(msgspec.Struct):
    """A case. `sent` is what the design said; `decision` is what people answered."""

    id: str
    sent: CaseSent
    opened_ms: int
    opened_at: str
    opened_by: str = ""
    status: str = "open"
    decision: CaseDecision | None = None
    decided_by: str = ""
    revision: int = 0

    @property
    def category(self) -> Category:
        """What the design says is wrong."""
        return self.sent.category

    @property
    def entity(self) -> str:
        """Whose case it is."""
        return self.sent.entity

    @property
    def subjects(self) -> tuple[str, ...]:
        """The papers it is about, as `system:id`."""
        return self.sent.subjects


class ServiceDesk:
    """All cases of the estate."""

    def __init__(self, entities: tuple[str, ...], *, all_topics: bool = False) -> None:
        """No cases yet. `all_topics`: it also tells that a case is open."""
        self._all_topics = all_topics
        self.cases: dict[str, Case] = {}
        self.decisions = Changes()
        self._by_key: dict[str, Case] = {}
        self._open: dict[str, Case] = {}
        self._entities = frozenset(entities)

    def open_case(self, work: Work, sent: CaseSent) -> tuple[Case, bool]:
        """The case for an external key, and whether it is new; sent again, the first one stands as it was."""
        known = self._by_key.get(sent.external_key)
        if known is not None:
            return known, False
        if sent.entity not in self._entities:
            raise Refused(400, "unknown_entity", f"no entity {sent.entity}")
        case = Case(f"CASE-{len(self.cases) + 1}", sent, work.now_ms, stamp(work.now_ms), work.actor)
        self.cases[case.id] = case
        self._by_key[sent.external_key] = case
        self._open[case.id] = case
        work.effect(
            "case.opened",
            case.id,
            entity=sent.entity,
            source_ref=sent.external_key,
            amount_minor=sent.amount_minor,
            currency=sent.currency,
            on=sent.due_at,
            state=sent.category,
            about=sent.subjects,
        )
        if self._all_topics:
            told = CaseOpened(case.id, sent.external_key, case.status)
            work.event("case.opened", Subject(sent.entity, case.id), 1, told)
        return case, True

    def open_cases(self) -> list[Case]:
        """What waits for a decision, oldest first."""
        return list(self._open.values())

    def case(self, case_id: str) -> Case:
        """A case, or a 404."""
        case = self.cases.get(case_id)
        if case is None:
            raise Refused(404, "not_found", f"no case {case_id}")
        return case

    def decide(self, work: Work, case_id: str, decision: Decision, value: str = "", note: str = "") -> CaseDecision:
        """Decide an open case, which somebody else has opened; `correct` and `re-date` need a value."""
        case = self.case(case_id)
        if case.status != "open":
            raise Refused(409, "case_decided", f"{case_id} was decided already")
        told = self._take(work, case, decision, value, note)
        del self._open[case.id]
        return told

    def decide_again(
        self, work: Work, case_id: str, decision: Decision, value: str = "", note: str = ""
    ) -> CaseDecision:
        """Decide a case that was decided wrongly: not by the one who did, and not the same again."""
        case = self.case(case_id)
        if case.decision is None:
            raise Refused(409, "case_open", f"{case_id} was not decided yet")
        if work.actor == case.decided_by:
            raise Refused(403, "own_decision", f"{work.actor} decided it, and does not look at it again")
        if (decision, value) == (case.decision.decision, case.decision.value):
            raise Refused(409, "case_decided", f"{case_id} was decided so already")
        return self._take(work, case, decision, value, note)

    def _take(self, work: Work, case: Case, decision: Decision, value: str, note: str) -> CaseDecision:
        if work.actor == case.opened_by:
            raise Refused(403, "own_case", f"{work.actor} asked, and cannot answer")
        if decision in _NEED_VALUE and not value:
            raise Refused(400, "value_missing", f"{decision} needs a value")
        sent = case.sent
        case.revision += 1
        again = case.revision > 1
        told = CaseDecision(
            case.id,
            sent.external_key,
            sent.category,
            sent.entity,
            sent.subjects,
            decision,
            value,
            note,
            stamp(work.now_ms),
            case.revision if again else msgspec.UNSET,
        )
        case.status, case.decided_by = "decided", work.actor
        case.decision = told
        self.decisions.touch(work.now_ms, case.id)
        work.effect(
            "case.decided",
            case.id,
            entity=sent.entity,
            source_ref=sent.external_key,
            amount_minor=sent.amount_minor,
            currency=sent.currency,
            state=decision,
            about=sent.subjects,
            on=value if decision == "re-date" else "",
            version=case.revision if again else 0,
        )
        work.event("case.decided", Subject(sent.entity, case.id), case.revision, told)
        return told
