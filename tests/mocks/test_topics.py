"""What systems tell beside what an integration must act on: nothing, or everything that their families tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.provenance import ASIDE
from contracts.wire import Event
from mocks.ap_automation.state import ApAutomation
from mocks.service_desk.models import CaseSent
from sim.estate import TOPICS
from tests.mocks.doors import SETUP, Estate
from tests.mocks.papers import captured, ordered, received


def lived(*, all_topics: bool) -> list[Event]:
    """An order, its acknowledgement, its receipt, its bill, what became of that, and a case: all events of it."""
    estate = Estate(replace(SETUP, all_topics=all_topics))
    order = ordered(estate)
    estate.act(estate.procurement, lambda work: estate.procurement.state.acknowledge(work, order))
    received(estate)
    bill = captured(estate)
    books: ApAutomation = estate.ap_automation.state
    estate.act(
        estate.ap_automation, lambda work: books.set_status(work, books.invoice(bill), "held", "", "no receipt yet")
    )
    sent = CaseSent("price-variance/INV-000001", "price-variance", "H1", ("ap_automation:INV-000001",), 100, "USD")
    estate.act(estate.service_desk, lambda work: estate.service_desk.state.open_case(work, sent))
    return [event for _, _, events in estate.commits for event in events]


def test_only_what_must_be_acted_on_is_told() -> None:
    assert [event.topic for event in lived(all_topics=False)] == [
        "purchase_order.approved",
        "receipt.recorded",
        "invoice.captured",
    ]


def test_everything_is_told() -> None:
    """Each topic aside comes, with the same subject as the paper it speaks of, and targets know of it."""
    events = lived(all_topics=True)
    aside = {(event.source, event.topic): event for event in events if (event.source, event.topic) in ASIDE}
    assert set(aside) == set(ASIDE)
    assert {f"{source}>{topic}" for source, topic in aside} <= set(TOPICS)
    keys = {event.subject for event in events if (event.source, event.topic) not in ASIDE}
    assert {event.subject for (source, _), event in aside.items() if source != "service_desk"} == keys
    assert b'"I-1":10' in aside["inventory", "stock.changed"].body
    assert b'"held"' in aside["ap_automation", "invoice.status_changed"].body


@pytest.mark.parametrize("all_topics", [True, False])
def test_a_cancelled_order_is_acknowledged_by_nobody(*, all_topics: bool) -> None:
    estate = Estate(replace(SETUP, all_topics=all_topics))
    order, suite = ordered(estate), estate.procurement
    estate.act(suite, lambda work: suite.state.cancel(work, order))
    before = len(estate.commits)
    estate.act(suite, lambda work: suite.state.acknowledge(work, order))
    assert len(estate.commits) == before
