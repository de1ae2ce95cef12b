"""The API of the service desk: HTTP in and out only."""

from __future__ import annotations

from contracts.wire import Subject
from mocks.kit.dialect import epoch_ms
from mocks.kit.operation import Incoming, Operation, Reply, Work
from mocks.kit.paging import page
from mocks.service_desk.models import CaseOpened, CaseSent, CaseShown, DecisionPage, DecisionQuery
from mocks.service_desk.state import Case, ServiceDesk


class _Api:
    """The handlers over one state."""

    def __init__(self, state: ServiceDesk, limit_max: int) -> None:
        self.state = state
        self.limit_max = limit_max

    def open_case(self, incoming: Incoming, work: Work) -> Reply:
        sent: CaseSent = incoming.body
        incoming.caller.require(sent.entity)
        case, new = self.state.open_case(work, sent)
        incoming.caller.require(case.entity)
        return Reply(201 if new else 200, CaseOpened(case.id, case.sent.external_key, case.status))

    def list_decisions(self, incoming: Incoming, work: Work) -> Reply:
        query: DecisionQuery = incoming.query
        sees = incoming.caller.may_act_for
        decided = [self.state.cases[case_id].decision for case_id in self.state.decisions.since(epoch_ms(query.since))]
        made = [decision for decision in decided if decision is not None and sees(decision.entity)]
        seen = [decision for decision in made if work.sees(decision.decided_at)]
        rows = page(seen, query.offset, query.limit, self.limit_max)
        return Reply(200, DecisionPage(rows, len(seen)), idle=not rows)

    def get_case(self, incoming: Incoming, work: Work) -> Reply:
        case = self.state.case(incoming.params["case"])
        work.must_see(case.opened_at, f"no case {case.id}")
        incoming.caller.require(case.entity)
        return Reply(200, _shown(case))


def operations(state: ServiceDesk, limit_max: int) -> tuple[Operation, ...]:
    """The operations over one state; `/cases/decisions` stands before `/cases/{case}`."""
    api = _Api(state, limit_max)
    return (
        Operation(
            "open_case",
            "POST",
            "/cases",
            api.open_case,
            "Hand an exception to people; the same external key gives the same case",
            body=CaseSent,
            reply=CaseOpened,
            status=201,
            also=(200,),
            scope="service_desk.write",
            subject=_sent,
            commits=True,
        ),
        Operation(
            "list_decisions",
            "GET",
            "/cases/decisions",
            api.list_decisions,
            "List decisions in the order they were taken",
            query=DecisionQuery,
            reply=DecisionPage,
            scope="service_desk.read",
        ),
        Operation(
            "get_case",
            "GET",
            "/cases/{case}",
            api.get_case,
            "Read one case",
            reply=CaseShown,
            scope="service_desk.read",
            subject=_case,
            refusals=(404,),
        ),
    )


def _sent(incoming: Incoming) -> Subject:
    sent: CaseSent = incoming.body
    return Subject(sent.entity, sent.external_key)


def _case(incoming: Incoming) -> Subject:
    return Subject("", incoming.params["case"])


def _shown(case: Case) -> CaseShown:
    sent = case.sent
    return CaseShown(
        case.id,
        sent.external_key,
        case.status,
        sent.category,
        sent.entity,
        sent.subjects,
        sent.amount_minor,
        sent.currency,
        sent.evidence,
        sent.due_at,
        case.opened_at,
        case.decision,
    )
