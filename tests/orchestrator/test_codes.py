"""A hospital writes codes of its own for suppliers and docks: read by the paper's day, and not before their meaning is known."""

from __future__ import annotations

from pathlib import Path

from tests.orchestrator.estate import INVOICES, ORDERS, Delivery, Estate, Worker, play

NUMBER = "H1-7001"
HOUR = 3600.0


def joined(estate: Estate, place: Path) -> Worker:
    """A worker that serves a hospital with codes of its own."""
    return Worker("w1", estate, place, workflows="procure-to-pay,supplier-master")


def meaning(value: str, since: str, until: str = "", kind: str = "supplier", code: str = NUMBER) -> Delivery:
    """What a code means is published."""
    told = {"id": f"LV-{value}-{code}", "version": 1, "lookup": kind, "business_unit": "H1", "code": code}
    told |= {"value": value, "valid_from": since, "valid_to": until}
    return Delivery("procurement", "lookup_value.changed", told)


def order(estate: Estate, written_on: str, number: str = "PO-H1-000001") -> Delivery:
    """An order under a number."""
    told = estate.order(number)
    estate.orders[number] |= {"supplier": {"id": NUMBER, "name": "Acme"}, "written_on": written_on}
    return told


def bill(estate: Estate, captured_at: str, name: str = "INV-1", number: str = "PO-H1-000001") -> Delivery:
    """A bill under the same number."""
    estate.invoice(name, number)
    estate.invoices[name] |= {"supplier": {"id": NUMBER}, "captured_at": captured_at}
    return Delivery("ap_automation", "invoice.captured", estate.invoices[name])


def suppliers(estate: Estate, kind: str) -> list[str]:
    """Under whom the ERP has things."""
    return [each["Supplier"] for each in estate.posted[kind]]


def test_a_number_means_what_it_did_on_the_papers_day(tmp_path: Path) -> None:
    """On the sixth it goes to another company; half past three of that day at Greenwich is still the fifth here."""

    async def story() -> None:
        estate = Estate()
        worker = joined(estate, tmp_path)
        await worker.take(meaning("S001", "2026-09-01", "2026-10-06"))
        await worker.take(meaning("S002", "2026-10-06"))
        papers = (("2026-10-05", "2026-10-06T03:30:00.000Z"), ("2026-10-06", "2026-10-06T04:30:00.000Z"))
        for n, (written_on, captured_at) in enumerate(papers):
            number = f"PO-H1-00000{n}"
            await worker.take(order(estate, written_on, number))
            await worker.take(estate.receipt(f"GRN-{n}", number))
            await worker.take(bill(estate, captured_at, f"INV-{n}", number))
        assert suppliers(estate, "purchaseOrders") == suppliers(estate, "invoices") == ["S001", "S002"]

    play(story)


def test_a_paper_waits_until_it_is_known_whom_its_number_means(tmp_path: Path) -> None:
    async def story() -> None:
        estate = Estate()
        worker = joined(estate, tmp_path)
        deliveries = order(estate, "2026-10-05"), bill(estate, "2026-10-05T12:00:00.000Z")
        assert [await worker.take(each) for each in deliveries] == [200, 200]
        await worker.take(estate.receipt(), wait_s=HOUR)
        assert not estate.made(ORDERS)
        await worker.take(meaning("S001", "2026-09-01"), wait_s=HOUR)
        assert suppliers(estate, "purchaseOrders") == suppliers(estate, "invoices") == ["S001"]
        assert len(estate.made(INVOICES)) == 1
        assert not estate.cases

    play(story)


def test_a_copy_under_another_number_is_known_for_one(tmp_path: Path) -> None:
    """The order has room for both, and only their supplier says that they are one; its number is another by then."""

    async def story() -> None:
        estate = Estate()
        worker = joined(estate, tmp_path)
        await worker.take(meaning("S001", "2026-09-01", "2026-10-06"))
        await worker.take(meaning("S001", "2026-10-06", code="H1-7000"))
        told = order(estate, "2026-10-05")
        estate.orders["PO-H1-000001"]["lines"][0]["quantity"] = 20
        await worker.take(told)
        for grn in ("GRN-1", "GRN-2"):
            await worker.take(estate.receipt(grn))
        for name, number, code, day in (("INV-1", "4711", NUMBER, "05"), ("INV-2", "4711-A", "H1-7000", "06")):
            copy = bill(estate, f"2026-10-{day}T15:00:00.000Z", name)
            estate.invoices[name] |= {"number": number, "supplier": {"id": code}}
            await worker.take(Delivery(copy.source, copy.headers["topic"], estate.invoices[name]))
        assert list(estate.cases) == ["duplicate-invoice/ap_automation:INV-2"]
        assert suppliers(estate, "invoices") == ["S001"]

    play(story)


def test_an_order_waits_for_all_its_codes(tmp_path: Path) -> None:
    """Its supplier is known, and its dock is not; then that is told, and where it will be from tomorrow on."""

    async def story() -> None:
        estate = Estate()
        worker = joined(estate, tmp_path)
        await worker.take(meaning("S001", "2026-09-01"))
        told = order(estate, "2026-10-05")
        estate.orders["PO-H1-000001"]["ship_to"] = "H1-D1"
        await worker.take(told, wait_s=HOUR)
        assert not estate.made(ORDERS)
        await worker.take(meaning("720", "2026-10-06", kind="dock", code="H1-D1"))
        await worker.take(meaning("710", "2026-09-01", "2026-10-06", kind="dock", code="H1-D1"), wait_s=HOUR)
        assert [(each["Supplier"], each["ShipToLocation"]) for each in estate.posted["purchaseOrders"]] == [
            ("S001", "710")
        ]

    play(story)


def test_people_are_asked_where_nobody_ever_says(tmp_path: Path) -> None:
    async def story() -> None:
        estate = Estate()
        worker = joined(estate, tmp_path)
        await worker.take(order(estate, "2026-10-05"), wait_s=14 * HOUR)
        assert not estate.made(ORDERS)
        (case,) = estate.cases.values()
        assert (case["category"], case["subjects"]) == ("undeliverable", ["procurement:PO-H1-000001"])
        assert case["evidence"]["detail"] == "nobody has said yet what a code in it means"

    play(story)
