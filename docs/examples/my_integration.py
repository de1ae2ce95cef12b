# ruff: noqa: ANN001, ANN002, ANN003, ANN201, D103, INP001, TID251 - a stranger's program, as short as it can be
"""A first integration: orders, receipts and invoices into the ERP, each once: `python my_integration.py URL TOKEN`."""

import sys
import time

import httpx

http = httpx.Client(base_url=sys.argv[1], timeout=10.0)
settings = http.get("/_estate/settings", headers={"authorization": f"Bearer {sys.argv[2]}"}).json()
bearer, done = {}, set()


def call(method, path, body=None, **query):
    """Send until there is an answer. After a timeout nobody knows whether it was done, so it is sent again."""
    while True:
        headers = dict(bearer)
        headers["idempotency-key"] = (body or {}).get("SourceRef", "none")  # what makes sending again safe
        try:
            answer = http.request(method, path, json=body, params=query, headers=headers)
        except httpx.TransportError:
            time.sleep(0.1)
            continue
        if answer.status_code == 401:
            form = {"grant_type": "client_credentials", **pick(settings, "client_id", "client_secret")}
            bearer["authorization"] = f"Bearer {http.post(settings['token_url'], data=form).json()['access_token']}"
        elif answer.status_code == 429 or answer.status_code >= 500:
            time.sleep(0.1)
        else:
            return answer.raise_for_status().json()


def pages(path, rows, name):
    found = []
    while page := call("GET", path, offset=len(found))[rows]:
        found += page
    return [row[name] for row in found]


def pick(row, *same, **renamed):
    return {name: row[name] for name in same} | {new: row[old] for new, old in renamed.items()}


def order(number):
    o = call("GET", f"/procurement/purchase_orders/{number}")
    lines = [
        pick(x, Line="line", Item="item", Kind="kind", Quantity="quantity", UnitPrice="unit_price") for x in o["lines"]
    ]
    body = pick(o, OrderNumber="number", BusinessUnit="business_unit", Currency="currency", CostCenter="cost_centre")
    body |= {
        "SourceRef": f"procurement:{number}",
        "Lines": lines,
        **pick(o["supplier"], Supplier="id", SupplierName="name"),
    }
    made = call("POST", "/cloud_erp/purchaseOrders", body)
    told = {"status": "interfaced", "erp_number": made["OrderHeaderId"]}
    call("PUT", f"/procurement/purchase_orders/{number}/status", told)


def receipt(grn):
    r = call("GET", f"/inventory/receipts/{grn}")
    body = pick(r, ReceiptNumber="grn", BusinessUnit="site", OrderNumber="order", ReceiptDate="received_on")
    body |= {"SourceRef": f"inventory:{grn}", "Lines": [pick(x, Line="line", Quantity="quantity") for x in r["lines"]]}
    call("POST", "/cloud_erp/receipts", body)


def invoice(name):
    i = call("GET", f"/ap_automation/invoices/{name}")
    lines = [pick(x, Line="line", Quantity="quantity", UnitPrice="unit_price", Amount="amount") for x in i["lines"]]
    body = pick(
        i, InvoiceNumber="number", BusinessUnit="organisation", OrderNumber="purchase_order", Currency="currency"
    )
    body |= pick(i, InvoiceDate="invoice_date", InvoiceAmount="total") | {"AccountingDate": i["captured_at"][:10]}
    body |= {"SourceRef": f"ap_automation:{name}", "Supplier": i["supplier"]["id"], "Lines": lines}
    made = call("POST", "/cloud_erp/invoices", body)
    call("PUT", f"/ap_automation/invoices/{name}/status", {"status": "posted", "voucher": made["VoucherNumber"]})


while True:
    # Listed last to first and booked first to last: whatever is seen has what it builds on in the lists.
    invoices = [(invoice, name) for name in pages("/ap_automation/invoices", "invoices", "id")]
    receipts = [(receipt, name) for name in pages("/inventory/receipts", "receipts", "grn")]
    orders = [(order, name) for name in pages("/procurement/purchase_orders", "purchase_orders", "number")]
    for book, name in orders + receipts + invoices:
        if name not in done:
            book(name)
            done.add(name)
    time.sleep(0.1)
