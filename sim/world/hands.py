"""The hands of people at the screens of systems: the only module of the world that knows what a form looks like.

Nothing is decided here; each function fills in one form and gives back the number that the system put on it.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

import msgspec
import simpy

from contracts.cases import Decision
from contracts.journal import Posting
from mocks.ap_automation.models import ConfidenceShown
from mocks.ap_automation.state import ApAutomation, CapturedCharge, CapturedInvoice, CapturedLine
from mocks.identity.state import Identity
from mocks.inventory.models import Method, ReceiptLine
from mocks.inventory.state import Inventory, NewReceipt
from mocks.kit.operation import Refused
from mocks.kit.system import System
from mocks.procurement.state import Procurement, Requisition, RequisitionLine
from mocks.service_desk.state import ServiceDesk
from sim.world.billing import PIECE, Bill
from sim.world.capture import Figures
from sim.world.codes import Codes, Meaning
from sim.world.trade import Intent


class Systems(Protocol):
    """The systems at whose screens people of this world sit."""

    @property
    def identity(self) -> System[Identity]:
        """Where clients and keys are kept."""

    @property
    def settings(self) -> dict[str, str]:
        """What the design under test is told: its secret among it."""

    @property
    def procurement(self) -> System[Procurement]:
        """Where departments buy."""

    @property
    def inventory(self) -> System[Inventory]:
        """Where docks receive."""

    @property
    def ap_automation(self) -> System[ApAutomation]:
        """Where invoices come in."""

    @property
    def cloud_erp(self) -> System[Any]:
        """Where the books are."""

    @property
    def service_desk(self) -> System[ServiceDesk]:
        """Where cases wait."""


class Hands:
    """Fills in forms, now."""

    def __init__(self, env: simpy.Environment, systems: Systems, codes: Codes) -> None:
        """Sit down at the screens. `codes` are those that hospitals write."""
        self._env = env
        self._systems = systems
        self._codes = codes

    def requisition(self, intent: Intent) -> str:
        """A department asks."""
        kind: Literal["stock", "expense"] = "stock" if intent.stock else "expense"
        hospital, now = intent.hospital, self._now()
        wanted = Requisition(
            hospital,
            self._codes.cost_centre(hospital, intent.cost_centre),
            self._codes.supplier(hospital, intent.supplier.id, now),
            intent.supplier.name,
            intent.requester,
            tuple(
                [
                    RequisitionLine(
                        line.item.id,
                        line.item.description,
                        kind,
                        quantity,
                        line.item.unit,
                        line.item.price_minor,
                        line.item.pack,
                    )
                    for line, quantity in zip(intent.lines, intent.ordered, strict=True)
                ]
            ),
            intent.supplier.currency,
            intent.taxes,
            self._codes.written_on(hospital, now),
            self._codes.dock(hospital, intent.cost_centre, now),
        )
        system = self._systems.procurement
        return system.perform(now, intent.requester, system.state.raise_requisition, wanted)

    def meaning(self, told: Meaning) -> None:
        """The controller publishes what a hospital's code means."""
        system = self._systems.procurement
        what = (told.kind, told.entity, told.code, told.value, told.valid_from)
        system.perform(self._now(), "controller", system.state.lookups.publish, *what)

    def authority(self, approver: str, limit_minor: int) -> None:
        """Somebody is told how much they may approve alone."""
        self._systems.procurement.state.authorities.grant(approver, limit_minor)

    def delegation(self, approver: str, to: str, until_ms: int) -> None:
        """Somebody is away, and somebody else says yes for them."""
        self._systems.procurement.state.authorities.delegate(approver, to, until_ms)

    def approval(self, requisition: str, approver: str) -> str:
        """Somebody says yes, or whoever stands in for them; the order's number, empty where more must agree."""
        system, now = self._systems.procurement, self._now()
        by = system.state.authorities.speaks_for(approver, now)
        return system.perform(now, by, system.state.approve, requisition, approver, by)

    def change(self, buyer: str, order: str, quantities: tuple[int, ...]) -> int:
        """A buyer changes an order; its revision."""
        system = self._systems.procurement
        return system.perform(self._now(), buyer, system.state.change, order, quantities)

    def cancel(self, buyer: str, order: str) -> int:
        """A buyer cancels an order; its revision."""
        system = self._systems.procurement
        return system.perform(self._now(), buyer, system.state.cancel, order)

    def acknowledgement(self, supplier: str, order: str) -> None:
        """A supplier has seen an order."""
        system = self._systems.procurement
        system.perform(self._now(), supplier, system.state.acknowledge, order)

    def receipt(  # noqa: PLR0913 - what a dock enters
        self,
        intent: Intent,
        order: str,
        quantities: tuple[int, ...],
        on: str,
        *,
        in_pieces: bool = False,
        corrects: str = "",
        method: Method = "counted",
    ) -> str:
        """The dock enters what came, or takes back what did not; in the order's units or by the piece. The number it gets."""
        arrived = NewReceipt(
            intent.hospital,
            order,
            on,
            tuple(
                [
                    ReceiptLine(n, line.item.id, quantity * line.item.pack, PIECE)
                    if in_pieces and line.item.pack > 1
                    else ReceiptLine(n, line.item.id, quantity, line.item.unit)
                    for n, (line, quantity) in enumerate(zip(intent.lines, quantities, strict=True), 1)
                    if quantity
                ]
            ),
            corrects,
            method,
        )
        system = self._systems.inventory
        actor = f"dock-{intent.hospital}"
        return system.perform(self._now(), actor, system.state.record_receipt, arrived)

    def invoice(self, intent: Intent, order: str, bill: Bill, figures: Figures | None = None) -> str:
        """A bill comes in by mail or portal, as it was read; the number that the capture gives it."""
        return self._capture(self._captured(intent, order, bill, figures))

    def _captured(self, intent: Intent, order: str, bill: Bill, figures: Figures | None = None) -> CapturedInvoice:
        """What a bill says."""
        return CapturedInvoice(
            intent.hospital,
            bill.channel,
            self._codes.supplier(intent.hospital, bill.supplier.id, self._now()),
            bill.supplier.name,
            bill.number,
            bill.date,
            order,
            tuple(
                [
                    CapturedLine(n, line.item.id, quantity, price, amount, unit)
                    for n, (line, quantity, price, amount, unit) in enumerate(
                        zip(intent.lines, bill.quantities, bill.prices, bill.amounts, bill.units, strict=True), 1
                    )
                    if quantity
                ]
            ),
            bill.total_minor,
            bill.supplier.currency,
            tuple(CapturedCharge(kind, amount) for kind, amount in bill.charges),
            "" if order else intent.cost_centre,
            msgspec.UNSET if figures is None else ConfidenceShown(*figures),
        )

    def _capture(self, paper: CapturedInvoice) -> str:
        system = self._systems.ap_automation
        return system.perform(self._now(), paper.supplier_id, system.state.capture, paper)

    def credit_memo(  # noqa: PLR0913 - what a memo says
        self, intent: Intent, order: str, bill: Bill, number: str, date: str, names: str
    ) -> str:
        """A supplier gives a bill back, naming its number, rightly or not; the number that the capture gives the memo."""
        billed = self._captured(intent, order, bill)
        paper = msgspec.structs.replace(
            billed,
            type="credit_memo",
            number=number,
            invoice_date=date,
            credits=names,
            total_minor=-billed.total_minor,
            lines=tuple(
                msgspec.structs.replace(line, quantity=-line.quantity, amount_minor=-line.amount_minor)
                for line in billed.lines
            ),
            charges=tuple(CapturedCharge(charge.kind, -charge.amount_minor) for charge in billed.charges),
        )
        return self._capture(paper)

    def decision(self, staff: str, case: str, decision: Decision, value: str, note: str) -> None:
        """Somebody at the desk decides a case."""
        system = self._systems.service_desk
        system.perform(self._now(), staff, system.state.decide, case, decision, value, note)

    def decision_again(self, supervisor: str, case: str, decision: Decision, value: str, note: str) -> None:
        """Somebody who has looked at a decision again decides otherwise."""
        system = self._systems.service_desk
        system.perform(self._now(), supervisor, system.state.decide_again, case, decision, value, note)

    def cancel_invoice(self, clerk: str, posted: str) -> bool:
        """Somebody cancels a posted invoice in the ERP; False where it will not have that, its period being closed."""
        system = self._systems.cloud_erp
        try:
            system.perform(self._now(), clerk, system.state.cancel_invoice, system.state.invoice(posted))
        except Refused:
            return False
        return True

    def take_back(self, clerk: str, invoice: str, reason: str) -> None:
        """Somebody rejects an invoice where it was captured, whatever it is called there."""
        system = self._systems.ap_automation
        system.perform(self._now(), clerk, system.state.take_back, invoice, reason)

    def open_period(self, entity: str, period: str) -> None:
        """The controller opens a period."""
        system = self._systems.cloud_erp
        system.perform(self._now(), "controller", system.state.open_period, entity, period)

    def close_period(self, entity: str, period: str) -> None:
        """The controller closes a period."""
        system = self._systems.cloud_erp
        system.perform(self._now(), "controller", system.state.close_period, entity, period)

    def lock_period(self, entity: str, period: str) -> None:
        """The controller locks the ledger of a period."""
        system = self._systems.cloud_erp
        system.perform(self._now(), "controller", system.state.lock_period, entity, period)

    def rates(self, table: dict[tuple[str, str], int]) -> None:
        """The treasury enters what other currencies cost on each day."""
        system = self._systems.cloud_erp
        system.perform(self._now(), "treasury", system.state.load_rates, table)

    def opening_balances(self, entity: str, on: str, lines: tuple[Posting, ...]) -> None:
        """The controller enters what the books begin with."""
        system = self._systems.cloud_erp
        system.perform(self._now(), "controller", system.state.opening_balances, entity, on, lines)

    def _now(self) -> int:
        return int(self._env.now)  # an int already; SimPy only types it float
