"""The papers that the tests hand in: what people enter, and what a design sends."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from mocks.ap_automation.models import ConfidenceShown
from mocks.ap_automation.state import CapturedInvoice, CapturedLine
from mocks.cloud_erp.imports import JOURNAL_IMPORT
from mocks.inventory.models import ReceiptLine
from mocks.inventory.state import NewReceipt
from mocks.procurement.state import Requisition, RequisitionLine
from mocks.procurement.suppliers import SupplierForm
from tests.mocks.doors import Estate

ORDER = "PO-H1-000001"


def requisition(entity: str = "H1", quantity: int = 10, price_minor: int = 250) -> Requisition:
    """Ten of a stock item and two of an expense item."""
    lines = (
        RequisitionLine("I-1", "gloves", "stock", quantity, "BX", price_minor),
        RequisitionLine("I-2", "repair", "expense", 2, "EA", 999),
    )
    return Requisition(entity, "00412", "S001", "Acme Medical", "nurse", lines)


def ordered(estate: Estate, entity: str = "H1", **changes: Any) -> str:
    """An approved order; its number."""
    wanted = replace(requisition(entity), **changes)
    raised = estate.act(estate.procurement, lambda work: estate.procurement.state.raise_requisition(work, wanted))
    return str(estate.act(estate.procurement, lambda work: estate.procurement.state.approve(work, raised, "head")))


def taxed(estate: Estate) -> str:
    """An approved order that says what tax may be charged; its number."""
    return ordered(estate, taxes=(("2026-01-01", 88_750),))


def ordered_in_codes(estate: Estate) -> str:
    """An approved order of a hospital that writes numbers of its own; its number here."""
    return ordered(estate, supplier_id="H1-7001", written_on="2026-10-21", ship_to="H1-D1")


def arrival(entity: str = "H1", quantity: int = 10, on: str = "2026-10-05") -> NewReceipt:
    """Stock that arrived for the first line."""
    return NewReceipt(entity, ORDER, on, (ReceiptLine(1, "I-1", quantity, "BX"),))


def received(estate: Estate, entity: str = "H1") -> str:
    """A recorded receipt; its number."""
    return str(estate.act(estate.inventory, lambda work: estate.inventory.state.record_receipt(work, arrival(entity))))


def entered(estate: Estate) -> str:
    """A receipt that was entered for all that was ordered; its number."""
    arrived = replace(arrival(), method="receive_all")
    return str(estate.act(estate.inventory, lambda work: estate.inventory.state.record_receipt(work, arrived)))


def counted(estate: Estate) -> str:
    """The count of such a receipt, which found all there; its number."""
    count = NewReceipt("H1", ORDER, "2026-10-06", (), entered(estate), "count")
    return str(estate.act(estate.inventory, lambda work: estate.inventory.state.record_receipt(work, count)))


def bill(entity: str = "H1", number: str = "A-0017", date: str = "2026-10-04") -> CapturedInvoice:
    """A bill for ten boxes at 2.50."""
    lines = (CapturedLine(1, "I-1", 10, 250, 2500),)
    return CapturedInvoice(entity, "email", "S001", "Acme Medical", number, date, ORDER, lines, 2500)


def memo(number: str = "CM-1", names: str = "A-0017", **changes: Any) -> CapturedInvoice:
    """A memo that gives the ten boxes back."""
    lines = (CapturedLine(1, "I-1", -10, 250, -2500),)
    given = {"type": "credit_memo", "credits": names, "lines": lines, "total_minor": -2500, **changes}
    return msgspec.structs.replace(bill(number=number), **given)


def given_back(estate: Estate) -> str:
    """A captured credit memo; its id."""
    return str(estate.act(estate.ap_automation, lambda work: estate.ap_automation.state.capture(work, memo())))


def captured(estate: Estate, entity: str = "H1") -> str:
    """A captured invoice; its id."""
    return str(estate.act(estate.ap_automation, lambda work: estate.ap_automation.state.capture(work, bill(entity))))


def read_from_paper(estate: Estate, entity: str = "H1") -> str:
    """An invoice of whose lines the capture is not sure; its id."""
    paper = replace(bill(entity), confidence=ConfidenceShown(97, 61, 99))
    return str(estate.act(estate.ap_automation, lambda work: estate.ap_automation.state.capture(work, paper)))


def erp_order(**changes: Any) -> dict[str, Any]:
    """An order as the ERP takes it: line 1 stock at 2.50, line 2 expense at 9.99."""
    return {
        "SourceRef": f"procurement:{ORDER}",
        "OrderNumber": ORDER,
        "BusinessUnit": "H1",
        "Supplier": "S001",
        "SupplierName": "Acme Medical",
        "Currency": "USD",
        "CostCenter": "00412",
        "Lines": [
            {"Line": 1, "Item": "I-1", "Kind": "stock", "Quantity": 10, "UnitPrice": "2.50"},
            {"Line": 2, "Item": "I-2", "Kind": "expense", "Quantity": 2, "UnitPrice": "9.99"},
        ],
        **changes,
    }


def erp_revision(revision: int = 2, quantity: int = 7, status: str = "Open") -> dict[str, Any]:
    """The order at a later revision of its source, as the ERP takes it."""
    lines = [{"Line": 1, "Quantity": quantity}, {"Line": 2, "Quantity": 2}]
    return {"SourceRef": f"procurement:{ORDER}", "Revision": revision, "Status": status, "Lines": lines}


def erp_receipt(*lines: tuple[int, int], **changes: Any) -> dict[str, Any]:
    """A receipt as the ERP takes it; `lines` are (order line, quantity)."""
    return {
        "SourceRef": "inventory:GRN-H1-000001",
        "ReceiptNumber": "GRN-H1-000001",
        "BusinessUnit": "H1",
        "OrderNumber": ORDER,
        "ReceiptDate": "2026-10-05",
        "Lines": [{"Line": line, "Quantity": quantity} for line, quantity in lines or ((1, 10),)],
        **changes,
    }


def erp_invoice(total: str, *lines: tuple[int, int, str, str], **changes: Any) -> dict[str, Any]:
    """An invoice as the ERP takes it; `lines` are (order line, quantity, unit price, amount)."""
    return {
        "SourceRef": "ap_automation:INV-000001",
        "InvoiceNumber": "A-0017",
        "BusinessUnit": "H1",
        "Supplier": "S001",
        "OrderNumber": ORDER,
        "InvoiceDate": "2026-10-04",
        "AccountingDate": "2026-10-05",
        "Currency": "USD",
        "InvoiceAmount": total,
        "Lines": [
            {"Line": line, "Quantity": quantity, "UnitPrice": price, "Amount": amount}
            for line, quantity, price, amount in lines
        ],
        **changes,
    }


def erp_accrual(**changes: Any) -> dict[str, Any]:
    """An accrual as the ERP takes it: both of line 2, at the end of October."""
    return {
        "SourceRef": f"period-end:2026-10/{ORDER}/2",
        "BusinessUnit": "H1",
        "AccountingDate": "2026-10-31",
        "OrderNumber": ORDER,
        "OrderLine": 2,
        "Quantity": 2,
        "Currency": "USD",
        "Amount": "19.98",
        **changes,
    }


def erp_reversal(on: str = "2026-11-01") -> dict[str, Any]:
    """What takes an accrual back."""
    return {"SourceRef": f"period-end:2026-10/{ORDER}/2/reversal", "AccountingDate": on}


def erp_import(*rows: tuple[str, int, str], **changes: Any) -> dict[str, Any]:
    """A bulk import as the ERP takes it; `rows` are (reference, order line, amount), for two units each."""
    return {
        "OperationName": "importBulkData",
        "BusinessUnit": "H1",
        "JobName": JOURNAL_IMPORT,
        "DocumentId": "period-end:2026-10",
        "Rows": [
            {
                "Reference": reference,
                "AccountingDate": "2026-10-31",
                "OrderNumber": ORDER,
                "OrderLine": line,
                "Quantity": 2,
                "Currency": "USD",
                "Amount": amount,
            }
            for reference, line, amount in rows
        ],
        **changes,
    }


def erp_return(**changes: Any) -> dict[str, Any]:
    """Three of line 1 go back."""
    return {
        "SourceRef": "inventory:RTV-1",
        "ReturnNumber": "RTV-1",
        "BusinessUnit": "H1",
        "OrderNumber": ORDER,
        "ReturnDate": "2026-10-06",
        "Lines": [{"Line": 1, "Quantity": 3}],
        **changes,
    }


def erp_credit(**changes: Any) -> dict[str, Any]:
    """Three of line 1 are credited, at 2.70."""
    return {
        "SourceRef": "ap_automation:CM-1",
        "CreditNumber": "CM-1",
        "AccountingDate": "2026-10-07",
        "Lines": [{"Line": 1, "Quantity": 3, "Amount": "8.10"}],
        **changes,
    }


def case(**changes: Any) -> dict[str, Any]:
    """A case as a design sends it."""
    return {
        "external_key": "inv-1:price",
        "category": "price-variance",
        "entity": "H1",
        "subjects": ["ap_automation:INV-000001", f"procurement:{ORDER}"],
        "amount_minor": 731,
        "currency": "USD",
        "evidence": {"billed": "27.00", "ordered": "25.00"},
        "due_at": "2026-10-07T16:00:00.000Z",
        **changes,
    }


def supplier_form(entity: str = "H1", name: str = "Acme Medical", bank_account: str = "021000021/1") -> SupplierForm:
    """A supplier as a buyer enters it."""
    return SupplierForm(entity, name, "12-3456789", "14 Harbor Street, Albany, NY 12207", bank_account)


def proposed(estate: Estate, entity: str = "H1") -> str:
    """A proposed supplier; the id of its record."""
    suppliers = estate.procurement.state.suppliers
    return str(estate.act(estate.procurement, lambda work: suppliers.propose(work, supplier_form(entity))))


def coded(estate: Estate, entity: str = "H1") -> str:
    """What a hospital's code means from a day on; the code."""
    code = f"{entity}-00412"
    lookups = estate.procurement.state.lookups
    estate.act(estate.procurement, lookups.publish, "cost-centre", entity, code, "00412", "2026-10-13")
    return code


def erp_supplier(**changes: Any) -> dict[str, Any]:
    """A supplier as the ERP takes it."""
    return {
        "SourceRef": "procurement:SUP-000001",
        "SourceVersion": 1,
        "BusinessUnit": "H1",
        "Supplier": "Acme Medical",
        "TaxpayerId": "123456789",
        "Address": "14 Harbor Street, Albany, NY 12207",
        "BankAccount": "021000021/1",
        **changes,
    }
