"""When two bills are one, and when they only look like it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from orchestrator.canonical import InvoiceLine, OrderLine, ReceiptLine
from orchestrator.workflows import messages as m
from orchestrator.workflows.likeness import contained, mistaken, number_key, same_bill, same_form
from orchestrator.workflows.matching import copy_of, invoice_in_packs, receipt_in_packs
from tests.orchestrator.papers import NOW, NUMBER, Story, captured, decided, invoice, order, receipt, received, short


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1043", "001043"),
        ("inv-1043", "INV 1043"),
        ("1043", "1043 "),
        ("1043", "1O43"),
        ("10-43*", "1043"),
    ],
)
def test_numbers_that_differ_in_their_clothes_only(one: str, other: str) -> None:
    assert number_key(one) == number_key(other)


@pytest.mark.parametrize(
    ("one", "other", "is_contained", "is_mistaken"),
    [
        ("1043", "1043-R", True, False),
        ("1043", "H3-1043", True, False),
        ("08110230", "08110280", False, True),
        ("SO1243", "S012A3", False, False),
        ("SO1243", "SOl2A3", False, False),
        ("1043", "143", False, True),
        ("1043", "1044", False, False),
        ("1048", "1049", False, False),
        ("12", "123", False, False),
        ("1043", "9003821077", False, False),
    ],
)
def test_numbers_that_could_be_one(one: str, other: str, is_contained: bool, is_mistaken: bool) -> None:  # noqa: FBT001 - a table
    assert contained(one, other) is contained(other, one) is is_contained
    if not is_contained:
        assert mistaken(one, other) is mistaken(other, one) is is_mistaken


def test_a_series_has_one_form() -> None:
    assert same_form("INV-1043", "INV-2217")
    assert not same_form("INV-1043", "9003821077")


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"number": "008130"}, True),
        ({"number": "8130", "invoice_date": "2026-10-20"}, True),
        ({"number": "8130", "supplier_id": "V001"}, True),
        ({"number": "4500018822"}, True),
        ({"number": "8180"}, True),
        ({"number": "810"}, True),
        ({"number": "8130", "supplier_id": "S099", "invoice_date": "2026-10-20"}, False),
        ({"number": "8131"}, False),
        ({"number": "8130-R", "invoice_date": "2026-10-12"}, False),
        ({"number": "8130", "total_minor": 1}, False),
    ],
)
def test_two_agreements_make_a_copy(changes: dict[str, str | int], same: bool) -> None:  # noqa: FBT001 - a table
    assert same_bill(replace(invoice("INV-2"), **changes), invoice(number="8130")) is same


def test_part_of_a_bill_is_a_copy_too() -> None:
    whole = invoice(number="1043")
    assert copy_of(invoice("INV-2", 5, 2, number="1043A"), [whole]) is whole
    assert copy_of(invoice("INV-2", 5, 2, number="1055"), [whole]) is None
    assert copy_of(invoice("INV-2", 5, 2, price=1300, number="1043A"), [whole]) is None


def standing(weeks: int = 26) -> m.OrderApproved:
    """A standing order, one unit a week."""
    lines = (OrderLine(1, "ITM-9", "expense", weeks, 9_000),)
    return m.OrderApproved(NOW, NUMBER, replace(order(), lines=lines))


def weekly(name: str, number: str, on: str, at: int) -> m.InvoiceCaptured:
    """A week's bill."""
    lines = (InvoiceLine(1, 1, 9_000, 9_000),)
    return captured(replace(invoice(name, number=number, at=at), lines=lines, total_minor=9_000, invoice_date=on))


def came(name: str) -> m.ReceiptRecorded:
    """A week's delivery."""
    return m.ReceiptRecorded(NOW, name, replace(receipt(name), lines=(ReceiptLine(1, 1),)))


def test_the_same_bill_every_week_is_no_copy() -> None:
    story = Story()
    story.tell(standing(), came("GRN-1"), came("GRN-2"))
    said = short(story.tell(weekly("INV-1", "1043", "2026-10-05", 1), weekly("INV-2", "1044", "2026-10-12", 2)))
    assert not [each for each in said if each.startswith("case")]
    assert "tell INV-2 posted" in said


def test_a_copy_is_seen_although_the_order_and_the_dock_have_room_for_it() -> None:
    """Next week's delivery is there already: quantities alone would let it through."""
    story = Story()
    story.tell(standing(), came("GRN-1"), came("GRN-2"), weekly("INV-1", "1043", "2026-10-05", 1))
    said = short(story.tell(weekly("INV-2", "1043-R", "2026-10-05", 2)))
    assert said == ["case duplicate-invoice/ap_automation:INV-2"]
    assert "tell INV-3 posted" in short(story.tell(weekly("INV-3", "1044", "2026-10-12", 3)))


def test_a_bill_that_was_refused_comes_again_under_its_number() -> None:
    story = Story()
    story.tell(standing(), came("GRN-1"), captured(invoice()))
    story.tell(decided("quantity-variance/ap_automation:INV-1", "reject"))
    said = short(story.tell(weekly("INV-2", "77", "2026-10-05", 5)))
    assert "tell INV-2 posted" in said


def packed() -> m.OrderApproved:
    """Ten boxes of fifty."""
    lines = (OrderLine(1, "ITM-1", "stock", 10, 1250, 50), OrderLine(2, "ITM-2", "expense", 4, 4000))
    return m.OrderApproved(NOW, NUMBER, replace(order(), lines=lines))


def by_the_piece(quantity: int, amount: int) -> m.InvoiceCaptured:
    """A bill whose first line says pieces."""
    lines = (InvoiceLine(1, quantity, amount // quantity, amount, pieces=True), InvoiceLine(2, 4, 4000, 16_000))
    return captured(replace(invoice(), lines=lines, total_minor=amount + 16_000))


@pytest.mark.parametrize("late_order", [False, True])
def test_pieces_are_matched_as_packs(late_order: bool) -> None:  # noqa: FBT001 - a table
    """Counted and billed by the piece, whichever paper came first; the ERP hears of packs."""
    story = Story()
    counted = m.ReceiptRecorded(
        NOW, "GRN-1", replace(receipt(), lines=(ReceiptLine(1, 500, pieces=True), ReceiptLine(2, 4)))
    )
    events = [packed(), counted, by_the_piece(500, 12_500)]
    commands = story.tell(*(reversed(events) if late_order else events))
    posted = [command for command in commands if isinstance(command, m.PostInvoice | m.PostReceipt)]
    assert {type(command) for command in posted} == {m.PostInvoice, m.PostReceipt}
    for command in posted:
        paper = command.invoice if isinstance(command, m.PostInvoice) else command.receipt
        assert [(line.line, line.quantity) for line in paper.lines] == [(1, 10), (2, 4)]


def test_packs_called_pieces_are_asked_about_and_then_taken_as_packs() -> None:
    story = Story()
    said = short(story.tell(packed(), received(), by_the_piece(10, 12_500)))
    assert said[-1] == "case unit-variance/ap_automation:INV-1"
    commands = story.tell(decided("unit-variance/ap_automation:INV-1", "accept"))
    assert [command.invoice.lines[0].quantity for command in commands if isinstance(command, m.PostInvoice)] == [10]


def test_a_broken_pack_is_not_taken_in() -> None:
    counted = replace(receipt(), lines=(ReceiptLine(1, 499, pieces=True), ReceiptLine(2, 4)))
    assert [line.quantity for line in receipt_in_packs(counted, packed().order).lines] == [9, 4]


def test_where_there_are_no_packs_pieces_are_the_unit() -> None:
    bill = replace(invoice(), lines=(InvoiceLine(2, 4, 4000, 16_000, pieces=True),))
    assert invoice_in_packs(bill, packed().order).lines == (InvoiceLine(2, 4, 4000, 16_000),)
