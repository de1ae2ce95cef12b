"""Orders that change: approvals by authority, revisions, cancellations, export flags, and what the ERP makes of it."""

from __future__ import annotations

import pytest

from contracts.journal import Effect
from mocks.kit.operation import Refused
from tests.mocks.doors import NOW_MS, Door, Estate
from tests.mocks.papers import ORDER, erp_invoice, erp_order, erp_revision, ordered, requisition

DAY_MS = 86_400_000


def approve(estate: Estate, raised: str, approver: str, by: str = "") -> str:
    """Somebody says yes."""
    suite = estate.procurement
    return estate.act(suite, lambda work: suite.state.approve(work, raised, approver, by))


def raised(estate: Estate) -> str:
    """A requisition over 44.98."""
    suite = estate.procurement
    return estate.act(suite, lambda work: suite.state.raise_requisition(work, requisition()))


def test_as_many_must_agree_as_the_amount_needs(door: Door, estate: Estate) -> None:
    authorities = estate.procurement.state.authorities
    authorities.grant("manager", 1_000)
    authorities.grant("director", 4_498)
    wanted = raised(estate)
    assert approve(estate, wanted, "manager") == ""
    assert estate.commits == [], "nothing that anybody outside may see"
    assert approve(estate, wanted, "director") == ORDER
    _, order = door.call("procurement", "GET", f"/purchase_orders/{ORDER}")
    assert [each["approver"] for each in order["approvals"]] == ["manager", "director"]


def test_a_delegate_speaks_for_somebody_until_a_day(estate: Estate) -> None:
    authorities = estate.procurement.state.authorities
    authorities.delegate("head", "deputy", NOW_MS + DAY_MS)
    assert authorities.speaks_for("head", NOW_MS) == "deputy"
    assert authorities.speaks_for("head", NOW_MS + DAY_MS) == "head"
    assert approve(estate, raised(estate), "head", "deputy") == ORDER
    (effect,), _ = estate.last()
    assert effect.actor == "somebody"
    (said,) = estate.procurement.state.orders[ORDER].approvals
    assert (said.approver, said.by) == ("head", "deputy")


@pytest.mark.parametrize(
    ("approver", "by", "code"),
    [("nurse", "", "own_requisition"), ("head", "nurse", "not_the_approver"), ("head", "porter", "not_the_approver")],
)
def test_who_may_not_say_yes(estate: Estate, approver: str, by: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        approve(estate, raised(estate), approver, by)
    assert (refused.value.status, refused.value.code) == (403, code)


def test_nobody_says_yes_twice(estate: Estate) -> None:
    """Two levels are two people, even if one of them may stand in for the other."""
    authorities = estate.procurement.state.authorities
    authorities.grant("manager", 1_000)
    authorities.delegate("director", "manager", NOW_MS + DAY_MS)
    wanted = raised(estate)
    assert approve(estate, wanted, "manager") == ""
    with pytest.raises(Refused) as refused:
        approve(estate, wanted, "director", "manager")
    assert (refused.value.status, refused.value.code) == (403, "said_before")
    assert approve(estate, wanted, "director") == ORDER


def test_a_change_is_a_revision_that_is_told_and_listed(door: Door, estate: Estate) -> None:
    ordered(estate)
    estate.later(60)
    suite = estate.procurement
    assert estate.act(suite, lambda work: suite.state.change(work, ORDER, (7, 2))) == 2
    (effect,), (event,) = estate.last()
    assert (effect.what, effect.version, effect.amount_minor) == ("order.revised", 2, 7 * 250 + 2 * 999)
    assert (event.topic, event.version) == ("purchase_order.changed", 2)
    _, order = door.call("procurement", "GET", f"/purchase_orders/{ORDER}")
    assert (order["revision"], [line["quantity"] for line in order["lines"]]) == (2, [7, 2])
    assert order["updated_at"] > order["approved_at"]
    _, page = door.call("procurement", "GET", "/purchase_orders", query={"updated_after": order["updated_at"]})
    assert [row["revision"] for row in page["purchase_orders"]] == [2]


def test_a_cancelled_order_stays_so(door: Door, estate: Estate) -> None:
    ordered(estate)
    suite = estate.procurement
    assert estate.act(suite, lambda work: suite.state.cancel(work, ORDER)) == 2
    assert estate.last()[1][0].topic == "purchase_order.cancelled"
    for again in (
        lambda work: suite.state.cancel(work, ORDER),
        lambda work: suite.state.change(work, ORDER, (1, 1)),
    ):
        with pytest.raises(Refused, match="was cancelled"):
            estate.act(suite, again)
    told = {"status": "interfaced", "erp_number": "EPO-1"}
    status, answer = door.call("procurement", "PUT", f"/purchase_orders/{ORDER}/status", told)
    assert (status, answer["status"], answer["erp_number"]) == (200, "cancelled", "EPO-1")


@pytest.mark.parametrize("quantities", [(7,), (7, 0), (7, -1)])
def test_changes_that_make_no_order(estate: Estate, quantities: tuple[int, ...]) -> None:
    ordered(estate)
    suite = estate.procurement
    with pytest.raises(Refused, match="2 lines"):
        estate.act(suite, lambda work: suite.state.change(work, ORDER, quantities))


def test_a_change_at_a_screen_clears_the_export_flag_and_one_through_the_api_does_not(
    door: Door, estate: Estate
) -> None:
    """Who pulls by export flag never hears of what was changed through the API after the export."""
    ordered(estate)
    suite = estate.procurement

    def waiting() -> list[str]:
        _, page = door.call("procurement", "GET", "/purchase_orders", query={"exported": "false"})
        return [row["number"] for row in page["purchase_orders"]]

    assert waiting() == [ORDER]
    flagged = door.call("procurement", "PUT", f"/purchase_orders/{ORDER}/exported", {"exported": True})
    assert (flagged[0], waiting()) == (200, [])
    door.call("procurement", "PUT", f"/purchase_orders/{ORDER}/status", {"status": "interfaced", "erp_number": "E-1"})
    assert waiting() == [], "an edit through the API does not re-arm the flag"
    estate.act(suite, lambda work: suite.state.change(work, ORDER, (7, 2)))
    assert waiting() == [ORDER]


def effects(estate: Estate) -> list[tuple[str, int, int]]:
    """What the ERP committed of orders."""
    all_of_it: list[Effect] = [effect for _, committed, _ in estate.commits for effect in committed]
    return [(each.what, each.version, each.amount_minor) for each in all_of_it if each.system == "cloud_erp"]


def test_the_erp_follows_revisions_forwards_only(door: Door, estate: Estate) -> None:
    door.call("cloud_erp", "POST", "/purchaseOrders", erp_order())
    at = "/purchaseOrders/EPO-1"
    assert door.call("cloud_erp", "PUT", at, erp_revision(3))[0] == 200
    assert door.call("cloud_erp", "PUT", at, erp_revision(3, quantity=9))[0] == 200, "the same revision again"
    door.refused(409, "PO-REVISION-STALE", "cloud_erp", "PUT", at, erp_revision(2))
    assert door.call("cloud_erp", "PUT", at, erp_revision(4, status="Canceled"))[1]["Status"] == "CANCELED"
    door.refused(409, "PO-CANCELED", "cloud_erp", "PUT", at, erp_revision(5))
    door.refused(404, "NOT-FOUND", "cloud_erp", "PUT", "/purchaseOrders/EPO-9", erp_revision())
    assert effects(estate) == [
        ("order.created", 0, 10 * 250 + 2 * 999),
        ("order.changed", 3, 7 * 250 + 2 * 999),
        ("order.cancelled", 4, 7 * 250 + 2 * 999),
    ]


def test_an_order_may_come_at_a_later_revision(door: Door, estate: Estate) -> None:
    """Whoever reads it late has never seen the first."""
    status, order = door.call("cloud_erp", "POST", "/purchaseOrders", erp_order(Revision=2, Status="Canceled"))
    assert (status, order["Status"]) == (201, "CANCELED")
    assert effects(estate)[0][:2] == ("order.created", 2)
    door.refused(409, "PO-REVISION-STALE", "cloud_erp", "PUT", "/purchaseOrders/EPO-1", erp_revision(1))


def test_an_invoice_without_an_order_is_expense_of_its_cost_centre(door: Door, estate: Estate) -> None:
    erp = estate.cloud_erp
    estate.act(erp, lambda work: erp.state.open_period(work, "H1", "2026-10"))
    paper = erp_invoice("25.00", (1, 1, "25.00", "25.00"))
    door.refused(400, "CODING-MISSING", "cloud_erp", "POST", "/invoices", {**paper, "OrderNumber": ""})
    coded = {**paper, "OrderNumber": "", "CostCenter": "00412"}
    assert door.call("cloud_erp", "POST", "/invoices", coded)[0] == 201
    (effect,), _ = estate.last()
    assert [(line.account, line.role, line.amount_minor) for line in effect.lines] == [
        ("6100-00412", "expense", 2500),
        ("2100", "ap", -2500),
    ]
