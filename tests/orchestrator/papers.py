"""Business papers for the tests: one order of ten and four, received and billed in full or in halves."""

from __future__ import annotations

from typing import cast

import msgspec

from contracts.cases import CaseDecision, Decision
from orchestrator.canonical import GoodsReceipt, Invoice, InvoiceLine, OrderLine, PurchaseOrder, ReceiptLine
from orchestrator.workflows import messages as m
from orchestrator.workflows.procure_to_pay import decide
from orchestrator.workflows.state import ProcureToPay

NUMBER = "PO-H1-000001"
NOW = 1_790_000_000_000
DAY = 86_400_000


def order(revision: int = 1) -> PurchaseOrder:
    """Ten gloves at 12.50 and four syringes at 40.00: 285.00."""
    lines = (OrderLine(1, "ITM-1", "stock", 10, 1250), OrderLine(2, "ITM-2", "expense", 4, 4000))
    return PurchaseOrder(NUMBER, revision, "H1", "CC-1", "S001", "Acme", "USD", lines)


def receipt(name: str = "GRN-1", first: int = 10, second: int = 4) -> GoodsReceipt:
    """What arrived of it."""
    return GoodsReceipt(name, "H1", NUMBER, "2026-10-05", (ReceiptLine(1, first), ReceiptLine(2, second)))


def invoice(
    name: str = "INV-1", first: int = 10, second: int = 4, price: int = 1250, number: str = "77", at: int = 0
) -> Invoice:
    """What is billed of it."""
    lines = (
        InvoiceLine(1, first, price, first * price),
        InvoiceLine(2, second, 4000, second * 4000),
    )
    total = sum(line.amount_minor for line in lines)
    return Invoice(
        name, "H1", NUMBER, "email", "S001", number, "2026-10-05", "USD", lines, total, NOW + at, "2026-10-05"
    )


def memo(name: str = "CM-1", first: int = 10, second: int = 4, names: str = "77", at: int = 10) -> Invoice:
    """A credit memo that gives some of a bill back, and names it by its number."""
    given = invoice(name, first, second, number=f"C-{name}", at=at)
    return msgspec.structs.replace(given, credit=True, credits=names)


def approved() -> m.OrderApproved:
    """The order is approved."""
    return m.OrderApproved(NOW, NUMBER, order())


def received(name: str = "GRN-1", first: int = 10, second: int = 4) -> m.ReceiptRecorded:
    """Goods came."""
    return m.ReceiptRecorded(NOW, name, receipt(name, first, second))


def captured(paper: Invoice) -> m.InvoiceCaptured:
    """A bill came."""
    return m.InvoiceCaptured(NOW, paper.id, paper)


def decided(key: str, decision: Decision, value: str = "", *, again: bool = False) -> m.CaseDecided:
    """People answered, or thought better of what they had answered."""
    category = key.partition("/")[0]
    answer = CaseDecision("CASE-1", key, category, "H1", (), decision, value)  # type: ignore[arg-type]
    return m.CaseDecided(NOW, msgspec.structs.replace(answer, revision=2) if again else answer)


class Story:
    """A process that is told events; effects succeed at once unless the test answers them itself."""

    def __init__(self, *, answer: bool = True) -> None:
        self.state = ProcureToPay("H1", NUMBER)
        self.commands: list[m.Command] = []
        self._answer = answer

    def tell(self, *events: msgspec.Struct) -> list[m.Command]:
        """All the commands that these events bring about, in order."""
        began = len(self.commands)
        waiting = list(cast("tuple[m.Event, ...]", events))
        while waiting:
            self.state, commands = decide(self.state, waiting.pop(0))
            self.commands += commands
            if self._answer:
                waiting[:0] = [
                    m.EffectDone(NOW, command.key, f"R-{command.key}")
                    for command in commands
                    if isinstance(command, m.PostOrder | m.PostReceipt | m.PostInvoice | m.PostCredit)
                    or (isinstance(command, m.TellInvoice) and not command.last)
                ]
        return self.commands[began:]


def short(commands: list[m.Command]) -> list[str]:
    """Commands in a form that a test can state."""
    said = []
    for command in commands:
        if isinstance(command, m.TellInvoice):
            said.append(f"tell {command.invoice_id} {command.status}")
        elif isinstance(command, m.TellOrder):
            said.append("tell order interfaced")
        elif isinstance(command, m.OpenCase):
            said.append(f"case {command.case.external_key}")
        elif isinstance(command, m.ForgetBill):
            said.append(f"forget {command.invoice.id}")
        elif isinstance(command, m.SeekBill):
            said.append(f"seek {command.memo.credits}")
        elif isinstance(command, m.StartTimer):
            said.append(f"start {command.name}")
        elif isinstance(command, m.StopTimer):
            said.append(f"stop {command.name}")
        elif isinstance(command, m.Revive):
            said.append(f"revive {command.effect_key}")
        else:
            said.append(command.key)
    return said
