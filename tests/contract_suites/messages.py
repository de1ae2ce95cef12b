"""Message pacts: the body that each webhook brings, what the orchestrator reads in it, and the mock that really sends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pact import Pact, Verifier, match
from pact.types import Message

from contracts.wire import Event
from orchestrator.canonical import CodeMeaning
from orchestrator.engine.news import TOPICS, Answer, Hint, News, Notice, Paper
from tests.contract_suites.consumer import CONSUMER, JSON
from tests.contract_suites.expected import (
    ap_automation,
    cloud_erp_journals,
    inventory,
    procurement,
    procurement_suppliers,
    service_desk,
)
from tests.contract_suites.provider import outcome_of
from tests.mocks.doors import Estate, InProcess
from tests.mocks.papers import captured, case, coded, erp_import, given_back, ordered, proposed, received


@dataclass(frozen=True, slots=True)
class Told:
    """One webhook: what it brings, what the orchestrator makes of it, and how it comes about in the mocked system."""

    system: str
    topic: str
    body: dict[str, Any]
    means: News
    happens: Callable[[Estate], object]
    part: str = ""
    """Which part of the system it is about, where the system has other webhooks beside."""

    @property
    def says(self) -> str:
        """The interaction's name in the pact."""
        return f"the webhook {self.topic}"

    @property
    def provider(self) -> str:
        """The pact's provider: the system as a sender."""
        return "-".join(filter(None, (self.system, self.part, "webhooks")))


def _decide(estate: Estate) -> None:
    InProcess(estate).call("service_desk", "POST", "/cases", case())
    desk = estate.service_desk
    estate.act(desk, lambda work: desk.state.decide(work, "CASE-1", "re-date", "2026-11-02", "first open day"))


def _import(estate: Estate) -> None:
    sent = erp_import(("r-1", 2, "19.98"), DocumentId=cloud_erp_journals.DOCUMENT, Notify=True)
    InProcess(estate).call("cloud_erp", "POST", "/erpintegrations", sent)


TOLD: Final = (
    Told(
        "procurement",
        "purchase_order.approved",
        {"number": match.str(procurement.ORDER), "revision": match.int(1), "business_unit": match.str("H1")},
        Notice(
            "procurement",
            procurement.ORDER,
            1,
            "H1",
            "procurement.get_purchase_order",
            f"/purchase_orders/{procurement.ORDER}",
        ),
        ordered,
    ),
    Told(
        "procurement",
        "supplier.changed",
        {"id": match.str("SUP-000001"), "version": match.int(1), "business_unit": match.str("H1")},
        Notice("procurement", "SUP-000001", 1, "H1", "procurement.get_supplier", "/suppliers/SUP-000001"),
        proposed,
        "suppliers",
    ),
    Told(
        "procurement",
        "lookup_value.changed",
        procurement_suppliers.MEANING,
        Paper(
            "procurement",
            "LV-000001",
            1,
            "H1",
            CodeMeaning("LV-000001", 1, "cost-centre", "H1", "H1-00412", "00412", "2026-10-13", ""),
        ),
        coded,
        "lookups",
    ),
    Told(
        "inventory",
        "receipt.recorded",
        inventory.SHOWN,
        Paper("inventory", inventory.RECEIPT, 1, "H1", inventory.MEANS),
        received,
    ),
    Told(
        "ap_automation",
        "invoice.captured",
        ap_automation.SHOWN,
        Paper("ap_automation", ap_automation.INVOICE, 1, "H1", ap_automation.MEANS),
        captured,
    ),
    Told(
        "ap_automation",
        "invoice.captured",
        ap_automation.SHOWN_BACK,
        Paper("ap_automation", ap_automation.INVOICE, 1, "H1", ap_automation.MEANS_BACK),
        given_back,
        "credits",
    ),
    Told(
        "service_desk",
        "case.decided",
        service_desk.SHOWN,
        Answer("service_desk", "CASE-1", 1, "H1", service_desk.MEANS),
        _decide,
    ),
    Told(
        "cloud_erp",
        "import.completed",
        cloud_erp_journals.TOLD,
        Hint("cloud_erp", cloud_erp_journals.JOB, 1, cloud_erp_journals.DOCUMENT),
        _import,
        "imports",
    ),
)


def pact_of(told: Told) -> Pact:
    """The pact with one sender."""
    pact = Pact(CONSUMER, told.provider)
    pact.upon_receiving(told.says, "Async").with_body(told.body, JSON).with_metadata({"topic": told.topic})
    return pact


def play(told: Told) -> None:
    """Give the orchestrator what the pact promises; it must understand what it is meant to."""
    understood: list[News] = []

    def take(body: str | bytes | None, metadata: dict[str, object]) -> None:
        assert body is not None
        raw = body.encode() if isinstance(body, str) else body
        understood.append(TOPICS[told.system, str(metadata["topic"])](raw))

    pact_of(told).verify(take, kind="Async")
    assert understood == [told.means]


def sent(told: Told) -> tuple[Event, Estate]:
    """The event that the mocked system really puts into its outbox, and the estate where that happened."""
    estate = Estate()
    told.happens(estate)
    _, events = estate.last()
    return events[0], estate


def verify(told: Told, pact: Path) -> tuple[int, list[str]]:
    """Check the body that the mocked system sends against a pact."""

    def produce(name: str, metadata: dict[str, Any] | None) -> Message:
        del name, metadata
        event, _ = sent(told)
        return Message(contents=event.body, metadata={"topic": event.topic}, content_type=JSON)

    verifier = Verifier(told.provider, host="127.0.0.1").add_source(pact).message_handler({told.says: produce})
    return outcome_of(verifier, [])
