"""Builds the systems of the estate and names what crosses to and from them.

To add a system: its folder under `mocks/`, its name in `mocks.SYSTEMS`, its field and builder here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from contracts.provenance import ASIDE
from contracts.scenario import Scenario
from mocks import SYSTEMS, ap_automation, cloud_erp, identity, inventory, procurement, service_desk
from mocks.ap_automation.state import ApAutomation
from mocks.cloud_erp.state import CloudErp
from mocks.identity.state import Identity
from mocks.inventory.state import Inventory
from mocks.kit.operation import Operation
from mocks.kit.system import PayDay, Setup, System
from mocks.procurement.state import Procurement
from mocks.service_desk.state import ServiceDesk
from sim.seed import Seed
from sim.world.books import ended_months
from sim.world.calendar import holidays_of, local_ms
from sim.world.scope import granted_at_first, granted_ever

CLIENT_ID = "orchestrator"
TOPICS = (
    "procurement>purchase_order.approved",
    "procurement>purchase_order.changed",
    "procurement>purchase_order.cancelled",
    "procurement>supplier.changed",
    "procurement>lookup_value.changed",
    "inventory>receipt.recorded",
    "ap_automation>invoice.captured",
    "cloud_erp>import.completed",
    "service_desk>case.decided",
    *(f"{system}>{topic}" for system, topic in ASIDE),
)
"""Every event that some system sends."""


@dataclass(frozen=True)
class Estate:
    """The systems, by name and as attributes, and what a design is told of them."""

    identity: System[Identity]
    procurement: System[Procurement]
    inventory: System[Inventory]
    ap_automation: System[ApAutomation]
    cloud_erp: System[CloudErp]
    service_desk: System[ServiceDesk]
    settings: dict[str, str]
    paid_ms: int = 0
    """When the last pay run is; 0 where there is none."""

    def tells(self, entity: str) -> bool:
        """Whether the design is told of what happens in an entity: its subscriptions are good for what it was granted."""
        granted = self.identity.state.clients[CLIENT_ID].entities
        return "*" in granted or not entity or entity in granted

    def systems(self) -> dict[str, System[Any]]:
        """The systems by name."""
        return {name: getattr(self, name) for name in SYSTEMS}


def build(scenario: Scenario, seed: Seed, token_now_ms: Callable[[], int] | None = None) -> Estate:
    """An estate with secrets of its own; `settings` is what a design is told of it."""
    client_secret, webhook_secret = (seed.uuid("secret", name).hex for name in ("client", "webhook"))
    setup = Setup(
        token_key=seed.uuid("secret", "tokens").bytes,
        webhook_secret=webhook_secret.encode(),
        entities=tuple(hospital.id for hospital in scenario.hospital),
        clients=((CLIENT_ID, client_secret),),
        granted=granted_at_first(scenario),
        token_now_ms=token_now_ms,
        true_limits=scenario.true_limits,
        maintenance=scenario.maintenance,
        all_topics=scenario.all_topics,
        others_use=scenario.others_use,
        pay_days=_pay_days(scenario),
        terms_days=scenario.payments.terms_days,
    )
    settings = {
        "client_id": CLIENT_ID,
        "client_secret": client_secret,
        "webhook_secret": webhook_secret,
        "entities": ",".join(f"{hospital.id}={hospital.time_zone}" for hospital in granted_ever(scenario)),
        "holidays": ",".join(sorted(day.isoformat() for day in holidays_of(scenario))),
        "workflows": ",".join(scenario.scope),
        "close_calendar": _close_calendar(scenario) if "period-end" in scenario.scope else "",
        "shares": ",".join(f"{system}={1 - used:g}" for system, used in sorted(scenario.others_use.items())),
        "audit": "on" if scenario.workers.audit else "off",
        # A virtual crash abandons tasks and connections; the machine under them never fails, so nothing need be synced.
        "sync": "off",
    }
    return Estate(
        identity=identity.build(setup),
        procurement=procurement.build(setup),
        inventory=inventory.build(setup),
        ap_automation=ap_automation.build(setup),
        cloud_erp=cloud_erp.build(setup),
        service_desk=service_desk.build(setup),
        settings=settings,
        paid_ms=max((day.at_ms for day in setup.pay_days), default=0),
    )


def _close_calendar(scenario: Scenario) -> str:
    """What finance publishes: for each hospital and period, when payables close; as a design is told it."""
    calendar = scenario.calendar
    close = calendar.close
    return ",".join(
        f"{hospital.id}/{period}={close.replace(tzinfo=ZoneInfo(hospital.time_zone)).isoformat()}"
        for hospital in granted_ever(scenario)
        for period in ended_months(calendar)
    )


def _pay_days(scenario: Scenario) -> tuple[PayDay, ...]:
    """When the ERP pays suppliers: once a week but on holidays, by each hospital's clock, until just after the end."""
    if not scenario.payments.runs:
        return ()
    calendar, holidays = scenario.calendar, holidays_of(scenario)
    last = calendar.end + dt.timedelta(days=min(7, calendar.run_off_days))
    days = (calendar.start + dt.timedelta(days=n) for n in range((last - calendar.start).days + 1))
    found = [day for day in days if day.weekday() == scenario.masters.pay_run_weekday and day not in holidays]
    hour = dt.time(scenario.payments.hour)
    runs = (
        PayDay(local_ms(hospital.time_zone, dt.datetime.combine(day, hour)), hospital.id, day)
        for day in found
        for hospital in scenario.hospital
    )
    return tuple(sorted(runs, key=lambda run: (run.at_ms, run.entity)))


def targets(estate: Estate) -> dict[str, Operation | None]:
    """All that faults may strike: every `system.operation` with its operation, every `system>topic` with none."""
    calls: dict[str, Operation | None] = {
        f"{name}.{operation.name}": operation
        for name, system in estate.systems().items()
        for operation in system.operations
    }
    return {**calls, **dict.fromkeys(TOPICS)}
